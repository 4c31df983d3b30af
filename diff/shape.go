// Collects what is compared of a declaration.

package diff

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
)

// A shape is what two declarations have to agree on.
type shape struct {
	head  Facts
	parts []part
}

// A part is a field or an enumerator.
type part struct {
	name string
	Facts
}

const (
	// maxDepth is how deep anonymous types may nest.
	maxDepth = 32

	// partCost is about what a part takes in memory, in bytes.
	partCost = 200

	// spellingCost is what a byte of a spelling counts. Nested prototypes are made from
	// the inside out, so that a byte of a spelling is written more than once.
	spellingCost = 4
)

func (s shape) equal(t shape) bool { return s.head == t.head && slices.Equal(s.parts, t.parts) }

// A shapeSet finds shapes by hash: a blob can have any number of types of one name.
type shapeSet struct {
	seed   maphash.Seed
	byHash map[uint64][]shape
}

func newShapeSet() shapeSet { return shapeSet{maphash.MakeSeed(), map[uint64][]shape{}} }

func (set shapeSet) hash(s shape) uint64 {
	var h maphash.Hash
	h.SetSeed(set.seed)
	maphash.WriteComparable(&h, s.head)
	for _, p := range s.parts {
		maphash.WriteComparable(&h, p)
	}
	return h.Sum64()
}

func (set shapeSet) has(s shape) bool { return slices.ContainsFunc(set.byHash[set.hash(s)], s.equal) }

// add reports whether the shape is new.
func (set shapeSet) add(s shape) bool {
	if set.has(s) {
		return false
	}
	h := set.hash(s)
	set.byHash[h] = append(set.byHash[h], s)
	return true
}

// shapes returns the shapes that a name has, each once.
func (s *side) shapes(name declared) ([]shape, error) {
	types := s.found[name]
	all := make([]shape, 0, len(types))
	for _, t := range types {
		one, err := s.shape(t)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) > 1 {
		seen := newShapeSet()
		all = slices.DeleteFunc(all, func(one shape) bool { return !seen.add(one) })
	}
	return all, nil
}

func (s *side) shape(t declarer) (shape, error) {
	if t.enumerator >= 0 {
		e, err := btf.As[btf.Enum](t.typ)
		return shape{head: enumeratorFacts(e, e.Enumerator(t.enumerator))}, err
	}
	switch t.typ.Kind() {
	case btf.KindStruct, btf.KindUnion:
		return s.composite(t.typ)
	case btf.KindEnum, btf.KindEnum64:
		e, err := btf.As[btf.Enum](t.typ)
		if err != nil {
			return shape{}, err
		}
		one := shape{head: Facts{size: uint64(e.Size()), sized: true}}
		for v := range e.Enumerators() {
			one.parts = append(one.parts, part{v.Name(), enumeratorFacts(e, v)})
		}
		return one, s.spend(partCost * len(one.parts))
	case btf.KindFunc:
		f, err := btf.As[btf.Func](t.typ)
		if err != nil {
			return shape{}, err
		}
		return s.spelled(f.Type().AsType())
	default:
		d, err := btf.As[btf.Typedef](t.typ)
		if err != nil {
			return shape{}, err
		}
		one, err := s.spelled(d.Type())
		if err != nil {
			return shape{}, err
		}
		inner, _, err := unnamed(d.Type())
		if inner != (btf.Type{}) && err == nil {
			one, err = s.composite(inner)
		}
		return one, err
	}
}

func enumeratorFacts(e btf.Enum, v btf.Enumerator) Facts {
	if e.Signed() {
		return Facts{value: strconv.FormatInt(int64(v.Value()), 10)}
	}
	return Facts{value: strconv.FormatUint(v.Value(), 10)}
}

func (s *side) spelled(t btf.Type) (shape, error) {
	text, err := s.spelling(t)
	return shape{head: Facts{typ: text}}, err
}

// spelling returns what C calls a type.
func (s *side) spelling(t btf.Type) (string, error) {
	text, err := cdecl.Canonical(t)
	if err != nil {
		return "", err
	}
	return text, s.spend(spellingCost * len(text))
}

func (s *side) composite(t btf.Type) (shape, error) {
	c, err := btf.As[btf.Composite](t)
	if err != nil {
		return shape{}, err
	}
	parts, err := s.fields(t, c)
	return shape{Facts{size: uint64(c.Size()), sized: true}, parts}, err
}

// fields returns the fields of a struct or union t, and of the anonymous ones in it, by
// the paths that lead there.
func (s *side) fields(t btf.Type, c btf.Composite) ([]part, error) {
	// The stack holds the anonymous types around a member.
	type frame struct {
		in     btf.Composite
		next   int
		outer  btf.Bits
		prefix string
	}
	var all []part
	for stack := []frame{{in: c}}; len(stack) > 0; {
		f := &stack[len(stack)-1]
		if f.next >= f.in.NumMembers() {
			stack = stack[:len(stack)-1]
			continue
		}
		m := f.in.Member(f.next)
		f.next++
		offset := f.outer + m.Offset()
		path := f.prefix + m.Name()
		if err := s.spend(partCost + len(path)); err != nil {
			return nil, err
		}
		if len(m.NameBytes()) == 0 {
			inner, err := btf.As[btf.Composite](m.Type())
			if errors.Is(err, btf.ErrWrongKind) {
				continue // an unnamed bitfield
			}
			if err != nil {
				return nil, err
			}
			stack = append(stack, frame{in: inner, outer: offset, prefix: path})
		} else {
			text, err := s.spelling(m.Type())
			if err != nil {
				return nil, err
			}
			field := fieldFacts(offset, m.BitfieldSize(), text)
			if field.size, field.sized, err = s.sizeof(m.Type()); err != nil {
				return nil, err
			}
			all = append(all, part{path, field})

			inner, dimensions, err := unnamed(m.Type())
			if err != nil {
				return nil, err
			}
			if inner == (btf.Type{}) {
				continue
			}
			in, err := btf.As[btf.Composite](inner)
			if err != nil {
				return nil, err
			}
			stack = append(stack, frame{in: in, outer: offset, prefix: path + strings.Repeat("[0]", dimensions) + "."})
		}
		if len(stack) > maxDepth {
			return nil, fmt.Errorf("btf: %v: anonymous types more than %d deep", t, maxDepth)
		}
	}
	return all, nil
}

// sizeof returns the size of a type in bytes, or false if it has none, or none that both
// sides know.
func (s *side) sizeof(t btf.Type) (size uint64, ok bool, err error) {
	if s.unsized && isPointers(t) {
		return 0, false, nil
	}
	size, err = t.Sizeof()
	if errors.Is(err, btf.ErrNotFound) {
		return 0, false, nil
	}
	return size, err == nil, err
}

// isPointers reports whether t is a pointer or an array of pointers.
func isPointers(t btf.Type) bool {
	for range maxDepth {
		a, err := btf.As[btf.Array](t)
		if err != nil {
			break
		}
		t = a.Type()
	}
	_, err := btf.As[btf.Pointer](t)
	return err == nil
}

func fieldFacts(offset, bitfield btf.Bits, typ string) Facts {
	return Facts{field: true, offset: offset, bitfield: bitfield, typ: typ}
}

// path returns the one shape of what a path leads to, and none if it leads nowhere.
func (s *side) path(path string) ([]shape, error) {
	f, err := s.spec.Field(path)
	switch {
	case errors.Is(err, btf.ErrNotFound), errors.Is(err, btf.ErrWrongKind):
		return nil, nil
	case err != nil:
		return nil, err
	}
	text, err := s.spelling(f.Type())
	if err != nil {
		return nil, err
	}
	one := fieldFacts(f.Offset(), f.BitfieldSize(), text)
	if one.size, one.sized, err = s.sizeof(f.Type()); err != nil {
		return nil, err
	}
	if f.NumPointers() > 0 {
		for off := range f.Offsets() {
			one.through = one.through.with(off.Bytes())
		}
	}
	return []shape{{head: one}}, nil
}

// unnamed returns the anonymous struct or union that a type is, or an array of that
// many dimensions has for elements. It returns void if the type is none.
func unnamed(t btf.Type) (inner btf.Type, dimensions int, err error) {
	for range maxDepth {
		switch t.Kind() {
		case btf.KindConst:
			t, err = target[btf.Const](t)
		case btf.KindVolatile:
			t, err = target[btf.Volatile](t)
		case btf.KindTypeTag:
			t, err = target[btf.TypeTag](t)
		case btf.KindArray:
			var a btf.Array
			a, err = btf.As[btf.Array](t)
			t = a.Type()
			dimensions++
		case btf.KindStruct, btf.KindUnion:
			if len(t.NameBytes()) == 0 {
				return t, dimensions, nil
			}
			return btf.Type{}, 0, nil
		default:
			return btf.Type{}, 0, nil
		}
		if err != nil {
			return btf.Type{}, 0, err
		}
	}
	return btf.Type{}, 0, fmt.Errorf("btf: %v: more than %d arrays and qualifiers follow each other", t, maxDepth)
}

// A modifier is a view of a type that qualifies or tags one other.
type modifier interface {
	btf.Const | btf.Volatile | btf.TypeTag
	Type() btf.Type
}

func target[V modifier](t btf.Type) (btf.Type, error) {
	v, err := btf.As[V](t)
	if err != nil {
		return btf.Type{}, err
	}
	return v.Type(), nil
}
