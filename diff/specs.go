// Compares two Specs and yields the differences.

package diff

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// A SideError says in which of the two Specs something is broken.
type SideError struct {
	After bool  // whether it is the second Spec
	Err   error // the error of package btf or cdecl
}

// Error returns the text of Err, after the side.
func (e *SideError) Error() string {
	which := "first"
	if e.After {
		which = "second"
	}
	return "btf: " + which + " Spec: " + strings.TrimPrefix(e.Err.Error(), "btf: ")
}

// Unwrap returns Err.
func (e *SideError) Unwrap() error { return e.Err }

// Specs yields the changes from one Spec to another, in the order of kinds and names.
// Changes of one declaration come together, the declaration itself before its members.
// Changes of paths come last, in the order of the Filter. If the Specs are split BTF, their own types
// are compared, not those of their bases.
//
// An error with a zero Change says what failed. After all changes, each name of the
// Filter that neither Spec has yields an error that matches [btf.ErrNotFound]. A
// [*SideError] says that a Spec is broken, closed ([btf.ErrClosed]), or too large to
// be compared, and ends the iteration.
//
// Two kernels of 100,000 types take about half a second and 70 MB.
func Specs(before, after *btf.Spec, filter *Filter) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		chosen := filter.choice()
		var sides [2]*side
		for i, spec := range []*btf.Spec{before, after} {
			var err error
			if _, err = spec.TypeByID(0); err == nil {
				sides[i], err = newSide(spec, chosen)
			}
			if err != nil {
				yield(Change{}, &SideError{i == 1, err})
				return
			}
		}
		for _, s := range sides {
			s.unsized = before.PointerSize() == 0 || after.PointerSize() == 0
		}
		c := comparison{sides[0], sides[1], yield}
		all := maps.Clone(c.before.found)
		maps.Copy(all, c.after.found)
		for _, name := range slices.SortedFunc(maps.Keys(all), declared.compare) {
			if !c.compare(name, func(s *side) ([]shape, error) { return s.shapes(name) }) {
				return
			}
		}
		missing := chosen.missing()
		if filter != nil {
			for _, path := range filter.paths {
				found := false
				if !c.compare(declared{Path, path}, func(s *side) ([]shape, error) {
					shapes, err := s.path(path)
					found = found || len(shapes) > 0
					return shapes, err
				}) {
					return
				}
				if !found {
					_, err := before.Field(path)
					missing = append(missing, err)
				}
			}
		}
		for _, err := range missing {
			if !yield(Change{}, err) {
				return
			}
		}
	}
}

// A comparison yields the changes between two sides. Its methods report whether to go
// on.
type comparison struct {
	before, after *side
	yield         func(Change, error) bool
}

// compare yields how the declarations of one name differ.
func (c *comparison) compare(name declared, shapes func(*side) ([]shape, error)) bool {
	from, err := shapes(c.before)
	if err != nil {
		c.yield(Change{}, &SideError{false, err})
		return false
	}
	to, err := shapes(c.after)
	if err != nil {
		c.yield(Change{}, &SideError{true, err})
		return false
	}
	return c.types(name, from, to)
}

// types tells types of the same name apart by their shapes: one that is on both sides
// has not changed.
func (c *comparison) types(name declared, a, b []shape) bool {
	before, after := len(a), len(b)
	shared := before > 0 && after > 0
	a, b = without(a, b), without(b, a)
	change := Change{Kind: name.kind, Name: name.name}
	switch {
	case len(a) == 1 && len(b) == 1:
		return c.parts(change, a[0], b[0])
	case len(a) > 0 && len(b) > 0:
		change.Op, change.Before, change.After = Ambiguous, Facts{types: before}, Facts{types: after}
		return c.yield(change, nil)
	}
	for _, s := range a {
		change.Op, change.Before = Vanished, s.head
		if shared {
			change.Before.types = before
		}
		if !c.yield(change, nil) {
			return false
		}
	}
	for _, s := range b {
		change.Op, change.After = Appeared, s.head
		if shared {
			change.After.types = after
		}
		if !c.yield(change, nil) {
			return false
		}
	}
	return true
}

// without returns the shapes that are not among the others.
func without(shapes, others []shape) []shape {
	if len(shapes) == 1 && len(others) == 1 {
		// Nearly all names are here, where no hash is worth its time.
		if shapes[0].equal(others[0]) {
			return nil
		}
		return shapes
	}
	seen := newShapeSet()
	for _, s := range others {
		seen.add(s)
	}
	var left []shape
	for _, s := range shapes {
		if !seen.has(s) {
			left = append(left, s)
		}
	}
	return left
}

// parts yields how two shapes of one declaration differ. The change has kind and name.
func (c *comparison) parts(change Change, a, b shape) bool {
	if a.head != b.head {
		head := change
		head.Op, head.Before, head.After = Changed, a.head, b.head
		if !c.yield(head, nil) {
			return false
		}
	}
	after := make(map[string]Facts, len(b.parts))
	for _, p := range b.parts {
		after[p.name] = p.Facts
	}
	for _, p := range a.parts {
		part := change
		part.Op, part.Member, part.Before = Vanished, p.name, p.Facts
		if now, ok := after[p.name]; ok {
			if delete(after, p.name); now == p.Facts {
				continue
			}
			part.Op, part.After = Changed, now
		}
		if !c.yield(part, nil) {
			return false
		}
	}
	for _, p := range b.parts {
		if _, ok := after[p.name]; !ok {
			continue
		}
		part := change
		part.Op, part.Member, part.After = Appeared, p.name, p.Facts
		if !c.yield(part, nil) {
			return false
		}
	}
	return true
}
