// Prints the values of enums and enumerators.

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/seed-6c4a6465/btf"
)

var enumCommand = command{
	name:    "enum",
	args:    "NAME…",
	summary: "values of an enum such as pid_type, or of one enumerator",
	details: `
A name is that of an enum, of a typedef of one, or of an enumerator in any enum, named
or not. A line for each value: the enum, the enumerator, the value. Modules of the
running kernel are looked into as well.

With --json, a line is an object with enum ("" if it has no name), name, value, size
(of the enum, in bytes) and module, or with name and error.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		file := linesFlag(flags)
		asJSON := flags.Bool("json", false, "print an object a line, for machines")
		return func(env *environment, args []string) error {
			names, err := env.withLines(args, *file)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				return usageError("enum: a name is missing, such as pid_type")
			}
			return enums(env, in, names, *asJSON)
		}
	},
}

// A value is a line of what enum prints. Scripts rely on the tags.
type value struct {
	Enum   string      `json:"enum"`
	Name   string      `json:"name"`
	Value  json.Number `json:"value"`
	Size   uint32      `json:"size"`
	Module string      `json:"module,omitempty"`
}

func enums(env *environment, in *input, names []string, asJSON bool) error {
	parts, closeParts, err := in.parts(env)
	if err != nil {
		return err
	}
	defer closeParts()
	encoder := newEncoder(env.out)
	w := tabwriter.NewWriter(env.out, 0, 8, 2, ' ', 0)
	var failed error
	headed := false
	for _, name := range names {
		values, declared, err := valuesOf(parts.all(), name)
		if err != nil {
			return err
		}
		for _, v := range values {
			if asJSON {
				err = encoder.Encode(v)
			} else {
				if !headed {
					headed = true
					fmt.Fprintln(w, "enum\tname\tvalue")
				}
				enum := v.Enum
				if enum == "" {
					enum = "{...}"
				}
				_, err = fmt.Fprintf(w, "%s\t%s\t%s%s\n", enum, v.Name, v.Value, inModule(btf.Module{Name: v.Module}, " (%s)"))
			}
			if err != nil {
				return err
			}
		}
		if len(values) == 0 {
			failed = errFailed
			if declared {
				err = env.missingBecause(name, fmt.Errorf("btf: values of enum %.200q, which is only declared: %w", name, btf.ErrNotFound), asJSON)
			} else {
				err = env.missing(name, "enum or enumerator", asJSON)
			}
			if err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return parts.failed(failed)
}

// valuesOf returns the values of the enums with a name, or of typedefs of them, and
// whether there are such enums. If there are none, it returns the values of the
// enumerators with that name.
func valuesOf(parts []btf.Module, name string) (values []value, declared bool, err error) {
	for _, m := range parts {
		for t := range m.Spec.TypesByName(name) {
			switch t.Kind() {
			case btf.KindEnum, btf.KindEnum64, btf.KindTypedef:
			default:
				continue
			}
			e, err := btf.As[btf.Enum](t)
			if errors.Is(err, btf.ErrWrongKind) {
				continue // a typedef of something else
			}
			if err != nil {
				return nil, false, err
			}
			declared = true
			for v := range e.Enumerators() {
				values = append(values, newValue(m, e, v))
			}
		}
	}
	if declared || name == "" {
		return values, declared, nil
	}
	for _, m := range parts {
		for t := range m.Spec.All() {
			if t.Kind() != btf.KindEnum && t.Kind() != btf.KindEnum64 {
				continue
			}
			e, err := btf.As[btf.Enum](t)
			if err != nil {
				return nil, false, err
			}
			for v := range e.Enumerators() {
				if string(v.NameBytes()) == name {
					values = append(values, newValue(m, e, v))
				}
			}
		}
	}
	return values, false, nil
}

func newValue(m btf.Module, e btf.Enum, v btf.Enumerator) value {
	return value{e.Name(), v.Name(), enumNumber(e, v), e.Size(), m.Name}
}

// enumNumber returns the value of an enumerator, which may be negative.
func enumNumber(e btf.Enum, v btf.Enumerator) json.Number {
	if e.Signed() {
		return json.Number(strconv.FormatInt(int64(v.Value()), 10))
	}
	return json.Number(strconv.FormatUint(v.Value(), 10))
}
