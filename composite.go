// Defines the views of structs and unions, and their members.

package btf

import (
	"fmt"
	"iter"
)

// Bits is a number of bits: an offset or a width.
type Bits uint64

// Bytes returns the number of whole bytes.
func (b Bits) Bytes() uint64 { return uint64(b / 8) }

// String returns the number and the unit, such as "64 bits".
func (b Bits) String() string { return fmt.Sprintf("%d bits", uint64(b)) }

// describe returns an offset for messages: "byte 8", or "bit 67" inside a byte.
func (b Bits) describe() string {
	if b%8 == 0 {
		return fmt.Sprintf("byte %d", b/8)
	}
	return fmt.Sprintf("bit %d", uint64(b))
}

// A Composite is a struct or a union. [As] returns it for both.
type Composite struct {
	_ only[Composite]
	composite
}

// A Struct is a struct type.
type Struct struct {
	_ only[Struct]
	composite
}

// A Union is a union type.
type Union struct {
	_ only[Union]
	composite
}

// composite has the methods that structs and unions share.
//
//	│ name_off │ info │ size │ member │ member │ …
type composite struct{ handle }

// Composite returns c as a Composite.
func (c composite) Composite() Composite { return Composite{composite: c} }

// Size returns the size of c in bytes.
func (c composite) Size() uint32 { return c.sizeOrType() }

// NumMembers returns the number of members. Members of members do not count.
func (c composite) NumMembers() int { return int(c.vlen()) }

// Member returns the i-th member in declaration order, counted from 0, or the zero Member
// if there is none.
func (c composite) Member(i int) Member {
	if i < 0 || uint64(i) >= uint64(c.vlen()) {
		return Member{}
	}
	return Member{c, uint32(i), 0}
}

// Members yields the members in declaration order.
func (c composite) Members() iter.Seq[Member] {
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
//	│ name_off │ type │ offset │   offset: the bit offset, if kind_flag of the record is 0;
//	                              else bits 0–23: bit offset, bits 24–31: bitfield size
type Member struct {
	parent composite
	index  uint32
	outer  Bits // bit offset of parent in the composite that was searched
}

// at returns the byte offset of the member in the record.
func (m Member) at() uint32 { return recordSize + m.index*memberSize }

// Name returns a copy of the name, "" if the member is anonymous.
func (m Member) Name() string { return string(m.NameBytes()) }

// NameBytes returns the name without a copy, as [Type.NameBytes] does.
func (m Member) NameBytes() []byte {
	if m.parent.layer == nil {
		return nil
	}
	return m.parent.layer.strings.name(m.nameOff())
}

func (m Member) nameOff() uint32 { return m.parent.word(m.at()) }

// Type returns the type of the member.
func (m Member) Type() Type { return m.parent.follow(m.parent.word(m.at() + 4)) }

// Parent returns the struct or union that declares the member. For a member found
// through an anonymous one, that is the anonymous struct or union.
func (m Member) Parent() Composite { return Composite{composite: m.parent} }
