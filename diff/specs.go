// Compares two Specs and yields the differences.

package diff

import (
	"bytes"
	"errors"
	"hash/maphash"
	"iter"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// A SideError says in which of the two Specs something is broken, or has no text.
type SideError struct {
	After bool // whether it is the second Spec

	// Declaration is the kind and name of what is not compared, such as "func vfs_open",
	// for messages. It is "" if nothing more is compared.
	Declaration string

	Err error // the error of package btf or cdecl
}

// Error returns the text of Err, after the side and the declaration.
func (e *SideError) Error() string {
	text := "btf: first Spec: "
	if e.After {
		text = "btf: second Spec: "
	}
	if e.Declaration != "" {
		text += e.Declaration + ": "
	}
	return text + strings.TrimPrefix(e.Err.Error(), "btf: ")
}

// Unwrap returns Err.
func (e *SideError) Unwrap() error { return e.Err }

// Specs yields the changes from one Spec to another, in the order of kinds and names.
// Changes of one declaration come together, the declaration itself before its members.
// Changes of paths come last, in the order of the Filter. If the Specs are split BTF,
// their own types are compared, not those of their bases.
//
// An error with a zero Change says what failed. A [*SideError] is about one of the Specs.
// If it names a declaration, that one is not compared, and Specs continues. Otherwise the
// Spec is closed ([btf.ErrClosed]) or too large ([ErrTooLarge]), and the error is the last.
// After all changes, each name of the Filter that neither Spec has yields an error that
// matches [btf.ErrNotFound].
//
// Specs keeps 16 bytes for each declaration, and the text of one. Two kernels of 100,000
// types take about half a second and 4 MB, besides garbage.
func Specs(before, after *btf.Spec, filter *Filter) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		chosen := filter.choice()
		c := comparison{yield: yield, seeds: newSeeds()}
		for i, spec := range []*btf.Spec{before, after} {
			_, err := spec.TypeByID(0)
			if err == nil {
				c.sides[i], err = newSide(spec, chosen)
			}
			if err != nil {
				yield(Change{}, &SideError{After: i == 1, Err: err})
				return
			}
		}
		for i, s := range c.sides {
			s.unsized = before.PointerSize() == 0 || after.PointerSize() == 0
			for _, err := range s.broken {
				if !c.failed(i, err) {
					return
				}
			}
		}
		if !c.declarations() {
			return
		}
		missing := chosen.missing()
		if filter != nil {
			for _, wanted := range filter.paths {
				if wanted.glob >= 0 && chosen.met[wanted.glob] {
					continue // the name of a declaration
				}
				path := wanted.path
				found, more := c.path(path)
				if !more {
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

// A comparison yields the changes between two sides, the first of which is before. Its
// methods report whether to go on.
type comparison struct {
	sides [2]*side
	yield func(Change, error) bool
	seeds [2]maphash.Seed
}

// failed yields an error of a side.
func (c *comparison) failed(i int, err error) bool {
	side := &SideError{After: i == 1, Err: err}
	if about := (*declError)(nil); errors.As(err, &about) {
		side.Declaration, side.Err = about.what, about.err
	}
	if !c.yield(Change{}, side) || ends(err) {
		return false
	}
	if err := c.sides[i].spend(failureCost); err != nil {
		return c.failed(i, err)
	}
	return true
}

// declarations yields how the declarations of each name differ.
func (c *comparison) declarations() bool {
	a, b := c.sides[0], c.sides[1]
	before, after := a.entries, b.entries
	for len(before) > 0 || len(after) > 0 {
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(after) == 0:
			order = -1
		default:
			order = a.compare(before[0], b, after[0])
		}
		var group [2][]entry
		if order <= 0 {
			n := a.run(before)
			group[0], before = before[:n], before[n:]
		}
		if order >= 0 {
			n := b.run(after)
			group[1], after = after[:n], after[n:]
		}
		if !c.group(group) {
			return false
		}
	}
	return true
}

// group yields how the declarations of one name differ. It tells types of the same name
// apart by their shapes: one that is on both sides has not changed.
func (c *comparison) group(group [2][]entry) bool {
	if len(group[0]) == 1 && len(group[1]) == 1 {
		// Nearly all names are here, where no digest is worth its time.
		return c.pair(group[0][0], group[1][0])
	}
	var digests [2][]digest // of the types that differ from each other
	var sets [2]map[digest]bool
	for i, s := range c.sides {
		sets[i] = map[digest]bool{}
		different := group[i][:0]
		for _, e := range group[i] {
			one, err := s.shape(e)
			if err != nil {
				// What is left of the name would mislead.
				return c.failed(i, err)
			}
			if d := one.digest(c.seeds); !sets[i][d] {
				sets[i][d] = true
				digests[i] = append(digests[i], d)
				different = append(different, e)
			}
		}
		group[i] = different
	}
	before, after := len(group[0]), len(group[1])
	shared := before > 0 && after > 0
	for i, other := range []map[digest]bool{sets[1], sets[0]} {
		left := group[i][:0]
		for j, e := range group[i] {
			if !other[digests[i][j]] {
				left = append(left, e)
			}
		}
		group[i] = left
	}
	switch {
	case len(group[0]) == 1 && len(group[1]) == 1:
		return c.pair(group[0][0], group[1][0])
	case len(group[0]) > 0 && len(group[1]) > 0:
		change := c.change(0, group[0][0])
		change.Op, change.Before, change.After = Ambiguous, Facts{types: before}, Facts{types: after}
		return c.yield(change, nil)
	}
	for i, entries := range group {
		for _, e := range entries {
			one, err := c.sides[i].shape(e)
			if err != nil {
				return c.failed(i, err)
			}
			if !shared {
				before, after = 0, 0
			}
			if !c.single(i, c.change(i, e), one.head, [2]int{before, after}[i]) {
				return false
			}
		}
	}
	return true
}

// change returns a Change of the declaration of a side.
func (c *comparison) change(i int, e entry) Change {
	return Change{Kind: e.kind(), Name: string(c.sides[i].name(e))}
}

// single yields a declaration that is on one side only. types is not 0 if the other side
// has types of the same name.
func (c *comparison) single(i int, change Change, facts Facts, types int) bool {
	facts.types = types
	if i == 0 {
		change.Op, change.Before = Vanished, facts
	} else {
		change.Op, change.After = Appeared, facts
	}
	return c.yield(change, nil)
}

// pair yields how two declarations differ.
func (c *comparison) pair(before, after entry) bool {
	if before.kind() == Enum {
		// Equal enums need no copies of their names, of which there may be thousands.
		same, err := c.sameEnums(before, after)
		switch {
		case err != nil:
			return c.failed(0, err)
		case same:
			return true
		}
	}
	a, err := c.sides[0].shape(before)
	if err != nil && !c.failed(0, err) {
		return false
	}
	b, other := c.sides[1].shape(after)
	if other != nil && !c.failed(1, other) {
		return false
	}
	if err != nil || other != nil || a.equal(b) {
		return true
	}
	return c.parts(c.change(0, before), a, b)
}

// sameEnums reports whether two enums have the same size and enumerators, in the same
// order. It is false for enums that are broken.
func (c *comparison) sameEnums(before, after entry) (bool, error) {
	var enums [2]btf.Enum
	for i, e := range []entry{before, after} {
		t, err := c.sides[i].spec.TypeByID(e.id)
		if err == nil {
			enums[i], err = btf.As[btf.Enum](t)
		}
		if err != nil {
			return false, nil
		}
	}
	a, b := enums[0], enums[1]
	if a.Size() != b.Size() || a.Signed() != b.Signed() || a.NumEnumerators() != b.NumEnumerators() {
		return false, nil
	}
	for i := range a.NumEnumerators() {
		v, w := a.Enumerator(i), b.Enumerator(i)
		if err := c.sides[0].spend(len(v.NameBytes())); err != nil {
			return false, err
		}
		if v.Value() != w.Value() || !bytes.Equal(v.NameBytes(), w.NameBytes()) {
			return false, nil
		}
	}
	return true, nil
}

// path yields how the two ends of a path differ. It returns whether there is one.
func (c *comparison) path(path string) (found, more bool) {
	var shapes [2]shape
	var has [2]bool
	for i, s := range c.sides {
		var err error
		if shapes[i], has[i], err = s.path(path); err != nil {
			return true, c.failed(i, err)
		}
	}
	change := Change{Kind: Path, Name: path}
	switch {
	case has[0] && has[1]:
		return true, shapes[0].equal(shapes[1]) || c.parts(change, shapes[0], shapes[1])
	case has[0]:
		return true, c.single(0, change, shapes[0].head, 0)
	case has[1]:
		return true, c.single(1, change, shapes[1].head, 0)
	}
	return false, true
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
