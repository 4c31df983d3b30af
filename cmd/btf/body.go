// struct or union → its members, with offsets, sizes and holes

package main

import (
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// The columns of pahole: the type, the name, and behind them the comment.
const (
	typeColumn = 26
	nameColumn = 23
	cacheline  = 64
)

func (p *printer) printf(format string, args ...any) {
	p.out = fmt.Appendf(p.out, format, args...)
}

func (p *printer) indent(depth int) {
	for range depth {
		p.out = append(p.out, '\t')
	}
}

// anonymous reports whether a type is declared where it is used, having no name.
func anonymous(t btf.Type) bool {
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64:
		return len(t.NameBytes()) == 0
	}
	return false
}

// body prints a struct, union or enum up to its closing brace. Outer is where it
// lies in the outermost type, in bytes; depth is how far that is indented.
func (p *printer) body(t btf.Type, outer uint64, depth int) error {
	if err := p.enter(t); err != nil {
		return err
	}
	defer p.leave()

	word, err := keyword(t)
	if err != nil {
		return err
	}
	head := join(word, t.Name())
	p.printf("%s {\n", head)
	if err := p.made(head); err != nil {
		return err
	}
	if t.Kind() == btf.KindEnum || t.Kind() == btf.KindEnum64 {
		err = p.enumerators(t, depth+1)
	} else {
		err = p.members(t, outer, depth)
	}
	if err != nil {
		return err
	}
	p.indent(depth)
	p.out = append(p.out, '}')
	return p.attributes(t)
}

// attributes prints what follows the closing brace of a type. Unlike pahole, it does
// not guess at alignment, which BTF does not have: where a type was aligned further
// than its members need, there is a hole to see.
func (p *printer) attributes(t btf.Type) error {
	packed := false
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion:
		c, err := btf.As[btf.Composite](t)
		if err != nil {
			return err
		}
		inferred, err := p.packingOf(c)
		if err != nil {
			return err
		}
		packed = inferred.packed
	default:
		e, err := btf.As[btf.Enum](t)
		if err != nil {
			return err
		}
		packed = e.Size() < 4
	}
	if packed {
		p.out = append(p.out, " __attribute__((__packed__))"...)
	}
	p.printf("%s", declTags(t.Tags()))
	return nil
}

// A body is what is being printed between two braces.
type body struct {
	*printer
	outer  uint64 // where it lies in the outermost type, in bytes
	depth  int    // of its members
	union  bool
	noted  bool   // whether the line before is a remark, to be set off
	padded int    // structs in it that end in padding
	sum    uint64 // bytes of their padding
}

func (p *printer) members(t btf.Type, outer uint64, depth int) error {
	c, err := btf.As[btf.Composite](t)
	if err != nil {
		return err
	}
	l, err := layoutOf(c)
	if err != nil {
		return err
	}
	b := body{printer: p, outer: outer, depth: depth + 1, union: t.Kind() == btf.KindUnion}
	if b.union {
		p.unions++
		defer func() { p.unions-- }()
	}
	b.bitHole(l.preBitHole)
	b.hole(l.preHole)
	// The members of a union begin in the same cache line, and so does, as far as
	// has been told, what comes behind it.
	line := p.line
	for i, s := range l.slots {
		m := c.Member(i)
		if i > 0 && s.width != 0 && l.slots[i-1].bitHole != 0 {
			if err := b.fill(m, s, l.slots[i-1].bitHole); err != nil {
				return err
			}
		}
		b.endNotes()
		// C allows an array without a length at the end of a struct only, and not
		// alone in it.
		flexible := p.unions == 0 && i > 0 && i == len(l.slots)-1
		if err := b.member(m, s, flexible); err != nil {
			return err
		}
		if b.union {
			p.line = line
		} else {
			if err := b.paddingOf(m); err != nil {
				return err
			}
			b.bitHole(s.bitHole)
			b.hole(s.hole)
		}
	}
	if depth == 0 {
		b.summary(uint64(c.Size()), &l)
	}
	return nil
}

// member prints a member, and what it consists of if that has no name.
func (b *body) member(m btf.Member, s slot, flexible bool) error {
	d, err := b.declare(m.Type(), m.Name())
	if err != nil {
		return err
	}
	if rest, zero := strings.CutPrefix(d.name, m.Name()+"[]"); zero && !flexible {
		d.name = m.Name() + "[0]" + rest
	}
	b.indent(b.depth)
	if !b.union {
		b.boundary(b.outer + s.offset)
	}
	from := len(b.out)
	if anonymous(d.base) {
		if d.quals != "" {
			b.printf("%s ", d.quals)
		}
		if err := b.inner(d, s); err != nil {
			return err
		}
		// The comment is aligned with those of the members around it.
		from = len(b.out) - len("}")
		if rest := (declaration{tags: d.tags, stars: d.stars, name: d.name}).around(""); rest != "" {
			b.printf(" %s", rest)
		}
	} else {
		base, err := b.base(d.base)
		if err != nil {
			return err
		}
		left := d.left(base)
		if d.name == "" && s.width == 0 {
			b.printf("%s", left)
		} else {
			b.printf("%-*s %s", b.column(), left, d.name)
		}
	}
	if s.width != 0 {
		b.printf(":%d", s.width)
	}
	b.printf("%s;", declTags(m.Tags()))
	b.place(s, len(b.out)-from)
	return nil
}

// inner prints the body of a member's type. What is not in the outermost type but
// behind a pointer has offsets of its own.
func (b *body) inner(d declaration, s slot) error {
	if !d.indirect {
		return b.body(d.base, b.outer+s.offset, b.depth)
	}
	line, unions := b.line, b.unions
	b.line, b.unions = 0, 0
	defer func() { b.line, b.unions = line, unions }()
	return b.body(d.base, 0, b.depth)
}

// column returns how wide the type is printed. Indentation narrows it, so that the
// names stay where they are. When none is left it grows again: pahole hands what is
// then negative to C's printf, which makes it the width of the column.
func (b *body) column() int {
	return max(b.room(typeColumn), -b.room(typeColumn))
}

// room is what of a column the indentation leaves.
func (b *body) room(column int) int { return column - 8*(b.depth-1) }

// place prints where a member lies, behind what has been printed of its line.
func (b *body) place(s slot, printed int) {
	b.printf("%*s/* %5d", max(1, b.room(typeColumn+nameColumn)-printed), "", b.outer+s.offset)
	width := 5
	if s.width != 0 {
		b.printf(":%2d", s.first)
		width -= 3
	}
	if s.sized {
		b.printf(" %*d */\n", width, s.size)
	} else {
		b.printf(" %*s */\n", width, "?")
	}
}

// boundary tells that a member is the first in another cache line.
func (b *body) boundary(offset uint64) {
	line, into := offset/cacheline, offset%cacheline
	if line <= b.line {
		return
	}
	b.line = line
	b.printf("/* --- cacheline %d boundary (%d bytes)", line, line*cacheline)
	if into != 0 {
		b.printf(" was %s ago", count(into, "byte"))
	}
	b.printf(" --- */\n")
	b.indent(b.depth)
}

// note prints a remark on its own line.
func (b *body) note(format string, args ...any) {
	if !b.noted {
		b.out = append(b.out, '\n')
		b.noted = true
	}
	b.indent(b.depth)
	b.printf("/* "+format+" */\n", args...)
}

// endNotes sets remarks off from what follows.
func (b *body) endNotes() {
	if b.noted {
		b.out = append(b.out, '\n')
		b.noted = false
	}
}

func (b *body) hole(bytes uint64) {
	if bytes != 0 {
		b.note("XXX %s hole, try to pack", count(bytes, "byte"))
	}
}

func (b *body) bitHole(bits uint64) {
	if bits != 0 {
		b.note("XXX %s hole, try to pack", count(bits, "bit"))
	}
}

// fill prints the unnamed bitfield that keeps m, which lies at s behind a hole of
// bits, where it is. BTF leaves those out.
func (b *body) fill(m btf.Member, s slot, hole uint64) error {
	d, err := b.declare(m.Type(), "")
	if err != nil || anonymous(d.base) {
		return err
	}
	base, err := b.base(d.base)
	if err != nil {
		return err
	}
	if s.first == 0 {
		hole = 0
		b.endNotes()
		b.note("Force alignment to the next boundary:")
	}
	b.indent(b.depth)
	b.printf("%-*s :%d;\n", b.column(), d.left(base), hole)
	return nil
}

// paddingOf remarks that a member is a struct that ends in padding. Like pahole, it
// does not look for structs behind typedefs.
func (b *body) paddingOf(m btf.Member) error {
	t := m.Type()
	if t.Kind() != btf.KindStruct {
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
		padding = l.padding
		b.padding[t.ID()] = padding
	}
	if padding != 0 {
		b.padded++
		b.sum += padding
		b.note("XXX last struct has %s of padding", count(padding, "byte"))
	}
	return nil
}

// summary prints the numbers of the whole struct.
func (b *body) summary(size uint64, l *layout) {
	b.noted = false
	b.note("size: %d, cachelines: %d, members: %d", size, (size+cacheline-1)/cacheline, len(l.slots))
	bytes, bits := l.sums()
	if l.sumHoles != 0 || l.sumBitHoles != 0 {
		switch {
		case bytes != 0 && l.sumHoles != 0:
			b.note("sum members: %d, holes: %d, sum holes: %d", bytes, l.holes, l.sumHoles)
		case bytes != 0:
			b.note("sum members: %d", bytes)
		}
		switch {
		case bits != 0 && l.sumBitHoles != 0:
			b.note("sum bitfield members: %d bits, bit holes: %d, sum bit holes: %d bits", bits, l.bitHoles, l.sumBitHoles)
		case bits != 0:
			b.note("sum bitfield members: %d bits (%d bytes)", bits, bits/8)
		}
	}
	if l.padding != 0 {
		b.note("padding: %d", l.padding)
	}
	if b.padded != 0 {
		b.note("paddings: %d, sum paddings: %d", b.padded, b.sum)
	}
	if l.bitPadding != 0 {
		b.note("bit_padding: %d bits", l.bitPadding)
	}
	if last := size % cacheline; last != 0 {
		b.note("last cacheline: %d bytes", last)
	}
}

// count is n of something, in the singular or plural.
func count(n uint64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
