// Type → proof that its record can be read to the end

package btf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// maxDepth is how many typedefs, qualifiers or arrays may follow one another
// over a type before they are taken for a loop: MAX_RESOLVE_DEPTH of the kernel and
// libbpf.
const maxDepth = 32

// As returns t as a view of kind V, looking through typedefs, qualifiers and type
// tags where V is none of them.
//
// The error matches [ErrWrongKind] if there is another kind in the end, at no
// cost in allocations. It is a [*FormatError] if the record is broken: a name or
// an id in it is out of range, or the typedefs and qualifiers never end. It matches
// [ErrNotSupported] if the kind is one of [LocParam] and those with it, and the layout
// section gives its number to another.
func As[V View](t Type) (V, error) {
	var v V
	want := kindsOf(&v)
	from := t
	for range maxDepth + 1 {
		k := t.Kind()
		if want.has(k) {
			err := narrow(&v, t)
			return v, err
		}
		if !modifiers.has(k) {
			return v, want.mismatch()
		}
		var err error
		if t, err = t.target(); err != nil {
			return v, err
		}
	}
	return v, from.tooDeep()
}

// Underlying returns the type under any typedefs, qualifiers and type tags: t
// itself if it is none of these. The error is a [*FormatError] if they lead out of
// range, or never end.
func (t Type) Underlying() (Type, error) {
	from := t
	for range maxDepth + 1 {
		if !modifiers.has(t.Kind()) {
			return t, nil
		}
		var err error
		if t, err = t.target(); err != nil {
			return Type{}, err
		}
	}
	return Type{}, from.tooDeep()
}

// target follows the third word of a type that has an id there.
func (t Type) target() (Type, error) {
	id := t.sizeOrType()
	if t.layer != nil && TypeID(id) >= t.layer.end() {
		return Type{}, t.outOfRange(8, "type id", id)
	}
	return t.follow(id), nil
}

func (t Type) tooDeep() error {
	return t.problem(0, "more than %d typedefs, qualifiers or arrays in a row, taken for a loop", maxDepth)
}

func (t Type) problem(off uint64, format string, args ...any) error {
	return &FormatError{Section: "types", Offset: uint64(t.off) + off, TypeID: t.id, Problem: fmt.Sprintf(format, args...)}
}

func (t Type) outOfRange(off uint64, what string, had uint32) error {
	end := uint64(t.layer.end())
	if what == "name" {
		end = t.layer.strings.end()
	}
	return t.problem(off, "%s %s below %d wanted, it is %d", t.Kind(), what, end, had)
}

// kindSet has a bit for each of the kinds that views exist for.
type kindSet uint32

func (s kindSet) has(k Kind) bool { return s>>k&1 != 0 }

const modifiers kindSet = 1<<KindTypedef | 1<<KindVolatile | 1<<KindConst | 1<<KindRestrict | 1<<KindTypeTag

// String lists the kinds in s.
func (s kindSet) String() string {
	var names []string
	for k := range kindLast + 1 {
		if s.has(k) {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, " or ")
}

// mismatch is the error for a type that is none of the kinds in s.
func (s kindSet) mismatch() error {
	for k := range kindLast + 1 {
		if s.has(k) {
			if s == compositeKinds {
				return kindError(KindVoid)
			}
			return kindError(k)
		}
	}
	return ErrWrongKind
}

// A kindError is the kind that was wanted. It is a byte, so that it becomes an
// error without an allocation: scans narrow thousands of types that do not fit.
type kindError Kind

// Error says what was wanted; the caller knows which type it asked about.
func (e kindError) Error() string {
	if Kind(e) == KindVoid {
		return "btf: type is no STRUCT or UNION"
	}
	return "btf: type is no " + Kind(e).String()
}

// Is makes every kindError an ErrWrongKind.
func (e kindError) Is(target error) bool { return target == ErrWrongKind }

const compositeKinds kindSet = 1<<KindStruct | 1<<KindUnion

// kindsOf returns the kinds that the view pointed to is made for, none if it is no
// view.
func kindsOf(view any) kindSet {
	switch view.(type) {
	case *Int:
		return 1 << KindInt
	case *Pointer:
		return 1 << KindPointer
	case *Array:
		return 1 << KindArray
	case *Composite:
		return compositeKinds
	case *Struct:
		return 1 << KindStruct
	case *Union:
		return 1 << KindUnion
	case *Enum:
		return 1<<KindEnum | 1<<KindEnum64
	case *Fwd:
		return 1 << KindFwd
	case *Typedef:
		return 1 << KindTypedef
	case *Volatile:
		return 1 << KindVolatile
	case *Const:
		return 1 << KindConst
	case *Restrict:
		return 1 << KindRestrict
	case *Func:
		return 1 << KindFunc
	case *FuncProto:
		return 1 << KindFuncProto
	case *Var:
		return 1 << KindVar
	case *Datasec:
		return 1 << KindDatasec
	case *Float:
		return 1 << KindFloat
	case *DeclTag:
		return 1 << KindDeclTag
	case *TypeTag:
		return 1 << KindTypeTag
	case *LocParam:
		return 1 << KindLocParam
	case *LocProto:
		return 1 << KindLocProto
	case *Locsec:
		return 1 << KindLocsec
	}
	return 0
}

// narrow makes the view pointed to one of t, which has a kind it is made for. It
// is a switch and no method, since a call through an interface would move the
// caller's view to the heap.
func narrow(view any, t Type) error {
	if f, ok := view.(*Func); ok {
		proto, err := t.prototype()
		if err == nil {
			err = proto.check()
		}
		if err == nil {
			*f = Func{t, proto}
		}
		return err
	}
	if err := t.check(); err != nil {
		return err
	}
	switch v := view.(type) {
	case *Int:
		v.Type = t
	case *Pointer:
		v.Type = t
	case *Array:
		v.Type = t
	case *Composite:
		v.Type = t
	case *Struct:
		v.Type = t
	case *Union:
		v.Type = t
	case *Enum:
		v.Type = t
	case *Fwd:
		v.Type = t
	case *Typedef:
		v.Type = t
	case *Volatile:
		v.Type = t
	case *Const:
		v.Type = t
	case *Restrict:
		v.Type = t
	case *FuncProto:
		v.Type = t
	case *Var:
		v.Type = t
	case *Datasec:
		v.Type = t
	case *Float:
		v.Type = t
	case *DeclTag:
		v.Type = t
	case *TypeTag:
		v.Type = t
	case *LocParam:
		v.Type = t
	case *LocProto:
		v.Type = t
	case *Locsec:
		v.Type = t
	}
	return nil
}

// check proves that the names and ids in the record are in range. That the record
// itself lies inside the section was proved when it was loaded, and is looked at
// again only where bytes are cut, since the file may have been rewritten since.
func (t Type) check() error {
	if t.Kind() == KindFunc {
		_, err := t.prototype()
		return err
	}
	k := t.Kind()
	if t.moved() {
		return fmt.Errorf("btf: %v: the layout section says that %s is another kind than this package knows: %w", t, k, ErrNotSupported)
	}
	f := &uapi.KindFields[k]
	for _, off := range f.IDs {
		if off == 0 {
			break
		}
		if err := t.checkID(off); err != nil {
			return err
		}
	}
	if f.Elements.Size == 0 {
		return nil
	}
	if err := t.checkElements(&f.Elements); err != nil || t.Kind() != KindDatasec {
		return err
	}
	_, err := t.placement()
	return err
}

// words appends the record to words, as long as its info says it is, and returns what
// kind it is of. What refers to others was proved by check, unless somebody rewrote it
// since.
func (t Type) words(words []uint32) ([]uint32, Kind, error) {
	info := t.info()
	k := Kind(info >> kindShift & kindMask)
	length := t.layer.shapes[k].length(info)
	if t.layer.shapes[k]&shapeUnknown != 0 || !t.layer.types.has(uint64(t.off), uint64(length)) {
		return nil, 0, t.problem(0, "%s record needs %d bytes: it was rewritten while it was read", k, length)
	}
	words = slices.Grow(words, int(length/4))
	for at := uint32(0); at < length; at += 4 {
		words = append(words, t.word(at))
	}
	words[1] = info
	return words, k, nil
}

// moved reports whether the layout section gives the number of a kind that is still a
// draft to another.
func (t Type) moved() bool {
	k := t.Kind()
	return k > KindEnum64 && k <= kindLast && !t.layer.understands(k)
}

// prototype returns what a FUNC's id leads to, proved to be a prototype. Whoever
// narrows the FUNC checks that too, as a part of the function; Verify does so in
// the prototype's own turn, once.
func (t Type) prototype() (Type, error) {
	if err := t.checkID(8); err != nil {
		return Type{}, err
	}
	proto := t.follow(t.sizeOrType())
	if proto.Kind() != KindFuncProto {
		return Type{}, t.problem(8, "FUNC of a FUNC_PROTO wanted, type %d is %s", proto.id, proto.Kind())
	}
	return proto, nil
}

// A protoMemo is what was found of prototypes with many parameters. Whoever narrows
// all functions there are needs it: hostile BTF can let a million of them share a
// prototype with a million parameters.
type protoMemo map[TypeID]error

// manyParams is how many parameters are many. No kernel has them, so that no memo of
// one is ever made.
const manyParams = 64

// narrow is the narrow of a FUNC.
func (m *protoMemo) narrow(t Type) (Func, error) {
	proto, err := t.prototype()
	if err != nil {
		return Func{}, err
	}
	if proto.vlen() <= manyParams {
		err = proto.check()
	} else {
		var known bool
		if err, known = (*m)[proto.id]; !known {
			err = proto.check()
			if *m == nil {
				*m = protoMemo{}
			}
			(*m)[proto.id] = err
		}
	}
	if err != nil {
		return Func{}, err
	}
	return Func{t, proto}, nil
}

func (t Type) checkID(off uint32) error {
	if id := t.word(off); TypeID(id) >= t.layer.end() {
		return t.outOfRange(uint64(off), "type id", id)
	}
	return nil
}

func (t Type) checkElements(e *uapi.Element) error {
	l := t.layer
	from, size := uint64(t.off)+recordSize, uint64(t.vlen())*uint64(e.Size)
	if !l.types.has(from, size) {
		return t.problem(0, "%s record needs %d bytes, %d left", t.Kind(), recordSize+size, uint64(len(l.types.bytes))-uint64(t.off))
	}
	elements := section{l.types.bytes[from : from+size], l.types.big}
	names, ids := l.strings.end(), uint32(l.end())
	for at := uint32(0); at < uint32(size); at += e.Size {
		if e.Name != uapi.None {
			if name := elements.u32(at + e.Name); uint64(name) >= names && name != 0 {
				return t.outOfRange(recordSize+uint64(at+e.Name), "name", name)
			}
		}
		if e.ID != uapi.None {
			if id := elements.u32(at + e.ID); id >= ids {
				return t.outOfRange(recordSize+uint64(at+e.ID), "type id", id)
			}
		}
		if e.Second != 0 {
			if id := elements.u32(at + e.Second); id >= ids {
				return t.outOfRange(recordSize+uint64(at+e.Second), "type id", id)
			}
		}
	}
	return nil
}
