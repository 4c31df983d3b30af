// Reads the section headers of an ELF file, and finds .BTF and the variables.

package btf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math"
)

// debug/elf copies the name of every section. In a file of two megabytes each of
// 20,000 may be the end of the one before it, which makes for 20 GB; and the table of
// names may be compressed, or a hole of terabytes. So the names are looked at first.
const (
	maxSectionName  = 4096     // bytes of a name
	maxSectionTable = 64 << 20 // bytes of all headers of sections, and of all their names
)

// checkSectionNames reads the headers of sections as debug/elf does. What is wrong with
// them otherwise is left to that to say.
//
//	          class 32   class 64
//	file      e_shoff    e_shoff     where the headers are
//	          e_shnum, e_shstrndx    how many; which one is of the names
//	header    sh_name │ sh_type │ sh_flags │ sh_addr │ sh_offset │ sh_size │ sh_link │ …
func checkSectionNames(r io.ReaderAt) error {
	head, err := readWindow(r, 0, 64)
	if err != nil {
		return err
	}
	if len(head) < 64 {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	wide, size := elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64, uint64(40)
	if wide {
		size = 64
	}
	// Fields are where they are in one class or the other, with its size of words.
	word := func(b []byte, at32, at64 int) uint64 {
		if wide {
			return order.Uint64(b[at64:])
		}
		return uint64(order.Uint32(b[at32:]))
	}
	half := func(at32, at64 int) uint64 {
		if wide {
			at32 = at64
		}
		return uint64(order.Uint16(head[at32:]))
	}
	off, each, count, names := word(head, 0x20, 0x28), half(0x2e, 0x3a), half(0x30, 0x3c), half(0x32, 0x3e)
	if off == 0 || off > math.MaxInt64 || each < size {
		return nil
	}
	if count == 0 { // or too many for the field: the first header has it
		first, err := readWindow(r, int64(off), int64(size))
		if err != nil || uint64(len(first)) < size {
			return err
		}
		count = word(first, 0x14, 0x20)
		if names == uint64(elf.SHN_XINDEX) {
			at := 0x18
			if wide {
				at = 0x28
			}
			names = uint64(order.Uint32(first[at:]))
		}
	}
	if names >= count {
		return nil
	}
	if count > maxSectionTable/each {
		return elfProblem(off, nil, "%d headers of sections of %d bytes: more than %d bytes are not read", count, each, maxSectionTable)
	}
	headers, err := readWindow(r, int64(off), int64(count*each))
	if err != nil || uint64(len(headers)) < count*each {
		return err
	}
	table := headers[names*each:]
	at, length := word(table, 0x10, 0x18), word(table, 0x14, 0x20)
	switch {
	case word(table, 0x08, 0x08)&uint64(elf.SHF_COMPRESSED) != 0:
		return elfProblem(off+names*each, nil, "names of sections are compressed: names that are not are wanted")
	case length > maxSectionTable:
		return elfProblem(off+names*each, nil, "names of sections take %d bytes: more than %d are not read", length, maxSectionTable)
	case at > math.MaxInt64:
		return nil
	}
	text, err := readWindow(r, int64(at), int64(length))
	if err != nil {
		return err
	}
	for i := range count {
		name := order.Uint32(headers[i*each:])
		if uint64(name) >= uint64(len(text)) {
			return nil
		}
		if rest := text[name:]; len(rest) > maxSectionName && bytes.IndexByte(rest[:maxSectionName+1], 0) < 0 {
			return elfProblem(off+i*each, nil, "name of section %d of at most %d bytes wanted", i, maxSectionName)
		}
	}
	return nil
}

func elfProblem(off uint64, err error, format string, args ...any) error {
	return &FormatError{Section: "ELF", Offset: off, Problem: fmt.Sprintf(format, args...), Err: err}
}

// isELF reports whether b begins as an ELF file does.
func isELF(b []byte) bool { return bytes.HasPrefix(b, []byte(elf.ELFMAG)) }

// A window is where in a file a section lies, or its bytes if they had to be
// decompressed.
type window struct {
	off, size int64
	inflated  []byte
	big       bool
	pointer   uint32 // bytes of a pointer, by the ELF class
}

// maxInflated is how far a compressed section may grow. Real BTF takes 5 to 20 MB;
// a few crafted bytes can decompress to any number of gigabytes.
const maxInflated = 256 << 20

// An object is an ELF file of which the headers were read.
type object struct {
	*elf.File
	size int64 // of the file, -1 if unknown
}

// openObject reads the headers of the ELF file r.
func openObject(r io.ReaderAt, size int64) (object, error) {
	if err := checkSectionNames(r); err != nil {
		return object{}, err
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return object{}, elfProblem(0, err, "headers cannot be read")
	}
	return object{f, size}, nil
}

// isBPF reports whether it was compiled for BPF: a file that is small, and that
// leaves sizes and offsets of its variables to be filled in.
func (o object) isBPF() bool { return o.Machine == elf.EM_BPF }

// window finds a section. The error matches [ErrNotFound] if there is none of that
// name.
func (o object) window(name string) (window, error) {
	s := o.Section(name)
	if s == nil {
		return window{}, fmt.Errorf("btf: ELF section %s: %w", name, ErrNotFound)
	}
	w := window{big: o.ByteOrder == binary.BigEndian, pointer: 8}
	if o.Class == elf.ELFCLASS32 {
		w.pointer = 4
	}
	switch {
	case s.Type == elf.SHT_NOBITS:
		return window{}, elfProblem(s.Offset, nil, "section %s holds no bytes (SHT_NOBITS): they were left in the file this one was split from", name)
	case s.Offset > 1<<63-1 || s.FileSize > 1<<63-1-s.Offset:
		return window{}, elfProblem(s.Offset, nil, "section %s of %d bytes ends past any file", name, s.FileSize)
	case o.size >= 0 && s.Offset+s.FileSize > uint64(o.size):
		return window{}, elfProblem(s.Offset, nil, "section %s needs %d bytes, the file has %d in all", name, s.FileSize, o.size)
	case s.Flags&elf.SHF_COMPRESSED == 0:
		w.off, w.size = int64(s.Offset), int64(s.FileSize)
		return w, nil
	case s.Size > maxInflated:
		return window{}, elfProblem(s.Offset, nil, "section %s would decompress to %d bytes, %d are allowed", name, s.Size, maxInflated)
	}
	// Data reads what the headers claim piece by piece, and decompresses it.
	var err error
	if w.inflated, err = s.Data(); err != nil {
		return window{}, elfProblem(s.Offset, err, "section %s of %d bytes cannot be decompressed", name, s.Size)
	}
	return w, nil
}

// A symbol is a variable's name in a section.
type symbol struct{ section, name string }

// dataSections returns the bytes that each section takes when it is loaded, and
// those from its start to each of its variables. What cannot be told is left out:
// sections and variables that share a name, sizes and offsets beyond 32 bits,
// symbols of no section.
func (o object) dataSections() (sizes map[string]uint32, offsets map[symbol]uint32, err error) {
	sizes, offsets = map[string]uint32{}, map[symbol]uint32{}
	shared := map[string]bool{}
	for _, s := range o.Sections {
		if s.Type != elf.SHT_PROGBITS && s.Type != elf.SHT_NOBITS {
			continue
		}
		if _, seen := sizes[s.Name]; seen {
			shared[s.Name] = true
		}
		if s.Size <= math.MaxUint32 {
			sizes[s.Name] = uint32(s.Size)
		}
	}
	for name := range shared {
		delete(sizes, name)
	}
	table, names, err := o.symbolTable()
	if err != nil {
		return nil, nil, err
	}
	twice := map[symbol]bool{}
	for sym := range o.symbols(table) {
		kind := elf.ST_TYPE(sym.info)
		if sym.section >= elf.SHN_LORESERVE || int(sym.section) >= len(o.Sections) || kind != elf.STT_OBJECT && kind != elf.STT_NOTYPE {
			continue
		}
		sec, off := o.Sections[sym.section], sym.value
		if o.Type != elf.ET_REL {
			off -= sec.Addr // symbols of linked files have addresses
		}
		if off > math.MaxUint32 || uint64(sym.name) >= uint64(len(names)) {
			continue
		}
		name := shortName(names[sym.name:])
		if name == nil {
			continue
		}
		s := symbol{sec.Name, string(name)}
		if had, seen := offsets[s]; seen && had != uint32(off) {
			twice[s] = true
		}
		offsets[s] = uint32(off)
	}
	for s := range twice {
		delete(offsets, s)
	}
	return sizes, offsets, nil
}

// symbolTable returns the records of the symbols, and the strings with their names.
func (o object) symbolTable() (table, names []byte, err error) {
	s := o.SectionByType(elf.SHT_SYMTAB)
	if s == nil {
		return nil, nil, nil
	}
	read := func(s *elf.Section) ([]byte, error) {
		switch {
		case s.Flags&elf.SHF_COMPRESSED != 0:
			return nil, elfProblem(s.Offset, nil, "section %s is compressed: symbols that are not are wanted", s.Name)
		case s.Size > maxInflated:
			return nil, elfProblem(s.Offset, nil, "section %s has %d bytes, %d are allowed", s.Name, s.Size, maxInflated)
		}
		b, err := s.Data()
		if err != nil {
			return nil, elfProblem(s.Offset, err, "section %s cannot be read", s.Name)
		}
		return b, nil
	}
	if s.Link == 0 || uint64(s.Link) >= uint64(len(o.Sections)) {
		return nil, nil, elfProblem(s.Offset, nil, "section with the names of symbols wanted, there is no section %d", s.Link)
	}
	if table, err = read(s); err != nil {
		return nil, nil, err
	}
	if names, err = read(o.Sections[s.Link]); err != nil {
		return nil, nil, err
	}
	return table, names, nil
}

// A symbolRecord is what is looked at of a symbol.
//
//	class 32   st_name │ st_value │ st_size │ info │ other │ shndx
//	class 64   st_name │ info │ other │ shndx │ st_value │ st_size
type symbolRecord struct {
	name    uint32
	info    uint8
	section elf.SectionIndex
	value   uint64
}

// symbols yields the records of a table, but for the first, which is of no symbol.
// debug/elf would copy all names, each of which may be the end of a long one.
func (o object) symbols(table []byte) iter.Seq[symbolRecord] {
	size := elf.Sym64Size
	if o.Class == elf.ELFCLASS32 {
		size = elf.Sym32Size
	}
	return func(yield func(symbolRecord) bool) {
		for i := size; len(table)-i >= size; i += size {
			b, order := table[i:], o.ByteOrder
			s := symbolRecord{order.Uint32(b), b[4], elf.SectionIndex(order.Uint16(b[6:])), 0}
			if size == elf.Sym64Size {
				s.value = order.Uint64(b[8:])
			} else {
				s = symbolRecord{s.name, b[12], elf.SectionIndex(order.Uint16(b[14:])), uint64(order.Uint32(b[4:]))}
			}
			if !yield(s) {
				return
			}
		}
	}
}
