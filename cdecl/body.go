// Prints what stands between the braces of a struct, union or enum.

package cdecl

import (
	"fmt"
	"strconv"
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
		e, err := btf.As[btf.Enum](t)
		if err != nil {
			return err
		}
		if err := p.enumerators(e, depth+1); err != nil {
			return err
		}
		p.indent(depth)
		p.print("}" + enumAttribute(e))
	} else {
		c, err := btf.As[btf.Composite](t)
		if err != nil {
			return err
		}
		arranged, err := p.arrange.arrange(c)
		if err != nil {
			return err
		}
		if err := p.members(c, &arranged, outer, depth); err != nil {
			return err
		}
		p.indent(depth)
		p.print("}" + layoutAttributes(arranged.packed, arranged.aligned))
	}
	return p.declTags(t.Tags())
}

// layoutAttributes returns the attributes that C needs behind a type or a member, each
// after a space. An alignment of 0 needs none.
func layoutAttributes(packed bool, aligned uint64) string {
	s := ""
	if packed {
		s = " __attribute__((__packed__))"
	}
	if aligned != 0 {
		s += " __attribute__((__aligned__(" + strconv.FormatUint(aligned, 10) + ")))"
	}
	return s
}

// A body is the struct or union whose members are being printed.
type body struct {
	*printer
	outer    uint64 // its offset in the outermost type, in bytes
	depth    int    // of its members
	union    bool
	sorted   bool       // the members lie in the order of their lines
	arranged []arranged // of the members to come
	noted    bool       // whether the line before is a remark, which a blank line ends
	padded   int        // number of members that are structs with padding at the end
	sum      uint64     // bytes of that padding
}

func (p *printer) members(c btf.Composite, arrangement *arrangement, outer uint64, depth int) error {
	l, err := layoutOf(c)
	if err != nil {
		return err
	}
	b := body{
		printer: p, outer: outer, depth: depth + 1, union: c.Kind() == btf.KindUnion,
		// Readers want the order of the declaration, and compilers need that of the offsets.
		sorted:   !l.Unordered || !p.comments && !arrangement.cannot,
		arranged: arrangement.special,
	}
	if b.union {
		p.unions++
		defer func() { p.unions-- }()
	}
	switch {
	case arrangement.cannot:
		b.remark("C cannot declare this layout: a compiler comes to another")
	case !b.sorted:
		b.remark("members are not in the order of their offsets: a compiler puts them elsewhere")
	}
	b.bitHole(l.BitHole)
	b.hole(l.Hole)
	// The members of a union begin in the same cache line. What follows the union is
	// announced as if it began there too, as pahole does.
	line := p.line
	for i := range l.Members {
		m := &l.Members[i]
		if b.sorted {
			m = l.at(i)
		}
		need := b.need(m)
		if err := b.fill(m, need.before); err != nil {
			return err
		}
		b.endNotes()
		// C allows an array without a length only at the end of a struct, and not as
		// its only member.
		flexible := p.unions == 0 && i > 0 && i == len(l.Members)-1 && arrangement.trailing.to == 0
		if err := b.member(m, flexible, layoutAttributes(need.packed, need.aligned)); err != nil {
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
	if b.sorted && arrangement.trailing.to != 0 {
		b.endNotes()
		b.fillers(arrangement.trailing)
	}
	if depth == 0 {
		b.summary(&l)
	}
	return nil
}

// need returns what a member needs.
func (b *body) need(m *MemberLayout) arranged {
	if b.sorted && len(b.arranged) != 0 && b.arranged[0].index == m.index {
		need := b.arranged[0]
		b.arranged = b.arranged[1:]
		return need
	}
	return arranged{}
}

// member prints a member and its attributes, with the members of its type if that has
// no name.
func (b *body) member(m *MemberLayout, flexible bool, attributes string) error {
	name := identifier(m.Member.Name())
	d, err := b.declare(m.Member.Type(), m.Member.Name())
	if err != nil {
		return err
	}
	if rest, zero := strings.CutPrefix(d.name, name+"[]"); zero && !flexible {
		d.name = name + "[0]" + rest
	}
	b.indent(b.depth)
	if !b.union && b.sorted {
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
			// C declares a member here only as an extension.
			b.print(left + " /* -fms-extensions */")
		} else {
			b.columns(left, d.name)
		}
	}
	if m.BitfieldSize != 0 {
		b.printf(":%d", uint64(m.BitfieldSize))
	}
	b.print(attributes)
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

// fill prints what fills the room before a member. BTF records no unnamed bitfields.
func (b *body) fill(m *MemberLayout, room padding) error {
	if room.to == 0 {
		return nil
	}
	if !room.own {
		b.endNotes()
		b.fillers(room)
		return nil
	}
	d, err := b.declare(m.Member.Type(), "")
	if err != nil {
		return err
	}
	of := b.integer(m.Size)
	if !anonymous(d.base) && !isBool(d.base) {
		base, err := b.base(d.base)
		if err != nil {
			return err
		}
		of = d.left(base)
	}
	width := uint64(room.to - room.from)
	if room.boundary {
		width = 0
		b.endNotes()
		b.note("Force alignment to the next boundary:")
	}
	b.unnamed(of, width)
	return nil
}

// isBool reports whether a type is _Bool, of which C allows no bitfield wider than 1.
func isBool(t btf.Type) bool {
	t, err := t.Underlying()
	if err != nil || t.Kind() != btf.KindInt {
		return false
	}
	i, err := btf.As[btf.Int](t)
	return err == nil && i.Encoding() == btf.Bool
}

// fillers prints bitfields and arrays that fill room.
func (b *body) fillers(room padding) {
	for _, f := range room.fillers() {
		if f.size != 0 {
			b.unnamed(b.integer(f.size), f.count)
			continue
		}
		b.pads++
		b.indent(b.depth)
		b.columns("unsigned char", fmt.Sprintf("__btf_pad%d[%d]", b.pads, f.count))
		b.print(";\n")
	}
}

// integer returns C's name of an integer of a size in bytes.
func (b *body) integer(size uint64) string {
	switch {
	case size == 1:
		return "char"
	case size == 2:
		return "short"
	case size == 4:
		return "int"
	case size == 8 && b.arrange.target.pointer < 8:
		return "long long"
	case size == 8:
		return "long"
	}
	return "__int128"
}

// unnamed prints an unnamed bitfield.
func (b *body) unnamed(of string, width uint64) {
	b.indent(b.depth)
	b.columns(of, "")
	if !b.comments {
		b.print(" ")
	}
	b.printf(":%d;\n", width)
}
