// Checks that members fit, by the rules of the kernel.

package btf

import (
	"math"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A memberPlace is a member whose type is known, through qualifiers and typedefs.
type memberPlace struct {
	parent Type
	index  uint32
	offset uint32 // as it stands in the record
	of     Type
	size   uint32 // bytes of an of
}

// problem says what is wrong with the offset of the member, after the kernel's words
// for it.
func (p memberPlace) problem(rule, format string, args ...any) error {
	args = append([]any{rule, p.index, p.of.Kind()}, args...)
	return p.parent.problem(uint64(recordSize+p.index*memberSize+8), "%s: member %d of kind %s "+format, args...)
}

// fits makes the checks of the check_member and check_kflag_member functions of
// kernel/bpf/btf.c. Pointer is the size of one in bytes.
//
// With kind_flag, a member says how wide a bitfield it is; without, only an INT
// can, by its own bits and offset.
func (p memberPlace) fits(pointer uint32) error {
	at, width := uint64(p.offset), uint64(0)
	flag := p.parent.flag()
	if flag {
		at, width = uint64(p.offset&uapi.MemberOffsetMask), uint64(p.offset>>uapi.MemberBitfieldShift)
	}
	switch kind := p.of.Kind(); {
	case kind == KindInt && flag:
		return p.intFits(at, width)
	case kind == KindInt:
		i := Int{handle: p.of}
		if at += uint64(i.Offset()); at > math.MaxUint32 {
			return p.problem("bits_offset exceeds U32_MAX", "is at bit %d with the offset of the INT", at)
		}
		return p.bitsFit(at, uint64(i.Bits()))
	case flag && (kind == KindEnum || kind == KindEnum64):
		return p.enumFits(at, width)
	case width != 0:
		return p.problem("invalid member bitfield_size", "can be no bitfield, it has %d bits", width)
	case kind == KindFloat:
		if align := 8 * uint64(min(p.size, pointer)); align != 0 && at%align != 0 {
			return p.problem("member is not properly aligned", "wanted at a multiple of %d bits, it is at %d", align, at)
		}
	case at%8 != 0:
		return p.problem("member is not byte aligned", "wanted at a multiple of 8 bits, it is at %d", at)
	}
	return p.bytesFit(at/8 + uint64(p.size))
}

// intFits is btf_int_check_kflag_member.
func (p memberPlace) intFits(at, width uint64) error {
	i := Int{handle: p.of}
	if !i.regular() {
		return p.problem("invalid member base type", "wanted with 8, 16, 32, 64 or 128 bits at offset 0, it has %d at %d", i.Bits(), i.Offset())
	}
	bits := uint64(i.Bits())
	switch {
	case width == 0 && at%8 != 0:
		return p.problem("invalid member offset", "and no bitfield wanted at a multiple of 8 bits, it is at %d", at)
	case width > bits:
		return p.problem("invalid member bitfield_size", "wanted with %d bits at most, it has %d", bits, width)
	case width == 0:
		width = bits
	}
	return p.bitsFit(at, width)
}

// enumFits is btf_enum_check_kflag_member: to the kernel, a bitfield of an enum is
// one of an int.
func (p memberPlace) enumFits(at, width uint64) error {
	const intBits = 32
	switch {
	case width == 0 && at%8 != 0:
		return p.problem("member is not byte aligned", "wanted at a multiple of 8 bits, it is at %d", at)
	case width > intBits:
		return p.problem("invalid member bitfield_size", "wanted with %d bits at most, it has %d", intBits, width)
	case width == 0:
		width = intBits
	}
	return p.bytesFit((at + width + 7) / 8)
}

// bitsFit checks bits that the kernel would copy together with those before them
// in the first byte.
func (p memberPlace) bitsFit(at, width uint64) error {
	copied := at%8 + width
	if copied > maxIntBits {
		return p.problem("nr_copy_bits exceeds 128", "has %d bits at bit %d", width, at)
	}
	return p.bytesFit(at/8 + (copied+7)/8)
}

func (p memberPlace) bytesFit(end uint64) error {
	if size := p.parent.sizeOrType(); end > uint64(size) {
		return p.problem("member exceeds struct_size", "ends after %d bytes, the %s has %d", end, p.parent.Kind(), size)
	}
	return nil
}

// regular is btf_type_int_is_regular: whether the INT is one that a C compiler
// has.
func (i Int) regular() bool {
	switch i.Bits() {
	case 8, 16, 32, 64, 128:
		return i.Offset() == 0
	}
	return false
}
