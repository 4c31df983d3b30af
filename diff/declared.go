// Lists what a Spec declares, by kind and name.

package diff

import (
	"cmp"
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// A declared is the kind and name that declarations are compared under. It is the
// same in both Specs, whatever the ids. An enumerator of an anonymous enum is declared
// by itself, and so is any enumerator that a Filter asks for.
type declared struct {
	kind Kind
	name string
}

func (d declared) compare(e declared) int {
	return cmp.Or(cmp.Compare(d.kind, e.kind), cmp.Compare(d.name, e.name))
}

// A declarer is a type, or an enumerator of one.
type declarer struct {
	typ        btf.Type
	enumerator int // its number, -1 for the type
}

// A side is one of the two Specs.
type side struct {
	spec  *btf.Spec
	found map[declared][]declarer
	spent int // bytes, see maxSpent

	// unsized says that one of both Specs does not know the size of a pointer. A size
	// that only the other knows is no difference.
	unsized bool
}

// maxSpent is the limit on the bytes of names, fields and spellings made of one side. A
// few bytes of BTF can ask for more than there is time for; a kernel takes about 30 MB.
const maxSpent = 1 << 28

func (s *side) spend(n int) error {
	if s.spent += n; s.spent > maxSpent {
		return fmt.Errorf("btf: declarations of more than %d bytes", maxSpent)
	}
	return nil
}

// newSide lists the declarations that are chosen.
func newSide(spec *btf.Spec, chosen *choice) (*side, error) {
	s := &side{spec: spec, found: make(map[declared][]declarer)}
	add := func(kind Kind, name []byte, t btf.Type, enumerator int) error {
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
		kind, name := declaredKind(t.Kind()), t.NameBytes()
		if kind != 0 && len(name) != 0 {
			if err := add(kind, name, t, -1); err != nil {
				return nil, err
			}
		}
		if kind != Enum || len(name) != 0 && chosen.all() {
			continue
		}
		e, err := btf.As[btf.Enum](t)
		if err != nil {
			return nil, err
		}
		for i := range e.NumEnumerators() {
			if err := add(Enumerator, e.Enumerator(i).NameBytes(), t, i); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// declaredKind returns the Kind of what a type declares, 0 if it is not compared.
func declaredKind(k btf.Kind) Kind {
	switch k {
	case btf.KindStruct:
		return Struct
	case btf.KindUnion:
		return Union
	case btf.KindTypedef:
		return Typedef
	case btf.KindEnum, btf.KindEnum64:
		return Enum
	case btf.KindFunc:
		return Func
	}
	return 0
}
