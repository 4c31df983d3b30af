// Reads integers within the bounds of a section, in its byte order, and the header of .BTF.

package btf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A section is a byte range of the file and its byte order. Its methods check offsets
// from the file in 64 bits and without overflow. A read outside the section returns 0.
// Loading proves that no record leads outside, but the bytes of a mapped file can be
// rewritten after that.
type section struct {
	bytes []byte
	big   bool // big-endian; a branch is cheaper than the calls of binary.ByteOrder
}

// has reports whether the section has n bytes at off.
func (s *section) has(off, n uint64) bool {
	size := uint64(len(s.bytes))
	return n <= size && off <= size-n
}

// u32 returns the 32-bit integer at byte offset off, or 0 if it is not inside.
func (s *section) u32(off uint32) uint32 {
	b := s.bytes
	if uint64(off)+4 > uint64(len(b)) {
		return 0
	}
	v := binary.LittleEndian.Uint32(b[off:])
	if s.big {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// put writes the 32-bit integer at byte offset off, which must be inside. The bytes
// must be private memory, because mappings are read-only.
func (s *section) put(off, v uint32) {
	if s.big {
		v = bits.ReverseBytes32(v)
	}
	binary.LittleEndian.PutUint32(s.bytes[off:], v)
}

// part returns the section of the blob at off, which counts from the end of the header.
func (s *section) part(name string, h *Header, off, size uint32) (section, error) {
	start := uint64(h.Length) + uint64(off)
	if !s.has(start, uint64(size)) {
		return section{}, &FormatError{
			Section: "header",
			Problem: fmt.Sprintf("%s section at 0x%x needs %d bytes, the blob has %d", name, start, size, len(s.bytes)),
		}
	}
	// The third index keeps an append from writing to the next section.
	return section{s.bytes[start : start+uint64(size) : start+uint64(size)], s.big}, nil
}

// A Header is struct btf_header of include/uapi/linux/btf.h. Offsets and lengths are
// in bytes. Offsets count from the end of the header, which is at Length.
//
//	 0       2   3   4         8         12        16        20        24          28
//	┌───────┬───┬───┬─────────┬─────────┬─────────┬─────────┬─────────┬───────────┬───────────┐
//	│ magic │ver│flg│ hdr_len │type_off │type_len │ str_off │ str_len │layout_off │layout_len │
//	└───────┴───┴───┴─────────┴─────────┴─────────┴─────────┴─────────┴───────────┴───────────┘
//	 0xeb9f  1   0   24 or more                                        where hdr_len is 32 or more
type Header struct {
	Version                    uint8
	Flags                      uint8
	Length                     uint32
	TypeOffset, TypeLength     uint32
	StringOffset, StringLength uint32
	LayoutOffset, LayoutLength uint32 // 0 if Length is below 32
}

const (
	magic           = uapi.Magic
	headerSize      = uapi.HeaderSize       // up to str_len: the whole header until Linux 7.0
	headerSizeMax   = uapi.HeaderSizeLayout // with layout_off and layout_len
	headerLenOffset = uapi.HeaderLenOffset
)

// isMagic reports whether b begins with the magic number of BTF, and whether the
// number is big-endian.
func isMagic(b []byte) (big, ok bool) {
	if len(b) < 2 {
		return false, false
	}
	switch binary.LittleEndian.Uint16(b) {
	case magic:
		return false, true
	case magic>>8 | magic&0xff<<8:
		return true, true
	}
	return false, false
}

// compression returns the name of the format of a compressed file that begins with b, or
// "". Files of BTF are often distributed in one of these.
func compression(b []byte) string {
	for _, format := range [...]struct{ name, magic string }{
		{"gzip", "\x1f\x8b"},
		{"xz", "\xfd7zXZ\x00"},
		{"zstd", "\x28\xb5\x2f\xfd"},
		{"bzip2", "BZh"},
		{"lz4", "\x04\x22\x4d\x18"},
	} {
		if bytes.HasPrefix(b, []byte(format.magic)) {
			return format.name
		}
	}
	return ""
}

// parseHeader returns the header at the front of blob, and blob as a section. It checks
// the version, the flags, the header's length and the alignment of the types. It does
// not check that the sections are inside the blob: see [Header.sections]. Unknown
// fields at the end of a longer header are ignored, as libbpf does.
func parseHeader(blob []byte) (Header, section, error) {
	problem := func(off uint64, format string, args ...any) (Header, section, error) {
		return Header{}, section{}, &FormatError{Section: "header", Offset: off, Problem: fmt.Sprintf(format, args...)}
	}
	if len(blob) < 2 {
		return problem(0, "header needs %d bytes, the blob has %d", headerSize, len(blob))
	}
	big, ok := isMagic(blob)
	if !ok {
		if how := compression(blob); how != "" {
			return problem(0, "begins with the magic number of %s: decompress it first", how)
		}
		return problem(0, "begins with % x, not with the magic number 0xeb9f in either byte order", blob[:2])
	}
	s := section{blob, big}
	if len(blob) < headerSize {
		return problem(0, "header needs %d bytes, the blob has %d", headerSize, len(blob))
	}
	h := Header{
		Version:      blob[2],
		Flags:        blob[3],
		Length:       s.u32(headerLenOffset),
		TypeOffset:   s.u32(8),
		TypeLength:   s.u32(12),
		StringOffset: s.u32(16),
		StringLength: s.u32(20),
	}
	switch {
	case h.Version != uapi.Version:
		return problem(2, "version must be 1, is %d", h.Version)
	case h.Flags != 0:
		return problem(3, "flags must be 0, are 0x%x", h.Flags)
	case h.Length < headerSize:
		return problem(headerLenOffset, "header length must be at least %d, is %d", headerSize, h.Length)
	case uint64(h.Length) > uint64(len(blob)):
		return problem(headerLenOffset, "header needs %d bytes, the blob has %d", h.Length, len(blob))
	case h.TypeOffset%4 != 0:
		return problem(8, "offset of the type section must be a multiple of 4, is 0x%x", h.TypeOffset)
	}
	if h.Length >= headerSizeMax {
		h.LayoutOffset, h.LayoutLength = s.u32(24), s.u32(28)
	}
	return h, s, nil
}

// extent returns the length in bytes of the blob that begins with head, as its header
// gives it, unchecked. It is at least len(head).
func extent(head []byte) int64 {
	big, ok := isMagic(head)
	if !ok || len(head) < headerSize {
		return int64(len(head))
	}
	s := section{head, big}
	end := max(
		uint64(s.u32(8))+uint64(s.u32(12)),
		uint64(s.u32(16))+uint64(s.u32(20)),
	)
	length := s.u32(headerLenOffset)
	if length >= headerSizeMax {
		end = max(end, uint64(s.u32(24))+uint64(s.u32(28)))
	}
	return max(int64(len(head)), int64(uint64(length)+end))
}

// sections returns the sections that the header describes. It accepts gaps, bytes after
// the last section, and any order. An overlap is an error, because one of the two
// sections must be wrong.
func (h *Header) sections(blob section) (types, strings, layout section, err error) {
	if types, err = blob.part("type", h, h.TypeOffset, h.TypeLength); err != nil {
		return
	}
	if strings, err = blob.part("string", h, h.StringOffset, h.StringLength); err != nil {
		return
	}
	if layout, err = blob.part("layout", h, h.LayoutOffset, h.LayoutLength); err != nil {
		return
	}
	type span struct {
		name     string
		off, end uint64
	}
	spans := [...]span{
		{"type", uint64(h.TypeOffset), uint64(h.TypeOffset) + uint64(h.TypeLength)},
		{"string", uint64(h.StringOffset), uint64(h.StringOffset) + uint64(h.StringLength)},
		{"layout", uint64(h.LayoutOffset), uint64(h.LayoutOffset) + uint64(h.LayoutLength)},
	}
	for i, a := range spans {
		for _, b := range spans[i+1:] {
			if a.off < b.end && b.off < a.end && a.off != a.end && b.off != b.end {
				err = &FormatError{
					Section: "header",
					Problem: fmt.Sprintf("%s section (0x%x to 0x%x) and %s section (0x%x to 0x%x) overlap", a.name, a.off, a.end, b.name, b.off, b.end),
				}
				return
			}
		}
	}
	return
}
