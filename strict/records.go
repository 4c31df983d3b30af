// Checks each record alone: its name, size, flags, ids and elements.

package strict

import (
	"cmp"
	"math/bits"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// checkRecord makes the checks of btf_check_meta: for each kind those of its check_meta function,
// in the same order. It only checks that a type id is one that can exist; a resolver does
// the rest. That the record is whole was proved when the Spec was loaded.
func (c *checker) checkRecord(r *record) error {
	if info, unknown := r.Word(4), ^c.kernel.infoMask(); info&unknown != 0 {
		return r.problem(4, "invalid btf_info: bits 0x%08x must be 0, info is 0x%08x", unknown, info)
	}
	if kind, last := r.Kind(), c.kernel.lastKind(); kind == btf.KindVoid || kind > last {
		return r.problem(4, "invalid kind: must be %d to %d, is %d", btf.KindInt, last, kind)
	}
	if err := c.nameInRange(r, 0, "invalid name_offset"); err != nil {
		return err
	}
	switch r.Kind() {
	case btf.KindInt:
		return cmp.Or(r.noVlen(), r.noFlag(), r.checkInt())
	case btf.KindPointer, btf.KindVolatile, btf.KindConst, btf.KindRestrict:
		return cmp.Or(r.noVlen(), r.noFlag(), c.idPossible(r, 8, "invalid type_id"), c.named(r, noName))
	case btf.KindTypedef:
		return cmp.Or(r.noVlen(), r.noFlag(), c.idPossible(r, 8, "invalid type_id"), c.named(r, identifier))
	case btf.KindTypeTag:
		return cmp.Or(r.noVlen(), c.noFlagBefore(linux6_15, r), c.idPossible(r, 8, "invalid type_id"), c.named(r, someText))
	case btf.KindDeclTag:
		return cmp.Or(r.nameSpelled(0, someText, "invalid value"), r.noVlen(), c.noFlagBefore(linux6_15, r), r.checkComponent())
	case btf.KindArray:
		return cmp.Or(c.named(r, noName), r.noVlen(), r.noFlag(), r.noThird("size"),
			c.idNotVoid(r, uapi.RecordSize, "invalid elem"), c.idNotVoid(r, uapi.RecordSize+4, "invalid index"))
	case btf.KindStruct, btf.KindUnion:
		return cmp.Or(c.named(r, identifierOrNone), c.checkMembers(r))
	case btf.KindEnum:
		return cmp.Or(c.noFlagBefore(linux6_0, r), r.checkEnumSize(), c.named(r, identifierOrNone), c.checkEnumerators(r, uapi.EnumeratorSize))
	case btf.KindEnum64:
		return cmp.Or(r.checkEnumSize(), c.named(r, identifierOrNone), c.checkEnumerators(r, uapi.Enumerator64Size))
	case btf.KindFwd:
		return cmp.Or(r.noVlen(), r.noThird("type"), c.named(r, identifier))
	case btf.KindFunc:
		return cmp.Or(c.named(r, identifier), c.checkFuncLinkage(r), r.noFlag())
	case btf.KindFuncProto:
		return cmp.Or(c.named(r, noName), r.noFlag())
	case btf.KindVar:
		return cmp.Or(r.noVlen(), r.noFlag(), c.named(r, variable), c.idNotVoid(r, 8, "invalid type_id"), r.checkVarLinkage())
	case btf.KindDatasec:
		return cmp.Or(r.checkDatasecSize(), r.noFlag(), c.named(r, printable), c.checkEntries(r))
	default: // FLOAT, of any name
		return cmp.Or(r.noVlen(), r.noFlag(), r.checkFloatSize())
	}
}

func (r *record) noVlen() error {
	if n := r.Vlen(); n != 0 {
		return r.problem(4, "vlen != 0: %s must have no elements, has %d", r.Kind(), n)
	}
	return nil
}

func (r *record) noFlag() error {
	if r.KindFlag() {
		return r.problem(4, "invalid btf_info kind_flag: must be 0 for %s, is 1", r.Kind())
	}
	return nil
}

// noFlagBefore is noFlag for kernels before a release.
func (c *checker) noFlagBefore(since release, r *record) error {
	if c.kernel < since {
		return r.noFlag()
	}
	return nil
}

// noThird checks that the third word is 0. Called is what the kernel calls it.
func (r *record) noThird(called string) error {
	if third := r.third(); third != 0 {
		return r.problem(8, "%s != 0: must be 0 for %s, is %d", called, r.Kind(), third)
	}
	return nil
}

// named checks the name of the type.
func (c *checker) named(r *record, rule nameRule) error {
	return r.nameSpelled(0, c.kernel.rule(rule), "invalid name")
}

// idPossible checks that the word at off in a record can be a type id. Problem is what
// the kernel calls the error.
func (c *checker) idPossible(r *record, off uint32, problem string) error {
	if r.Word(off) > uapi.MaxType {
		return r.idTooLarge(off, problem, min(c.types, uapi.MaxType+1))
	}
	return nil
}

func (c *checker) idNotVoid(r *record, off uint32, problem string) error {
	if r.Word(off) == 0 {
		return c.wrongID(r, off, problem, "a type with a size", &record{})
	}
	return c.idPossible(r, off, problem)
}

// maxIntBits is the most bits that the kernel accepts in an INT.
const maxIntBits = 128

func (r *record) checkInt() error {
	const unused = 0xf0000000 // not in BTF_INT_MASK of kernel/bpf/btf.c
	data := r.Word(uapi.RecordSize)
	if data&unused != 0 {
		return r.problem(uapi.RecordSize, "invalid int_data: bits 28 to 31 must be 0, int_data is 0x%08x", data)
	}
	size, n := r.third(), r.intBits()+r.intOffset()
	switch {
	case n > maxIntBits:
		return r.problem(uapi.RecordSize, "nr_bits exceeds %d: INT has %d bits at offset %d", maxIntBits, r.intBits(), r.intOffset())
	case wholeBytes(n) > size:
		return r.problem(uapi.RecordSize, "nr_bits exceeds type_size: INT of %d bytes has %d bits at offset %d", size, r.intBits(), r.intOffset())
	}
	switch e := btf.IntEncoding(data >> 24); e {
	case btf.Unsigned, btf.Signed, btf.Char, btf.Bool:
	default:
		return r.problem(uapi.RecordSize, "unsupported encoding: must be signed, char, bool or none, is %d", uint8(e))
	}
	return nil
}

// intBits and intOffset return how many bits of an INT are its value, and how many come
// before them: BTF_INT_BITS and BTF_INT_OFFSET of include/uapi/linux/btf.h.
func (r *record) intBits() uint32   { return r.Word(uapi.RecordSize) & 0xff }
func (r *record) intOffset() uint32 { return r.Word(uapi.RecordSize) >> 16 & 0xff }

// regularInt is btf_type_int_is_regular: it reports whether a C compiler has such an INT.
func (r *record) regularInt() bool {
	switch r.intBits() {
	case 8, 16, 32, 64, 128:
		return r.intOffset() == 0
	}
	return false
}

// wholeBytes returns how many bytes n bits need. N is at most 2^32-8.
func wholeBytes(n uint32) uint32 { return (n + 7) / 8 }

func (r *record) checkEnumSize() error {
	if size := r.third(); size > 8 || bits.OnesCount32(size) != 1 {
		return r.problem(8, "unexpected size: %s must have 1, 2, 4 or 8 bytes, has %d", r.Kind(), size)
	}
	return nil
}

func (c *checker) checkEnumerators(r *record, size uint32) error {
	for i := range r.Vlen() {
		at := uapi.RecordSize + i*size
		if err := cmp.Or(c.nameInRange(r, at, "invalid name_offset"), r.nameSpelled(at, c.kernel.rule(identifier), "invalid name")); err != nil {
			return err
		}
	}
	return nil
}

func (r *record) checkFloatSize() error {
	switch size := r.third(); size {
	case 2, 4, 8, 12, 16:
		return nil
	default:
		return r.problem(8, "invalid type_size: FLOAT must have 2, 4, 8, 12 or 16 bytes, has %d", size)
	}
}

func (c *checker) checkFuncLinkage(r *record) error {
	if c.kernel < linux5_6 {
		return r.noVlen()
	}
	if linkage := btf.FuncLinkage(r.Vlen()); linkage > btf.GlobalFunc {
		return r.problem(4, "invalid func linkage: must be static or global, is %s", linkage)
	}
	return nil
}

func (r *record) checkVarLinkage() error {
	if linkage := btf.VarLinkage(r.Word(uapi.RecordSize)); linkage > btf.GlobalVar {
		return r.problem(uapi.RecordSize, "linkage not supported: must be static or global, is %s", linkage)
	}
	return nil
}

func (r *record) checkComponent() error {
	if component := int32(r.Word(uapi.RecordSize)); component < -1 {
		return r.problem(uapi.RecordSize, "invalid component_idx: must be -1 or more, is %d", component)
	}
	return nil
}

func (r *record) checkDatasecSize() error {
	if r.third() == 0 {
		return r.problem(8, "size == 0: DATASEC must have a size, which the loader of a BPF object fills in")
	}
	return nil
}

// checkEntries checks that the variables of a DATASEC are in it, one after the other.
func (c *checker) checkEntries(r *record) error {
	size, end := uint64(r.third()), uint64(0)
	for i := range r.Vlen() {
		at := uapi.RecordSize + i*uapi.VarSecinfoSize
		if err := c.idNotVoid(r, at, "invalid type_id"); err != nil {
			return err
		}
		offset, n := uint64(r.Word(at+4)), uint64(r.Word(at+8))
		switch {
		case offset < end:
			return r.problem(at+4, "invalid offset: entry %d must be at %d or later, where the one before ends, is at %d", i, end, offset)
		case offset >= size:
			return r.problem(at+4, "invalid offset: entry %d must be below %d, where the DATASEC ends, is at %d", i, size, offset)
		case n == 0 || n > size:
			return r.problem(at+8, "invalid size: entry %d must have 1 to %d bytes, has %d", i, size, n)
		case n > size-offset:
			return r.problem(at+8, "invalid offset+size: entry %d at %d must have at most %d bytes, has %d", i, offset, size-offset, n)
		}
		end = offset + n
	}
	return nil
}
