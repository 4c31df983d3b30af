// Prints the records of .BTF.ext, a line for each.

package main

import (
	"flag"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
)

var extCommand = command{
	name:    "ext",
	args:    "FILE",
	summary: "functions, source lines and CO-RE relocations of a BPF object",
	details: `
Prints what .BTF.ext says of the instructions in each ELF section: where functions
begin, which line of source an instruction comes from, and which values are asked of
the kernel. Offsets are bytes from the start of the section.
`,
	setup: func(*flag.FlagSet) action {
		return func(env *environment, args []string) error {
			if len(args) != 1 {
				return usageError(fmt.Sprintf("ext: one file wanted, there are %d", len(args)))
			}
			spec, infos, err := btf.LoadSpecAndExtInfos(args[0])
			if err != nil {
				return about(args[0], err)
			}
			defer spec.Close()
			ext(env, infos)
			return nil
		}
	},
}

func ext(env *environment, infos *btf.ExtInfos) {
	for s := range infos.Funcs() {
		for f := range s.Records() {
			fmt.Fprintf(env.out, "func %s+%d %s\n", s.NameBytes(), f.Offset(), f.Func().NameBytes())
		}
	}
	for s := range infos.Lines() {
		for l := range s.Records() {
			fmt.Fprintf(env.out, "line %s+%d %s:%d:%d %s\n", s.NameBytes(), l.Offset(), l.FileNameBytes(), l.LineNumber(), l.LineColumn(), l.LineBytes())
		}
	}
	for s := range infos.CORERelocations() {
		for r := range s.Records() {
			fmt.Fprintf(env.out, "core %s+%d %v %s %s\n", s.NameBytes(), r.Offset(), r.Kind(), cdecl.Type(r.Type()), r.AccessorBytes())
		}
	}
}
