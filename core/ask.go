// Answers a question that no object asks.

package core

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// Resolve answers what a relocation of a type would become, for programs that are not
// compiled from C. local is the type as the program knows it, with the fields that it
// uses: from an object, or from package write. It may have a flavour.
//
// For a kind that asks for a field, path leads to it by names, as after a variable in C:
// "comm[3]", "mm.pgd" through an embedded struct, or "[2].pid" for an array of the type.
// It cannot follow a pointer. For an enumerator, path is its name. For a type it is "".
//
// The byte order is that of the target. Section and Insn of the Fixup are empty. The error
// is that of the function [Resolve], or matches [btf.ErrNotFound] if local has no such
// field or enumerator.
func (t Target) Resolve(kind btf.CORERelocationKind, local btf.Type, path string) (Fixup, error) {
	order := t.ByteOrder()
	if err := t.usable(order); err != nil {
		return Fixup{}, err
	}
	r := newResolver(t, order)
	f := Fixup{Kind: kind, Type: local}
	access, err := r.access(kind, local, path)
	if err == nil {
		f.access = access
		err = r.resolve(&f)
	}
	if err != nil {
		err = fmt.Errorf("btf: %v of %s %q: %w", kind, local.Name(), path, err)
		f.failed = err
	}
	return f, err
}

// access returns the access string for a path.
func (r *resolver) access(kind btf.CORERelocationKind, local btf.Type, path string) ([]byte, error) {
	if isEnumerator(kind) {
		e, err := btf.As[btf.Enum](local)
		if err != nil {
			return nil, err
		}
		for i := range e.NumEnumerators() {
			if string(e.Enumerator(i).NameBytes()) == path {
				return strconv.AppendInt(nil, int64(i), 10), nil
			}
		}
		return nil, fmt.Errorf("enumerator: %w", btf.ErrNotFound)
	}
	first := uint64(0)
	if strings.HasPrefix(path, "[") {
		var err error
		if first, path, err = cutIndex(path); err != nil {
			return nil, err
		}
	}
	access := strconv.AppendUint(nil, first, 10)
	if !isField(kind) {
		if path != "" {
			return nil, fmt.Errorf("a type takes no path")
		}
		return access, nil
	}
	for t := local; path != ""; {
		under, err := t.Underlying()
		if err != nil {
			return nil, err
		}
		if path[0] == '[' {
			i, rest, err := cutIndex(path)
			if err != nil {
				return nil, err
			}
			a, err := btf.As[btf.Array](under)
			if err != nil {
				return nil, err
			}
			access = strconv.AppendUint(append(access, ':'), i, 10)
			t, path = a.Type(), rest
			continue
		}
		path = strings.TrimPrefix(path, ".")
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		raw := 0
		s, _, ok, err := r.named([]byte(path[:end]), under, &raw)
		if err != nil {
			return nil, err
		}
		if !ok || end == 0 {
			return nil, fmt.Errorf("member %q: %w", path[:end], btf.ErrNotFound)
		}
		for _, l := range r.levels[:raw] {
			access = strconv.AppendUint(append(access, ':'), uint64(l.next-1), 10)
		}
		t, path = s.typ, path[end:]
	}
	return access, nil
}

// cutIndex splits "[12]" off the front of a path.
func cutIndex(path string) (index uint64, rest string, err error) {
	digits, rest, ok := strings.Cut(path[1:], "]")
	if index, err = strconv.ParseUint(digits, 10, 31); !ok || err != nil {
		return 0, "", fmt.Errorf("%q needs an index and a bracket", path)
	}
	return index, rest, nil
}
