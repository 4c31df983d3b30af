// Prints C declarations of the types with given names.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
)

var showCommand = command{
	name:    "show",
	args:    "NAME…",
	summary: "C declarations, with the offset and size of each member",
	details: `
Prints structs and unions the way pahole does: behind each member its offset and
size in bytes (of a bitfield byte:bit), with holes, padding and cache lines in
between; functions as prototypes, enums with their values. Attributes and unnamed
bitfields, which BTF does not have, are those that a compiler needs to come to the
same layout; a comment says so where it cannot. A name that several types have prints
them all; "struct NAME" and the like choose.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		return func(env *environment, args []string) error {
			if len(args) == 0 {
				return usageError("show: a name is missing, such as task_struct")
			}
			spec, closeSpec, err := in.open(env)
			if err != nil {
				return err
			}
			defer closeSpec()
			return show(env.out, spec, args)
		}
	},
}

// show prints the declarations of the types with the given names, with a blank line
// between them. A name may say which kind is meant: "struct page". A name that cannot
// be shown does not keep the others from being shown: the error joins one for each.
func show(w io.Writer, spec *btf.Spec, names []string) error {
	opts := cdecl.OptionsFor(spec)
	var problems []error
	var text []byte
	first := true
	for _, name := range names {
		types, err := named(spec, name)
		if err != nil {
			problems = append(problems, err)
		}
		for _, t := range types {
			text = text[:0]
			if !first {
				text = append(text, '\n')
			}
			if text, err = cdecl.Append(text, t, opts); err != nil {
				problems = append(problems, fmt.Errorf("btf: showing %v: %w", t, err))
				continue
			}
			first = false
			if _, err := w.Write(text); err != nil {
				return errors.Join(append(problems, err)...)
			}
		}
	}
	return errors.Join(problems...)
}

// named returns the types with a name, in the order of their ids: those of the
// bases of split BTF before its own.
func named(spec *btf.Spec, name string) ([]btf.Type, error) {
	word, rest, _ := strings.Cut(name, " ")
	rest = strings.TrimSpace(rest)
	// "unsigned int" is a name with a space, and "struct" may be a name too.
	if rest == "" || !slices.Contains([]string{"struct", "union", "enum"}, word) {
		return namedAny(spec, name)
	}
	types, err := namedAny(spec, rest)
	if err != nil && !errors.Is(err, btf.ErrNotFound) {
		return nil, err
	}
	types = slices.DeleteFunc(types, func(t btf.Type) bool { return tagWord(t) != word })
	if len(types) == 0 {
		return nil, fmt.Errorf("btf: %s named %q: %w", word, rest, btf.ErrNotFound)
	}
	return types, nil
}

// tagWord returns the word that C requires before the name of a type, if any.
func tagWord(t btf.Type) string {
	switch t.Kind() {
	case btf.KindStruct:
		return "struct"
	case btf.KindUnion:
		return "union"
	case btf.KindEnum, btf.KindEnum64:
		return "enum"
	case btf.KindFwd:
		fwd, err := btf.As[btf.Fwd](t)
		switch {
		case err != nil:
			return ""
		case fwd.IsUnion():
			return "union"
		}
		return "struct"
	}
	return ""
}

func namedAny(spec *btf.Spec, name string) ([]btf.Type, error) {
	var all []btf.Type
	for s := spec; s != nil; s = s.Base() {
		types, err := s.AnyTypesByName(name)
		if err != nil && !errors.Is(err, btf.ErrNotFound) {
			return nil, err
		}
		all = append(types, all...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("btf: type named %q: %w", name, btf.ErrNotFound)
	}
	return all, nil
}
