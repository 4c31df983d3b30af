// struct or union → its members, and where they lie

package btf

import (
	"fmt"
	"iter"
)

// A Composite is a struct or a union: what has members. [As] with Composite takes
// either.
type Composite struct{ Type }

// A Struct is a struct type.
type Struct struct{ Composite }

// A Union is a union type.
type Union struct{ Composite }

// Size returns the bytes a Composite takes.
func (c Composite) Size() uint32 { return c.sizeOrType() }

// NumMembers returns how many members the type itself has; what an anonymous one
// contains is not counted.
func (c Composite) NumMembers() int { return int(c.vlen()) }

// Member returns the i-th member, counted from 0; an unnamed void if there is
// none.
func (c Composite) Member(i int) Member {
	if i < 0 || uint64(i) >= uint64(c.vlen()) {
		return Member{}
	}
	return Member{c, uint32(i), 0}
}

// Members yields the type's members in the order of the declaration.
func (c Composite) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for i := range c.vlen() {
			if !yield(Member{c, i, 0}) {
				return
			}
		}
	}
}

// A Member is a member of a struct or union.
//
//	│ name_off │ type │ offset │   offset: bits, if the composite's kind_flag is 0;
//	                              else bits 0–23: bit offset, 24–31: bitfield size
type Member struct {
	parent Composite
	index  uint32
	outer  Bits // from the outermost composite that was asked to parent
}

func (m Member) at() uint32 { return recordSize + m.index*memberSize }

// Name returns a copy of the member's name, "" if it is anonymous.
func (m Member) Name() string { return string(m.NameBytes()) }

// NameBytes returns the name without a copy, as [Type.NameBytes] does.
func (m Member) NameBytes() []byte {
	if m.parent.layer == nil {
		return nil
	}
	return m.parent.layer.strings.name(m.nameOff())
}

func (m Member) nameOff() uint32 { return m.parent.word(m.at()) }

// Type returns the member's type.
func (m Member) Type() Type { return m.parent.follow(m.parent.word(m.at() + 4)) }

// Parent returns the struct or union the member was declared in. For one found
// through anonymous members it is not the one that was asked.
func (m Member) Parent() Composite { return m.parent }

// Offset returns the bits from the start of the composite that was asked for the
// member. For a bitfield they lead to its first bit as the ABI of the target
// counts: the lowest on little-endian machines, the highest on big-endian ones.
func (m Member) Offset() Bits {
	word := m.parent.word(m.at() + 8)
	if m.parent.flag() {
		return m.outer + Bits(word&0xffffff)
	}
	if i, odd := m.oddInt(); odd {
		return m.outer + Bits(word) + i.Offset()
	}
	return m.outer + Bits(word)
}

// BitfieldSize returns the width of a bitfield, 0 for a member that is none.
func (m Member) BitfieldSize() Bits {
	if m.parent.flag() {
		return Bits(m.parent.word(m.at()+8) >> 24)
	}
	if i, odd := m.oddInt(); odd {
		return i.Bits()
	}
	return 0
}

// oddInt returns the member's integer if that says where and how wide a bitfield
// is: the encoding from before kind_flag, which the kernel still reads in
// btf_int_check_member. Blobs without such an integer are known from loading.
func (m Member) oddInt() (Int, bool) {
	if m.parent.layer == nil || !m.parent.layer.oddInts {
		return Int{}, false
	}
	i, err := As[Int](m.Type())
	if err != nil || !oddInt(i.Size(), i.word(recordSize)) {
		return Int{}, false
	}
	return i, true
}

// MemberByName returns the member with a name, looking into anonymous structs and
// unions as C does. Its Offset counts from c.
//
// The error matches [ErrNotFound] if there is none. It is a [*FormatError] if an
// anonymous member on the way is broken, or if they nest without end.
func (c Composite) MemberByName(name string) (Member, error) {
	if name == "" || c.layer == nil {
		return Member{}, c.noMember(name)
	}
	// The path of anonymous composites down to the one being looked through, in
	// place of recursion.
	type frame struct {
		in    Composite
		next  uint32
		outer Bits
	}
	var path [maxDepth]frame
	path[0] = frame{in: c}

	// A blob of a few bytes can nest anonymous members 2^32 times over. An honest
	// one is through before it has seen each of its bytes once.
	budget := c.budget()

	for depth := 0; depth >= 0; {
		f := &path[depth]
		if f.next >= f.in.vlen() {
			depth--
			continue
		}
		if budget--; budget < 0 {
			return Member{}, c.problem(0, "anonymous members repeat without end")
		}
		m := Member{f.in, f.next, f.outer}
		f.next++
		if off := m.nameOff(); off != 0 {
			if f.in.layer.strings.is(off, name) {
				return m, nil
			}
			if len(m.NameBytes()) != 0 {
				continue
			}
		}
		inner, err := As[Composite](m.Type())
		if err != nil {
			if _, ok := err.(kindError); ok {
				continue // an unnamed bitfield
			}
			return Member{}, err
		}
		if depth++; depth == maxDepth {
			return Member{}, c.problem(0, "anonymous members more than %d deep", maxDepth)
		}
		path[depth] = frame{in: inner, outer: m.Offset()}
	}
	return Member{}, c.noMember(name)
}

func (c Composite) noMember(name string) error {
	return fmt.Errorf("btf: member %q of %v: %w", name, c.Type, ErrNotFound)
}

// budget is how many members the layers under c have room for.
func (c Composite) budget() int64 {
	n := int64(0)
	for l := c.layer; l != nil; l = l.base {
		n += int64(len(l.types.bytes)) / memberSize
	}
	return n
}
