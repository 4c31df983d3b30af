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
	summary: "print types as C, with the offset and size of each member",
	details: `
Prints structs and unions as pahole does. A comment behind each member has its offset
and size in bytes; for a bitfield, the offset is byte:bit. Comments between members
show holes, padding and cache lines. Functions are prototypes. Enums have their values.

Attributes and unnamed bitfields are not in BTF. They are those that a compiler needs to
make the same layout. A comment says so where C cannot declare a layout.

If several types have the name, show prints them all. "struct NAME", "union NAME" and
"enum NAME" select one kind.

A name that is not an identifier of C is changed into one. A comment has the name
itself.

If the running kernel has no BTF, show reads the sample of Linux 6.12 and says so on
standard error. No other command does that without --sample.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		in.fallback = true
		return func(env *environment, args []string) error {
			if len(args) == 0 {
				return usageError("show: needs a name, such as task_struct")
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
				if out, ok := w.(*output); ok {
					if err := out.failure(); err != nil {
						return errors.Join(append(problems, err)...)
					}
				}
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
