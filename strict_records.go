// record → whether the kernel would take it, looked at alone

package btf

import (
	"fmt"
	"math/bits"
)

// A recordRule is what the kernel demands of all records of a kind, whatever they
// refer to: the checks that the check_meta functions of kernel/bpf/btf.c share.
type recordRule struct {
	vlen, flag bool // may be other than 0
	name       nameRule
	zero       string // what the third word is called where it must be 0
}

var recordRules = [...]recordRule{
	KindInt:       {name: anyName},
	KindPointer:   {name: noName},
	KindArray:     {name: noName, zero: "size"},
	KindStruct:    {name: identifierOrNone, vlen: true, flag: true},
	KindUnion:     {name: identifierOrNone, vlen: true, flag: true},
	KindEnum:      {name: identifierOrNone, vlen: true, flag: true},
	KindFwd:       {name: identifier, flag: true, zero: "type"},
	KindTypedef:   {name: identifier},
	KindVolatile:  {name: noName},
	KindConst:     {name: noName},
	KindRestrict:  {name: noName},
	KindFunc:      {name: identifier, vlen: true}, // the linkage
	KindFuncProto: {name: noName, vlen: true},
	KindVar:       {name: identifier},
	KindDatasec:   {name: printable, vlen: true},
	KindFloat:     {name: anyName},
	KindDeclTag:   {name: someText, flag: true}, // Linux 6.15
	KindTypeTag:   {name: someText, flag: true}, // Linux 6.15
	KindEnum64:    {name: identifierOrNone, vlen: true, flag: true},
}

// strictRecord makes the checks of the kernel's btf_check_meta, but for those of
// type ids, which a resolver does. That the record is whole is known from loading.
func (t Type) strictRecord() error {
	kind, vlen := t.Kind(), t.vlen()
	if kind == KindVoid || int(kind) >= len(recordRules) {
		return t.problem(4, "invalid kind: %d to %d wanted, it is %d", KindInt, KindEnum64, kind)
	}
	rule := recordRules[kind]
	if vlen != 0 && !rule.vlen {
		return t.problem(4, "vlen != 0: %s without elements wanted, it has %d", kind, vlen)
	}
	if t.flag() && !rule.flag {
		return t.problem(4, "invalid btf_info kind_flag: 0 wanted for %s, it is 1", kind)
	}
	if third := t.sizeOrType(); rule.zero != "" && third != 0 {
		return t.problem(8, "%s != 0: 0 wanted for %s, it is %d", rule.zero, kind, third)
	}
	if err := t.strictName(0, rule.name); err != nil {
		return err
	}
	switch kind {
	case KindInt:
		return t.strictInt()
	case KindStruct, KindUnion:
		return t.strictComposite()
	case KindEnum:
		return t.strictEnum(enumeratorSize)
	case KindEnum64:
		return t.strictEnum(enumerator64Size)
	case KindFunc:
		if FuncLinkage(vlen) > GlobalFunc {
			return t.problem(4, "invalid func linkage: static or global wanted, it is %s", FuncLinkage(vlen))
		}
	case KindFuncProto:
		for i := range vlen {
			if err := t.strictName(recordSize+i*paramSize, identifierOrNone); err != nil {
				return err
			}
		}
	case KindVar:
		if linkage := VarLinkage(t.word(recordSize)); linkage > GlobalVar {
			return t.problem(recordSize, "linkage not supported: static or global wanted, it is %s", linkage)
		}
	case KindDatasec:
		return t.strictDatasec()
	case KindFloat:
		switch size := t.sizeOrType(); size {
		case 2, 4, 8, 12, 16:
		default:
			return t.problem(8, "invalid type_size: FLOAT of 2, 4, 8, 12 or 16 bytes wanted, it has %d", size)
		}
	case KindDeclTag:
		if component := int32(t.word(recordSize)); component < -1 {
			return t.problem(recordSize, "invalid component_idx: -1 or more wanted, it is %d", component)
		}
	}
	return nil
}

// strictName checks the name whose offset stands at off in the record: its own, or
// that of an element.
func (t Type) strictName(off uint32, rule nameRule) error {
	names, name := &t.layer.strings, t.word(off)
	end := min(names.end(), maxNameOffset+1)
	if uint64(name) >= end && name != 0 {
		return t.problem(uint64(off), "invalid name_offset: name of %s below 0x%x wanted, it is at 0x%x", t.part(off), end, name)
	}
	if !rule.satisfied(names, name) {
		return t.problem(uint64(off), "invalid name: %s wanted for %s, it is %s", nameRuleWants[rule], t.part(off), names.quoted(name))
	}
	return nil
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
	case kind == KindFuncProto:
		element, size = "arg", paramSize
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
	i := Int{t}
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
		if err := t.strictName(at, identifierOrNone); err != nil {
			return err
		}
		offset := Bits(t.word(at + 8))
		if t.flag() {
			offset &= 0xffffff
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

func (t Type) strictEnum(elementSize uint32) error {
	if size := t.sizeOrType(); size > 8 || bits.OnesCount32(size) != 1 {
		return t.problem(8, "unexpected size: %s of 1, 2, 4 or 8 bytes wanted, it has %d", t.Kind(), size)
	}
	for i := range t.vlen() {
		if err := t.strictName(recordSize+i*elementSize, identifier); err != nil {
			return err
		}
	}
	return nil
}

func (t Type) strictDatasec() error {
	size := uint64(t.sizeOrType())
	if size == 0 {
		return t.problem(8, "size == 0: DATASEC with bytes wanted, compilers leave that to the loader")
	}
	end := uint64(0)
	for i := range t.vlen() {
		at := recordSize + i*varSecinfoSize
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
