// Prints offsets as constants of a C or Go program.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// constants are declarations to paste into a program, one or two for each path.
type constants struct {
	golang bool              // Go, or C
	names  map[string]string // of the constants, and the path of each
	single []constant
	lists  []constant // of paths through pointers
}

type constant struct{ name, value, comment string }

// add adds the constants of a place. It returns an error if another path has constants
// of the same name.
func (c *constants) add(at place) error {
	path, _, _ := strings.Cut(at.Path, "|")
	words := strings.FieldsFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
	if len(words) == 0 {
		return errors.New("btf: no letter in it to name a constant with")
	}
	name := c.identifier("", words)
	switch other := c.names[name]; other {
	case at.Path:
		return nil // asked twice
	case "":
		if c.names == nil {
			c.names = map[string]string{}
		}
		c.names[name] = at.Path
	default:
		return fmt.Errorf("btf: its constant would have the name of that for %s", other)
	}

	comment := at.Path + ": " + at.Type
	if at.Size != nil && at.BitfieldSize == 0 {
		comment += ", " + count(*at.Size, "byte")
	}
	one := func(what string, value uint64) {
		c.single = append(c.single, constant{c.identifier(what, words), strconv.FormatUint(value, 10), printable(comment)})
		comment = at.Path
	}
	switch {
	case at.Offsets != nil && !at.bitwise():
		texts := make([]string, len(at.Offsets))
		for i, off := range at.Offsets {
			texts[i] = strconv.FormatUint(off, 10)
		}
		c.lists = append(c.lists, constant{c.identifier("offsets", words), "{" + strings.Join(texts, ", ") + "}", printable(comment)})
	case at.Offsets != nil:
		return errors.New("btf: a bitfield behind a pointer has no constants")
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

// printable makes text fit for a comment of one line. The names in a blob may contain
// anything: a newline would end the comment, and a backslash would join the next line
// to it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\\' {
			return '.'
		}
		return r
	}, text)
}

// print writes all constants, after a line that says where they come from.
func (c *constants) print(out io.Writer, from string) error {
	if len(c.single)+len(c.lists) == 0 {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Offsets and sizes in bytes, those of bitfields in bits, of %s.\n", printable(from))
	if !c.golang {
		table(&b, "#define %-*s %-*s // %s\n", append(c.single, c.lists...))
	} else {
		if len(c.single) > 0 {
			b.WriteString("const (\n")
			table(&b, "\t%-*s = %-*s // %s\n", c.single)
			b.WriteString(")\n")
		}
		for i, one := range c.lists {
			if i > 0 || len(c.single) > 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "// %s\nvar %s = [...]uint64%s\n", one.comment, one.name, one.value)
		}
	}
	_, err := out.Write(b.Bytes())
	return err
}

// count returns n of something, in the singular or plural.
func count(n uint64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// table writes constants in columns.
func table(b *bytes.Buffer, format string, all []constant) {
	names, values := 0, 0
	for _, one := range all {
		names, values = max(names, len(one.name)), max(values, len(one.value))
	}
	for _, one := range all {
		fmt.Fprintf(b, format, names, one.name, values, one.value, one.comment)
	}
}
