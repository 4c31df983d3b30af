// struct or union → its members

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

// Bits is a number of bits: where a member lies, or how wide it is.
type Bits uint64

// Bytes returns the number of whole bytes.
func (b Bits) Bytes() uint64 { return uint64(b / 8) }

// String returns the number of bits, such as "64 bits".
func (b Bits) String() string { return fmt.Sprintf("%d bits", uint64(b)) }
