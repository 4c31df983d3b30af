// Prints what stands between the braces of a struct, union or enum.

package cdecl

import (
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// body prints a struct, union or enum up to its closing brace and attributes. Outer is
// its offset in the outermost type, in bytes; depth is how far that type is indented.
func (p *printer) body(t btf.Type, outer uint64, depth int) error {
	if err := p.enter(t); err != nil {
		return err
	}
	defer p.leave()

	word, err := keyword(t)
	if err != nil {
		return err
	}
	head := join(word, identifier(t.Name()))
	p.print(head)
	p.print(" {\n")
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
	p.print("}")
	return p.attributes(t)
}

// attributes prints what follows the closing brace of a type. Unlike pahole it writes
// no guess at an alignment, which BTF does not record: a type that was aligned further
// than its members need shows a hole.
func (p *printer) attributes(t btf.Type) error {
	packed := false
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion:
		c, err := btf.As[btf.Composite](t)
		if err != nil {
			return err
		}
		inferred, err := p.packer.packing(c)
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
		p.print(" __attribute__((__packed__))")
	}
	return p.declTags(t.Tags())
}

// A body is the struct or union whose members are being printed.
type body struct {
	*printer
	outer  uint64 // its offset in the outermost type, in bytes
	depth  int    // of its members
	union  bool
	noted  bool   // whether the line before is a remark, which a blank line ends
	padded int    // number of members that are structs with padding at the end
	sum    uint64 // bytes of that padding
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
	b.bitHole(l.BitHole)
	b.hole(l.Hole)
	// The members of a union begin in the same cache line. What follows the union is
	// announced as if it began there too, as pahole does.
	line := p.line
	for i := range l.Members {
		m := &l.Members[i]
		if i > 0 && m.BitfieldSize != 0 && l.Members[i-1].BitHole != 0 {
			if err := b.fill(m, l.Members[i-1].BitHole); err != nil {
				return err
			}
		}
		b.endNotes()
		// C allows an array without a length only at the end of a struct, and not as
		// its only member.
		flexible := p.unions == 0 && i > 0 && i == len(l.Members)-1
		if err := b.member(m, flexible); err != nil {
			return err
		}
		if b.union {
			p.line = line
		} else {
			if err := b.paddingOf(m.Member); err != nil {
				return err
			}
			b.bitHole(m.BitHole)
			b.hole(m.Hole)
		}
	}
	if depth == 0 {
		b.summary(&l)
	}
	return nil
}

// member prints a member, with the members of its type if that has no name.
func (b *body) member(m *MemberLayout, flexible bool) error {
	name := identifier(m.Member.Name())
	d, err := b.declare(m.Member.Type(), m.Member.Name())
	if err != nil {
		return err
	}
	if rest, zero := strings.CutPrefix(d.name, name+"[]"); zero && !flexible {
		d.name = name + "[0]" + rest
	}
	b.indent(b.depth)
	if !b.union {
		b.boundary(b.outer + m.Offset)
	}
	from := len(b.out)
	if anonymous(d.base) {
		if d.quals != "" {
			b.print(d.quals + " ")
		}
		if err := b.inner(d, m.Offset); err != nil {
			return err
		}
		// The comment is aligned with those of the members around it.
		from = len(b.out) - len("}")
		if rest := d.behindBrace(); rest != "" {
			b.print(" " + rest)
		}
	} else {
		base, err := b.base(d.base)
		if err != nil {
			return err
		}
		left := d.left(base)
		if d.name == "" && m.BitfieldSize == 0 {
			b.print(left)
		} else {
			b.columns(left, d.name)
		}
	}
	if m.BitfieldSize != 0 {
		b.printf(":%d", uint64(m.BitfieldSize))
	}
	if err := b.declTags(m.Member.Tags()); err != nil {
		return err
	}
	b.print(";")
	b.place(m, len(b.out)-from)
	return nil
}

// inner prints the body of a member's type. A type behind a pointer is not part of
// the outermost type: its offsets begin at 0.
func (b *body) inner(d declaration, offset uint64) error {
	if !d.indirect {
		return b.body(d.base, b.outer+offset, b.depth)
	}
	line, unions := b.line, b.unions
	b.line, b.unions = 0, 0
	defer func() { b.line, b.unions = line, unions }()
	return b.body(d.base, 0, b.depth)
}

// fill prints the unnamed bitfield that puts m behind a hole. BTF records no unnamed
// bitfields.
func (b *body) fill(m *MemberLayout, hole btf.Bits) error {
	d, err := b.declare(m.Member.Type(), "")
	if err != nil || anonymous(d.base) {
		return err
	}
	base, err := b.base(d.base)
	if err != nil {
		return err
	}
	if m.FirstBit == 0 {
		hole = 0
		b.endNotes()
		b.note("Force alignment to the next boundary:")
	}
	b.indent(b.depth)
	b.columns(d.left(base), "")
	if !b.comments {
		b.print(" ")
	}
	b.printf(":%d;\n", uint64(hole))
	return nil
}
