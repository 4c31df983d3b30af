// Computes where the members of a struct lie, and the holes between them.

package cdecl

import (
	"errors"

	"github.com/seed-6c4a6465/btf"
)

// A Layout is how the bytes of a struct or union are used.
//
// A hole is unused room before or between members; padding is unused room behind the
// last one. Bits that no bitfield of a storage unit uses count as bits, everything else
// as bytes, the way pahole counts. No holes and no padding are computed for a union,
// whose members overlap.
type Layout struct {
	// Size is the bytes that the type takes.
	Size uint64
	// Members are the members in the order of their declaration. Those of an anonymous
	// member are not among them: ask for the Layout of its type.
	Members []MemberLayout
	// Incomplete reports that the size of a member is unknown, because nothing in the
	// BTF says how wide a pointer is. Holes and padding are then not computed and 0.
	Incomplete bool

	// Hole and BitHole are the room before the first member.
	Hole    uint64   // in bytes
	BitHole btf.Bits // in bits

	// NumHoles and NumBitHoles count the holes before and between the members, and
	// HoleBytes and HoleBits are their sums.
	NumHoles    int
	HoleBytes   uint64
	NumBitHoles int
	HoleBits    btf.Bits

	// Padding and BitPadding are the room behind the last member.
	Padding    uint64   // in bytes
	BitPadding btf.Bits // in bits

	// Packed reports that the type must have been declared packed: its size or the
	// offset of a member is no multiple of an alignment that the members need. BTF does
	// not record the attribute. A type is not Packed if the attribute made no
	// difference.
	Packed bool
}

// A MemberLayout is the place of a member in the struct or union that declares it.
type MemberLayout struct {
	Member btf.Member
	// Offset is that of the member in bytes. For a bitfield it is that of the storage
	// unit: a multiple of the size of the member's type.
	Offset uint64
	// Size is that of the member's type in bytes, 0 if it is unknown.
	Size uint64
	// Sized reports whether Size is known.
	Sized bool
	// FirstBit is the bit of the storage unit where a bitfield begins, counted from
	// Offset, and BitfieldSize is its width. Both are 0 for any other member.
	FirstBit     btf.Bits
	BitfieldSize btf.Bits

	// Hole and BitHole are the room between the member and the next. They are 0 for
	// the last one, which padding follows.
	Hole    uint64   // in bytes
	BitHole btf.Bits // in bits
}

// LayoutOf returns the layout of a struct or union, or of a typedef of one. PointerSize
// is the size of a pointer in bytes, which decides whether the type is Packed; see
// [Options].
//
// The error matches [btf.ErrWrongKind] if t is of another kind. It is a
// [*btf.FormatError] if a record is broken. LayoutOf takes time for the members of t
// and, once each, for those of the structs and unions in it.
func LayoutOf(t btf.Type, pointerSize int) (Layout, error) {
	c, err := btf.As[btf.Composite](t)
	if err != nil {
		return Layout{}, err
	}
	l, err := layoutOf(c)
	if err != nil {
		return Layout{}, err
	}
	packer := newPacker(pointerSize)
	inferred, err := packer.packing(c)
	if err != nil {
		return Layout{}, err
	}
	l.Packed = inferred.packed
	return l, nil
}

// start and end return the first bit of a member and the first behind it.
func (m *MemberLayout) start() btf.Bits { return bits(m.Offset) + m.FirstBit }

func (m *MemberLayout) end() btf.Bits {
	if m.BitfieldSize != 0 {
		return m.start() + m.BitfieldSize
	}
	return m.start() + bits(m.Size)
}

func bits(bytes uint64) btf.Bits { return btf.Bits(bytes) * 8 }

// placeOf finds the storage unit of a bitfield, which BTF does not record. Like
// pahole it takes a unit of the size of the type, at a multiple of that size.
func placeOf(m btf.Member) (MemberLayout, error) {
	place := MemberLayout{Member: m, BitfieldSize: m.BitfieldSize(), Sized: true}
	var err error
	place.Size, err = m.Type().Sizeof()
	if errors.Is(err, btf.ErrNotFound) || errors.Is(err, btf.ErrPointerSize) {
		place.Sized = false
	} else if err != nil {
		return MemberLayout{}, err
	}
	unit := uint64(1)
	if place.BitfieldSize != 0 && place.Size != 0 {
		unit = place.Size
	}
	place.Offset = m.Offset().Bytes() / unit * unit
	place.FirstBit = m.Offset() - bits(place.Offset)
	return place, nil
}

// layoutOf returns the layout of a struct or union apart from Packed.
func layoutOf(c btf.Composite) (Layout, error) {
	l := Layout{Size: uint64(c.Size()), Members: make([]MemberLayout, 0, c.NumMembers())}
	for m := range c.Members() {
		place, err := placeOf(m)
		if err != nil {
			return Layout{}, err
		}
		l.Members = append(l.Members, place)
		l.Incomplete = l.Incomplete || !place.Sized
	}
	if c.Kind() == btf.KindStruct && !l.Incomplete {
		l.findHoles()
	}
	return l, nil
}

// findHoles fills in holes and padding. Which bits behind a bitfield are a hole of
// bits, and which a hole of bytes, is a convention: this is class__find_holes of
// pahole, so that the numbers agree.
func (l *Layout) findHoles() {
	var (
		seen      btf.Bits       // what lies before has been accounted for
		unitEnd   = bits(l.Size) // of the bitfields being passed
		unitSize  uint64         // in bytes
		bitfields bool           // whether the member before is one
		hole      = &l.Hole      // behind the member before
		bitHole   = &l.BitHole
	)
	for i := range l.Members {
		m := &l.Members[i]
		if bitfields {
			end := min(m.start(), unitEnd)
			*bitHole = sub(end, seen)
			seen = end
		}
		if m.BitfieldSize != 0 {
			if unit := bits(m.Offset); seen < unit {
				*hole = m.Offset - seen.Bytes()
				seen = unit
			}
			*bitHole += sub(m.start(), seen)
		} else {
			*hole = sub(m.start().Bytes(), seen.Bytes())
		}
		seen = m.end()

		bitfields = m.BitfieldSize != 0
		switch {
		case !bitfields:
			unitEnd, unitSize = seen, 0
		case seen > unitEnd || m.Size > unitSize:
			unitSize = m.Size
			unitEnd = bits(m.Offset + m.Size)
			// A bitfield may begin in one unit and end in the next.
			if seen > unitEnd {
				unitEnd += bits(unitSize)
			}
		}
		l.count(*hole, *bitHole)
		hole, bitHole = &m.Hole, &m.BitHole
	}
	if bitfields {
		end := min(bits(l.Size), unitEnd)
		l.BitPadding = sub(end, seen)
		seen = end
	}
	l.Padding = sub(l.Size, seen.Bytes())
}

func (l *Layout) count(hole uint64, bitHole btf.Bits) {
	if hole != 0 {
		l.NumHoles++
		l.HoleBytes += hole
	}
	if bitHole != 0 {
		l.NumBitHoles++
		l.HoleBits += bitHole
	}
}

// sub returns a-b, and 0 where members overlap.
func sub[N uint64 | btf.Bits](a, b N) N {
	if a < b {
		return 0
	}
	return a - b
}

// sums returns the bytes of the members that are no bitfields, and the bits of
// those that are.
func (l *Layout) sums() (bytes uint64, bits btf.Bits) {
	for i := range l.Members {
		m := &l.Members[i]
		if m.BitfieldSize != 0 {
			bits += m.BitfieldSize
		} else {
			bytes += m.Size
		}
	}
	return bytes, bits
}
