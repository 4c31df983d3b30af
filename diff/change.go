// Describes one difference, as values and as a line of text.

package diff

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// An Op is what happened to a declaration or to a part of one.
type Op uint8

// What may happen.
const (
	Changed   Op = iota + 1 // it is in both Specs and differs
	Appeared                // it is in the second Spec only
	Vanished                // it is in the first Spec only
	Ambiguous               // several types of the name differ, and nothing tells which became which
)

var opNames = [...]string{Changed: "changed", Appeared: "appeared", Vanished: "vanished", Ambiguous: "ambiguous"}

// String returns the word for the Op, such as "changed".
func (op Op) String() string {
	if int(op) < len(opNames) && op != 0 {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

// A Kind is the kind of a declaration. Kinds are numbered in the order in which
// [Specs] yields them.
type Kind uint8

// The kinds of declarations. All but Enumerator and Path are types.
const (
	Struct     Kind = iota + 1 // a struct
	Union                      // a union
	Typedef                    // a typedef
	Enum                       // an ENUM or ENUM64
	Enumerator                 // of an anonymous enum, or asked for by name
	Func                       // a function
	Path                       // a path that a Filter asks for
)

var kindNames = [...]string{
	Struct: "struct", Union: "union", Typedef: "typedef", Enum: "enum", Enumerator: "enumerator", Func: "func", Path: "path",
}

// String returns the word for the Kind, such as "struct". It is "" for the zero value.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Change is one difference. It is comparable, and stays valid after Close of the
// Specs.
type Change struct {
	Op   Op
	Kind Kind
	Name string // of the declaration, or the path

	// Member is the field or enumerator that differs, "" if it is the declaration
	// itself. A field in an anonymous struct is a path: "se.load", "regs[0].flags".
	Member string

	// Before is what the first Spec says, After what the second says. Before is zero if
	// it Appeared, After if it Vanished.
	Before, After Facts
}

// String returns a line without a newline: a mark ("~" for Changed, "+" for Appeared,
// "-" for Vanished, "?" for Ambiguous), the declaration, and what it was → what it is.
// Offsets and sizes are in bytes, offsets of bitfields byte:bit. Bytes of names that are
// not printable UTF-8 are \x and two hexadecimal digits.
//
//	~ struct task_struct.mm: offset 2336 → 2384
func (c Change) String() string {
	mark := "?"
	before, after := c.Before, c.After
	switch c.Op {
	case Changed:
		mark = "~"
	case Appeared:
		mark, before = "+", after
	case Vanished:
		mark, after = "-", before
	}
	about := c.Kind.String() + " " + escape.Text(c.Name)
	if c.Member != "" {
		about += "." + escape.Text(c.Member)
	}
	return mark + " " + about + ": " + before.to(after)
}

// Facts are what is compared of a declaration or a part of one. Which of them are known
// depends on the kind. Facts that are equal by == say the same.
type Facts struct {
	field    bool // whether offset and bitfield are known
	offset   btf.Bits
	bitfield btf.Bits
	through  numbers // bytes to each offset of a path through pointers
	sized    bool    // whether size is known
	size     uint64  // bytes
	value    string
	typ      string
	types    int
}

// Offset returns the bit offset of a field in the declaration, or of the end of a path
// in the type the path begins with or the last pointer in it points to. The result is
// false for anything else.
func (f Facts) Offset() (btf.Bits, bool) { return f.offset, f.field }

// Offsets returns the byte offsets along a path through pointers: the first from the
// type the path begins with to a pointer, each further one from where the pointer
// before points to. The last is that of the end of the path. It returns nil for
// anything else.
func (f Facts) Offsets() []uint64 {
	if f.through == "" {
		return nil
	}
	var all []uint64
	for text := range strings.SplitSeq(string(f.through), ",") {
		n, _ := strconv.ParseUint(text, 10, 64)
		all = append(all, n)
	}
	return all
}

// BitfieldSize returns the width of a bitfield in bits, 0 for anything else.
func (f Facts) BitfieldSize() btf.Bits { return f.bitfield }

// Size returns the size in bytes of a struct, union, enum or field, or of the type at
// the end of a path. The result is false for anything else, and if the size is unknown
// because nothing says how wide a pointer is.
func (f Facts) Size() (bytes uint64, ok bool) { return f.size, f.sized }

// Value returns the value of an enumerator in decimal, "" for anything else. It may be
// negative and may need 64 bits.
func (f Facts) Value() string { return f.value }

// Type returns the type of a field, of a typedef or of the end of a path, or the
// prototype of a function, as [cdecl.Canonical] spells it. It returns "" for anything
// else.
func (f Facts) Type() string { return f.typ }

// Types returns how many different types share the name, if there are several on one
// of the sides. It returns 0 otherwise.
func (f Facts) Types() int { return f.types }

// numbers are a list of numbers that can be compared with ==.
type numbers string

func (n numbers) with(one uint64) numbers {
	if n != "" {
		n += ","
	}
	return n + numbers(strconv.FormatUint(one, 10))
}

// to says what changed from f to g, and where it lies in any case. If both are equal,
// it says everything.
func (f Facts) to(g Facts) string {
	var parts []string
	add := func(always bool, format, from, to string) {
		switch {
		case from != to:
			from += " → " + to
		case !always && f != g:
			return
		}
		parts = append(parts, fmt.Sprintf(format, from))
	}
	if f.field {
		add(true, "offset %s", f.place(), g.place())
		if f.bitfield != 0 || g.bitfield != 0 {
			add(false, "bits %s", strconv.FormatUint(uint64(f.bitfield), 10), strconv.FormatUint(uint64(g.bitfield), 10))
		}
	}
	if f.sized || g.sized {
		add(false, "size %s", f.bytes(), g.bytes())
	}
	if f.value != "" {
		add(false, "%s", f.value, g.value)
	}
	if f.typ != "" || g.typ != "" {
		add(false, "%s", f.typ, g.typ)
	}
	if f.types != 0 {
		format := "%s of that name"
		if len(parts) > 0 {
			format = "one of " + format
		}
		add(true, format, strconv.Itoa(f.types), strconv.Itoa(g.types))
	}
	return strings.Join(parts, ", ")
}

func (f Facts) bytes() string {
	if !f.sized {
		return "?"
	}
	return strconv.FormatUint(f.size, 10)
}

// place returns the offset in bytes, for a bitfield or what lies like one with the bit
// in the byte; before that, the offsets of the pointers that lead there.
func (f Facts) place() string {
	through := ""
	if last := strings.LastIndexByte(string(f.through), ','); last >= 0 {
		through = strings.ReplaceAll(string(f.through[:last+1]), ",", "->")
	}
	bit := uint64(f.offset % 8)
	if f.bitfield == 0 && bit == 0 {
		return through + strconv.FormatUint(f.offset.Bytes(), 10)
	}
	return fmt.Sprintf("%s%d:%d", through, f.offset.Bytes(), bit)
}
