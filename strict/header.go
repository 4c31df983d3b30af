// Checks that the sections fill the blob, and that the header has no unknown fields.

package strict

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// checkHeader makes the checks of btf_parse_hdr, btf_check_sec_info, btf_parse_str_sec and
// btf_parse_layout_sec that loading does not make.
func checkHeader(spec *btf.Spec, kernel release) error {
	h := spec.Header()
	problem := func(off uint64, format string, args ...any) error {
		return &btf.FormatError{Section: "header", Offset: off, Problem: fmt.Sprintf(format, args...)}
	}
	// This bounds the string section too, so that name offsets reach all of it.
	if size := spec.Size(); size > uapi.MaxSize {
		return problem(0, "blob must have at most %d bytes, has %d", uapi.MaxSize, size)
	}
	// A header that ends inside layout_off or layout_len does not have these fields.
	unknown := uint32(uapi.HeaderSizeLayout)
	if h.Length < uapi.HeaderSizeLayout || kernel < linux7_1 {
		unknown = uapi.HeaderSize
	}
	if kernel < linux7_1 && h.LayoutOffset|h.LayoutLength != 0 {
		return problem(uapi.HeaderSize, "unsupported btf_header: bytes after the known fields must be 0 before Linux 7.1, there is a layout section of %d bytes at 0x%x", h.LayoutLength, h.LayoutOffset)
	}
	for off, b := range spec.Bytes()[unknown:max(unknown, h.Length)] {
		if b != 0 {
			return problem(uint64(unknown)+uint64(off), "unsupported btf_header: bytes after the known fields must be 0, one is 0x%02x", b)
		}
	}

	type section struct {
		name     string
		off, len uint32
	}
	sections := []section{{"type", h.TypeOffset, h.TypeLength}, {"string", h.StringOffset, h.StringLength}}
	if unknown == uapi.HeaderSizeLayout {
		sections = append(sections, section{"layout", h.LayoutOffset, h.LayoutLength})
	}
	slices.SortFunc(sections, func(a, b section) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.len, b.len))
	})
	end, size := uint64(0), spec.Size()-uint64(h.Length)
	for _, s := range sections {
		switch off := uint64(s.off); {
		case off > end:
			return problem(uint64(h.Length)+end, "unsupported section found: %s section must be at 0x%x, is at 0x%x", s.name, end, off)
		case off < end:
			return problem(uint64(h.Length)+off, "section overlap found: %s section must be at 0x%x, is at 0x%x", s.name, end, off)
		}
		end += uint64(s.len)
	}
	if end != size {
		return problem(uint64(h.Length)+end, "unsupported section found: the last section must end the blob, %d bytes follow it", size-end)
	}
	last := sections[len(sections)-1]

	switch {
	case kernel < linux7_1 && last.name != "string":
		return problem(16, "string section is not at the end: the %s section is, which needs Linux 7.1", last.name)
	case h.Length < uapi.HeaderSizeLayout && last.name != "string":
		return problem(16, "string section is not at the end: the %s section is, which needs a header of %d bytes, has %d", last.name, uapi.HeaderSizeLayout, h.Length)
	case spec.Base() == nil && h.StringLength == 0:
		return problem(20, "invalid string section: needs at least 1 byte, has 0")
	case spec.Base() == nil && h.TypeLength == 0:
		return problem(12, "no type found: the type section is empty")
	case unknown == uapi.HeaderSizeLayout && h.LayoutOffset%uapi.LayoutEntrySize != 0 && h.LayoutLength != 0:
		return problem(24, "unaligned layout_off: must be a multiple of %d, is 0x%x", uapi.LayoutEntrySize, h.LayoutOffset)
	}
	return nil
}
