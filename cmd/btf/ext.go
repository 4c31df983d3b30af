// Prints the records of .BTF.ext, a line for each.

package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

var extCommand = command{
	name:    "ext",
	args:    "FILE",
	summary: "print the .BTF.ext section of a BPF object",
	details: `
There is one line for each record about an instruction: the functions that begin there,
the source lines, and the CO-RE relocations. Offsets are in bytes from the start of the
ELF section.
`,
	setup: func(*flag.FlagSet) action {
		return func(env *environment, args []string) error {
			if len(args) != 1 {
				return usageError(fmt.Sprintf("ext: needs one file, has %d", len(args)))
			}
			spec, infos, err := btf.LoadSpecAndExtInfos(args[0])
			if err != nil {
				return about(args[0], err)
			}
			defer spec.Close()
			env.out.allow(spec)
			return ext(env.out, infos)
		}
	},
}

func ext(out io.Writer, infos *btf.ExtInfos) error {
	// print escapes the arguments that come from the file.
	print := func(format string, args ...any) error {
		for i, arg := range args {
			if b, ok := arg.([]byte); ok {
				args[i] = escape.Text(string(b))
			}
		}
		_, err := fmt.Fprintf(out, format, args...)
		return err
	}
	for s := range infos.Funcs() {
		for f := range s.Records() {
			if err := print("func %s+%d %s\n", s.NameBytes(), f.Offset(), f.Func().NameBytes()); err != nil {
				return err
			}
		}
	}
	for s := range infos.Lines() {
		for l := range s.Records() {
			if err := print("line %s+%d %s:%d:%d %s\n", s.NameBytes(), l.Offset(), l.FileNameBytes(), l.LineNumber(), l.LineColumn(), sourceLine(l.LineBytes())); err != nil {
				return err
			}
		}
	}
	for s := range infos.CORERelocations() {
		for r := range s.Records() {
			if err := print("core %s+%d %v %s %s\n", s.NameBytes(), r.Offset(), r.Kind(), cdecl.Type(r.Type()), r.AccessorBytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// sourceLine returns a line of source, which ends the line that is printed. Tabs indent
// it, and stay.
func sourceLine(line []byte) string {
	parts := strings.Split(string(line), "\t")
	for i := range parts {
		parts[i] = escape.Text(parts[i])
	}
	return strings.Join(parts, "\t")
}
