// ELF file → the window in which its BTF lies

package btf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
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

// elfWindow finds the section name in the ELF file r, reading its headers only.
// size is that of the file, -1 if unknown. The error matches [ErrNotFound] if
// there is no such section.
func elfWindow(r io.ReaderAt, size int64, name string) (window, error) {
	problem := func(off uint64, err error, format string, args ...any) (window, error) {
		return window{}, &FormatError{Section: "ELF", Offset: off, Problem: fmt.Sprintf(format, args...), Err: err}
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return problem(0, err, "headers cannot be read")
	}
	s := f.Section(name)
	if s == nil {
		return window{}, fmt.Errorf("btf: ELF section %s: %w", name, ErrNotFound)
	}
	if f.Section(".BTF.base") != nil {
		// The ids of such a module count from that base, and from no kernel's.
		return window{}, fmt.Errorf("btf: ELF section %s stands on the distilled base in .BTF.base, relocating it to a kernel: %w", name, ErrNotSupported)
	}
	w := window{big: f.ByteOrder == binary.BigEndian, pointer: 8}
	if f.Class == elf.ELFCLASS32 {
		w.pointer = 4
	}
	switch {
	case s.Type == elf.SHT_NOBITS:
		return problem(s.Offset, nil, "section %s holds no bytes (SHT_NOBITS): they were left in the file this one was split from", name)
	case s.Offset > 1<<63-1 || s.FileSize > 1<<63-1-s.Offset:
		return problem(s.Offset, nil, "section %s of %d bytes ends past any file", name, s.FileSize)
	case size >= 0 && s.Offset+s.FileSize > uint64(size):
		return problem(s.Offset, nil, "section %s needs %d bytes, the file has %d in all", name, s.FileSize, size)
	case s.Flags&elf.SHF_COMPRESSED == 0:
		w.off, w.size = int64(s.Offset), int64(s.FileSize)
		return w, nil
	case s.Size > maxInflated:
		return problem(s.Offset, nil, "section %s would decompress to %d bytes, %d are allowed", name, s.Size, maxInflated)
	}
	// Data reads what the headers claim piece by piece, and decompresses it.
	w.inflated, err = s.Data()
	if err != nil {
		return problem(s.Offset, err, "section %s of %d bytes cannot be decompressed", name, s.Size)
	}
	return w, nil
}
