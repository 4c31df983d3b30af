// Reads the section headers of an ELF file and finds .BTF and the symbols of variables.

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

// debug/elf takes what an ELF file claims for true. It reads all headers, even those in
// the hole of a sparse file, and copies the name of every section: a million sections can
// share one long name. checkHeaders refuses such files before debug/elf reads them.
const (
	maxHeaders      = 8 << 20  // size of all section headers, and of all program headers, in bytes
	maxSectionName  = 4096     // longest name of a section, in bytes
	maxSectionNames = 16 << 20 // size of the table of section names, and of all names together, in bytes
)

// checkHeaders returns an error if the headers or the section names of an ELF file are
// larger than the limits above. It returns nil if the file is broken in another way that
// debug/elf reports.
//
//	file header     e_phentsize  size of a program header
//	                e_phnum      number of program headers
//	                e_shoff      offset of the section headers in the file
//	                e_shentsize  size of a section header
//	                e_shnum      number of section headers
//	                e_shstrndx   index of the section that holds the names
//	section header  sh_name │ sh_type │ sh_flags │ sh_addr │ sh_offset │ sh_size │ sh_link │ …
//
// Names and types have 32 bits. Offsets, sizes and flags have 32 bits in class 32 and
// 64 bits in class 64.
//
// It is one sequence of checks, because each field is safe to use only after the checks
// before it.
func checkHeaders(r io.ReaderAt) error {
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
	// word reads a field that has 32 bits in class 32 and 64 bits in class 64.
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
	if each, count := half(0x2a, 0x36), half(0x2c, 0x38); each*count > maxHeaders {
		return elfProblem(0, nil, "%d program headers of %d bytes must take at most %d bytes in all", count, each, maxHeaders)
	}
	off, each, count, names := word(head, 0x20, 0x28), half(0x2e, 0x3a), half(0x30, 0x3c), half(0x32, 0x3e)
	if off == 0 || off > math.MaxInt64 || each < size {
		return nil
	}
	if count == 0 { // none, or too many for 16 bits: then the first header has the number
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
	switch {
	case count > maxHeaders/each:
		return elfProblem(off, nil, "%d section headers of %d bytes must take at most %d bytes in all", count, each, maxHeaders)
	case names == 0:
		return nil // sections without names
	case names >= count:
		return elfProblem(0, nil, "index of the section names must be below %d, is %d", count, names)
	}
	headers, err := readWindow(r, int64(off), int64(count*each))
	if err != nil || uint64(len(headers)) < count*each {
		return err
	}
	table := headers[names*each:]
	at, length := word(table, 0x10, 0x18), word(table, 0x14, 0x20)
	switch {
	case word(table, 0x08, 0x08)&uint64(elf.SHF_COMPRESSED) != 0:
		return elfProblem(off+names*each, nil, "section names must not be compressed")
	case length > maxSectionNames:
		return elfProblem(off+names*each, nil, "section names must take at most %d bytes, take %d", maxSectionNames, length)
	case at > math.MaxInt64:
		return nil
	}
	text, err := readWindow(r, int64(at), int64(length))
	if err != nil {
		return err
	}
	sum := 0
	for i := range count {
		name := order.Uint32(headers[i*each:])
		if uint64(name) >= uint64(len(text)) {
			return nil
		}
		rest := text[name:]
		n := bytes.IndexByte(rest[:min(len(rest), maxSectionName+1)], 0)
		switch {
		case n < 0 && len(rest) <= maxSectionName:
			return nil
		case n < 0:
			return elfProblem(off+i*each, nil, "name of section %d must have at most %d bytes, has more", i, maxSectionName)
		}
		if sum += n; sum > maxSectionNames {
			return elfProblem(off+i*each, nil, "names of all sections must have at most %d bytes, those up to section %d have more", maxSectionNames, i)
		}
	}
	return nil
}

func elfProblem(off uint64, err error, format string, args ...any) error {
	return &FormatError{Section: "ELF", Offset: off, Problem: fmt.Sprintf(format, args...), Err: err}
}

// isELF reports whether b begins with the magic number of ELF.
func isELF(b []byte) bool { return bytes.HasPrefix(b, []byte(elf.ELFMAG)) }

// A window is the byte range of a section in a file.
type window struct {
	off, size int64
	inflated  []byte // the bytes of a compressed section, decompressed; else nil
	big       bool   // the file is big-endian
	pointer   uint32 // size of a pointer in bytes, by the ELF class
}

// maxInflated is the largest number of bytes that are decompressed, or copied of the
// symbols, for one file. Real BTF takes 5 to 20 MB. A few crafted bytes can decompress to
// any number of gigabytes.
const maxInflated = maxRead

// An object is an ELF file whose headers were read.
type object struct {
	*elf.File
	r    io.ReaderAt
	size int64   // of the file in bytes, -1 if unknown
	left *uint64 // what is left of maxInflated
}

// openObject reads the headers of an ELF file of size bytes, -1 if that is unknown.
func openObject(r io.ReaderAt, size int64) (object, error) {
	if err := checkHeaders(r); err != nil {
		return object{}, err
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return object{}, elfProblem(0, err, "headers cannot be read")
	}
	left := uint64(maxInflated)
	return object{f, r, size, &left}, nil
}

// isBPF reports whether the file is a BPF object. Compilers leave out the sizes and
// offsets in the DATASECs of BPF objects.
func (o object) isBPF() bool { return o.Machine == elf.EM_BPF }

// window returns the window of a section. The error matches [ErrNotFound] if there is
// no section of that name.
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
		return window{}, elfProblem(s.Offset, nil, "section %s has no bytes in this file (SHT_NOBITS): they are in the file that it was split from", name)
	case s.Offset > 1<<63-1 || s.FileSize > 1<<63-1-s.Offset:
		return window{}, elfProblem(s.Offset, nil, "section %s must end below 8 EiB, has %d bytes", name, s.FileSize)
	case o.size >= 0 && s.Offset+s.FileSize > uint64(o.size):
		return window{}, elfProblem(s.Offset, nil, "section %s needs %d bytes, the file has %d in all", name, s.FileSize, o.size)
	case s.Flags&elf.SHF_COMPRESSED == 0:
		w.off, w.size = int64(s.Offset), int64(s.FileSize)
		return w, nil
	}
	var err error
	w.inflated, err = o.inflate(s)
	return w, err
}

// The largest number of bytes that a compressed byte can become, by ch_type of the
// compression header. Deflate stores 258 bytes in 2 bits or more. Zstandard stores a block
// of up to 128 KiB in 4 bytes or more.
var maxRatios = map[elf.CompressionType]uint64{elf.COMPRESS_ZLIB: 1032, elf.COMPRESS_ZSTD: 32 << 10}

// inflate returns the decompressed bytes of a section. It takes memory for as many bytes as
// the section claims after it got the first of them, and only if the compressed bytes can
// become as many.
func (o object) inflate(s *elf.Section) ([]byte, error) {
	broken := func(err error) ([]byte, error) {
		return nil, elfProblem(s.Offset, err, "section %s of %d bytes cannot be decompressed", s.Name, s.Size)
	}
	if err := o.spend("decompressed section", s); err != nil {
		return nil, err
	}
	head, err := readWindow(o.r, int64(s.Offset), 4)
	if err != nil {
		return nil, err
	}
	last, err := readWindow(o.r, int64(s.Offset+s.FileSize)-1, 1)
	if err != nil {
		return nil, err
	}
	if len(head) < 4 || len(last) == 0 {
		return broken(io.ErrUnexpectedEOF)
	}
	ratio, known := maxRatios[elf.CompressionType(o.ByteOrder.Uint32(head))]
	if known && s.Size/ratio > s.FileSize {
		return nil, elfProblem(s.Offset, nil, "section %s of %d compressed bytes must have at most %d bytes decompressed, has %d", s.Name, s.FileSize, s.FileSize*ratio, s.Size)
	}
	r, first := s.Open(), make([]byte, min(s.Size, firstRead))
	if _, err := io.ReadFull(r, first); err != nil {
		return broken(err)
	}
	if s.Size <= firstRead {
		return first, nil
	}
	b := make([]byte, s.Size)
	if _, err := io.ReadFull(r, b[copy(b, first):]); err != nil {
		return broken(err)
	}
	return b, nil
}

// spend takes the size of a section from what is left of maxInflated.
func (o object) spend(what string, s *elf.Section) error {
	if s.Size > *o.left {
		if *o.left < maxInflated {
			return elfProblem(s.Offset, nil, "%s %s must have at most %d bytes, %d being the limit for all such sections, has %d", what, s.Name, *o.left, maxInflated, s.Size)
		}
		return elfProblem(s.Offset, nil, "%s %s must have at most %d bytes, has %d", what, s.Name, *o.left, s.Size)
	}
	*o.left -= s.Size
	return nil
}

// A symbol is the name of a variable and the name of its section.
type symbol struct{ section, name string }

// dataSections returns the size of each section in memory, by the section's name, and
// the offset of each variable in its section. Both are in bytes. It leaves out
// sections that share a name, variables that share a name at different offsets, sizes
// and offsets of more than 32 bits, and symbols without a section.
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
			off -= sec.Addr // in a linked file, the value of a symbol is an address
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

// symbolTable returns the section with the symbols and the section with their names.
// Both are nil if the file has no symbols.
func (o object) symbolTable() (table, names []byte, err error) {
	s := o.SectionByType(elf.SHT_SYMTAB)
	if s == nil {
		return nil, nil, nil
	}
	read := func(s *elf.Section) ([]byte, error) {
		switch {
		case s.Flags&elf.SHF_COMPRESSED != 0:
			return nil, elfProblem(s.Offset, nil, "section %s must not be compressed", s.Name)
		case s.Type == elf.SHT_NOBITS:
			return nil, elfProblem(s.Offset, nil, "section %s has no bytes in this file (SHT_NOBITS)", s.Name)
		}
		if err := o.spend("section", s); err != nil {
			return nil, err
		}
		// Data of debug/elf would decompress a section because its name is .zdebug.
		b, err := readWindow(s, 0, int64(s.FileSize))
		if err == nil && uint64(len(b)) < s.FileSize {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, elfProblem(s.Offset, err, "section %s cannot be read", s.Name)
		}
		return b, nil
	}
	if s.Link == 0 || uint64(s.Link) >= uint64(len(o.Sections)) {
		return nil, nil, elfProblem(s.Offset, nil, "symbol table needs the names in section %d, which does not exist", s.Link)
	}
	if table, err = read(s); err != nil {
		return nil, nil, err
	}
	if names, err = read(o.Sections[s.Link]); err != nil {
		return nil, nil, err
	}
	return table, names, nil
}

// A symbolRecord has the fields of a symbol that are needed to find variables.
//
//	class 32   st_name │ st_value │ st_size │ info │ other │ shndx
//	class 64   st_name │ info │ other │ shndx │ st_value │ st_size
type symbolRecord struct {
	name    uint32
	info    uint8
	section elf.SectionIndex
	value   uint64
}

// symbols yields the records of a symbol table, without the first, which is empty. It
// takes the place of [elf.File.Symbols], which copies all names: hostile names overlap.
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
