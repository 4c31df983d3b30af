// Follows the steps of a path, from one type to the next.

package btf

import (
	"errors"
	"fmt"
	"math/bits"
)

// A miss says why an alternative does not exist. It is not an error, because the next
// alternative may exist and an error allocates.
type miss struct {
	why  error // ErrNotFound or ErrWrongKind; nil if the alternative exists
	step step
	on   Type // the type that the step fails on, without typedefs and qualifiers
}

// A resolver follows paths with a budget for all of them.
type resolver struct{ left int64 } // members and types that it may still examine

// pass counts a type of a name that a path has. In hostile BTF, all types can have one
// name, and a path can have it in each alternative.
func (w *resolver) pass(t Type) error {
	if w.left--; w.left < 0 {
		return t.problem(0, "path leads through too many types")
	}
	return nil
}

// newResolver returns a resolver for one path that begins in l. In hostile BTF, each step of
// a path can search as many members as fit into the blob, and so can each type of a name.
func newResolver(l *layer) resolver { return resolver{1<<16 + 32*l.members()} }

// resolve sets f to where the first alternative leads that exists. missed is set if none
// does. The steps must have passed checkSteps.
func (w *resolver) resolve(f *Field, t Type, steps string) (missed bool, err error) {
	for more := true; more; {
		var alternative string
		alternative, steps, more = cutAlternative(steps)
		m, err := w.walk(f, t, alternative)
		if err != nil || m.why == nil {
			return false, err
		}
	}
	return true, nil
}

// walk sets f to where one alternative leads, or returns a miss if it does not exist.
// The error is about a broken record.
//
// It is one loop over the steps: functions for its parts would copy the Field, which takes
// longer than the work.
func (w *resolver) walk(f *Field, t Type, steps string) (miss, error) {
	*f = Field{typ: t}
	whole := steps == ""
	if t.Kind() == KindVar {
		var err error
		if f.typ, err = t.target(); err != nil {
			return miss{}, err
		}
	}
	for steps != "" {
		var s step
		s, steps, _ = cutStep(steps)
		on, err := f.typ.Underlying()
		if err != nil {
			return miss{}, err
		}
		pointer := on.Kind() == KindPointer
		if f.bitfield != 0 || s.through && !pointer {
			return miss{ErrWrongKind, s, on}, nil
		}
		var target Type
		if s.through || pointer && s.name == "" {
			if f.pointers++; f.pointers == len(f.offsets) {
				return miss{}, fmt.Errorf("more than %d pointers", maxPointers)
			}
			target, err = on.target()
			if s.through && err == nil {
				on, err = target.Underlying()
			}
			if err != nil {
				return miss{}, err
			}
		}
		var off Bits
		switch {
		case s.name != "":
			off, err = f.enter(on, s.name, w)
		case pointer:
			if off, err = f.element(on, target, s.index); errors.Is(err, ErrNotFound) {
				err = ErrNotFound // the target has no size
			}
		default:
			off, err = f.index(on, s.index)
		}
		switch {
		case err == nil:
		case err == ErrNotFound || errors.Is(err, ErrWrongKind):
			return miss{err, s, on}, nil
		default:
			return miss{}, err
		}
		if off += f.offsets[f.pointers]; off >= maxOffset {
			return miss{}, fmt.Errorf("offset of %s must be below 1<<62 bits: %w", quoted(s.text), ErrNotFound)
		}
		f.offsets[f.pointers] = off
	}
	// The place of a member is known even if its size is not, because its type is only
	// declared or nothing tells the size of pointers.
	var err error
	if f.size, err = f.typ.Sizeof(); err != nil {
		if !errors.Is(err, ErrPointerSize) && (whole || !errors.Is(err, ErrNotFound)) {
			return miss{}, err
		}
		f.unsized = ErrNotFound
		if errors.Is(err, ErrPointerSize) {
			f.unsized = ErrPointerSize
		}
	}
	return miss{}, nil
}

// enter makes f the member of on that has the name, and returns its offset in on. The
// error is ErrNotFound itself if there is no such member.
func (f *Field) enter(on Type, name string, w *resolver) (Bits, error) {
	c, err := As[Composite](on)
	if err != nil {
		return 0, err
	}
	m, ok, err := c.find(name, &w.left)
	if err == nil && !ok {
		err = ErrNotFound
	}
	f.typ, f.bitfield = m.Type(), m.BitfieldSize()
	return m.Offset(), err
}

// index makes f the i-th element of the array on, and returns its offset in on. The
// error is ErrNotFound itself if there is no such element.
func (f *Field) index(on Type, i uint64) (Bits, error) {
	a, err := As[Array](on)
	if err != nil {
		return 0, err
	}
	if n := a.Nelems(); n != 0 && i >= uint64(n) {
		return 0, ErrNotFound
	}
	return f.element(on, a.Type(), i)
}

// element makes f the i-th of the elements of that type which follow each other, and
// returns its offset from the first. on is the array or the pointer to the first.
func (f *Field) element(on, element Type, i uint64) (Bits, error) {
	f.typ, f.bitfield = element, 0
	size, err := element.Sizeof()
	if i == 0 && errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	high, low := bits.Mul64(i, size)
	if high != 0 || low >= uint64(maxOffset)/8 {
		err = fmt.Errorf("offset of element %d of %d bytes must be below 1<<62 bits: %w", i, size, ErrNotFound)
	}
	return Bits(low * 8), err
}

// maxOffset is larger than any real offset. The sum of two smaller offsets does not
// overflow.
const maxOffset Bits = 1 << 62
