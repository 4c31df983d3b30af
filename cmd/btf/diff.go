// Prints what differs between two files.

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/diff"
)

var diffCommand = command{
	name:    "diff",
	args:    "A B [NAME…]",
	summary: "what moved, changed, appeared or vanished from A to B",
	trouble: statusUsage,
	details: `
Compares what two files of BTF declare under the same names: sizes of structs and
unions, place, size and type of each field, typedefs, enumerators, and prototypes of
functions. A line for each difference: "-" is in A only, "+" in B only, "~" in both,
with what it was → what it is. Offsets and sizes are in bytes, offsets of bitfields
byte:bit.

  ~ struct task_struct: size 9792 → 10240
  ~ struct task_struct.mm: offset 2336 → 2384
  + func new_one: int (struct sock *)

With names, or globs such as 'tcp_*', only these are compared; "struct NAME" and the
like choose; enumerators are found whatever the enum. A name with a dot or an arrow in
it is a path, as btf offset takes it, and compared is where it leads. What is in
neither file is trouble. A type is looked into where it is declared: the fields of anonymous ones are those of what contains them, those
of a named one are lines of its own. Type tags, and how compilers spell integers, are
no differences. Where types share a name, those that are on both sides are set aside;
"?" says that it cannot be told which of several became which.

With --json, a line is an object with change ("changed", "appeared", "vanished", or
"ambiguous"), kind, name, member if it is one, before and after.

Exit status: 0 if there is no difference, 1 if there is, 2 in trouble.
`,
	setup: func(flags *flag.FlagSet) action {
		file := linesFlag(flags)
		asJSON := flags.Bool("json", false, "print an object a line, for machines")
		return func(env *environment, args []string) error {
			if len(args) < 2 {
				return usageError("diff: two files are wanted")
			}
			names, err := env.withLines(args[2:], *file)
			if err != nil {
				return err
			}
			return printChanges(env, args[0], args[1], names, *asJSON)
		}
	},
}

// printChanges prints the changes from one file to another, and returns errFailed if there are
// any.
func printChanges(env *environment, before, after string, names []string, asJSON bool) error {
	filter, err := diff.NewFilter(names...)
	if err != nil {
		return usageError(strings.TrimPrefix(err.Error(), "btf: "))
	}
	files := [2]string{before, after}
	var specs [2]*btf.Spec
	for i, file := range files {
		spec, closeSpec, err := openFile(file, "")
		if err != nil {
			return err
		}
		defer closeSpec()
		env.out.allow(spec)
		specs[i] = spec
	}
	encoder := newEncoder(env.out)
	differ := false
	var problems []error
	for change, err := range diff.Specs(specs[0], specs[1], filter) {
		var side *diff.SideError
		switch {
		case errors.As(err, &side):
			file := before
			if side.After {
				file = after
			}
			err := side.Err
			if side.Declaration != "" {
				err = about(side.Declaration, err)
			}
			err = about(file, err)
			if broken := (*btf.FormatError)(nil); side.Declaration == "" || errors.Is(err, diff.ErrTooLarge) || errors.As(err, &broken) {
				problems = append(problems, err)
			} else {
				env.complain(err) // a type that has no text is no trouble
			}
			continue
		case err != nil:
			problems = append(problems, err)
			continue
		case asJSON:
			err = encoder.Encode(changeJSON(change))
		default:
			_, err = fmt.Fprintln(env.out, change)
		}
		if differ = true; err != nil {
			return err
		}
	}
	switch {
	case len(problems) > 0:
		return errors.Join(problems...)
	case differ:
		return errFailed
	}
	return nil
}

// A change is a line of what diff prints. Scripts rely on the tags.
type change struct {
	Change string   `json:"change"`
	Kind   string   `json:"kind"`
	Name   jsonText `json:"name"`
	Member jsonText `json:"member,omitempty"`
	Before *facts   `json:"before,omitempty"`
	After  *facts   `json:"after,omitempty"`
}

// facts are what is compared of a declaration or a part of one. Which of them are known
// depends on the kind.
type facts struct {
	BitOffset    optional    `json:"bit_offset,omitzero"`
	ByteOffset   optional    `json:"byte_offset,omitzero"`
	Offsets      []uint64    `json:"offsets,omitempty"`      // bytes, if there are pointers in a path
	BitfieldSize optional    `json:"bitfield_size,omitzero"` // bits, 0 if it is no bitfield
	Size         optional    `json:"size,omitzero"`          // bytes
	Value        json.Number `json:"value,omitempty"`
	Type         jsonText    `json:"type,omitempty"`
	Types        int         `json:"types,omitempty"` // number of types with the name, if there are several
}

func changeJSON(c diff.Change) change {
	line := change{Change: c.Op.String(), Kind: c.Kind.String(), Name: jsonText(c.Name), Member: jsonText(c.Member)}
	if c.Op != diff.Appeared {
		line.Before = factsJSON(c.Before)
	}
	if c.Op != diff.Vanished {
		line.After = factsJSON(c.After)
	}
	return line
}

func factsJSON(f diff.Facts) *facts {
	all := &facts{Offsets: f.Offsets(), Value: json.Number(f.Value()), Type: jsonText(f.Type()), Types: f.Types()}
	if offset, ok := f.Offset(); ok {
		all.BitOffset = some(uint64(offset))
		all.ByteOffset = some(offset.Bytes())
		all.BitfieldSize = some(uint64(f.BitfieldSize()))
	}
	if size, ok := f.Size(); ok {
		all.Size = some(size)
	}
	return all
}
