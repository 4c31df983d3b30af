// Prints the types whose names match a glob.

package main

import (
	"flag"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/glob"
)

var findCommand = command{
	name:    "find",
	args:    "GLOB…",
	summary: "types, functions and variables with such names, as '*sk_buff*'",
	details: `
A line for each type whose name matches: its kind, name, size in bytes if it has one,
and id; of the running kernel and its modules, or of one file alone. In a glob, * is
any text, ? any character, and [a-z] one of those. Something must match each; no
name of more than 4 KB does.

With --json, a line is an object with kind, name, size (if there is one), id and
module.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		asJSON := flags.Bool("json", false, "print an object a line, for machines")
		return func(env *environment, args []string) error {
			if len(args) == 0 {
				return usageError("find: a glob is missing, such as 'tcp_*'")
			}
			for _, text := range args {
				if err := glob.Check(text); err != nil {
					return usageError(fmt.Sprintf("find: %.200q is no glob: %v", text, err))
				}
			}
			return find(env, in, args, *asJSON)
		}
	},
}

// A foundType is a line of what find prints. Scripts rely on the tags.
type foundType struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	Size   optional `json:"size,omitzero"`
	ID     uint32   `json:"id"`
	Module string   `json:"module,omitempty"`
}

func find(env *environment, in *input, globs []string, asJSON bool) error {
	parts, closeParts, err := in.parts(env)
	if err != nil {
		return err
	}
	defer closeParts()
	encoder := newEncoder(env.out)
	w := tabwriter.NewWriter(env.out, 0, 8, 2, ' ', 0)
	met := make([]bool, len(globs))
	patterns := make([]glob.Pattern, len(globs))
	for i, text := range globs {
		patterns[i] = glob.New(text)
	}
	any := false
	for _, m := range parts.list {
		for t := range m.Spec.All() {
			if !matches(t, patterns, met) {
				continue
			}
			one := foundType{Kind: t.Kind().String(), Name: t.Name(), ID: uint32(t.ID()), Module: m.Name}
			if size, err := t.Sizeof(); err == nil {
				one.Size = some(size)
			}
			if asJSON {
				err = encoder.Encode(one)
			} else {
				if !any {
					fmt.Fprintln(w, "kind\tname\tsize\tid")
				}
				size := ""
				if one.Size.known {
					size = strconv.FormatUint(one.Size.number, 10)
				}
				_, err = fmt.Fprintf(w, "%s\t%s\t%s\t%d%s\n", one.Kind, one.Name, size, one.ID, inModule(m, " (%s)"))
			}
			if any = true; err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
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
