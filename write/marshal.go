// Writes a Spec as a blob.

package write

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// Marshal writes the Spec's own types, strings and layout section as a blob: header,
// types, layout, strings, with no gaps. Split BTF stays split, and keeps its type ids
// and name offsets. Sizes and offsets of a DATASEC that only the ELF file has are
// written too; [btf.Spec.WriteTo] writes the bytes as they are.
//
// The error is a [*btf.FormatError] if a record is broken, and matches [btf.ErrClosed]
// if the Spec is closed. It matches [btf.ErrNotSupported] if there is a type of a kind
// that only the layout section describes, and the options remove that section or change
// the byte order.
func Marshal(s *btf.Spec, opts Options) ([]byte, error) {
	if _, err := s.TypeByID(0); err != nil {
		return nil, err // closed
	}
	h := s.Header()
	var layout []byte
	if !opts.StripLayout {
		layout = part(s, h.LayoutOffset, h.LayoutLength)
	}
	strings := part(s, h.StringOffset, h.StringLength)
	big := s.ByteOrder() == binary.BigEndian
	out := encoder{big: big}
	if opts.Order != nil {
		out.big = opts.Order.Uint16([]byte{0, 1}) == 1
	}

	length := uint64(uapi.HeaderSize)
	if len(layout) > 0 {
		length = uapi.HeaderSizeLayout
	}
	out.bytes = make([]byte, length, length+uint64(h.TypeLength)+uint64(len(layout))+uint64(len(strings)))
	rewriter := newRewriter(s, &opts)
	var words []uint32
	for t := range s.All() {
		if t.Kind() > btf.KindLocsec && (opts.StripLayout || out.big != big) {
			return nil, fmt.Errorf("btf: writing %v without its layout, or in another byte order: %w", t, btf.ErrNotSupported)
		}
		var r btf.Record
		var err error
		if words, r, err = checkedWords(t, words); err != nil {
			return nil, err
		}
		rewritten, err := rewriter.rewrite(t, r, words)
		if err != nil {
			return nil, err
		}
		out.words(rewritten)
	}
	if err := rewriter.complete(s); err != nil {
		return nil, err
	}
	out.words(rewriter.extra)
	typeEnd := len(out.bytes)
	for e := range slices.Chunk(layout, uapi.LayoutEntrySize) {
		e = slices.Clone(e)
		if out.big != big {
			e[2], e[3] = e[3], e[2] // flags, 16 bits
		}
		out.bytes = append(out.bytes, e...)
	}
	layoutEnd := len(out.bytes)
	out.bytes = append(append(out.bytes, strings...), rewriter.strings...)

	if total := uint64(len(out.bytes)); total > 1<<32-1 {
		return nil, fmt.Errorf("btf: a blob must have less than 4 GiB, this one needs %d bytes", total)
	}
	head := encoder{bytes: out.bytes[:0], big: out.big}
	head.header(uint32(length), uint32(typeEnd)-uint32(length), uint32(layoutEnd-typeEnd), uint32(len(out.bytes)-layoutEnd))
	return out.bytes, nil
}

// part returns a section of the blob. Loading proved that it lies inside.
func part(s *btf.Spec, off, size uint32) []byte {
	start := uint64(s.Header().Length) + uint64(off)
	return s.Bytes()[start : start+uint64(size)]
}
