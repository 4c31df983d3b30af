// Checks the members of structs and unions: alone, and whether their types fit.

package strict

import (
	"cmp"
	"math"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// checkMembers checks the members of a struct or union before their types are known.
func (c *checker) checkMembers(r *record) error {
	size, last := uint64(r.third()), uint64(0)
	for i := range r.Vlen() {
		at := uapi.RecordSize + i*uapi.MemberSize
		if err := cmp.Or(c.nameInRange(r, at, "invalid member name_offset"), r.nameSpelled(at, c.kernel.rule(identifierOrNone), "invalid name"), c.idNotVoid(r, at+4, "invalid type_id")); err != nil {
			return err
		}
		offset := uint64(r.Word(at + 8))
		if r.KindFlag() {
			offset &= uapi.MemberOffsetMask
		}
		at += 8
		switch before := (offset + 7) / 8; {
		case r.Kind() == btf.KindUnion && offset != 0:
			return r.problem(at, "invalid member bits_offset: member %d of a UNION must be at bit 0, is at bit %d", i, offset)
		case offset < last:
			return r.problem(at, "invalid member bits_offset: member %d must be at bit %d or later, is at bit %d", i, last, offset)
		case before > size:
			return r.problem(at, "member bits_offset exceeds its struct size: member %d needs %d bytes before it, the %s has %d", i, before, r.Kind(), size)
		}
		last = offset
	}
	return nil
}

// A placed is a member whose type is known.
type placed struct {
	parent *record
	index  uint32
	offset uint32  // as in the record
	typ    *record // of the member, without modifiers
	size   uint32  // of the type, in bytes
}

// problem returns the error about the offset of the member. It begins with the kernel's
// words for it.
func (p *placed) problem(rule, format string, args ...any) error {
	args = append([]any{rule, p.index, p.typ.Kind()}, args...)
	return p.parent.problem(uapi.RecordSize+p.index*uapi.MemberSize+8, "%s: member %d of kind %s "+format, args...)
}

// check makes the checks of the check_member and check_kflag_member functions of
// kernel/bpf/btf.c. Pointer is the size of a pointer in bytes.
//
// With kind_flag, the offset of a member has its bitfield size. Without, the type of a
// bitfield is an INT with that many bits.
func (p *placed) check(pointer uint32) error {
	at, width := uint64(p.offset), uint64(0)
	flag := p.parent.KindFlag()
	if flag {
		at, width = uint64(p.offset&uapi.MemberOffsetMask), uint64(p.offset>>uapi.MemberBitfieldShift)
	}
	switch kind := p.typ.Kind(); {
	case kind == btf.KindInt && flag:
		return p.checkInt(at, width)
	case kind == btf.KindInt:
		if at += uint64(p.typ.intOffset()); at > math.MaxUint32 {
			return p.problem("bits_offset exceeds U32_MAX", "is at bit %d with the offset of the INT", at)
		}
		return p.bitsFit(at, uint64(p.typ.intBits()))
	case flag && (kind == btf.KindEnum || kind == btf.KindEnum64):
		return p.checkEnum(at, width)
	case width != 0:
		return p.problem("invalid member bitfield_size", "must not be a bitfield, has %d bits", width)
	case kind == btf.KindFloat:
		if align := 8 * uint64(min(p.size, pointer)); align != 0 && at%align != 0 {
			return p.problem("member is not properly aligned", "must be at a multiple of %d bits, is at bit %d", align, at)
		}
	case at%8 != 0:
		return p.problem("member is not byte aligned", "must be at a multiple of 8 bits, is at bit %d", at)
	}
	return p.bytesFit(at/8 + uint64(p.size))
}

// checkInt is btf_int_check_kflag_member.
func (p *placed) checkInt(at, width uint64) error {
	if !p.typ.regularInt() {
		return p.problem("invalid member base type", "must have 8, 16, 32, 64 or 128 bits at offset 0, has %d at offset %d", p.typ.intBits(), p.typ.intOffset())
	}
	bits := uint64(p.typ.intBits())
	switch {
	case width == 0 && at%8 != 0:
		return p.problem("invalid member offset", "is no bitfield and must be at a multiple of 8 bits, is at bit %d", at)
	case width > bits:
		return p.problem("invalid member bitfield_size", "must have at most %d bits, has %d", bits, width)
	case width == 0:
		width = bits
	}
	return p.bitsFit(at, width)
}

// checkEnum is btf_enum_check_kflag_member. The kernel takes a bitfield of an enum for one
// of an int.
func (p *placed) checkEnum(at, width uint64) error {
	const intBits = 32
	switch {
	case width == 0 && at%8 != 0:
		return p.problem("member is not byte aligned", "must be at a multiple of 8 bits, is at bit %d", at)
	case width > intBits:
		return p.problem("invalid member bitfield_size", "must have at most %d bits, has %d", intBits, width)
	case width == 0:
		width = intBits
	}
	return p.bytesFit((at + width + 7) / 8)
}

// bitsFit checks bits that the kernel copies together with those before them in the first
// byte.
func (p *placed) bitsFit(at, width uint64) error {
	copied := at%8 + width
	if copied > maxIntBits {
		return p.problem("nr_copy_bits exceeds 128", "has %d bits at bit %d", width, at)
	}
	return p.bytesFit(at/8 + (copied+7)/8)
}

func (p *placed) bytesFit(end uint64) error {
	if size := p.parent.third(); end > uint64(size) {
		return p.problem("member exceeds struct_size", "ends after %d bytes, the %s has %d", end, p.parent.Kind(), size)
	}
	return nil
}
