// Prints the values of enums and enumerators.

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/seed-6c4a6465/btf"
)

var enumCommand = command{
	name:    "enum",
	args:    "NAME…",
	summary: "print the values of an enum such as pid_type, or of an enumerator",
	details: `
A NAME is the name of an enum, of a typedef of an enum, or of an enumerator of any
enum. There is one line for each value: the enum, the enumerator, the value. Modules
of the running kernel are searched too.

With --json, each line is an object with the fields enum ("" if the enum has no name),
name, value, size (of the enum, in bytes) and module. For a name that is not found,
the object has name and error.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		file := linesFlag(flags)
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			names, err := env.withLines(args, *file)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				return usageError("enum: needs a name, such as pid_type")
			}
			return enums(env, in, names, *asJSON)
		}
	},
}

// A value is a line of what enum prints. Scripts rely on the tags.
type value struct {
	Enum   jsonText    `json:"enum"`
	Name   jsonText    `json:"name"`
	Value  json.Number `json:"value"`
	Size   uint32      `json:"size"`
	Module jsonText    `json:"module,omitempty"`
}

// A found enumerator is a value before its names are copied.
type foundEnumerator struct {
	in   btf.Module
	enum btf.Enum
	v    btf.Enumerator
}

func (f foundEnumerator) value() value {
	return value{jsonText(f.enum.Name()), jsonText(f.v.Name()), enumNumber(f.enum, f.v), f.enum.Size(), jsonText(f.in.Name)}
}

func (f foundEnumerator) cells() [][]byte {
	enum := f.enum.NameBytes()
	if len(enum) == 0 {
		enum = []byte("{...}")
	}
	return [][]byte{enum, f.v.NameBytes(), []byte(string(enumNumber(f.enum, f.v)) + inModule(f.in, " (%s)"))}
}

func enums(env *environment, in *input, names []string, asJSON bool) error {
	parts, closeParts, err := in.parts(env)
	if err != nil {
		return err
	}
	defer closeParts()
	encoder := newEncoder(env.out)
	var found []foundEnumerator
	var failed error
	for _, name := range names {
		n := 0
		declared, err := valuesOf(parts.all(), name, func(f foundEnumerator) error {
			n++
			if asJSON {
				return encoder.Encode(f.value())
			}
			found = append(found, f)
			return nil
		})
		if err != nil {
			return err
		}
		if n == 0 {
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
	if err := printEnumerators(env.out, found); err != nil {
		return err
	}
	return parts.failed(failed)
}

// printEnumerators prints a table.
func printEnumerators(out io.Writer, found []foundEnumerator) error {
	if len(found) == 0 {
		return nil
	}
	rows := table{out: out}
	head := cells("enum", "name", "value")
	rows.measure(head...)
	for _, f := range found {
		rows.measure(f.cells()...)
	}
	if err := rows.row(head...); err != nil {
		return err
	}
	for _, f := range found {
		if err := rows.row(f.cells()...); err != nil {
			return err
		}
	}
	return nil
}

// valuesOf calls add with the values of the enums with a name, or of typedefs of them. It
// returns whether there are such enums. If there are none, it calls add with the
// enumerators of that name.
func valuesOf(parts []btf.Module, name string, add func(foundEnumerator) error) (declared bool, err error) {
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
				return false, err
			}
			declared = true
			for v := range e.Enumerators() {
				if err := add(foundEnumerator{m, e, v}); err != nil {
					return false, err
				}
			}
		}
	}
	if declared || name == "" {
		return declared, nil
	}
	for _, m := range parts {
		for t := range m.Spec.All() {
			if t.Kind() != btf.KindEnum && t.Kind() != btf.KindEnum64 {
				continue
			}
			e, err := btf.As[btf.Enum](t)
			if err != nil {
				return false, err
			}
			for v := range e.Enumerators() {
				if string(v.NameBytes()) == name {
					if err := add(foundEnumerator{m, e, v}); err != nil {
						return false, err
					}
				}
			}
		}
	}
	return false, nil
}

// enumNumber returns the value of an enumerator, which may be negative.
func enumNumber(e btf.Enum, v btf.Enumerator) json.Number {
	if e.Signed() {
		return json.Number(strconv.FormatInt(int64(v.Value()), 10))
	}
	return json.Number(strconv.FormatUint(v.Value(), 10))
}
