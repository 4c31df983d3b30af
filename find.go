// Finds types by id and by name, and checks all records of a Spec.

package btf

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// TypeByID returns the type with an id, from the Spec itself or from its base. Id 0 is
// void. The error matches [ErrNotFound] if there is no such type.
func (s *Spec) TypeByID(id TypeID) (Type, error) {
	if err := s.usable(); err != nil {
		return Type{}, err
	}
	if id >= s.layer.end() {
		return Type{}, fmt.Errorf("btf: type id must be below %d, is %d: %w", s.layer.end(), id, ErrNotFound)
	}
	return s.layer.typeByID(id), nil
}

// All yields the Spec's own types by id, without void and without those of the base.
func (s *Spec) All() iter.Seq[Type] { return s.layer.all() }

// TypesByName yields the Spec's own types of a name and of any kind, by id. The name
// includes the flavour. Several types often share a name, even types of one kind. Types
// of the base are not found.
//
// The first look-up by name in a Spec scans all types. The second builds an index, and
// later ones use it. If the types are sorted by name, the first 2,000 or so bisect.
func (s *Spec) TypesByName(name string) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		if possible(name) && s.usable() == nil {
			s.names.named(&s.layer, name, yield)
		}
	}
}

// TypesByEssentialName yields the Spec's own types of an essential name, by id: both
// task_struct and task_struct___old for "task_struct". It ignores a flavour in the
// argument. The essential name is the name without its flavour, which follows the last
// "___" between characters other than '_' (libbpf's bpf_core_essential_name_len):
// ___pskb_trim has no flavour.
func (s *Spec) TypesByEssentialName(name string) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		name := name[:essentialLen(name)]
		if possible(name) && s.usable() == nil {
			s.names.flavours(&s.layer, name, yield)
		}
	}
}

// SortedByName reports whether the Spec's own types are in ascending byte order of their
// names, anonymous types first, as in Linux 7.0 and newer. The first call, or the first
// look-up by name, scans the names until one is out of order, as libbpf's
// btf_check_sorted does.
//
// Names at different offsets that share their first 512 bytes count as out of order. No
// kernel has such names, and comparing those of hostile BTF could take hours.
func (s *Spec) SortedByName() bool {
	return s.usable() == nil && s.names.sorted(&s.layer)
}

// Has reports whether the Spec itself has a type of that name and, if kinds are given, of
// one of those kinds: Has("tcp_sendmsg", KindFunc). It does not allocate. To find out
// whether a member exists, use [Spec.Field].
func (s *Spec) Has(name string, kinds ...Kind) bool {
	for t := range s.TypesByName(name) {
		if len(kinds) == 0 || slices.Contains(kinds, t.Kind()) {
			return true
		}
	}
	return false
}

// AnyTypesByName is [Spec.TypesByName] with a slice. The error matches [ErrNotFound] if
// there is no type of the name.
func (s *Spec) AnyTypesByName(name string) ([]Type, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	var types []Type
	for t := range s.TypesByName(name) {
		types = append(types, t)
	}
	if len(types) == 0 {
		return nil, noType(name)
	}
	return types, nil
}

// AnyTypeByName returns the Spec's own type of a name, of any kind. The error matches
// [ErrNotFound] if there is none, and [ErrMultipleMatches] if there are several.
func (s *Spec) AnyTypeByName(name string) (Type, error) {
	return s.one(name, ^kindSet(0), true)
}

// TypeByName sets view to the Spec's own type of that name and of the kind of the view:
//
//	var task btf.Struct
//	err := spec.TypeByName("task_struct", &task)
//
// A *[Type] accepts all kinds. The error matches [ErrNotFound] if there is no such type,
// and [ErrMultipleMatches] if there are several. It is a [*FormatError] if the record is
// broken. After an error, view is unchanged.
func (s *Spec) TypeByName(name string, view ViewPointer) error {
	slot, want := viewed(view)
	if want == 0 {
		if typ, ok := view.(*Type); ok {
			t, err := s.AnyTypeByName(name)
			if err == nil {
				*typ = t
			}
			return err
		}
		// view is a type that embeds a view. The message does not name that type: passing
		// view to fmt would move it to the heap, in every call.
		return errors.New("btf: TypeByName needs a pointer to a view, such as *btf.Struct")
	}
	t, err := s.one(name, want, false)
	if err != nil {
		return err
	}
	return narrow(view, slot, t)
}

// one returns the only type that has the name and one of the kinds. If any is set, all
// kinds count, even those without a view.
func (s *Spec) one(name string, want kindSet, any bool) (Type, error) {
	if err := s.usable(); err != nil {
		return Type{}, err
	}
	var found, second Type
	for t := range s.TypesByName(name) {
		if !any && !want.has(t.Kind()) {
			continue
		}
		if found.id != 0 {
			second = t
			break
		}
		found = t
	}
	switch {
	case found.id == 0 && any:
		return Type{}, noType(name)
	case found.id == 0:
		return Type{}, fmt.Errorf("btf: %v named %s: %w", want, quoted(name), ErrNotFound)
	case second.id != 0:
		return Type{}, fmt.Errorf("btf: %s is the name of %v and %v: %w", quoted(name), found, second, ErrMultipleMatches)
	}
	return found, nil
}

func noType(name string) error {
	return fmt.Errorf("btf: type named %s: %w", quoted(name), ErrNotFound)
}

// Verify narrows every type of the Spec itself to its view: all names and type ids must
// be in range, and typedefs, qualifiers and type tags must end. Type ids of split BTF must
// lead to types of the base whose kind makes sense, such as that of a FUNC to a FUNC_PROTO.
// They lead elsewhere over a base that the BTF was not split from. The error is that of the
// first type that fails. If Verify returns nil for the Spec and its bases, no later call
// of [As] returns a [*FormatError]. The kernel checks more than that.
func (s *Spec) Verify() error {
	if err := s.usable(); err != nil {
		return err
	}
	for t := range s.All() {
		if t.moved() {
			continue // the layout section gives the number of this draft kind to another kind
		}
		if err := t.check(); err != nil {
			return err
		}
		if _, err := t.Underlying(); err != nil {
			return err
		}
		if s.base != nil {
			if err := t.checkBaseIDs(); err != nil {
				return err
			}
		}
	}
	return nil
}
