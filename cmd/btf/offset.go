// TYPE.MEMBER → where it lies

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/seed-6c4a6465/btf"
)

var offsetCommand = command{
	name:    "offset",
	args:    "PATH…",
	summary: "where members lie, such as task_struct.mm",
	details: `
A path is the name of a struct, a union or a typedef of one, a dot, and the name of
a member, which may be in anonymous structs and unions inside. The type is looked
for in split BTF first, then in what that stands on. Each path gets a line; if one
fails, the others are answered all the same.

With --json, a line is an object with path, bit_offset, byte_offset, size (bytes,
null if nothing says how wide a pointer is), bitfield_size (bits, 0 if it is no
bitfield) and type, or with path and error.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		asJSON := flags.Bool("json", false, "print an object a line, for machines")
		return func(env *environment, args []string) error { return offset(env, in, args, *asJSON) }
	},
}

// A place is where a member lies. The tags are what scripts rely on.
type place struct {
	Path         string  `json:"path"`
	BitOffset    uint64  `json:"bit_offset"`
	ByteOffset   uint64  `json:"byte_offset"`
	Size         *uint64 `json:"size"` // nil if nothing says
	BitfieldSize uint64  `json:"bitfield_size"`
	Type         string  `json:"type"`
}

// A failure stands in the place of a place.
type failure struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

func offset(env *environment, in *input, paths []string, asJSON bool) error {
	if len(paths) == 0 {
		return usageError("offset: a path is missing, such as task_struct.mm")
	}
	spec, closeSpec, err := in.open(env)
	if err != nil {
		return err
	}
	defer closeSpec()

	encoder := newEncoder(env.out)
	w := tabwriter.NewWriter(env.out, 0, 8, 2, ' ', 0)
	var failed error
	headed := false
	for _, path := range paths {
		at, err := resolve(spec, path)
		switch {
		case err != nil && asJSON:
			failed = errFailed
			err = encoder.Encode(failure{path, strings.TrimPrefix(err.Error(), "btf: ")})
		case err != nil:
			failed = errFailed
			env.complain(about(path, err))
			continue
		case asJSON:
			err = encoder.Encode(at)
		default:
			if !headed {
				headed = true
				fmt.Fprintln(w, "path\tbits\tbytes\tsize\ttype")
			}
			typ := at.Type
			if at.BitfieldSize != 0 {
				typ += fmt.Sprintf(" :%d", at.BitfieldSize)
			}
			size := "?"
			if at.Size != nil {
				size = strconv.FormatUint(*at.Size, 10)
			}
			_, err = fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", at.Path, at.BitOffset, at.ByteOffset, size, typ)
		}
		if err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return failed
}

// newEncoder writes objects, one a line.
func newEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

// resolve finds TYPE.MEMBER.
func resolve(spec *btf.Spec, path string) (place, error) {
	name, member, ok := strings.Cut(path, ".")
	switch {
	case !ok || name == "" || member == "":
		return place{}, errors.New("btf: a path such as task_struct.mm wanted")
	case strings.ContainsAny(member, ".["):
		return place{}, errors.New("btf: members of members and of arrays are not supported yet")
	}
	composite, err := compositeByName(spec, name)
	if err != nil {
		return place{}, err
	}
	m, err := composite.MemberByName(member)
	if err != nil {
		return place{}, err
	}
	// Small BPF programs have no type that tells how wide a pointer is. Where the
	// member lies is known all the same.
	var size *uint64
	switch n, err := m.Type().Sizeof(); {
	case err == nil:
		size = &n
	case !errors.Is(err, btf.ErrNotFound):
		return place{}, err
	}
	return place{
		Path:         path,
		BitOffset:    uint64(m.Offset()),
		ByteOffset:   m.Offset().Bytes(),
		Size:         size,
		BitfieldSize: uint64(m.BitfieldSize()),
		Type:         typeName(m.Type()),
	}, nil
}

// compositeByName returns the one struct or union that a name leads to, by itself
// or through a typedef: a module's own, or else the kernel's.
func compositeByName(spec *btf.Spec, name string) (btf.Composite, error) {
	c, err := ownComposite(spec, name)
	for spec = spec.Base(); spec != nil && errors.Is(err, btf.ErrNotFound); spec = spec.Base() {
		c, err = ownComposite(spec, name)
	}
	return c, err
}

func ownComposite(spec *btf.Spec, name string) (btf.Composite, error) {
	var found btf.Composite
	for t := range spec.TypesByName(name) {
		switch t.Kind() {
		case btf.KindStruct, btf.KindUnion, btf.KindTypedef:
		default:
			continue
		}
		c, err := btf.As[btf.Composite](t)
		switch {
		case errors.Is(err, btf.ErrWrongKind):
			continue // a typedef of something else
		case err != nil:
			return c, err
		case found != btf.Composite{} && found != c:
			return c, fmt.Errorf("btf: %q is %v and %v: %w", name, found, c, btf.ErrMultipleMatches)
		}
		found = c
	}
	if found == (btf.Composite{}) {
		return found, fmt.Errorf("btf: struct or union %q: %w", name, btf.ErrNotFound)
	}
	return found, nil
}
