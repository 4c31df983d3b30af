// ELF file → proof that the names of its sections are short

package btf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
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
