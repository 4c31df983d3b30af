// Prints where the fields lie that paths lead to.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
)

var offsetCommand = command{
	name:    "offset",
	args:    "PATH…",
	summary: "print the offsets and sizes of fields, such as task_struct.mm",
	details: `
A PATH is the name of a type, followed by members and array elements as in C. Members
of anonymous structs and unions are found too.

  task_struct.thread.fsbase            members of members
  task_struct.mm->owner->pid           through pointers, with an offset for each
  sk_buff.cb[8]                        an element of an array
  fdtable.fd[3]->f_flags               an element behind a pointer
  vm_area_struct.vm_flags|__vm_flags   the first of them that exists
  folio.flags|page.flags               likewise, in another type
  inode                                the whole type, for its size
  struct two.a, typedef two.a          the type of that kind (or union, enum, var)
  '"runtime.g".goid'                   a name that has . [ ] | or -> in it, in
                                       double quotes or backquotes

A variable stands for its type. A shell needs single quotes around | > [ and quotes.

The type is looked up in the running kernel first, then in its modules. In split BTF,
it is looked up in the split BTF first, then in its base. There is one line for each
path. A path that fails does not stop the others.

With --json, each line is an object with the fields path, bit_offset, byte_offset,
size (in bytes; null if the size of a pointer is unknown: see --pointer), bitfield_size
(in bits; 0 if the field is not a bitfield) and type. For a path through pointers it has
offsets: the byte offset of each pointer, and then that of the field from where the last
pointer points to. bit_offset and byte_offset are those of the field. For a path that
fails, the object has path and error.

With -c or --go, the output is constants for a C or Go program, such as
OFFSETOF_TASK_STRUCT_MM or offsetTaskStructMm.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		file := linesFlag(flags)
		var form offsetForm
		flags.BoolVar(&form.json, "json", false, "print one JSON object in each line")
		flags.BoolVar(&form.c, "c", false, "print constants for C")
		flags.BoolVar(&form.golang, "go", false, "print constants for Go")
		return func(env *environment, args []string) error {
			paths, err := env.withLines(args, *file)
			switch {
			case err != nil:
				return err
			case len(paths) == 0:
				return usageError("offset: needs a path, such as task_struct.mm")
			case form.json && (form.c || form.golang) || form.c && form.golang:
				return usageError("offset: at most one of --json, -c and --go can be given")
			}
			return offset(env, in, paths, form)
		}
	},
}

// An offsetForm is the form in which offsets are printed. The zero value is text.
type offsetForm struct{ json, c, golang bool }

// A place is where a field lies. Scripts rely on the tags.
type place struct {
	Path         jsonText `json:"path"`
	BitOffset    uint64   `json:"bit_offset"`
	ByteOffset   uint64   `json:"byte_offset"`
	Size         *uint64  `json:"size"` // bytes, nil if unknown
	BitfieldSize uint64   `json:"bitfield_size"`
	Type         jsonText `json:"type"`
	Offsets      []uint64 `json:"offsets,omitempty"` // bytes, if there are pointers in the path

	field btf.Field
	whole bool // the path is a type alone
}

// spelled returns the place with its Type, which is left out before: it can be a megabyte
// long, and there can be thousands of places.
func (p place) spelled() place {
	p.Type = jsonText(cdecl.Type(p.field.Type()))
	return p
}

// bitwise reports whether an offset in bytes is not enough.
func (p place) bitwise() bool { return p.BitfieldSize != 0 || p.BitOffset%8 != 0 }

// isWhole reports whether a path that leads to t is a type alone. The name of the type may
// have characters in it that separate steps.
func isWhole(path string, t btf.Type) bool {
	if !strings.ContainsAny(path, ".[>") {
		return true
	}
	if word, rest, ok := strings.Cut(path, " "); ok && slices.Contains([]string{"struct", "union", "enum", "typedef", "var"}, word) {
		path = strings.TrimLeft(rest, " ")
	}
	name := t.Name()
	return path == name || path == `"`+name+`"` || path == "`"+name+"`"
}

// A failure is the object for a path that leads nowhere.
type failure struct {
	Path  jsonText `json:"path"`
	Error jsonText `json:"error"`
}

func offset(env *environment, in *input, paths []string, form offsetForm) error {
	field, closeAll, err := in.fields(env)
	if err != nil {
		return err
	}
	defer closeAll()

	encoder := newEncoder(env.out)
	pasted := constants{golang: form.golang}
	var failed error
	unsized := false
	var found []place
	for _, path := range paths {
		at, err := resolve(field, path)
		unsized = unsized || err == nil && at.Size == nil
		if err == nil && (form.c || form.golang) {
			err = pasted.add(at)
		}
		switch {
		case err != nil && form.json:
			failed = errFailed
			err = encoder.Encode(failure{jsonText(path), jsonText(message(err.Error()))})
		case err != nil:
			failed = errFailed
			env.complain(about(path, err))
			continue
		case form.json:
			err = encoder.Encode(at.spelled())
		case form.c || form.golang:
		default:
			found = append(found, at)
		}
		if err != nil {
			return err
		}
	}
	if err := pasted.print(env.out, in.String()); err != nil {
		return err
	}
	if err := printPlaces(env.out, found); err != nil {
		return err
	}
	if unsized && !form.json {
		env.complain(btf.ErrPointerSize)
	}
	return failed
}

// printPlaces prints a table.
func printPlaces(out io.Writer, found []place) error {
	if len(found) == 0 {
		return nil
	}
	rows := table{out: out}
	head := cells("path", "bits", "bytes", "size", "type")
	rows.measure(head...)
	for _, at := range found {
		rows.measure(at.cells()...)
	}
	if err := rows.row(head...); err != nil {
		return err
	}
	for _, at := range found {
		if err := rows.row(at.spelled().cells()...); err != nil {
			return err
		}
	}
	return nil
}

// cells returns the columns of a line of text.
func (p place) cells() [][]byte {
	typ, size := string(p.Type), "?"
	if p.BitfieldSize != 0 {
		typ += fmt.Sprintf(" :%d", p.BitfieldSize)
	}
	if p.Size != nil {
		size = strconv.FormatUint(*p.Size, 10)
	}
	// A path through pointers has an offset for each pointer before the last.
	var bits, bytes string
	for _, off := range p.Offsets[:max(len(p.Offsets), 1)-1] {
		bits += fmt.Sprintf("%d->", off*8)
		bytes += fmt.Sprintf("%d->", off)
	}
	return cells(string(p.Path), fmt.Sprint(bits, p.BitOffset), fmt.Sprint(bytes, p.ByteOffset), size, typ)
}

// resolve returns where a path leads.
func resolve(field func(string) (btf.Field, error), path string) (place, error) {
	f, err := field(path)
	if err != nil {
		return place{}, pathError(path, err)
	}
	at := place{
		Path:         jsonText(path),
		BitOffset:    uint64(f.Offset()),
		ByteOffset:   f.Offset().Bytes(),
		BitfieldSize: uint64(f.BitfieldSize()),
		field:        f,
		whole:        isWhole(path, f.Type()),
	}
	// Small BPF programs have no type that says how wide a pointer is. The offset of
	// the field is known all the same.
	if size, err := f.Size(); err == nil {
		at.Size = &size
	}
	if f.NumPointers() > 0 {
		for off := range f.Offsets() {
			at.Offsets = append(at.Offsets, off.Bytes())
		}
	}
	return at, nil
}

// pathError removes the path from the start of an error: it is printed beside it.
func pathError(path string, err error) error {
	// Package btf cuts a long path.
	for _, shown := range []string{strconv.Quote(path) + ": ", strconv.Quote(path[:min(len(path), 128)]) + "…: "} {
		if rest, ok := strings.CutPrefix(err.Error(), "btf: path "+shown); ok {
			return errors.New(rest)
		}
	}
	return err
}
