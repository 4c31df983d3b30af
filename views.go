// Type → what its kind adds, as a typed view

package btf

import "iter"

// A View is a Type of which more is known: its kind, and that the names and ids
// in its record are in range. It is got from [As] or [Spec.TypeByName], which
// prove that once; after that, its methods cannot fail.
//
// A view is used like a Type: by value, comparable, inert after Close. The Type it is a view of is its field Type; what it refers to has
// another name, such as Target.
type View interface {
	Int | Pointer | Array | Composite | Struct | Union | Enum | Fwd | Typedef |
		Volatile | Const | Restrict | Func | FuncProto | Var | Datasec | Float |
		DeclTag | TypeTag | LocParam | LocProto | Locsec
}

// An Int is an integer type.
//
//	│ name_off │ info │ size │ 0000eeee oooooooo 00000000 bbbbbbbb │
//
// e is the encoding, o the offset and b the number of bits.
type Int struct{ Type }

// Size returns the bytes an Int takes.
func (i Int) Size() uint32 { return i.sizeOrType() }

// Encoding says how the bits are meant.
func (i Int) Encoding() IntEncoding { return IntEncoding(i.word(recordSize) >> 24 & 0xf) }

// Bits returns how many bits the value has. Fewer than Size holds means a
// bitfield in the encoding from before Linux 4.20, which members account for.
func (i Int) Bits() Bits { return Bits(i.word(recordSize) & 0xff) }

// Offset returns where in Size bytes the value begins, 0 in all newer BTF.
func (i Int) Offset() Bits { return Bits(i.word(recordSize) >> 16 & 0xff) }

// A Pointer is a pointer type.
type Pointer struct{ Type }

// Target returns the type pointed to, which may be void.
func (p Pointer) Target() Type { return p.follow(p.sizeOrType()) }

// An Array is an array type.
//
//	│ 0 │ info │ 0 │ type │ index_type │ nelems │
type Array struct{ Type }

// Element returns the type of an element.
func (a Array) Element() Type { return a.follow(a.word(recordSize)) }

// Index returns the type of the index, an integer that depends on the compiler.
func (a Array) Index() Type { return a.follow(a.word(recordSize + 4)) }

// NumElements returns how many elements there are, 0 for a flexible array.
func (a Array) NumElements() uint32 { return a.word(recordSize + 8) }

// An Enum is an enumeration with values of 32 bits (ENUM) or 64 (ENUM64).
type Enum struct{ Type }

// Size returns the bytes a variable of the enum takes: 1, 2, 4 or 8.
func (e Enum) Size() uint32 { return e.sizeOrType() }

// Signed reports whether enumerators may be negative.
func (e Enum) Signed() bool { return e.flag() }

// NumEnumerators returns how many named values there are.
func (e Enum) NumEnumerators() int { return int(e.vlen()) }

// Enumerator returns the i-th named value, counted from 0 in the order of the
// declaration; an unnamed 0 if there is none.
func (e Enum) Enumerator(i int) Enumerator {
	if i < 0 || uint64(i) >= uint64(e.vlen()) {
		return Enumerator{}
	}
	return e.enumerator(uint32(i))
}

func (e Enum) enumerator(i uint32) Enumerator {
	if e.Kind() == KindEnum64 {
		at := recordSize + i*enumerator64Size
		return Enumerator{e.layer, e.word(at), uint64(e.word(at+8))<<32 | uint64(e.word(at+4))}
	}
	at := recordSize + i*enumeratorSize
	value := uint64(e.word(at + 4))
	if e.Signed() {
		value = uint64(int64(int32(value)))
	}
	return Enumerator{e.layer, e.word(at), value}
}

// Enumerators yields the named values in the order of the declaration.
func (e Enum) Enumerators() iter.Seq[Enumerator] {
	return func(yield func(Enumerator) bool) {
		for i := range e.vlen() {
			if !yield(e.enumerator(i)) {
				return
			}
		}
	}
}

// An Enumerator is a named value of an [Enum].
//
//	ENUM    │ name_off │ val │
//	ENUM64  │ name_off │ val_lo32 │ val_hi32 │
type Enumerator struct {
	layer *layer
	name  uint32
	value uint64
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

// Value returns the value, to be read as int64 if the enum is signed: a negative
// one is sign-extended to 64 bits, whatever the enum's size.
func (e Enumerator) Value() uint64 { return e.value }

// A Fwd is a forward declaration: a struct or union of which only the name is
// known.
type Fwd struct{ Type }

// Union reports whether a union was declared, and not a struct.
func (f Fwd) Union() bool { return f.flag() }

// A Typedef is another name for a type.
type Typedef struct{ Type }

// Target returns the type named, which may be void.
func (t Typedef) Target() Type { return t.follow(t.sizeOrType()) }

// A Volatile is a type with a volatile qualifier.
type Volatile struct{ Type }

// Target returns the type without the qualifier.
func (v Volatile) Target() Type { return v.follow(v.sizeOrType()) }

// A Const is a type with a const qualifier.
type Const struct{ Type }

// Target returns the type without the qualifier.
func (c Const) Target() Type { return c.follow(c.sizeOrType()) }

// A Restrict is a pointer with a restrict qualifier.
type Restrict struct{ Type }

// Target returns the type without the qualifier.
func (r Restrict) Target() Type { return r.follow(r.sizeOrType()) }

// A Func is a function with a name. Its record says the prototype's id in place
// of a size, and the linkage in place of vlen.
type Func struct {
	Type
	proto Type // found when the Func was narrowed, not to be looked for again
}

// Linkage says where the function is seen.
func (f Func) Linkage() FuncLinkage { return FuncLinkage(f.vlen()) }

// Prototype returns the types the function takes and returns.
func (f Func) Prototype() FuncProto { return FuncProto{f.proto} }

// A FuncProto is what a function takes and returns.
//
//	│ 0 │ info │ return type │ name_off │ type │ name_off │ type │ …
type FuncProto struct{ Type }

// Return returns the type of the result, which may be void.
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

// named reads vlen once: it may be rewritten between two reads.
func (p FuncProto) named() uint32 {
	n := p.vlen()
	if p.variadic(n) {
		n--
	}
	return n
}

// NumParams returns how many parameters have a type: "..." is none of them.
func (p FuncProto) NumParams() int { return int(p.named()) }

// Param returns the i-th parameter, counted from 0; an unnamed void if there is
// none.
func (p FuncProto) Param(i int) Param {
	if i < 0 || uint64(i) >= uint64(p.named()) {
		return Param{}
	}
	return Param{p.Type, uint32(i)}
}

// Params yields the parameters in order, without the "..." of a variadic
// function.
func (p FuncProto) Params() iter.Seq[Param] {
	return func(yield func(Param) bool) {
		for i := range p.named() {
			if !yield(Param{p.Type, i}) {
				return
			}
		}
	}
}

// A Param is a parameter of a [FuncProto].
type Param struct {
	proto Type
	index uint32
}

func (p Param) at() uint32 { return recordSize + p.index*paramSize }

// Name returns a copy of the parameter's name, "" if it has none.
func (p Param) Name() string { return string(p.NameBytes()) }

// NameBytes returns the name without a copy, as [Type.NameBytes] does.
func (p Param) NameBytes() []byte {
	if p.proto.layer == nil {
		return nil
	}
	return p.proto.layer.strings.name(p.proto.word(p.at()))
}

// Type returns the parameter's type.
func (p Param) Type() Type { return p.proto.follow(p.proto.word(p.at() + 4)) }

// A Var is a global variable.
//
//	│ name_off │ info │ type │ linkage │
type Var struct{ Type }

// Target returns the variable's type.
func (v Var) Target() Type { return v.follow(v.sizeOrType()) }

// Linkage says where the variable is seen.
func (v Var) Linkage() VarLinkage { return VarLinkage(v.word(recordSize)) }

// A Datasec is an ELF section with variables in it.
//
//	│ name_off │ info │ size │ type │ offset │ size │ type │ offset │ size │ …
//
// Compilers of BPF objects write 0 for the size and the offsets. Of a DATASEC
// loaded from such an object, they are those of the ELF section and its symbols,
// and the entries come in the order of their offsets; in .kconfig, which has no
// section, each variable follows the one before as C would align it. The first such
// DATASEC that is narrowed makes the symbols be read. It is a [*FormatError] if they
// do not tell. The .ksyms section stays as it is.
type Datasec struct{ Type }

// placement returns what the record of a DATASEC lacks, nil if that is nothing.
func (t Type) placement() (*placement, error) {
	if t.layer == nil || t.layer.placements == nil || t.sizeOrType() != 0 {
		return nil, nil
	}
	return t.layer.placements.of(t.id, t.vlen())
}

// Size returns the bytes of the section.
func (d Datasec) Size() uint32 {
	if p, _ := d.placement(); p != nil {
		return p.size
	}
	return d.sizeOrType()
}

// NumVars returns how many entries the section has.
func (d Datasec) NumVars() int { return int(d.vlen()) }

// Var returns the i-th entry, counted from 0; a void one if there is none.
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

// A VarSecinfo says where in a [Datasec] a variable lies.
type VarSecinfo struct {
	sec   Datasec
	index uint32
}

// at returns where in the record the entry stands.
func (v VarSecinfo) at() uint32 {
	index := v.index
	if placed, ok := v.placed(); ok {
		index = placed.index
	}
	return recordSize + index*varSecinfoSize
}

// placed returns what the ELF file has to say. It may be about fewer entries than
// there were when this one was got, if the bytes are being rewritten.
func (v VarSecinfo) placed() (placedVar, bool) {
	p, _ := v.sec.placement()
	if p == nil || uint64(v.index) >= uint64(len(p.vars)) {
		return placedVar{}, false
	}
	return p.vars[v.index], true
}

// Type returns what lies there: a [Var], or in a .ksyms section a [Func] too.
func (v VarSecinfo) Type() Type { return v.sec.follow(v.sec.word(v.at())) }

// Offset returns the bytes from the start of the section.
func (v VarSecinfo) Offset() uint32 {
	if placed, ok := v.placed(); ok {
		return placed.offset
	}
	return v.sec.word(v.at() + 4)
}

// Size returns the bytes the variable takes.
func (v VarSecinfo) Size() uint32 { return v.sec.word(v.at() + 8) }

// A Float is a floating point number.
type Float struct{ Type }

// Size returns the bytes a Float takes.
func (f Float) Size() uint32 { return f.sizeOrType() }

// A DeclTag is a btf_decl_tag attribute of a struct, union, typedef, variable or
// function, or of one of its members or parameters. Its name is the text.
//
//	│ name_off │ info │ type │ component_idx │
type DeclTag struct{ Type }

// Target returns what is tagged, or whose component is.
func (d DeclTag) Target() Type { return d.follow(d.sizeOrType()) }

// Component returns which member or parameter is tagged, counted from 0; -1 if
// it is the target itself.
func (d DeclTag) Component() int { return int(int32(d.word(recordSize))) }

// Attribute reports whether the text is any attribute, to be printed as
// __attribute__((text)), and not that of a btf_decl_tag (Linux 6.15).
func (d DeclTag) Attribute() bool { return d.flag() }

// A TypeTag is a btf_type_tag attribute, such as __user or __rcu, of the type
// that a pointer leads to. Its name is the text.
type TypeTag struct{ Type }

// Target returns the type that is tagged.
func (t TypeTag) Target() Type { return t.follow(t.sizeOrType()) }

// Attribute reports whether the text is any attribute, to be printed as
// __attribute__((text)), and not that of a btf_type_tag (Linux 6.15).
func (t TypeTag) Attribute() bool { return t.flag() }
