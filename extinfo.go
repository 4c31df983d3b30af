// Reads the .BTF.ext section of a BPF object: functions, lines and CO-RE relocations.

package btf

import (
	"fmt"
	"iter"
)

// An ExtInfos is the .BTF.ext section of a BPF object: which functions, source
// lines and CO-RE relocations its instructions have. It stays where it is, and is
// read as it is asked for.
//
//	 0       2   3   4         8               16              24
//	┌───────┬───┬───┬─────────┬───────────────┬───────────────┬────────────────┐
//	│ magic │ver│flg│ hdr_len │func_info_off,…│line_info_off,…│ core_relo_off,…│  offsets
//	└───────┴───┴───┴─────────┴───────────────┴───────────────┴────────────────┘  from hdr_len
//	                                                           where hdr_len is 32 or more
//
// Each of the three parts begins with the size of its records, which may be larger
// than known, and goes on with one list of them for each ELF section:
//
//	┌──────────┬──────────────┬──────────┬─────────────────────┬──────────────┬────
//	│ rec_size │ sec_name_off │ num_info │ num_info × rec_size │ sec_name_off │ …
//	└──────────┴──────────────┴──────────┴─────────────────────┴──────────────┴────
//
// Names and ids are those of .BTF. What loads is proved to be whole, and in range.
// The layout is that of struct btf_ext_header in libbpf and of btf.rst.
type ExtInfos struct {
	layer                     *layer
	bytes                     section
	funcs, lines, relocations extPart
}

// An extPart is where the lists of one part stand in .BTF.ext.
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

// newExtInfos proves every list and every record of the section.
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
		return nil, extProblem(2, "version 1 wanted, it is %d", b[2])
	case b[3] != 0:
		return nil, extProblem(3, "flags 0 wanted, they are 0x%x", b[3])
	case length < headerSize:
		return nil, extProblem(headerLenOffset, "header length of %d or more wanted, it is %d", headerSize, length)
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

// part proves the part that the header describes at off, of records that have least
// bytes or more.
func (e *ExtInfos) part(off, least uint32, check func(record uint32) error) (extPart, error) {
	from, size := uint64(e.bytes.u32(headerLenOffset))+uint64(e.bytes.u32(off)), e.bytes.u32(off+4)
	switch {
	case size == 0:
		return extPart{}, nil
	case from%4 != 0:
		return extPart{}, extProblem(uint64(off), "part at a multiple of 4 wanted, it is at 0x%x", from)
	case !e.bytes.has(from, uint64(size)) || from+uint64(size) > 1<<32-1:
		return extPart{}, extProblem(uint64(off), "part at 0x%x needs %d bytes, the section has %d in all", from, size, len(e.bytes.bytes))
	case size < 4+extListSize:
		return extPart{}, extProblem(from, "part with a list needs %d bytes, it has %d", 4+extListSize, size)
	}
	p := extPart{uint32(from) + 4, uint32(from) + size, e.bytes.u32(uint32(from))}
	if p.record < least || p.record%4 != 0 {
		return extPart{}, extProblem(from, "records of %d bytes or more, in multiples of 4, wanted, they have %d", least, p.record)
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
			return extPart{}, extProblem(uint64(at), "list of 1 or more records wanted, it has none")
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
		return extProblem(uint64(at)+4, "FUNC wanted, type %d is %s", t.id, t.Kind())
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

// closed reports whether the Spec was closed, and the bytes with it.
func (e *ExtInfos) closed() bool { return e == nil || e.layer == nil || e.layer.first == 0 }

// u32 returns the integer at a place of the section.
func (e *ExtInfos) u32(at uint32) uint32 {
	if e.closed() {
		return 0
	}
	return e.bytes.u32(at)
}

// name returns the name whose offset stands at a place.
func (e *ExtInfos) name(at uint32) []byte {
	if e.closed() {
		return nil
	}
	return e.layer.strings.name(e.bytes.u32(at))
}

// Funcs yields, in the order of the file, the ELF sections of which the functions
// are known. A section may come more than once, here and below.
func (e *ExtInfos) Funcs() iter.Seq[FuncInfos] {
	return func(yield func(FuncInfos) bool) {
		e.each(e.funcs, func(s extSection) bool { return yield(FuncInfos{s}) })
	}
}

// Lines yields, in the order of the file, the ELF sections of which the source
// lines are known.
func (e *ExtInfos) Lines() iter.Seq[LineInfos] {
	return func(yield func(LineInfos) bool) {
		e.each(e.lines, func(s extSection) bool { return yield(LineInfos{s}) })
	}
}

// CORERelocations yields, in the order of the file, the ELF sections that have
// CO-RE relocations.
func (e *ExtInfos) CORERelocations() iter.Seq[CORERelocationInfos] {
	return func(yield func(CORERelocationInfos) bool) {
		e.each(e.relocations, func(s extSection) bool { return yield(CORERelocationInfos{s}) })
	}
}

func (e *ExtInfos) each(p extPart, yield func(extSection) bool) {
	for at := p.from; at < p.end && !e.closed(); {
		n, rest := e.u32(at+4), p.end-at
		// The bytes may have been rewritten since they were proved.
		if rest < extListSize || uint64(n)*uint64(p.record) > uint64(rest-extListSize) || !yield(extSection{e, at, p.record, n}) {
			return
		}
		at += extListSize + n*p.record
	}
}

// An extSection is the records that an ELF section of a BPF object has.
type extSection struct {
	infos             *ExtInfos
	at, record, count uint32 // where the list stands; the bytes of a record; how many
}

// Name returns a copy of the ELF section's name, such as "tp_btf/sched_switch".
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

// FuncInfos are the functions of an ELF section.
type FuncInfos struct{ extSection }

// Records yields the functions in the order of the file, which is that of the
// instructions.
func (s FuncInfos) Records() iter.Seq[FuncInfo] {
	return func(yield func(FuncInfo) bool) {
		s.each(func(r extRecord) bool { return yield(FuncInfo{r}) })
	}
}

// LineInfos are the source lines of an ELF section.
type LineInfos struct{ extSection }

// Records yields the lines in the order of the file, which is that of the
// instructions.
func (s LineInfos) Records() iter.Seq[LineInfo] {
	return func(yield func(LineInfo) bool) {
		s.each(func(r extRecord) bool { return yield(LineInfo{r}) })
	}
}

// CORERelocationInfos are the CO-RE relocations of an ELF section.
type CORERelocationInfos struct{ extSection }

// Records yields the relocations in the order of the file, which is that of the
// instructions.
func (s CORERelocationInfos) Records() iter.Seq[CORERelocation] {
	return func(yield func(CORERelocation) bool) {
		s.each(func(r extRecord) bool { return yield(CORERelocation{r}) })
	}
}

// An extRecord is where in .BTF.ext a record stands.
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

// A FuncInfo says that a function begins at an instruction.
//
//	│ insn_off │ type_id │
type FuncInfo struct{ extRecord }

// Offset returns the bytes from the start of the ELF section to the instruction.
func (f FuncInfo) Offset() uint32 { return f.word(0) }

// Func returns the function.
func (f FuncInfo) Func() Func {
	// All of it was proved when it was loaded.
	t := f.follow(4)
	proto := t.follow(t.sizeOrType())
	if t.Kind() != KindFunc || proto.Kind() != KindFuncProto {
		return Func{} // rewritten since, or closed
	}
	return Func{handle: t, proto: proto}
}

// A LineInfo says which line of source an instruction comes from.
//
//	│ insn_off │ file_name_off │ line_off │ line_col │   line_col: line << 10 | column
type LineInfo struct{ extRecord }

// Offset returns the bytes from the start of the ELF section to the instruction.
func (l LineInfo) Offset() uint32 { return l.word(0) }

// FileName returns a copy of the path of the source file.
func (l LineInfo) FileName() string { return string(l.FileNameBytes()) }

// FileNameBytes returns the path without a copy, as [Type.NameBytes] does.
func (l LineInfo) FileNameBytes() []byte { return l.infos.name(l.at + 4) }

// Line returns a copy of the text of the line.
func (l LineInfo) Line() string { return string(l.LineBytes()) }

// LineBytes returns the text without a copy, as [Type.NameBytes] does.
func (l LineInfo) LineBytes() []byte { return l.infos.name(l.at + 8) }

// LineNumber returns the number of the line, counted from 1.
func (l LineInfo) LineNumber() uint32 { return l.word(12) >> 10 }

// LineColumn returns the column, counted from 1; 0 if it is not known.
func (l LineInfo) LineColumn() uint32 { return l.word(12) & 0x3ff }

// A CORERelocation asks for a value of an instruction to be replaced by what is
// true of the kernel it is loaded into: where a field lies there, for instance.
//
//	│ insn_off │ type_id │ access_str_off │ kind │
type CORERelocation struct{ extRecord }

// Offset returns the bytes from the start of the ELF section to the instruction.
func (r CORERelocation) Offset() uint32 { return r.word(0) }

// Type returns the local type that is to be found in the kernel.
func (r CORERelocation) Type() Type { return r.follow(4) }

// Accessor returns a copy of the path to the field or enumerator asked about:
// indexes of members and elements, such as "0:1:2", the first into the type as if
// it were an array; "0" where it is about the type itself.
func (r CORERelocation) Accessor() string { return string(r.AccessorBytes()) }

// AccessorBytes returns the path without a copy, as [Type.NameBytes] does.
func (r CORERelocation) AccessorBytes() []byte { return r.infos.name(r.at + 8) }

// Kind says what is asked.
func (r CORERelocation) Kind() CORERelocationKind { return CORERelocationKind(r.word(12)) }

// A CORERelocationKind says what a [CORERelocation] asks. It is enum
// bpf_core_relo_kind of include/uapi/linux/bpf.h.
type CORERelocationKind uint32

// The questions of Linux 6.18.
const (
	COREFieldByteOffset CORERelocationKind = iota // offset of the field, in bytes
	COREFieldByteSize                             // bytes the field takes
	COREFieldExists                               // 1 if there is such a field, else 0
	COREFieldSigned                               // 1 if it is signed, else 0
	COREFieldLShiftU64                            // bits to shift a bitfield left by
	COREFieldRShiftU64                            // bits to shift it right by after that
	CORETypeIDLocal                               // id of the type in the object
	CORETypeIDTarget                              // id of the type in the kernel
	CORETypeExists                                // 1 if there is such a type, else 0
	CORETypeSize                                  // bytes the type takes
	COREEnumvalExists                             // 1 if there is such an enumerator, else 0
	COREEnumvalValue                              // value of the enumerator
	CORETypeMatches                               // 1 if the kernel's type matches in all that is in the local one, else 0
)

var relocationNames = [...]string{
	"field_byte_offset", "field_byte_size", "field_exists", "field_signed", "field_lshift_u64", "field_rshift_u64",
	"type_id_local", "type_id_target", "type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches",
}

// String returns the name of the uapi constant without BPF_CORE_, in lower case, or
// the number.
func (k CORERelocationKind) String() string {
	if uint64(k) < uint64(len(relocationNames)) {
		return relocationNames[k]
	}
	return fmt.Sprintf("relocation(%d)", uint32(k))
}
