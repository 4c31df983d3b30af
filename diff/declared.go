// Lists what a Spec declares, by kind and name.

package diff

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// A declared is the kind and name that declarations are compared under. It is the
// same in both Specs, whatever the ids. An enumerator of an anonymous enum is declared
// by itself, and so is any enumerator that a Filter asks for.
type declared struct {
	kind Kind
	name string
}

// An entry is a declaration of a side. It has no copy of the name: a kernel declares
// 100,000.
type entry struct {
	key        uint64     // the kind and the first bytes of the name, in the order of both
	id         btf.TypeID // of the type, or of the enum of an enumerator
	enumerator uint32     // its number in side.enumerators + 1, or 0 for a type
}

// keyed is the number of bytes of a name in the key of an entry.
const keyed = 7

func newEntry(kind Kind, name []byte, id btf.TypeID, enumerator int) entry {
	var key [8]byte
	key[0] = byte(kind)
	copy(key[1:], name)
	return entry{binary.BigEndian.Uint64(key[:]), id, uint32(enumerator)}
}

func (e entry) kind() Kind { return Kind(e.key >> (8 * keyed)) }

// short reports whether the key has the whole name.
func (e entry) short() bool { return e.key&0xff == 0 }

// An enumerator is one that is declared by itself.
type enumerator struct {
	btf.Enumerator
	signed bool
}

// A side is one of the two Specs.
type side struct {
	spec        *btf.Spec
	entries     []entry // by kind, name and id
	enumerators []enumerator
	broken      []error // of enums whose enumerators cannot be listed
	spent       int     // bytes, see maxSpent
	held        int     // bytes, see maxHeld
	parts       []part  // of the last shape

	// unsized says that one of both Specs does not know the size of a pointer. A size
	// that only the other knows is no difference.
	unsized bool
}

const (
	// maxSpent is the limit on the bytes of names, fields and spellings made of one side. A
	// few bytes of BTF can ask for more than there is time for; a kernel takes about 30 MB.
	maxSpent = 1 << 28

	// maxHeld is the limit on what is kept of one declaration while it is compared.
	maxHeld = 1 << 25

	// failureCost is what a declaration counts that cannot be compared.
	failureCost = 1 << 20
)

// ErrTooLarge matches errors of a declaration, or of all of a Spec, that needs more
// memory or time to compare than the package takes.
var ErrTooLarge = errors.New("too large to compare")

// A limitError is an ErrTooLarge that says what is too large.
type limitError string

func (e limitError) Error() string        { return string(e) }
func (e limitError) Is(target error) bool { return target == ErrTooLarge }

var (
	// errSpent ends a comparison.
	errSpent error = limitError(fmt.Sprintf("btf: declarations of more than %d bytes", maxSpent))

	// errHeld is about one declaration.
	errHeld error = limitError(fmt.Sprintf("btf: fields and names of more than %d bytes", maxHeld))
)

func (s *side) spend(n int) error {
	if s.spent += n; s.spent > maxSpent {
		return errSpent
	}
	return nil
}

// hold counts what is kept of one declaration.
func (s *side) hold(n int) error {
	if s.held += n; s.held > maxHeld {
		return errHeld
	}
	return s.spend(n)
}

// ends reports whether an error ends the comparison. Others are about one declaration.
func ends(err error) bool { return errors.Is(err, errSpent) || errors.Is(err, btf.ErrClosed) }

// newSide lists the declarations that are chosen.
func newSide(spec *btf.Spec, chosen *choice) (*side, error) {
	s := &side{spec: spec}
	// A string may hold the names of many types, each the end of the one before: names
	// count.
	add := func(kind Kind, name []byte) (bool, error) {
		return chosen.has(kind, name), s.spend(len(name))
	}
	for t := range spec.All() {
		kind, name := declaredKind(t.Kind()), t.NameBytes()
		if kind != 0 && len(name) != 0 {
			has, err := add(kind, name)
			if err != nil {
				return nil, err
			}
			if has {
				s.entries = append(s.entries, newEntry(kind, name, t.ID(), 0))
			}
		}
		if kind != Enum || len(name) != 0 && chosen.all() {
			continue
		}
		e, err := btf.As[btf.Enum](t)
		if err != nil {
			s.broken = append(s.broken, about(Enum, name, err))
			continue
		}
		for v := range e.Enumerators() {
			has, err := add(Enumerator, v.NameBytes())
			if err != nil {
				return nil, err
			}
			if has {
				s.enumerators = append(s.enumerators, enumerator{v, e.Signed()})
				s.entries = append(s.entries, newEntry(Enumerator, v.NameBytes(), t.ID(), len(s.enumerators)))
			}
		}
	}
	slices.SortFunc(s.entries, func(a, b entry) int {
		return cmp.Or(s.compare(a, s, b), cmp.Compare(a.id, b.id), cmp.Compare(a.enumerator, b.enumerator))
	})
	return s, nil
}

// compare compares the kind and name of an entry with those of an entry of a side.
func (s *side) compare(a entry, in *side, b entry) int {
	if c := cmp.Compare(a.key, b.key); c != 0 || a.short() {
		return c
	}
	return bytes.Compare(s.name(a), in.name(b))
}

// name returns the name of an entry. It is valid until the Spec is closed.
func (s *side) name(e entry) []byte {
	if e.enumerator != 0 {
		return s.enumerators[e.enumerator-1].NameBytes()
	}
	t, _ := s.spec.TypeByID(e.id)
	return t.NameBytes()
}

// run returns the number of entries at the front that have the name of the first.
func (s *side) run(entries []entry) int {
	for i, e := range entries {
		if i > 0 && s.compare(entries[0], s, e) != 0 {
			return i
		}
	}
	return len(entries)
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

// A declError is an error about one declaration.
type declError struct {
	what string
	err  error
}

// about adds the kind and name of a declaration to an error. Errors that end the
// comparison stay as they are.
func about(kind Kind, name []byte, err error) error {
	const most = 128 // bytes of a name
	if ends(err) {
		return err
	}
	shown := escape.Text(string(name[:min(len(name), most)]))
	switch {
	case len(name) == 0:
		shown = "(anonymous)"
	case len(name) > most:
		shown += "…"
	}
	return &declError{kind.String() + " " + shown, err}
}

func (e *declError) Error() string {
	return "btf: " + e.what + ": " + strings.TrimPrefix(e.err.Error(), "btf: ")
}

func (e *declError) Unwrap() error { return e.err }
