// Prints offsets as constants of a C or Go program.

package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/escape"
)

// constants are declarations to paste into a program, one or two for each path.
type constants struct {
	golang bool                // Go, or C
	names  map[string]jsonText // of the constants, and the path of each
	single []constant
	lists  []constant // of paths through pointers
}

// A constant has a comment that names the path and, if it is the first of its path, the
// type.
type constant struct {
	name, value string
	at          place
	first       bool
}

// comment returns text for a comment of one line. It is made when it is printed: a type
// can be a megabyte long.
func (c constant) comment() string {
	text := escape.Comment(string(c.at.Path))
	if c.first {
		text += ": " + string(c.at.spelled().Type)
		if c.at.Size != nil && c.at.BitfieldSize == 0 {
			text += ", " + count(*c.at.Size, "byte")
		}
	}
	return text
}

// add adds the constants of a place. It returns an error if another path has constants
// of the same name.
func (c *constants) add(at place) error {
	path, _, _ := strings.Cut(string(at.Path), "|")
	words := strings.FieldsFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
	if len(words) == 0 {
		return errors.New("btf: a constant needs a letter or a digit for its name")
	}
	name := c.identifier("", words)
	switch other := c.names[name]; other {
	case at.Path:
		return nil // asked twice
	case "":
		if c.names == nil {
			c.names = map[string]jsonText{}
		}
		c.names[name] = at.Path
	default:
		return fmt.Errorf("btf: its constant has the same name as that of %s", other)
	}

	first := true
	one := func(what string, value uint64) {
		c.single = append(c.single, constant{c.identifier(what, words), strconv.FormatUint(value, 10), at, first})
		first = false
	}
	switch {
	case at.Offsets != nil && !at.bitwise():
		texts := make([]string, len(at.Offsets))
		for i, off := range at.Offsets {
			texts[i] = strconv.FormatUint(off, 10)
		}
		c.lists = append(c.lists, constant{c.identifier("offsets", words), "{" + strings.Join(texts, ", ") + "}", at, true})
	case at.Offsets != nil:
		return errors.New("btf: a bitfield behind a pointer has no constant")
	case at.bitwise():
		one("bit offset", at.BitOffset)
		if at.BitfieldSize != 0 {
			one("bit size", at.BitfieldSize)
		}
	case at.whole && at.Size != nil:
		one("size", *at.Size)
	default:
		one("offset", at.ByteOffset)
	}
	return nil
}

// identifier returns a name such as offsetTaskStructMm or OFFSETOF_TASK_STRUCT_MM.
func (c *constants) identifier(what string, words []string) string {
	if !c.golang {
		return strings.ToUpper(strings.ReplaceAll(what, " ", "") + "of_" + strings.Join(words, "_"))
	}
	var name strings.Builder
	for _, word := range append(strings.Fields(what), words...) {
		if name.Len() == 0 && what != "" {
			name.WriteString(word)
			continue
		}
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

// print writes all constants, after a line that says where they come from.
func (c *constants) print(out io.Writer, from string) error {
	if len(c.single)+len(c.lists) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(out, "// Offsets and sizes in bytes, those of bitfields in bits, of %s.\n", escape.Comment(from)); err != nil {
		return err
	}
	if !c.golang {
		return columns(out, "#define %-*s %-*s // %s\n", append(c.single, c.lists...))
	}
	separator := ""
	if len(c.single) > 0 {
		separator = "\n"
		fmt.Fprint(out, "const (\n")
		if err := columns(out, "\t%-*s = %-*s // %s\n", c.single); err != nil {
			return err
		}
		fmt.Fprint(out, ")\n")
	}
	for _, one := range c.lists {
		if _, err := fmt.Fprintf(out, "%s// %s\nvar %s = [...]uint64%s\n", separator, one.comment(), one.name, one.value); err != nil {
			return err
		}
		separator = "\n"
	}
	return nil
}

// count returns n of something, in the singular or plural.
func count(n uint64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// columns writes constants in columns.
func columns(out io.Writer, format string, all []constant) error {
	names, values := 0, 0
	for _, one := range all {
		names, values = max(names, len(one.name)), max(values, len(one.value))
	}
	for _, one := range all {
		if _, err := fmt.Fprintf(out, format, names, one.name, values, one.value, one.comment()); err != nil {
			return err
		}
	}
	return nil
}
