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
	summary: "print what changed from file A to file B",
	trouble: statusUsage,
	details: `
Compares the declarations of two files of BTF by kind and name: sizes of structs and
unions; offset, size and type of each field; typedefs; enumerators; prototypes of
functions. There is one line for each difference. It begins with "-" if the declaration
is only in A, "+" if it is only in B, and "~" if it is in both; then the values are
before → after. Offsets and sizes are in bytes, offsets of bitfields byte:bit.

  ~ struct task_struct: size 9792 → 10240
  ~ struct task_struct.mm: offset 2336 → 2384
  + func new_one: int (struct sock *)

A NAME selects what is compared. It can be a glob such as 'tcp_*', and have the kind
before it, such as "struct NAME". Enumerators are found in any enum. A NAME with a dot
or an arrow is a path, as for btf offset; the ends of the path are compared. A NAME
that is in neither file is an error.

Fields of an anonymous type are fields of the type that contains it. Fields of a named
type have lines of their own. Type tags and the spelling of integers by different
compilers are not differences. If several types have one name, those that are equal in
A and B are left out; "?" means that it is unknown which of the others changed into
which. A type without a C spelling, such as a prototype that takes itself, is not
compared; standard error has its name.

With --json, each line is an object with the fields change ("changed", "appeared",
"vanished" or "ambiguous"), kind, name, member (if it is about one), before and after.

The exit status is 0 if there is no difference, 1 if there is one, 2 after an error.
`,
	setup: func(flags *flag.FlagSet) action {
		file := linesFlag(flags)
		pointer := pointerFlag(flags)
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			if len(args) < 2 {
				return usageError("diff: needs two files")
			}
			names, err := env.withLines(args[2:], *file)
			if err != nil {
				return err
			}
			return printChanges(env, args[0], args[1], names, *pointer, *asJSON)
		}
	},
}

// printChanges prints the changes from one file to another, and returns errFailed if there are
// any.
func printChanges(env *environment, before, after string, names []string, pointer int, asJSON bool) error {
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
		if err := pointersOf(spec, pointer); err != nil {
			return about(file, err)
		}
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
			path := strings.HasPrefix(side.Declaration, "path ") // its errors name it
			if side.Declaration != "" && !path {
				err = about(side.Declaration, err)
			}
			err = about(file, err)
			if broken := (*btf.FormatError)(nil); side.Declaration == "" || path || errors.Is(err, diff.ErrTooLarge) || errors.As(err, &broken) {
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
