// Checks each record alone by the rules of the kernel.

package btf

import (
	"cmp"
	"fmt"
	"math/bits"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// maxStrictTypes is BTF_MAX_TYPE of include/uapi/linux/btf.h, void being one of them.
const maxStrictTypes = uapi.MaxType

// strictRecord makes the checks of the kernel's btf_check_meta: of each kind those
// of its check_meta function of kernel/bpf/btf.c, in that order. Of type ids they
// only ask whether they can be one at all; a resolver does the rest. That the record
// is whole is known from loading.
func (t Type) strictRecord() error {
	if kind := t.Kind(); kind == KindVoid || kind > KindEnum64 {
		return t.problem(4, "invalid kind: %d to %d wanted, it is %d", KindInt, KindEnum64, kind)
	}
	if err := t.nameInside(0, "invalid name_offset"); err != nil {
		return err
	}
	switch t.Kind() {
	case KindInt:
		return cmp.Or(t.noVlen(), t.noFlag(), t.strictInt())
	case KindPointer, KindVolatile, KindConst, KindRestrict:
		return cmp.Or(t.noVlen(), t.noFlag(), t.idInside(8, "invalid type_id"), t.named(noName))
	case KindTypedef:
		return cmp.Or(t.noVlen(), t.noFlag(), t.idInside(8, "invalid type_id"), t.named(identifier))
	case KindTypeTag: // with kind_flag since Linux 6.15
		return cmp.Or(t.noVlen(), t.idInside(8, "invalid type_id"), t.named(someText))
	case KindDeclTag: // with kind_flag since Linux 6.15
		return cmp.Or(t.named(someText), t.noVlen(), t.strictComponent())
	case KindArray:
		return cmp.Or(t.named(noName), t.noVlen(), t.noFlag(), t.noThird("size"),
			t.idNotVoid(recordSize, "invalid elem"), t.idNotVoid(recordSize+4, "invalid index"))
	case KindStruct, KindUnion:
		return cmp.Or(t.named(identifierOrNone), t.strictComposite())
	case KindEnum:
		return cmp.Or(t.enumSize(), t.named(identifierOrNone), t.strictEnumerators(enumeratorSize))
	case KindEnum64:
		return cmp.Or(t.enumSize(), t.named(identifierOrNone), t.strictEnumerators(enumerator64Size))
	case KindFwd:
		return cmp.Or(t.noVlen(), t.noThird("type"), t.named(identifier))
	case KindFunc:
		return cmp.Or(t.named(identifier), t.funcLinkage(), t.noFlag())
	case KindFuncProto:
		return cmp.Or(t.named(noName), t.noFlag())
	case KindVar:
		return cmp.Or(t.noVlen(), t.noFlag(), t.named(identifier), t.idNotVoid(8, "invalid type_id"), t.varLinkage())
	case KindDatasec:
		return cmp.Or(t.datasecSize(), t.noFlag(), t.named(printable), t.strictDatasec())
	default:
		return cmp.Or(t.noVlen(), t.noFlag(), t.floatSize())
	}
}

func (t Type) noVlen() error {
	if n := t.vlen(); n != 0 {
		return t.problem(4, "vlen != 0: %s without elements wanted, it has %d", t.Kind(), n)
	}
	return nil
}

func (t Type) noFlag() error {
	if t.flag() {
		return t.problem(4, "invalid btf_info kind_flag: 0 wanted for %s, it is 1", t.Kind())
	}
	return nil
}

// noThird checks that the third word, called so, is 0.
func (t Type) noThird(called string) error {
	if third := t.sizeOrType(); third != 0 {
		return t.problem(8, "%s != 0: 0 wanted for %s, it is %d", called, t.Kind(), third)
	}
	return nil
}

// named checks the record's own name.
func (t Type) named(rule nameRule) error {
	problem := "invalid name"
	if t.Kind() == KindDeclTag {
		problem = "invalid value"
	}
	return t.nameAt(0, rule, problem)
}

// nameInside checks that the name whose offset stands at off in the record, its own
// or that of an element, begins in the strings. Problem is the kernel's name for it.
func (t Type) nameInside(off uint32, problem string) error {
	name, end := t.word(off), min(t.layer.strings.end(), maxNameOffset+1)
	if uint64(name) >= end && name != 0 {
		return t.problem(uint64(off), "%s: name of %s below 0x%x wanted, it is at 0x%x", problem, t.part(off), end, name)
	}
	return nil
}

// nameAt checks how such a name is spelt.
func (t Type) nameAt(off uint32, rule nameRule, problem string) error {
	if names, name := &t.layer.strings, t.word(off); !rule.satisfied(names, name) {
		return t.problem(uint64(off), "%s: %s wanted for %s, it is %s", problem, nameRuleWants[rule], t.part(off), names.quoted(name))
	}
	return nil
}

// idInside checks that the number at off in the record can be the id of a type.
func (t Type) idInside(off uint32, problem string) error {
	if t.word(off) > maxStrictTypes {
		return t.invalidID(off, problem, "", Type{})
	}
	return nil
}

func (t Type) idNotVoid(off uint32, problem string) error {
	if t.word(off) == 0 {
		return t.invalidID(off, problem, "a type with a size", Type{})
	}
	return t.idInside(off, problem)
}

// invalidID is the error for the id at off in the record, which leads to had.
func (t Type) invalidID(off uint32, problem, want string, had Type) error {
	id, end := t.word(off), t.layer.end()
	if TypeID(id) >= end {
		return t.problem(uint64(off), "%s: type id of %s below %d wanted, it is %d", problem, t.part(off), end, id)
	}
	return t.problem(uint64(off), "%s: %s wanted for %s, it is %v", problem, want, t.part(off), had)
}

// part says for a message what stands at off in the record.
func (t Type) part(off uint32) string {
	element, size := "member", uint32(memberSize)
	switch kind := t.Kind(); {
	case off < recordSize:
		return kind.String()
	case kind == KindEnum:
		element, size = "enumerator", enumeratorSize
	case kind == KindEnum64:
		element, size = "enumerator", enumerator64Size
	case kind == KindFuncProto: // the kernel counts them from 1
		return fmt.Sprintf("arg#%d", (off-recordSize)/paramSize+1)
	case kind == KindDatasec:
		element, size = "entry", varSecinfoSize
	case kind == KindArray && off == recordSize:
		return "element type"
	case kind == KindArray:
		return "index type"
	}
	return fmt.Sprintf("%s %d", element, (off-recordSize)/size)
}

// quoted returns the name at off for a message.
func (t *strtab) quoted(off uint32) string {
	b := upToNUL(t.at(off))
	if len(b) > maxNameLen {
		return fmt.Sprintf("%q… of %d bytes", b[:16], len(b))
	}
	return fmt.Sprintf("%q", b)
}

// An int's payload may have other bits than these only by mistake: BTF_INT_MASK of
// kernel/bpf/btf.c.
const (
	intMask    = 0x0fffffff
	maxIntBits = 128
)

func (t Type) strictInt() error {
	size, payload := t.sizeOrType(), t.word(recordSize)
	if payload&^intMask != 0 {
		return t.problem(recordSize, "invalid int_data: 0 in bits 28 to 31 wanted, it is 0x%08x", payload)
	}
	i := Int{handle: t}
	n := i.Bits() + i.Offset()
	switch {
	case n > maxIntBits:
		return t.problem(recordSize, "nr_bits exceeds %d: INT has %d bits at offset %d", maxIntBits, i.Bits(), i.Offset())
	case wholeBytes(n) > uint64(size):
		return t.problem(recordSize, "nr_bits exceeds type_size: INT of %d bytes has %d bits at offset %d", size, i.Bits(), i.Offset())
	}
	switch e := i.Encoding(); e {
	case Unsigned, Signed, Char, Bool:
	default:
		return t.problem(recordSize, "unsupported encoding: signed, char, bool or none wanted, it is %d", uint8(e))
	}
	return nil
}

// wholeBytes returns how many bytes n bits take.
func wholeBytes(n Bits) uint64 { return uint64(n+7) / 8 }

func (t Type) strictComposite() error {
	size, last := uint64(t.sizeOrType()), Bits(0)
	for i := range t.vlen() {
		at := recordSize + i*memberSize
		if err := cmp.Or(t.nameInside(at, "invalid member name_offset"), t.nameAt(at, identifierOrNone, "invalid name"), t.idNotVoid(at+4, "invalid type_id")); err != nil {
			return err
		}
		offset := Bits(t.word(at + 8))
		if t.flag() {
			offset &= uapi.MemberOffsetMask
		}
		at += 8
		switch {
		case t.Kind() == KindUnion && offset != 0:
			return t.problem(uint64(at), "invalid member bits_offset: 0 wanted for member %d of a UNION, it is %d", i, uint64(offset))
		case offset < last:
			return t.problem(uint64(at), "invalid member bits_offset: %d or more wanted for member %d, it is %d", uint64(last), i, uint64(offset))
		case wholeBytes(offset) > size:
			return t.problem(uint64(at), "member bits_offset exceeds its struct size: %d bytes wanted before member %d, the %s has %d", wholeBytes(offset), i, t.Kind(), size)
		}
		last = offset
	}
	return nil
}

func (t Type) enumSize() error {
	if size := t.sizeOrType(); size > 8 || bits.OnesCount32(size) != 1 {
		return t.problem(8, "unexpected size: %s of 1, 2, 4 or 8 bytes wanted, it has %d", t.Kind(), size)
	}
	return nil
}

func (t Type) strictEnumerators(size uint32) error {
	for i := range t.vlen() {
		at := recordSize + i*size
		if err := cmp.Or(t.nameInside(at, "invalid name_offset"), t.nameAt(at, identifier, "invalid name")); err != nil {
			return err
		}
	}
	return nil
}

func (t Type) floatSize() error {
	switch size := t.sizeOrType(); size {
	case 2, 4, 8, 12, 16:
		return nil
	default:
		return t.problem(8, "invalid type_size: FLOAT of 2, 4, 8, 12 or 16 bytes wanted, it has %d", size)
	}
}

func (t Type) funcLinkage() error {
	if linkage := FuncLinkage(t.vlen()); linkage > GlobalFunc {
		return t.problem(4, "invalid func linkage: static or global wanted, it is %s", linkage)
	}
	return nil
}

func (t Type) varLinkage() error {
	if linkage := VarLinkage(t.word(recordSize)); linkage > GlobalVar {
		return t.problem(recordSize, "linkage not supported: static or global wanted, it is %s", linkage)
	}
	return nil
}

func (t Type) strictComponent() error {
	if component := int32(t.word(recordSize)); component < -1 {
		return t.problem(recordSize, "invalid component_idx: -1 or more wanted, it is %d", component)
	}
	return nil
}

func (t Type) datasecSize() error {
	if t.sizeOrType() == 0 {
		return t.problem(8, "size == 0: DATASEC with bytes wanted, compilers leave that to the loader")
	}
	return nil
}

func (t Type) strictDatasec() error {
	size, end := uint64(t.sizeOrType()), uint64(0)
	for i := range t.vlen() {
		at := recordSize + i*varSecinfoSize
		if err := t.idNotVoid(at, "invalid type_id"); err != nil {
			return err
		}
		offset, n := uint64(t.word(at+4)), uint64(t.word(at+8))
		switch {
		case offset < end:
			return t.problem(uint64(at)+4, "invalid offset: entry %d at %d or more wanted, where the one before ends, it is at %d", i, end, offset)
		case offset >= size:
			return t.problem(uint64(at)+4, "invalid offset: entry %d below %d wanted, where the DATASEC ends, it is at %d", i, size, offset)
		case n == 0 || n > size:
			return t.problem(uint64(at)+8, "invalid size: entry %d of 1 to %d bytes wanted, it has %d", i, size, n)
		case n > size-offset:
			return t.problem(uint64(at)+8, "invalid offset+size: entry %d of %d bytes at %d wanted at most, it has %d", i, size-offset, offset, n)
		}
		end = offset + n
	}
	return nil
}
