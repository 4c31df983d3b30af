// Defines the view of each kind: its size, target and elements.

package btf

import (
	"fmt"
	"iter"
)

// A View is a [Type] of a known kind whose record was checked. Functions such as [As] and
// [Spec.TypeByName] return views. They check that all names and type ids of the record
// are in range, so the methods of a view return no errors about them. Other packages
// cannot make a view in another way.
//
// A view is used like a Type: it is small, comparable, and empty after Close. It has all
// methods of Type. [Type.AsType] turns it into a Type.
type View interface {
	Int | Pointer | Array | Composite | Struct | Union | Enum | Fwd | Typedef |
		Volatile | Const | Restrict | Func | FuncProto | Var | Datasec | Float |
		DeclTag | TypeTag | LocParam | LocProto | Locsec
}

// A ViewPointer is a pointer to a [View], such as *Struct, or to a [Type].
type ViewPointer interface{ viewPointer() }

// viewPointer is promoted to pointers to all views. A pointer to a pointer lacks it.
func (*Type) viewPointer() {}

// An Int is an integer type.
//
//	│ name_off │ info │ size │ 0000eeee oooooooo 00000000 bbbbbbbb │
//
// e is the encoding, o the bit offset and b the number of bits (BTF_INT_ENCODING,
// BTF_INT_OFFSET and BTF_INT_BITS of include/uapi/linux/btf.h).
type Int struct {
	_ only[Int]
	handle
}

// Size returns the size of the integer in bytes.
func (i Int) Size() uint32 { return i.sizeOrType() }

// Encoding returns how to read the bits of the integer.
func (i Int) Encoding() IntEncoding { return IntEncoding(i.word(recordSize) >> 24 & 0xf) }

// Bits returns the number of bits of the value. It is less than 8 × Size for a
// bitfield in the encoding used before Linux 4.20. [Member.Offset] and
// [Member.BitfieldSize] take that into account.
func (i Int) Bits() Bits { return Bits(i.word(recordSize) & 0xff) }

// Offset returns the offset of the value in the integer, in bits. It is 0 in BTF of Linux
// 4.20 and newer.
func (i Int) Offset() Bits { return Bits(i.word(recordSize) >> 16 & 0xff) }

// A Pointer is a pointer type.
type Pointer struct {
	_ only[Pointer]
	handle
}

// Target returns the type pointed to. It may be void.
func (p Pointer) Target() Type { return p.follow(p.sizeOrType()) }

// An Array is an array type.
//
//	│ 0 │ info │ 0 │ type │ index_type │ nelems │
type Array struct {
	_ only[Array]
	handle
}

// Type returns the type of the elements.
func (a Array) Type() Type { return a.follow(a.word(recordSize)) }

// Index returns the integer type of the index, which the compiler chooses.
func (a Array) Index() Type { return a.follow(a.word(recordSize + 4)) }

// Nelems returns the number of elements. It is 0 for a flexible array.
func (a Array) Nelems() uint32 { return a.word(recordSize + 8) }

// An Enum is an enumeration with values of 32 bits (ENUM) or of 64 bits (ENUM64).
type Enum struct {
	_ only[Enum]
	handle
}

// Size returns the size of a variable of the enum in bytes: 1, 2, 4 or 8.
func (e Enum) Size() uint32 { return e.sizeOrType() }

// Signed reports whether the values are signed.
func (e Enum) Signed() bool { return e.flag() }

// NumEnumerators returns the number of enumerators.
func (e Enum) NumEnumerators() int { return int(e.vlen()) }

// Enumerator returns the i-th enumerator in declaration order, counted from 0, or the zero
// Enumerator if there is none.
func (e Enum) Enumerator(i int) Enumerator {
	if i < 0 || uint64(i) >= uint64(e.vlen()) {
		return Enumerator{}
	}
	return e.enumerator(uint32(i))
}

func (e Enum) enumerator(i uint32) Enumerator {
	if e.Kind() == KindEnum64 {
		at := recordSize + i*enumerator64Size
		return Enumerator{e.layer, e.word(at), e.Signed(), uint64(e.word(at+8))<<32 | uint64(e.word(at+4))}
	}
	at := recordSize + i*enumeratorSize
	name, value, signed := e.word(at), uint64(e.word(at+4)), e.Signed()
	if signed {
		value = uint64(int64(int32(value)))
	}
	return Enumerator{e.layer, name, signed, value}
}

// Enumerators yields the enumerators in declaration order.
func (e Enum) Enumerators() iter.Seq[Enumerator] {
	return func(yield func(Enumerator) bool) {
		for i := range e.vlen() {
			if !yield(e.enumerator(i)) {
				return
			}
		}
	}
}

// EnumeratorByName returns the enumerator of a name. The error matches [ErrNotFound] if
// there is none.
func (e Enum) EnumeratorByName(name string) (Enumerator, error) {
	if possible(name) {
		for v := range e.Enumerators() {
			if v.layer.strings.is(v.name, name) {
				return v, nil
			}
		}
	}
	return Enumerator{}, fmt.Errorf("btf: enumerator %s of %v: %w", quoted(name), e.handle, ErrNotFound)
}

// EnumeratorByValue returns the first enumerator with that [Enumerator.Value]. In a
// signed enum, the value of -1 is 1<<64 - 1. The error matches [ErrNotFound] if there is
// none.
func (e Enum) EnumeratorByValue(value uint64) (Enumerator, error) {
	for v := range e.Enumerators() {
		if v.value == value {
			return v, nil
		}
	}
	if e.Signed() {
		return Enumerator{}, fmt.Errorf("btf: enumerator %d of %v: %w", int64(value), e.handle, ErrNotFound)
	}
	return Enumerator{}, fmt.Errorf("btf: enumerator %d of %v: %w", value, e.handle, ErrNotFound)
}

// An Enumerator is a named value of an [Enum].
//
//	ENUM    │ name_off │ val │
//	ENUM64  │ name_off │ val_lo32 │ val_hi32 │
type Enumerator struct {
	layer  *layer
	name   uint32
	signed bool
	value  uint64
}

// Name returns a copy of the name.
func (e Enumerator) Name() string { return string(e.NameBytes()) }

// NameBytes returns the name without a copy, as [Type.NameBytes] does.
func (e Enumerator) NameBytes() []byte {
	if e.layer == nil {
		return nil
	}
	return e.layer.strings.name(e.name)
}

// Value returns the value. If the enum is signed, it is sign-extended to 64 bits: convert
// it to int64.
func (e Enumerator) Value() uint64 { return e.value }

// String returns a description for messages, such as "PIDTYPE_PGID = 2".
func (e Enumerator) String() string {
	if e.signed {
		return fmt.Sprintf("%s = %d", e.layer.shown(e.name), int64(e.value))
	}
	return fmt.Sprintf("%s = %d", e.layer.shown(e.name), e.value)
}

// A Fwd is a forward declaration of a struct or union. Only its name is known.
type Fwd struct {
	_ only[Fwd]
	handle
}

// IsUnion reports whether the declaration is of a union, and not of a struct.
func (f Fwd) IsUnion() bool { return f.flag() }

// A Typedef is another name for a type.
type Typedef struct {
	_ only[Typedef]
	handle
}

// Type returns the type that the typedef names. It may be void.
func (t Typedef) Type() Type { return t.follow(t.sizeOrType()) }

// A Volatile is a type with a volatile qualifier.
type Volatile struct {
	_ only[Volatile]
	handle
}

// Type returns the type without the qualifier. It may be void.
func (v Volatile) Type() Type { return v.follow(v.sizeOrType()) }

// A Const is a type with a const qualifier.
type Const struct {
	_ only[Const]
	handle
}

// Type returns the type without the qualifier. It may be void.
func (c Const) Type() Type { return c.follow(c.sizeOrType()) }

// A Restrict is a pointer with a restrict qualifier.
type Restrict struct {
	_ only[Restrict]
	handle
}

// Type returns the type without the qualifier.
func (r Restrict) Type() Type { return r.follow(r.sizeOrType()) }

// A Func is a function: a name and a prototype. Its record holds the id of the
// prototype in the third word, and the linkage in place of vlen.
type Func struct {
	_ only[Func]
	handle
	proto Type // found when the Func was narrowed
}

// Linkage returns the linkage of the function.
func (f Func) Linkage() FuncLinkage { return FuncLinkage(f.vlen()) }

// Type returns the prototype of the function.
func (f Func) Type() FuncProto { return FuncProto{handle: f.proto} }

// A FuncProto is a function prototype: a return type and parameters. The "..." of a
// variadic function is a last parameter with name_off 0 and type 0.
//
//	│ 0 │ info │ return type │ name_off │ type │ name_off │ type │ …
type FuncProto struct {
	_ only[FuncProto]
	handle
}

// Return returns the return type. It may be void.
func (p FuncProto) Return() Type { return p.follow(p.sizeOrType()) }

// Variadic reports whether the parameters end in "...".
func (p FuncProto) Variadic() bool { return p.variadic(p.vlen()) }

func (p FuncProto) variadic(n uint32) bool {
	if n == 0 {
		return false
	}
	at := recordSize + (n-1)*paramSize
	return p.word(at) == 0 && p.word(at+4) == 0
}

// typed returns the number of parameters without the "...". It reads vlen once, because
// the bytes may be rewritten between two reads.
func (p FuncProto) typed() uint32 {
	n := p.vlen()
	if p.variadic(n) {
		n--
	}
	return n
}

// NumParams returns the number of parameters, not counting "...".
func (p FuncProto) NumParams() int { return int(p.typed()) }

// Param returns the i-th parameter, counted from 0, or the zero Param if there is none.
func (p FuncProto) Param(i int) Param {
	if i < 0 || uint64(i) >= uint64(p.typed()) {
		return Param{}
	}
	return Param{p.handle, uint32(i)}
}

// Params yields the parameters in order, without the "...".
func (p FuncProto) Params() iter.Seq[Param] {
	return func(yield func(Param) bool) {
		for i := range p.typed() {
			if !yield(Param{p.handle, i}) {
				return
			}
		}
	}
}

// ParamByName returns the parameter of a name. The error matches [ErrNotFound] if
// there is none. The prototypes of function pointers often have no parameter names.
func (p FuncProto) ParamByName(name string) (Param, error) {
	if possible(name) {
		for param := range p.Params() {
			if p.layer.strings.is(p.word(param.at()), name) {
				return param, nil
			}
		}
	}
	return Param{}, fmt.Errorf("btf: parameter %s of %v: %w", quoted(name), p.handle, ErrNotFound)
}

// A Param is a parameter of a [FuncProto].
type Param struct {
	proto Type
	index uint32
}

func (p Param) at() uint32 { return recordSize + p.index*paramSize }

// Index returns the position of the parameter, counted from 0.
func (p Param) Index() int { return int(p.index) }

// Name returns a copy of the name, "" if the parameter has none.
func (p Param) Name() string { return string(p.NameBytes()) }

// NameBytes returns the name without a copy, as [Type.NameBytes] does.
func (p Param) NameBytes() []byte {
	if p.proto.layer == nil {
		return nil
	}
	return p.proto.layer.strings.name(p.proto.word(p.at()))
}

// Type returns the type of the parameter.
func (p Param) Type() Type { return p.proto.follow(p.proto.word(p.at() + 4)) }

// String returns a description for messages, such as "skb: PTR (id 812)".
func (p Param) String() string {
	return p.proto.layer.shown(p.proto.word(p.at())) + ": " + p.Type().String()
}

// A Var is a global variable.
//
//	│ name_off │ info │ type │ linkage │
type Var struct {
	_ only[Var]
	handle
}

// Type returns the type of the variable.
func (v Var) Type() Type { return v.follow(v.sizeOrType()) }

// Linkage returns the linkage of the variable.
func (v Var) Linkage() VarLinkage { return VarLinkage(v.word(recordSize)) }

// A Datasec is an ELF section and the variables in it.
//
//	│ name_off │ info │ size │ type │ offset │ size │ type │ offset │ size │ …
//
// Compilers of BPF objects write 0 for the size of the section and for all offsets. In a
// Spec loaded from such an object, the size comes from the ELF section header and the
// offsets from the symbols, and the entries are in order of their offsets. The section
// .kconfig does not exist in the file: its variables are placed one after the other, each
// with its alignment in C. The section .ksyms keeps its zeros. The symbols are read when
// the first such Datasec is narrowed. The error is a [*FormatError] if they do not give
// the offset of a variable.
type Datasec struct {
	_ only[Datasec]
	handle
}

// placement returns the placement of a DATASEC, or nil if its record is complete.
func (t Type) placement() (*placement, error) {
	if t.layer == nil || t.layer.placements == nil || t.sizeOrType() != 0 {
		return nil, nil
	}
	return t.layer.placements.of(t.id, t.vlen())
}

// Size returns the size of the section in bytes.
func (d Datasec) Size() uint32 {
	if p, _ := d.placement(); p != nil {
		return p.size
	}
	return d.sizeOrType()
}

// NumVars returns the number of entries.
func (d Datasec) NumVars() int { return int(d.vlen()) }

// Var returns the i-th entry, counted from 0, or the zero VarSecinfo if there is none.
func (d Datasec) Var(i int) VarSecinfo {
	if i < 0 || uint64(i) >= uint64(d.vlen()) {
		return VarSecinfo{}
	}
	return VarSecinfo{d, uint32(i)}
}

// Vars yields the entries in order.
func (d Datasec) Vars() iter.Seq[VarSecinfo] {
	return func(yield func(VarSecinfo) bool) {
		for i := range d.vlen() {
			if !yield(VarSecinfo{d, i}) {
				return
			}
		}
	}
}

// A VarSecinfo is an entry of a [Datasec]: a variable, its offset and its size.
type VarSecinfo struct {
	sec   Datasec
	index uint32
}

// at returns the byte offset of the entry in the record.
func (v VarSecinfo) at() uint32 {
	index := v.index
	if placed, ok := v.placed(); ok {
		index = placed.index
	}
	return recordSize + index*varSecinfoSize
}

// placed returns the placement of the entry, if it has one. The placement may have fewer
// entries than the record if the bytes were rewritten.
func (v VarSecinfo) placed() (placedVar, bool) {
	p, _ := v.sec.placement()
	if p == nil || uint64(v.index) >= uint64(len(p.vars)) {
		return placedVar{}, false
	}
	return p.vars[v.index], true
}

// Type returns the [Var] of the entry. In a .ksyms section it may be a [Func].
func (v VarSecinfo) Type() Type { return v.sec.follow(v.sec.word(v.at())) }

// Offset returns the offset of the variable in the section, in bytes.
func (v VarSecinfo) Offset() uint32 {
	if placed, ok := v.placed(); ok {
		return placed.offset
	}
	return v.sec.word(v.at() + 4)
}

// Size returns the size of the variable in bytes.
func (v VarSecinfo) Size() uint32 { return v.sec.word(v.at() + 8) }

// String returns a description for messages, such as
// "VAR jiffies (id 12) at byte 64".
func (v VarSecinfo) String() string { return fmt.Sprintf("%v at byte %d", v.Type(), v.Offset()) }

// A Float is a floating point type.
type Float struct {
	_ only[Float]
	handle
}

// Size returns the size of the number in bytes.
func (f Float) Size() uint32 { return f.sizeOrType() }

// A DeclTag is a btf_decl_tag attribute of a struct, union, typedef, variable or function,
// or of one of its members or parameters. Its name is the text of the attribute.
//
//	│ name_off │ info │ type │ component_idx │
type DeclTag struct {
	_ only[DeclTag]
	handle
}

// Type returns the tagged declaration, or the declaration of the tagged component.
func (d DeclTag) Type() Type { return d.follow(d.sizeOrType()) }

// Component returns the index of the tagged member or parameter, counted from 0, or -1 if
// the declaration itself is tagged.
func (d DeclTag) Component() int { return int(int32(d.word(recordSize))) }

// IsAttribute reports whether the text is a whole attribute, to be printed as
// __attribute__((text)), and not the text of a btf_decl_tag (Linux 6.15 and newer).
func (d DeclTag) IsAttribute() bool { return d.flag() }

// A TypeTag is a btf_type_tag attribute, such as __user or __rcu, of the type that a
// pointer points to. Its name is the text of the attribute.
type TypeTag struct {
	_ only[TypeTag]
	handle
}

// Type returns the tagged type.
func (t TypeTag) Type() Type { return t.follow(t.sizeOrType()) }

// IsAttribute reports whether the text is a whole attribute, to be printed as
// __attribute__((text)), and not the text of a btf_type_tag (Linux 6.15 and newer).
func (t TypeTag) IsAttribute() bool { return t.flag() }
