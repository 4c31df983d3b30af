// Prints pahole's columns and comments: offsets, sizes, holes and cache lines.

package cdecl

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// The widths of pahole's columns: the type and the name. The comment follows.
const (
	typeColumn = 26
	nameColumn = 23
)

// cacheline is the bytes of a cache line. BTF does not record it; pahole takes that of
// the machine it runs on, which is 64 on all common ones.
const cacheline = 64

// columns prints the type and the name of a member, the name in its own column if
// comments stand behind it.
func (b *body) columns(left, name string) {
	if !b.comments {
		b.print(join(left, name))
		return
	}
	b.printf("%-*s %s", b.column(), left, name)
}

// column returns the width of the type. Indentation narrows it, so that the names stay
// in their column. When nothing is left it grows again: pahole passes the negative
// width to C's printf, which takes its absolute value.
func (b *body) column() int {
	return max(b.room(typeColumn), -b.room(typeColumn))
}

// room returns what the indentation leaves of a column.
func (b *body) room(column int) int { return column - 8*(b.depth-1) }

// place ends the line of a member with its offset and size. Printed is the bytes of
// the line so far.
func (b *body) place(m *MemberLayout, printed int) {
	if !b.comments {
		b.print("\n")
		return
	}
	b.printf("%*s/* %5d", max(1, b.room(typeColumn+nameColumn)-printed), "", b.outer+m.Offset)
	width := 5
	if m.BitfieldSize != 0 {
		b.printf(":%2d", uint64(m.FirstBit))
		width -= 3
	}
	if m.Sized {
		b.printf(" %*d */\n", width, m.Size)
	} else {
		b.printf(" %*s */\n", width, "?")
	}
}

// boundary announces that a member is the first in another cache line.
func (b *body) boundary(offset uint64) {
	line, into := offset/cacheline, offset%cacheline
	if !b.comments || line <= b.line {
		return
	}
	b.line = line
	b.printf("/* --- cacheline %d boundary (%d bytes)", line, line*cacheline)
	if into != 0 {
		b.printf(" was %s ago", count(into, "byte"))
	}
	b.print(" --- */\n")
	b.indent(b.depth)
}

// note prints a remark on a line of its own.
func (b *body) note(format string, args ...any) {
	if !b.comments {
		return
	}
	if !b.noted {
		b.print("\n")
		b.noted = true
	}
	b.indent(b.depth)
	b.printf("/* "+format+" */\n", args...)
}

// remark prints a line that warns readers of the text, with and without comments.
func (b *body) remark(text string) {
	b.indent(b.depth)
	b.print("/* XXX " + text + " */\n")
	b.noted = b.comments
}

// endNotes separates remarks from the member that follows.
func (b *body) endNotes() {
	if b.noted {
		b.print("\n")
		b.noted = false
	}
}

func (b *body) hole(bytes uint64) {
	if bytes != 0 {
		b.note("XXX %s hole, try to pack", count(bytes, "byte"))
	}
}

func (b *body) bitHole(bits btf.Bits) {
	if bits != 0 {
		b.note("XXX %s hole, try to pack", count(uint64(bits), "bit"))
	}
}

// paddingOf remarks that a member is a struct that ends in padding. Like pahole, it
// does not look through typedefs.
func (b *body) paddingOf(m btf.Member) error {
	t := m.Type()
	if !b.comments || t.Kind() != btf.KindStruct {
		return nil
	}
	padding, known := b.padding[t.ID()]
	if !known {
		c, err := btf.As[btf.Composite](t)
		if err != nil {
			return err
		}
		l, err := layoutOf(c)
		if err != nil {
			return err
		}
		if b.padding == nil {
			b.padding = make(map[btf.TypeID]uint64)
		}
		padding = l.Padding
		b.padding[t.ID()] = padding
	}
	if padding != 0 {
		b.padded++
		b.sum += padding
		b.note("XXX last struct has %s of padding", count(padding, "byte"))
	}
	return nil
}

// summary prints the sums of an outermost struct or union.
func (b *body) summary(l *Layout) {
	b.noted = false
	b.note("size: %d, cachelines: %d, members: %d", l.Size, (l.Size+cacheline-1)/cacheline, len(l.Members))
	bytes, bits := l.sums()
	if l.HoleBytes != 0 || l.HoleBits != 0 {
		switch {
		case bytes != 0 && l.HoleBytes != 0:
			b.note("sum members: %d, holes: %d, sum holes: %d", bytes, l.NumHoles, l.HoleBytes)
		case bytes != 0:
			b.note("sum members: %d", bytes)
		}
		switch {
		case bits != 0 && l.HoleBits != 0:
			b.note("sum bitfield members: %d bits, bit holes: %d, sum bit holes: %d bits", uint64(bits), l.NumBitHoles, uint64(l.HoleBits))
		case bits != 0:
			b.note("sum bitfield members: %d bits (%d bytes)", uint64(bits), bits.Bytes())
		}
	}
	if l.Padding != 0 {
		b.note("padding: %d", l.Padding)
	}
	if b.padded != 0 {
		b.note("paddings: %d, sum paddings: %d", b.padded, b.sum)
	}
	if l.BitPadding != 0 {
		b.note("bit_padding: %d bits", uint64(l.BitPadding))
	}
	if last := l.Size % cacheline; last != 0 {
		b.note("last cacheline: %d bytes", last)
	}
}

// count returns n of something, in the singular or plural.
func count(n uint64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
