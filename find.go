// Answers questions to a Spec: types by id and by name, and whether all of it is sound.

package btf

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// TypeByID returns the type with an id: one of the Spec's own, or of its base. Id
// 0 is void. The error matches [ErrNotFound] if there is no such type.
func (s *Spec) TypeByID(id TypeID) (Type, error) {
	if err := s.usable(); err != nil {
		return Type{}, err
	}
	if id >= s.layer.end() {
		return Type{}, fmt.Errorf("btf: type id %d, the last one is %d: %w", id, s.layer.end()-1, ErrNotFound)
	}
	return s.layer.typeByID(id), nil
}

// All yields the Spec's own types by id, without void and without those of its
// base.
func (s *Spec) All() iter.Seq[Type] { return s.layer.all() }

// TypesByName yields the Spec's own types of that name and any kind, by id.
// Several types often share a name, even of one kind; types of the base are not
// looked at. The name is the whole name: a flavour counts.
//
// The first look-up by name in a Spec passes over its types; the second builds an
// index, and those after it use that. Of types that are sorted by name, only a
// program that asks thousands of times has an index built.
func (s *Spec) TypesByName(name string) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		if possible(name) && s.usable() == nil {
			s.names.named(&s.layer, name, yield)
		}
	}
}

// TypesByEssentialName yields the Spec's own types that are name or a flavour of
// it, by id: task_struct, task_struct___old. A flavour in the name asked for is
// ignored. The flavour is what follows the last "___" between characters other
// than '_', so ___pskb_trim is a plain name (bpf_core_essential_name_len of
// libbpf).
func (s *Spec) TypesByEssentialName(name string) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		name := name[:essentialLen(name)]
		if possible(name) && s.usable() == nil {
			s.names.flavours(&s.layer, name, yield)
		}
	}
}

// SortedByName reports whether the Spec's own types are in ascending order of
// their names, compared byte by byte: the anonymous ones first. Kernels from 7.0
// on sort theirs. No mark in a blob says so: the first question, or the first look-up
// by name, passes over all names until one is out of order, as libbpf's
// btf_check_sorted does.
//
// It takes names whose first 512 bytes are equal for out of order, if they do not
// stand at the same offset: no kernel has such, and a blob could make comparing them
// take hours.
func (s *Spec) SortedByName() bool {
	return s.usable() == nil && s.names.sorted(&s.layer)
}

// Has reports whether one of the Spec's own types has that name, of one of the kinds
// if there are any: Has("tcp_sendmsg", KindFunc). It takes no allocation, as an error
// does. Whether there is a member, [Spec.Field] knows.
func (s *Spec) Has(name string, kinds ...Kind) bool {
	for t := range s.TypesByName(name) {
		if len(kinds) == 0 || slices.Contains(kinds, t.Kind()) {
			return true
		}
	}
	return false
}

// AnyTypesByName returns the Spec's own types of that name, by id. The error
// matches [ErrNotFound] if there is none. [Spec.TypesByName] does the same without
// an allocation.
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

// AnyTypeByName returns the one type of that name among the Spec's own, whatever
// its kind. The error matches [ErrNotFound] if there is none, and
// [ErrMultipleMatches] if there are several.
func (s *Spec) AnyTypeByName(name string) (Type, error) {
	return s.one(name, ^kindSet(0), true)
}

// TypeByName finds the one type of a name and of the kind of view among the Spec's
// own types, and sets view to it:
//
//	var task btf.Struct
//	err := spec.TypeByName("task_struct", &task)
//
// Any kind fits a *[Type]. The error matches [ErrNotFound] if there is no such type,
// and [ErrMultipleMatches] if there are several. It is a [*FormatError] if the record
// is broken. After an error, view is as it was.
func (s *Spec) TypeByName(name string, view ViewPointer) error {
	if typ, ok := view.(*Type); ok {
		t, err := s.AnyTypeByName(name)
		if err == nil {
			*typ = t
		}
		return err
	}
	slot, want := viewed(view)
	if want == 0 {
		// Only a type that embeds a view gets here. Not naming it keeps view off the heap.
		return errors.New("btf: TypeByName needs a pointer to a view, such as *btf.Struct")
	}
	t, err := s.one(name, want, false)
	if err != nil {
		return err
	}
	return narrow(view, slot, t)
}

// one returns the only type of that name of one of the kinds, or with any of
// whatever kind.
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
		return Type{}, fmt.Errorf("btf: %s is %v and %v: %w", quoted(name), found, second, ErrMultipleMatches)
	}
	return found, nil
}

func noType(name string) error {
	return fmt.Errorf("btf: type named %s: %w", quoted(name), ErrNotFound)
}

// Verify narrows every record to the view of its kind, and follows typedefs,
// qualifiers and type tags to their end, as [As] does: it proves that no name and
// no id in the Spec is out of range, so that no later narrowing ends in a
// [*FormatError], if what it stands on is as sound. The error is the first of
// those, in the order of ids. What the kernel asks of BTF beyond that is not looked
// at.
func (s *Spec) Verify() error {
	if err := s.usable(); err != nil {
		return err
	}
	for t := range s.All() {
		if t.moved() {
			continue // no view reads it
		}
		if err := t.check(); err != nil {
			return err
		}
		if _, err := t.Underlying(); err != nil {
			return err
		}
	}
	return nil
}
