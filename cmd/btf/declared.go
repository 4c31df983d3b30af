// BTF → what it declares, by kind and name

package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// A declared is what diff compares under: the same in both kernels, whatever the
// ids. An enumerator of an anonymous enum is declared by itself, and so is any that
// was asked for by name.
type declared struct {
	Kind string `json:"kind"` // one of declaredKinds, or path
	Name string `json:"name"`
}

var declaredKinds = []string{"struct", "union", "typedef", "enum", "enumerator", "func"}

func (d declared) compare(e declared) int {
	return cmp.Or(
		cmp.Compare(slices.Index(declaredKinds, d.Kind), slices.Index(declaredKinds, e.Kind)),
		cmp.Compare(d.Name, e.Name),
	)
}

// A declarer is a type, or an enumerator of one.
type declarer struct {
	btf.Type
	enumerator int // its number, -1 for the type
}

// A side is one of the two kernels.
type side struct {
	file  string
	spec  *btf.Spec
	found map[declared][]declarer
	spent int // on text and fields so far
}

// maxSpent bounds the bytes of fields and texts made of one side. A few bytes of BTF
// can ask for more than there is time; a kernel takes some 40 MB.
const maxSpent = 1 << 28

func (s *side) spend(n int) error {
	if s.spent += n; s.spent > maxSpent {
		return fmt.Errorf("btf: declarations of more than %d bytes", maxSpent)
	}
	return nil
}

// newSide lists the declarations that are chosen.
func newSide(file string, spec *btf.Spec, chosen *choice) (*side, error) {
	s := &side{file: file, spec: spec, found: make(map[declared][]declarer)}
	add := func(kind string, name []byte, t btf.Type, enumerator int) error {
		// A string may hold the names of many types, each the end of the one before.
		if err := s.spend(len(name)); err != nil {
			return err
		}
		if d := (declared{kind, string(name)}); chosen.has(d) {
			s.found[d] = append(s.found[d], declarer{t, enumerator})
		}
		return nil
	}
	for t := range spec.All() {
		name, isEnum := t.NameBytes(), false
		switch kind := t.Kind(); kind {
		case btf.KindEnum, btf.KindEnum64:
			isEnum = true
			fallthrough
		case btf.KindStruct, btf.KindUnion, btf.KindTypedef, btf.KindFunc:
			if len(name) == 0 {
				break
			}
			if err := add(declaredKind(kind), name, t, -1); err != nil {
				return nil, err
			}
		}
		if !isEnum || len(name) != 0 && chosen.all {
			continue
		}
		e, err := btf.As[btf.Enum](t)
		if err != nil {
			return nil, err
		}
		for i := range e.NumEnumerators() {
			if err := add("enumerator", e.Enumerator(i).NameBytes(), t, i); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func declaredKind(k btf.Kind) string {
	if k == btf.KindEnum64 {
		k = btf.KindEnum
	}
	return strings.ToLower(k.String())
}

// A choice is the names that diff is restricted to, all if there are none.
type choice struct {
	all   bool
	globs []declared // of any kind if that is ""
	met   []bool     // whether a declaration has a name like that
	paths []string
}

func newChoice(names []string) (*choice, error) {
	c := &choice{all: len(names) == 0}
	for _, name := range names {
		if strings.Contains(name, ".") || strings.Contains(name, "->") {
			c.paths = append(c.paths, name)
			continue
		}
		glob := declared{Name: name}
		if kind, rest, ok := strings.Cut(name, " "); ok && slices.Contains(declaredKinds, kind) {
			glob = declared{kind, strings.TrimSpace(rest)}
		}
		if _, err := path.Match(glob.Name, ""); err != nil {
			return nil, usageError(fmt.Sprintf("%q is no glob: %v", name, err))
		}
		c.globs = append(c.globs, glob)
	}
	c.met = make([]bool, len(c.globs))
	return c, nil
}

func (c *choice) has(d declared) bool {
	if c.all {
		return true
	}
	any := false
	for i, glob := range c.globs {
		if glob.Kind != "" && glob.Kind != d.Kind {
			continue
		}
		if ok, _ := path.Match(glob.Name, d.Name); ok {
			c.met[i], any = true, true
		}
	}
	return any
}

// missing returns an error for each name that nothing bears.
func (c *choice) missing() []error {
	var all []error
	for i, glob := range c.globs {
		if !c.met[i] {
			all = append(all, fmt.Errorf("btf: %s in either file: %w", strings.TrimSpace(glob.Kind+" "+glob.Name), btf.ErrNotFound))
		}
	}
	return all
}
