// ELF file → the window in which its BTF lies; where its variables do

package btf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

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
	f, err := elf.NewFile(r)
	if err != nil {
		return object{}, elfProblem(0, err, "headers cannot be read")
	}
	return object{f, size}, nil
}

func elfProblem(off uint64, err error, format string, args ...any) error {
	return &FormatError{Section: "ELF", Offset: off, Problem: fmt.Sprintf(format, args...), Err: err}
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
	for _, s := range o.Sections {
		// The package would inflate them to any size.
		if (s.Type == elf.SHT_SYMTAB || s.Type == elf.SHT_STRTAB) && s.Flags&elf.SHF_COMPRESSED != 0 {
			return nil, nil, elfProblem(s.Offset, nil, "section %s is compressed: symbols that are not are wanted", s.Name)
		}
	}
	symbols, err := o.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return sizes, offsets, nil
	}
	if err != nil {
		return nil, nil, elfProblem(0, err, "symbols cannot be read")
	}
	twice := map[symbol]bool{}
	for _, sym := range symbols {
		kind := elf.ST_TYPE(sym.Info)
		if sym.Section >= elf.SHN_LORESERVE || int(sym.Section) >= len(o.Sections) || kind != elf.STT_OBJECT && kind != elf.STT_NOTYPE {
			continue
		}
		sec, off := o.Sections[sym.Section], sym.Value
		if o.Type != elf.ET_REL {
			off -= sec.Addr // symbols of linked files have addresses
		}
		if off > math.MaxUint32 {
			continue
		}
		s := symbol{sec.Name, sym.Name}
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
