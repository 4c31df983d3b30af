// struct → where its members lie, and the holes between them

package main

import (
	"errors"

	"github.com/seed-6c4a6465/btf"
)

// A slot is the place of a member, counted from the struct it was declared in.
type slot struct {
	offset uint64 // in bytes; that of the storage unit for a bitfield
	size   uint64 // in bytes; that of the storage unit for a bitfield
	sized  bool   // whether the size is known
	first  uint64 // bit of the storage unit where a bitfield begins
	width  uint64 // bits of a bitfield, 0 for a member that is none

	hole    uint64 // bytes behind the member that belong to none
	bitHole uint64 // bits behind it
}

func (s slot) start() uint64 { return s.offset*8 + s.first }

func (s slot) end() uint64 {
	if s.width != 0 {
		return s.start() + s.width
	}
	return s.start() + s.size*8
}

// slotOf finds the storage unit of a bitfield, which BTF does not tell: as pahole
// does, it takes the type's own size, at a multiple of that size.
func slotOf(m btf.Member) (slot, error) {
	s := slot{width: uint64(m.BitfieldSize()), sized: true}
	var err error
	s.size, err = m.Type().Sizeof()
	if errors.Is(err, btf.ErrNotFound) {
		s.sized = false
	} else if err != nil {
		return slot{}, err
	}
	bits := uint64(m.Offset())
	unit := uint64(1)
	if s.width != 0 && s.size != 0 {
		unit = s.size
	}
	s.offset = bits / 8 / unit * unit
	s.first = bits - s.offset*8
	return s, nil
}

// A layout is what there is to say about the bytes of a struct.
type layout struct {
	slots       []slot
	preHole     uint64 // bytes before the first member
	preBitHole  uint64
	holes       int
	sumHoles    uint64
	bitHoles    int
	sumBitHoles uint64
	padding     uint64 // bytes behind the last member
	bitPadding  uint64
	sized       bool // whether all sizes are known, and so the holes
}

// layoutOf finds the holes of a struct. Which bits behind a bitfield are a hole of
// bits, and which a hole of bytes, is convention: this is class__find_holes of
// pahole, for numbers that agree with it.
func layoutOf(c btf.Composite) (layout, error) {
	l := layout{slots: make([]slot, 0, c.NumMembers()), sized: true}
	for m := range c.Members() {
		s, err := slotOf(m)
		if err != nil {
			return layout{}, err
		}
		l.slots = append(l.slots, s)
		l.sized = l.sized && s.sized
	}
	if c.Kind() == btf.KindStruct && l.sized {
		l.findHoles(uint64(c.Size()))
	}
	return l, nil
}

func (l *layout) findHoles(size uint64) {
	var (
		seen      uint64       // bits up to here are accounted for
		unitEnd   = size * 8   // of the bitfields being passed
		unitSize  uint64       // in bytes
		bitfields bool         // whether the member before is one
		hole      = &l.preHole // behind the member before
		bitHole   = &l.preBitHole
	)
	for i := range l.slots {
		s := &l.slots[i]
		if bitfields {
			end := min(s.start(), unitEnd)
			*bitHole = sub(end, seen)
			seen = end
		}
		if s.width != 0 {
			if aligned := s.offset * 8; seen < aligned {
				*hole = s.offset - seen/8
				seen = aligned
			}
			*bitHole += sub(s.start(), seen)
		} else {
			*hole = sub(s.start()/8, seen/8)
		}
		seen = s.end()

		bitfields = s.width != 0
		switch {
		case !bitfields:
			unitEnd, unitSize = seen, 0
		case seen > unitEnd || s.size > unitSize:
			unitSize = s.size
			unitEnd = (s.offset + s.size) * 8
			// A bitfield may begin in one unit and end in the next.
			if seen > unitEnd {
				unitEnd += unitSize * 8
			}
		}
		l.count(*hole, *bitHole)
		hole, bitHole = &s.hole, &s.bitHole
	}
	if bitfields {
		end := min(size*8, unitEnd)
		l.bitPadding = sub(end, seen)
		seen = end
	}
	l.padding = sub(size, seen/8)
}

func (l *layout) count(hole, bitHole uint64) {
	if hole != 0 {
		l.holes++
		l.sumHoles += hole
	}
	if bitHole != 0 {
		l.bitHoles++
		l.sumBitHoles += bitHole
	}
}

// sub is a-b, and 0 where members overlap.
func sub(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

// sums returns the bytes of the members that are no bitfields, and the bits of
// those that are.
func (l *layout) sums() (bytes, bits uint64) {
	for _, s := range l.slots {
		if s.width != 0 {
			bits += s.width
		} else {
			bytes += s.size
		}
	}
	return bytes, bits
}
