// Reads the functions, source lines and CO-RE relocations of a .BTF.ext section.

package btf

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// An ExtInfos is the .BTF.ext section of a BPF object: the functions, source lines and
// CO-RE relocations of its instructions. [LoadSpecAndExtInfos] checks all of it, so the
// methods return no errors. They read the section in place. After the Close of the Spec,
// an ExtInfos yields nothing, and what it yielded before is empty.
//
//	 0       2   3   4         8               16              24
//	┌───────┬───┬───┬─────────┬───────────────┬───────────────┬────────────────┐
//	│ magic │ver│flg│ hdr_len │func_info_off,…│line_info_off,…│ core_relo_off,…│  offsets
//	└───────┴───┴───┴─────────┴───────────────┴───────────────┴────────────────┘  from hdr_len
//	                                                           if hdr_len is 32 or more
//
// Each of the three parts begins with the size of its records in bytes, which may grow
// in later versions of the format. A list of records for each ELF section follows:
//
//	┌──────────┬──────────────┬──────────┬─────────────────────┬──────────────┬────
//	│ rec_size │ sec_name_off │ num_info │ num_info × rec_size │ sec_name_off │ …
//	└──────────┴──────────────┴──────────┴─────────────────────┴──────────────┴────
//
// Name offsets and type ids refer to the .BTF section. The format is that of struct
// btf_ext_header of libbpf and of btf.rst of the kernel.
type ExtInfos struct {
	layer                     *layer
	bytes                     section
	funcs, lines, relocations extPart
}

// An extPart is one of the three parts: the byte range of its lists in .BTF.ext, and
// the size of a record in bytes.
type extPart struct{ from, end, record uint32 }

const (
	extRelocationsHeader = 32 // header with core_relo_off and core_relo_len
	extListSize          = 8  // sec_name_off and num_info
	funcInfoSize         = 8  // struct bpf_func_info: insn_off, type_id
	lineInfoSize         = 16 // struct bpf_line_info: insn_off, file_name_off, line_off, line_col
	relocationSize       = 16 // struct bpf_core_relo: insn_off, type_id, access_str_off, kind
)

func extProblem(off uint64, format string, args ...any) error {
	return &FormatError{Section: ".BTF.ext", Offset: off, Problem: fmt.Sprintf(format, args...)}
}

// newExtInfos checks every list and every record of the section b, which belongs to
// the BTF of l.
func newExtInfos(b []byte, l *layer) (*ExtInfos, error) {
	big, ok := isMagic(b)
	e := &ExtInfos{layer: l, bytes: section{b, big}}
	length := e.bytes.u32(headerLenOffset)
	switch {
	case !ok:
		return nil, extProblem(0, "begins with % x, not with the magic number 0xeb9f in either byte order", b[:min(len(b), 2)])
	case len(b) < headerSize:
		return nil, extProblem(0, "header needs %d bytes, the section has %d", headerSize, len(b))
	case b[2] != 1:
		return nil, extProblem(2, "version must be 1, is %d", b[2])
	case b[3] != 0:
		return nil, extProblem(3, "flags must be 0, are 0x%x", b[3])
	case length < headerSize:
		return nil, extProblem(headerLenOffset, "header length must be at least %d, is %d", headerSize, length)
	case uint64(length) > uint64(len(b)):
		return nil, extProblem(headerLenOffset, "header needs %d bytes, the section has %d", length, len(b))
	}
	var err error
	var memo protoMemo
	checkFunc := func(at uint32) error { return e.checkFunc(at, &memo) }
	if e.funcs, err = e.part(8, funcInfoSize, checkFunc); err != nil {
		return nil, err
	}
	if e.lines, err = e.part(16, lineInfoSize, e.checkLine); err != nil {
		return nil, err
	}
	if length >= extRelocationsHeader {
		if e.relocations, err = e.part(24, relocationSize, e.checkRelocation); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// part checks and returns a part. Its offset and its length are at off in the header.
// Its records have least bytes or more.
func (e *ExtInfos) part(off, least uint32, check func(record uint32) error) (extPart, error) {
	from, size := uint64(e.bytes.u32(headerLenOffset))+uint64(e.bytes.u32(off)), e.bytes.u32(off+4)
	switch {
	case size == 0:
		return extPart{}, nil
	case from%4 != 0:
		return extPart{}, extProblem(uint64(off), "part must start at a multiple of 4, starts at 0x%x", from)
	case !e.bytes.has(from, uint64(size)) || from+uint64(size) > 1<<32-1:
		return extPart{}, extProblem(uint64(off), "part at 0x%x needs %d bytes, the section has %d in all", from, size, len(e.bytes.bytes))
	case size < 4+extListSize:
		return extPart{}, extProblem(from, "part with a list needs %d bytes, has %d", 4+extListSize, size)
	}
	p := extPart{uint32(from) + 4, uint32(from) + size, e.bytes.u32(uint32(from))}
	if p.record < least || p.record%4 != 0 {
		return extPart{}, extProblem(from, "record size must be a multiple of 4 and at least %d, is %d", least, p.record)
	}
	for at := p.from; at < p.end; {
		if p.end-at < extListSize {
			return extPart{}, extProblem(uint64(at), "list needs %d bytes, %d left", extListSize, p.end-at)
		}
		n := e.bytes.u32(at + 4)
		if err := e.checkName(at); err != nil {
			return extPart{}, err
		}
		if n == 0 {
			return extPart{}, extProblem(uint64(at), "list needs at least 1 record, has 0")
		}
		at += extListSize
		if uint64(n)*uint64(p.record) > uint64(p.end-at) {
			return extPart{}, extProblem(uint64(at), "%d records of %d bytes need %d, %d left", n, p.record, uint64(n)*uint64(p.record), p.end-at)
		}
		for range n {
			if err := check(at); err != nil {
				return extPart{}, err
			}
			at += p.record
		}
	}
	return p, nil
}

func (e *ExtInfos) checkFunc(at uint32, memo *protoMemo) error {
	if err := e.checkID(at + 4); err != nil {
		return err
	}
	t := e.layer.typeByID(TypeID(e.bytes.u32(at + 4)))
	if t.Kind() != KindFunc {
		return extProblem(uint64(at)+4, "type must be a FUNC, type %d is %s", t.id, t.Kind())
	}
	_, err := memo.narrow(t)
	return err
}

func (e *ExtInfos) checkLine(at uint32) error {
	if err := e.checkName(at + 4); err != nil {
		return err
	}
	return e.checkName(at + 8)
}

func (e *ExtInfos) checkRelocation(at uint32) error {
	if err := e.checkID(at + 4); err != nil {
		return err
	}
	return e.checkName(at + 8)
}

func (e *ExtInfos) checkID(at uint32) error {
	if id := e.bytes.u32(at); TypeID(id) >= e.layer.end() {
		return extProblem(uint64(at), "type id must be below %d, is %d", e.layer.end(), id)
	}
	return nil
}

func (e *ExtInfos) checkName(at uint32) error {
	if name := e.bytes.u32(at); uint64(name) >= e.layer.strings.end() && name != 0 {
		return extProblem(uint64(at), "name offset must be below %d, is %d", e.layer.strings.end(), name)
	}
	return nil
}

// closed reports whether the Spec was closed. The bytes must not be read then.
func (e *ExtInfos) closed() bool { return e == nil || e.layer == nil || e.layer.first == 0 }

// u32 returns the integer at a byte offset of the section.
func (e *ExtInfos) u32(at uint32) uint32 {
	if e.closed() {
		return 0
	}
	return e.bytes.u32(at)
}

// name returns the name whose name offset is at a byte offset of the section.
func (e *ExtInfos) name(at uint32) []byte {
	if e.closed() {
		return nil
	}
	return e.layer.strings.name(e.bytes.u32(at))
}

// ByteOrder returns the byte order of the section, which is that of the instructions.
func (e *ExtInfos) ByteOrder() binary.ByteOrder {
	if e.bytes.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Funcs yields the functions of each ELF section, in the order of the file. A section
// may come more than once, here and in Lines and CORERelocations.
func (e *ExtInfos) Funcs() iter.Seq[FuncInfos] {
	return func(yield func(FuncInfos) bool) {
		e.each(e.funcs, func(s extSection) bool { return yield(FuncInfos{s}) })
	}
}

// Lines yields the source lines of each ELF section, in the order of the file.
func (e *ExtInfos) Lines() iter.Seq[LineInfos] {
	return func(yield func(LineInfos) bool) {
		e.each(e.lines, func(s extSection) bool { return yield(LineInfos{s}) })
	}
}

// CORERelocations yields the CO-RE relocations of each ELF section, in the order of the
// file.
func (e *ExtInfos) CORERelocations() iter.Seq[CORERelocationInfos] {
	return func(yield func(CORERelocationInfos) bool) {
		e.each(e.relocations, func(s extSection) bool { return yield(CORERelocationInfos{s}) })
	}
}

func (e *ExtInfos) each(p extPart, yield func(extSection) bool) {
	for at := p.from; at < p.end && !e.closed(); {
		n, rest := e.u32(at+4), p.end-at
		// The bytes may have been rewritten since they were checked.
		if rest < extListSize || uint64(n)*uint64(p.record) > uint64(rest-extListSize) || !yield(extSection{e, at, p.record, n}) {
			return
		}
		at += extListSize + n*p.record
	}
}

// An extSection is a list of records for one ELF section.
//
//	│ sec_name_off │ num_info │ num_info × rec_size │
type extSection struct {
	infos             *ExtInfos
	at, record, count uint32 // byte offset of the list, bytes of a record, number of records
}

// Name returns a copy of the name of the ELF section, such as "tp_btf/sched_switch".
func (s extSection) Name() string { return string(s.NameBytes()) }

// NameBytes returns the name without a copy, as [Type.NameBytes] does.
func (s extSection) NameBytes() []byte { return s.infos.name(s.at) }

// Len returns the number of records.
func (s extSection) Len() int {
	if s.infos.closed() {
		return 0
	}
	return int(s.count)
}

func (s extSection) each(yield func(extRecord) bool) {
	at := s.at + extListSize
	for range s.Len() {
		if !yield(extRecord{s.infos, at}) {
			return
		}
		at += s.record
	}
}

// A FuncInfos holds the functions of an ELF section.
type FuncInfos struct{ extSection }

// Records yields the functions in the order of the file.
func (s FuncInfos) Records() iter.Seq[FuncInfo] {
	return func(yield func(FuncInfo) bool) {
		s.each(func(r extRecord) bool { return yield(FuncInfo{r}) })
	}
}

// A LineInfos holds the source lines of an ELF section.
type LineInfos struct{ extSection }

// Records yields the lines in the order of the file.
func (s LineInfos) Records() iter.Seq[LineInfo] {
	return func(yield func(LineInfo) bool) {
		s.each(func(r extRecord) bool { return yield(LineInfo{r}) })
	}
}

// A CORERelocationInfos holds the CO-RE relocations of an ELF section.
type CORERelocationInfos struct{ extSection }

// Records yields the relocations in the order of the file.
func (s CORERelocationInfos) Records() iter.Seq[CORERelocation] {
	return func(yield func(CORERelocation) bool) {
		s.each(func(r extRecord) bool { return yield(CORERelocation{r}) })
	}
}

// An extRecord is a record at a byte offset of .BTF.ext.
type extRecord struct {
	infos *ExtInfos
	at    uint32
}

func (r extRecord) word(off uint32) uint32 {
	return r.infos.u32(r.at + off)
}

func (r extRecord) follow(off uint32) Type {
	if r.infos.closed() {
		return Type{}
	}
	return r.infos.layer.typeByID(TypeID(r.word(off)))
}

// A FuncInfo says which function begins at an instruction.
//
//	│ insn_off │ type_id │
type FuncInfo struct{ extRecord }

// Offset returns the offset of the instruction in the ELF section, in bytes.
func (f FuncInfo) Offset() uint32 { return f.word(0) }

// Func returns the function.
func (f FuncInfo) Func() Func {
	// checkFunc checked the records of both types when the section was loaded.
	t := f.follow(4)
	proto := t.follow(t.sizeOrType())
	if t.Kind() != KindFunc || proto.Kind() != KindFuncProto {
		return Func{} // rewritten since it was loaded, or closed
	}
	return Func{handle: t, proto: proto}
}

// A LineInfo says from which source line an instruction comes.
//
//	│ insn_off │ file_name_off │ line_off │ line_col │   line_col: line << 10 | column
type LineInfo struct{ extRecord }

// Offset returns the offset of the instruction in the ELF section, in bytes.
func (l LineInfo) Offset() uint32 { return l.word(0) }

// FileName returns a copy of the path of the source file.
func (l LineInfo) FileName() string { return string(l.FileNameBytes()) }

// FileNameBytes returns the path without a copy, as [Type.NameBytes] does.
func (l LineInfo) FileNameBytes() []byte { return l.infos.name(l.at + 4) }

// Line returns a copy of the text of the line.
func (l LineInfo) Line() string { return string(l.LineBytes()) }

// LineBytes returns the text without a copy, as [Type.NameBytes] does.
func (l LineInfo) LineBytes() []byte { return l.infos.name(l.at + 8) }

// LineNumber returns the line number, counted from 1.
func (l LineInfo) LineNumber() uint32 { return l.word(12) >> 10 }

// LineColumn returns the column, counted from 1. It is 0 if the column is unknown.
func (l LineInfo) LineColumn() uint32 { return l.word(12) & 0x3ff }

// A CORERelocation tells a loader to put a number into an instruction, such as the
// offset that a field has in the running kernel. It is struct bpf_core_relo of
// include/uapi/linux/bpf.h.
//
//	│ insn_off │ type_id │ access_str_off │ kind │
type CORERelocation struct{ extRecord }

// Offset returns the offset of the instruction in the ELF section, in bytes.
func (r CORERelocation) Offset() uint32 { return r.word(0) }

// Type returns the local type: the one in the object, to be found in the kernel.
func (r CORERelocation) Type() Type { return r.follow(4) }

// Accessor returns a copy of the access string, such as "0:1:2": the indexes of the
// members and array elements on the way to the field. The first index counts whole
// values of the type, as in an array. For an enumerator, the string is its index. For a
// type, it is "0".
func (r CORERelocation) Accessor() string { return string(r.AccessorBytes()) }

// AccessorBytes returns the access string without a copy, as [Type.NameBytes] does.
func (r CORERelocation) AccessorBytes() []byte { return r.infos.name(r.at + 8) }

// Kind returns what the loader has to find.
func (r CORERelocation) Kind() CORERelocationKind { return CORERelocationKind(r.word(12)) }

// A CORERelocationKind is what a [CORERelocation] asks for. It is enum
// bpf_core_relo_kind of include/uapi/linux/bpf.h.
type CORERelocationKind uint32

// The kinds of Linux 6.18, with the value that each asks for.
const (
	COREFieldByteOffset CORERelocationKind = iota // offset of the field in bytes
	COREFieldByteSize                             // size of the field in bytes
	COREFieldExists                               // 1 if the field exists, else 0
	COREFieldSigned                               // 1 if the field is signed, else 0
	COREFieldLShiftU64                            // number of bits to shift a bitfield left
	COREFieldRShiftU64                            // number of bits to shift it right after that
	CORETypeIDLocal                               // id of the type in the object
	CORETypeIDTarget                              // id of the type in the kernel
	CORETypeExists                                // 1 if the type exists, else 0
	CORETypeSize                                  // size of the type in bytes
	COREEnumvalExists                             // 1 if the enumerator exists, else 0
	COREEnumvalValue                              // value of the enumerator
	CORETypeMatches                               // 1 if the kernel's type has all that the local type has, else 0
)

var relocationNames = [...]string{
	"field_byte_offset", "field_byte_size", "field_exists", "field_signed", "field_lshift_u64", "field_rshift_u64",
	"type_id_local", "type_id_target", "type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches",
}

// String returns the name of the uapi constant without BPF_CORE_ and in lower case,
// such as "field_exists". For an unknown kind it is "relocation(99)".
func (k CORERelocationKind) String() string {
	if uint64(k) < uint64(len(relocationNames)) {
		return relocationNames[k]
	}
	return fmt.Sprintf("relocation(%d)", uint32(k))
}
