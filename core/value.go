// Computes the value of a relocation on either side.

package core

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/seed-6c4a6465/btf"
)

// An answer is what a relocation asks for, on one side.
type answer struct {
	value   uint64
	checked bool   // the compiler wrote this value into the instruction
	offset  uint64 // bits, for the comparison of candidates
	unit    unit
	flags   Flags
}

// A unit is what a load or store of a field moves. It is known for byte offsets.
type unit struct {
	sort unitSort
	size uint32 // bytes, 0 of a bitfield
	from uint64 // of a bitfield: bits from the byte offset
	bits uint64 // of a bitfield: its width
}

type unitSort uint8

const (
	noUnit unitSort = iota
	unsignedUnit
	signedUnit
	pointerUnit
	bitfieldUnit
	otherUnit
)

// field answers for kinds that ask for a field (libbpf's bpf_core_calc_field_relo). big is
// the byte order of the program.
func (p place) field(kind btf.CORERelocationKind, on side, big bool) (answer, error) {
	a := answer{checked: true, offset: p.offset}
	switch {
	case kind == btf.COREFieldExists:
		a.value = 1
		return a, nil
	case !p.named && kind != btf.COREFieldByteOffset && kind != btf.COREFieldByteSize:
		return answer{}, fmt.Errorf("%v of an array element is not defined", kind)
	}
	width := uint64(0)
	if p.named {
		width = uint64(p.member.BitfieldSize())
	}
	size, err := on.sizeof(p.typ)
	if err != nil {
		return answer{}, err
	}
	start := p.offset / 8 // bytes
	if width > 0 {
		a.checked = false // compilers choose other units
		if size, start, err = bitfield(p.offset, width, size); err != nil {
			return answer{}, err
		}
		if !p.member.Parent().KindFlag() {
			a.flags |= OldBitfield
		}
	}
	bitSize := width
	if width == 0 {
		bitSize = size * 8
	}
	switch kind {
	case btf.COREFieldByteOffset:
		a.value = start
		if width > 0 {
			a.unit = unit{sort: bitfieldUnit, from: p.offset - 8*start, bits: width}
			return a, nil
		}
		a.unit, err = p.unit(on)
		return a, err
	case btf.COREFieldByteSize:
		a.value = size
		return a, nil
	case btf.COREFieldSigned:
		t, err := p.typ.Underlying()
		if err != nil {
			return answer{}, err
		}
		a.checked = true
		if signed(t) {
			a.value = 1
		}
		return a, nil
	}
	if size == 0 || size > 8 || bitSize > 64 {
		return answer{}, fmt.Errorf("%v needs a field of 1 to 8 bytes, has %d", kind, size)
	}
	switch {
	case kind == btf.COREFieldRShiftU64:
		a.checked = true
		a.value = 64 - bitSize
	case big:
		a.value = 64 - 8*size + p.offset - 8*start
	default:
		a.value = 64 - (p.offset + bitSize - 8*start)
	}
	return a, nil
}

// bitfield returns the unit to load for a bitfield: its size and its offset in bytes. It
// begins with the size of the declared type, and doubles it until the bits fit.
func bitfield(offset, width, size uint64) (unit, start uint64, err error) {
	if size == 0 || size > 8 || bits.OnesCount64(size) != 1 {
		return 0, 0, fmt.Errorf("type of a bitfield must have 1, 2, 4 or 8 bytes, has %d", size)
	}
	for {
		start = offset / 8 / size * size
		if offset+width-8*start <= 8*size {
			return size, start, nil
		}
		if size *= 2; size > 8 {
			return 0, 0, errors.New("bitfield does not fit into any unit of 8 bytes")
		}
	}
}

// unit returns what a load or store at p moves: for an array, one element of the innermost
// array.
func (p place) unit(on side) (unit, error) {
	outer, err := p.typ.Underlying()
	if err != nil {
		return unit{}, err
	}
	t := outer
	for n := 0; t.Kind() == btf.KindArray; n++ {
		if n == maxChain {
			return unit{}, fmt.Errorf("%v has more than %d arrays in a row", outer, maxChain)
		}
		if t, err = t.Record().Follow(btf.TypeID(t.Record().Word(12))).Underlying(); err != nil {
			return unit{}, err
		}
	}
	size, err := on.sizeof(t)
	u := unit{sort: otherUnit, size: uint32(size)}
	switch k := outer.Kind(); {
	case k == btf.KindPointer:
		u.sort = pointerUnit
	case k == btf.KindInt && signed(outer):
		u.sort = signedUnit
	case k == btf.KindInt:
		u.sort = unsignedUnit
	}
	return u, err
}

// signed reports whether an integer or enum is signed.
func signed(t btf.Type) bool {
	switch t.Kind() {
	case btf.KindInt:
		return btf.IntEncoding(t.Record().Word(12)>>24)&btf.Signed != 0
	case btf.KindEnum, btf.KindEnum64:
		return t.KindFlag()
	}
	return false
}

// typ answers for kinds that ask for a type.
func typeAnswer(kind btf.CORERelocationKind, t btf.Type, on side) (answer, error) {
	a := answer{value: 1, checked: true}
	switch kind {
	case btf.CORETypeIDTarget, btf.CORETypeIDLocal:
		// Linking changes ids, so instructions may have others.
		a.value, a.checked = uint64(t.ID()), false
	case btf.CORETypeSize:
		size, err := on.sizeof(t)
		a.value = size
		return a, err
	}
	return a, nil
}

// enumAnswer answers for kinds that ask for an enumerator.
func enumAnswer(kind btf.CORERelocationKind, of btf.Enum, e btf.Enumerator) answer {
	a := answer{value: 1, checked: true}
	if kind == btf.COREEnumvalValue {
		a.value = e.Value()
		if of.Kind() == btf.KindEnum && !of.Signed() && a.value>>31 != 0 {
			a.flags |= UnsignedEnum
		}
	}
	return a
}
