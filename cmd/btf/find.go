// Prints the types whose names match a glob.

package main

import (
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/glob"
)

var findCommand = command{
	name:    "find",
	args:    "GLOB…",
	summary: "list types, functions and variables by name, such as '*sk_buff*'",
	details: `
There is one line for each type whose name matches a GLOB: its kind, name, size in
bytes if it has one, and id. The types are those of the running kernel and its modules,
or of one file without its base.

In a glob, * matches any text, ? any character, and [a-z] one character of a range. A
glob that matches nothing is an error. Names longer than 4 KB never match.

With --json, each line is an object with the fields kind, name, size (if there is one),
id and module.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			if len(args) == 0 {
				return usageError("find: needs a glob, such as 'tcp_*'")
			}
			for _, text := range args {
				if err := glob.Check(text); err != nil {
					return usageError(fmt.Sprintf("find: %.200q is not a glob: %v", text, err))
				}
			}
			return find(env, in, args, *asJSON)
		}
	},
}

// A foundType is a line of what find prints. Scripts rely on the tags.
type foundType struct {
	Kind   string   `json:"kind"`
	Name   jsonText `json:"name"`
	Size   optional `json:"size,omitzero"`
	ID     uint32   `json:"id"`
	Module jsonText `json:"module,omitempty"`
}

// A match is a type whose name matches a glob.
type match struct {
	part int32 // its number among the parts
	id   btf.TypeID
}

func (m match) cells(parts []btf.Module) [][]byte {
	in := parts[m.part]
	t, err := in.Spec.TypeByID(m.id)
	if err != nil {
		return cells("", "", "", err.Error())
	}
	size := ""
	if n, err := t.Sizeof(); err == nil {
		size = strconv.FormatUint(n, 10)
	}
	return [][]byte{
		[]byte(t.Kind().String()), t.NameBytes(), []byte(size),
		append(strconv.AppendUint(nil, uint64(m.id), 10), inModule(in, " (%s)")...),
	}
}

func find(env *environment, in *input, globs []string, asJSON bool) error {
	parts, closeParts, err := in.parts(env)
	if err != nil {
		return err
	}
	defer closeParts()
	encoder := newEncoder(env.out)
	met := make([]bool, len(globs))
	patterns := make([]glob.Pattern, len(globs))
	for i, text := range globs {
		patterns[i] = glob.New(text)
	}
	var found []match
	for i, m := range parts.list {
		for t := range m.Spec.All() {
			if !matches(t, patterns, met) {
				continue
			}
			if !asJSON {
				found = append(found, match{int32(i), t.ID()})
				continue
			}
			one := foundType{Kind: t.Kind().String(), Name: jsonText(t.Name()), ID: uint32(t.ID()), Module: jsonText(m.Name)}
			if size, err := t.Sizeof(); err == nil {
				one.Size = some(size)
			}
			if err := encoder.Encode(one); err != nil {
				return err
			}
		}
	}
	if err := printMatches(env.out, parts.list, found); err != nil {
		return err
	}
	var failed error
	for i, text := range globs {
		if !met[i] {
			failed = errFailed
			env.complain(fmt.Errorf("btf: name that matches %.200q: %w", text, btf.ErrNotFound))
		}
	}
	return parts.failed(failed)
}

// printMatches prints a table.
func printMatches(out io.Writer, parts []btf.Module, found []match) error {
	if len(found) == 0 {
		return nil
	}
	rows := table{out: out}
	head := cells("kind", "name", "size", "id")
	rows.measure(head...)
	for _, m := range found {
		rows.measure(m.cells(parts)...)
	}
	if err := rows.row(head...); err != nil {
		return err
	}
	for _, m := range found {
		if err := rows.row(m.cells(parts)...); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether the name of a type matches any of the patterns, and marks those
// that it matches.
func matches(t btf.Type, patterns []glob.Pattern, met []bool) bool {
	name := t.NameBytes()
	if len(name) == 0 {
		return false
	}
	any := false
	for i := range patterns {
		if patterns[i].Match(name) {
			met[i], any = true, true
		}
	}
	return any
}
