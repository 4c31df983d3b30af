// Narrows a Type to a view, and proves that all of its record is in range.

package btf

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// As returns t as a view of type V. If t is a typedef, qualifier or type tag, and V is not
// a view of that kind, As looks at the type under it.
//
// The error matches [ErrWrongKind] if t is of another kind. This error costs no
// allocation. It is a [*FormatError] if a name or a type id in the record is out of range,
// or if more than 32 typedefs and qualifiers follow each other. It matches
// [ErrNotSupported] if the layout section uses the number of a draft kind, such as that
// of [LocParam], for another kind.
func As[V View](t Type) (V, error) {
	var v V
	slot, want := viewed(&v)
	k := t.Kind()
	if want.has(k) {
		return v, narrow(&v, slot, t)
	}
	c := chain{from: t, at: t}
	for modifiers.has(k) {
		if err := c.next(8); err != nil {
			return v, err
		}
		if k = c.at.Kind(); want.has(k) {
			return v, narrow(&v, slot, c.at)
		}
	}
	return v, want.mismatch()
}

// Underlying returns the type under the typedefs, qualifiers and type tags of t. It
// returns t itself if t is none of them. The error is a [*FormatError] if a type id is
// out of range, or if more than 32 of them follow each other.
func (t Type) Underlying() (Type, error) {
	c := chain{from: t, at: t}
	for modifiers.has(c.at.Kind()) {
		if err := c.next(8); err != nil {
			return Type{}, err
		}
	}
	return c.at, nil
}

// single returns the type under the typedefs, qualifiers, variables and arrays of t, and
// the number of elements of that type that t has.
func (t Type) single() (single Type, elements uint64, err error) {
	elements = 1
	c := chain{from: t, at: t}
	for {
		off := uint32(8)
		switch t := c.at; t.Kind() {
		case KindArray:
			n := uint64(t.word(recordSize + 8))
			if n != 0 && elements > math.MaxUint64/n {
				return Type{}, 0, t.problem(recordSize+8, "number of elements of nested arrays must fit in 64 bits")
			}
			elements *= n
			off = recordSize
		case KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag, KindVar, KindDeclTag:
		default:
			return t, elements, nil
		}
		if err := c.next(off); err != nil {
			return Type{}, 0, err
		}
	}
}

// Pointee returns the type that a pointer points to, without the typedefs, qualifiers and
// type tags on either side of the pointer. For const struct sk_buff * it returns the
// struct sk_buff. It may be void.
//
// The error matches [ErrWrongKind] if t is not a pointer. It is a [*FormatError] if a
// record on the way is broken.
func (t Type) Pointee() (Type, error) {
	p, err := As[Pointer](t)
	if err != nil {
		return Type{}, err
	}
	return p.Target().Underlying()
}

// maxDepth is the largest number of typedefs, qualifiers and arrays that may follow each
// other. A longer chain is treated as a loop. The number is MAX_RESOLVE_DEPTH of the
// kernel and of libbpf.
const maxDepth = 32

// A chain follows one type id after the other, up to maxDepth of them. Every walk along
// typedefs, qualifiers and arrays uses it.
type chain struct {
	from, at Type
	steps    int
}

// next moves to the type whose id is at byte offset off in the record.
func (c *chain) next(off uint32) error {
	if c.steps++; c.steps > maxDepth {
		return c.from.problem(0, "more than %d typedefs, qualifiers or arrays follow each other", maxDepth)
	}
	id := c.at.word(off)
	if c.at.layer != nil && TypeID(id) >= c.at.layer.end() {
		return c.at.outOfRange(uint64(off), "type id", id)
	}
	c.at = c.at.follow(id)
	return nil
}

// target returns the type whose id is the third word of the record.
func (t Type) target() (Type, error) {
	c := chain{from: t, at: t}
	err := c.next(8)
	return c.at, err
}

// problem returns a [*FormatError] about the word at byte offset off in the record.
func (t Type) problem(off uint64, format string, args ...any) error {
	return &FormatError{Section: "types", Offset: uint64(t.off) + off, TypeID: t.id, Problem: fmt.Sprintf(format, args...)}
}

// outOfRange returns the error for a name offset or a type id that is too large.
func (t Type) outOfRange(off uint64, what string, has uint32) error {
	end := uint64(t.layer.end())
	if what == "name offset" {
		end = t.layer.strings.end()
	}
	return t.problem(off, "%s %s must be below %d, is %d", t.Kind(), what, end, has)
}

// A kindSet is a set of the kinds that have views.
type kindSet uint32

func (s kindSet) has(k Kind) bool { return s>>k&1 != 0 }

const (
	modifiers      kindSet = 1<<KindTypedef | 1<<KindVolatile | 1<<KindConst | 1<<KindRestrict | 1<<KindTypeTag
	compositeKinds kindSet = 1<<KindStruct | 1<<KindUnion
)

// String lists the kinds.
func (s kindSet) String() string {
	var names []string
	for k := range kindLast + 1 {
		if s.has(k) {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, " or ")
}

// mismatch returns the error for a type whose kind is not in the set.
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

// A kindError is the kind that a type needs, or KindVoid for a struct or union. It is one
// byte, which becomes an error without an allocation: scans narrow thousands of types of
// other kinds.
type kindError Kind

// Error does not name the type, which the caller knows.
func (e kindError) Error() string {
	if Kind(e) == KindVoid {
		return "btf: type is not a STRUCT or UNION"
	}
	return "btf: type is not of kind " + Kind(e).String()
}

// Is makes every kindError match ErrWrongKind.
func (e kindError) Is(target error) bool { return target == ErrWrongKind }

// viewed returns the handle inside the view that view points to, and the kinds that the
// view is for. It returns no kinds if view is not a pointer to a view. It is a switch and
// not a method, because a call through an interface would move the view to the heap.
func viewed(view any) (*Type, kindSet) {
	switch v := view.(type) {
	case *Int:
		return &v.handle, 1 << KindInt
	case *Pointer:
		return &v.handle, 1 << KindPointer
	case *Array:
		return &v.handle, 1 << KindArray
	case *Composite:
		return &v.handle, compositeKinds
	case *Struct:
		return &v.handle, 1 << KindStruct
	case *Union:
		return &v.handle, 1 << KindUnion
	case *Enum:
		return &v.handle, 1<<KindEnum | 1<<KindEnum64
	case *Fwd:
		return &v.handle, 1 << KindFwd
	case *Typedef:
		return &v.handle, 1 << KindTypedef
	case *Volatile:
		return &v.handle, 1 << KindVolatile
	case *Const:
		return &v.handle, 1 << KindConst
	case *Restrict:
		return &v.handle, 1 << KindRestrict
	case *Func:
		return &v.handle, 1 << KindFunc
	case *FuncProto:
		return &v.handle, 1 << KindFuncProto
	case *Var:
		return &v.handle, 1 << KindVar
	case *Datasec:
		return &v.handle, 1 << KindDatasec
	case *Float:
		return &v.handle, 1 << KindFloat
	case *DeclTag:
		return &v.handle, 1 << KindDeclTag
	case *TypeTag:
		return &v.handle, 1 << KindTypeTag
	case *LocParam:
		return &v.handle, 1 << KindLocParam
	case *LocProto:
		return &v.handle, 1 << KindLocProto
	case *Locsec:
		return &v.handle, 1 << KindLocsec
	}
	return nil, 0
}

// narrow checks t and sets a view to it. t must be of a kind that the view is for. slot is
// the handle in the view.
func narrow(view any, slot *Type, t Type) error {
	if t.Kind() == KindFunc {
		proto, err := t.prototype()
		if err == nil {
			err = proto.check()
		}
		if f, ok := view.(*Func); ok && err == nil {
			*f = Func{handle: t, proto: proto}
		}
		return err
	}
	err := t.check()
	if err == nil {
		*slot = t
	}
	return err
}

// check proves that the names and type ids in the record are in range. Loading proved that
// the record is inside the section. checkElements checks that again before it slices the
// section, because the file may have been rewritten since.
func (t Type) check() error {
	if t.Kind() == KindFunc {
		_, err := t.prototype()
		return err
	}
	k := t.Kind()
	if t.moved() {
		return fmt.Errorf("btf: %v: the layout section defines %s as a kind that this package does not know: %w", t, k, ErrNotSupported)
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

// moved reports whether the layout section uses the number of a draft kind for
// another kind.
func (t Type) moved() bool {
	k := t.Kind()
	return k > KindEnum64 && k <= kindLast && !t.layer.understands(k)
}

// prototype returns the FUNC_PROTO of a FUNC, unchecked. Narrowing a FUNC checks its
// prototype. Verify checks each prototype once, as a type of its own.
func (t Type) prototype() (Type, error) {
	if err := t.checkID(8); err != nil {
		return Type{}, err
	}
	proto := t.follow(t.sizeOrType())
	if proto.Kind() != KindFuncProto {
		return Type{}, t.problem(8, "FUNC needs a FUNC_PROTO, type %d is %s", proto.id, proto.Kind())
	}
	return proto, nil
}

// A protoMemo stores the results of checking prototypes with many parameters. Narrowing
// all functions needs it: in hostile BTF a million functions can share a prototype with a
// million parameters.
type protoMemo map[TypeID]error

// manyParams is the number of parameters above which a result is stored. No kernel has
// such a prototype, so a kernel needs no map.
const manyParams = 64

// narrow returns the view of a FUNC, as As does.
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
	return Func{handle: t, proto: proto}, nil
}

// checkID proves that the type id at byte offset off in the record is in range.
func (t Type) checkID(off uint32) error {
	if id := t.word(off); TypeID(id) >= t.layer.end() {
		return t.outOfRange(uint64(off), "type id", id)
	}
	return nil
}

// checkElements proves that the names and type ids of the elements are in range.
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
				return t.outOfRange(recordSize+uint64(at+e.Name), "name offset", name)
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
