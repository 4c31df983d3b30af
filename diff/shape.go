// Collects what is compared of a declaration: two with equal shapes are the same.

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

// A digest stands for a shape. Two shapes that differ have the same digest with a
// probability of 2^-128, and nobody can choose them: the seeds are random.
type digest [2]uint64

func newSeeds() [2]maphash.Seed { return [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()} }

func (s shape) digest(seeds [2]maphash.Seed) (d digest) {
	for i, seed := range seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		maphash.WriteComparable(&h, s.head)
		for _, p := range s.parts {
			maphash.WriteComparable(&h, p)
		}
		d[i] = h.Sum64()
	}
	return d
}

// shape returns the shape of a declaration. Its parts are valid until the next call.
func (s *side) shape(e entry) (shape, error) {
	s.held, s.parts = 0, s.parts[:0]
	one, err := s.newShape(e)
	if err != nil {
		return shape{}, about(e.kind(), s.name(e), err)
	}
	return one, nil
}

func (s *side) newShape(e entry) (shape, error) {
	if e.enumerator != 0 {
		return shape{head: enumeratorFacts(s.enumerators[e.enumerator-1])}, nil
	}
	t, err := s.spec.TypeByID(e.id)
	if err != nil {
		return shape{}, err
	}
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion:
		return s.composite(t)
	case btf.KindEnum, btf.KindEnum64:
		e, err := btf.As[btf.Enum](t)
		if err != nil {
			return shape{}, err
		}
		for v := range e.Enumerators() {
			if err := s.hold(partCost + len(v.NameBytes())); err != nil {
				return shape{}, err
			}
			s.parts = append(s.parts, part{v.Name(), enumeratorFacts(enumerator{v, e.Signed()})})
		}
		return shape{Facts{size: uint64(e.Size()), sized: true}, s.parts}, nil
	case btf.KindFunc:
		f, err := btf.As[btf.Func](t)
		if err != nil {
			return shape{}, err
		}
		return s.spelled(f.Type().AsType())
	default:
		d, err := btf.As[btf.Typedef](t)
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

func enumeratorFacts(v enumerator) Facts {
	if v.signed {
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
	if err := s.hold(len(text)); err != nil {
		return "", err
	}
	return text, s.spend(spellingCost * len(text))
}

func (s *side) composite(t btf.Type) (shape, error) {
	c, err := btf.As[btf.Composite](t)
	if err != nil {
		return shape{}, err
	}
	err = s.fields(t, c)
	return shape{Facts{size: uint64(c.Size()), sized: true}, s.parts}, err
}

// fields puts the fields of a struct or union t, and of the anonymous ones in it, into
// s.parts, by the paths that lead there.
func (s *side) fields(t btf.Type, c btf.Composite) error {
	// The stack holds the anonymous types around a member.
	type frame struct {
		in     btf.Composite
		next   int
		outer  btf.Bits
		prefix string
	}
	for stack := []frame{{in: c}}; len(stack) > 0; {
		f := &stack[len(stack)-1]
		if f.next >= f.in.NumMembers() {
			stack = stack[:len(stack)-1]
			continue
		}
		m := f.in.Member(f.next)
		f.next++
		offset := f.outer + m.Offset()
		if err := s.hold(partCost + len(f.prefix) + len(m.NameBytes())); err != nil {
			return err
		}
		path := f.prefix + m.Name()
		if len(m.NameBytes()) == 0 {
			inner, err := btf.As[btf.Composite](m.Type())
			if errors.Is(err, btf.ErrWrongKind) {
				continue // an unnamed bitfield
			}
			if err != nil {
				return err
			}
			stack = append(stack, frame{in: inner, outer: offset, prefix: path})
		} else {
			text, err := s.spelling(m.Type())
			if err != nil {
				return err
			}
			field := fieldFacts(offset, m.BitfieldSize(), text)
			if field.size, field.sized, err = s.sizeof(m.Type()); err != nil {
				return err
			}
			s.parts = append(s.parts, part{path, field})

			inner, dimensions, err := unnamed(m.Type())
			if err != nil {
				return err
			}
			if inner == (btf.Type{}) {
				continue
			}
			in, err := btf.As[btf.Composite](inner)
			if err != nil {
				return err
			}
			stack = append(stack, frame{in: in, outer: offset, prefix: path + strings.Repeat("[0]", dimensions) + "."})
		}
		if len(stack) > maxDepth {
			return fmt.Errorf("btf: %v: anonymous types more than %d deep", t, maxDepth)
		}
	}
	return nil
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

// path returns the shape of what a path leads to, and false if it leads nowhere.
func (s *side) path(path string) (shape, bool, error) {
	s.held = 0
	f, err := s.spec.Field(path)
	switch {
	case errors.Is(err, btf.ErrNotFound), errors.Is(err, btf.ErrWrongKind):
		return shape{}, false, nil
	case err != nil:
		return shape{}, false, about(Path, []byte(path), err)
	}
	text, err := s.spelling(f.Type())
	if err != nil {
		return shape{}, false, about(Path, []byte(path), err)
	}
	one := fieldFacts(f.Offset(), f.BitfieldSize(), text)
	if one.size, one.sized, err = s.sizeof(f.Type()); err != nil {
		return shape{}, false, about(Path, []byte(path), err)
	}
	if f.NumPointers() > 0 {
		for off := range f.Offsets() {
			one.through = one.through.with(off.Bytes())
		}
	}
	return shape{head: one}, true, nil
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
