// Writes a Spec as a blob.

package btf

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Marshal writes the Spec's own types, strings and layout as a blob of their own:
// header, types, layout, strings, with nothing in between. Split BTF stays split,
// with the ids and name offsets it has. The error is a [*FormatError] if a record
// is broken, and matches [ErrNotSupported] if the bytes of a kind that only the
// layout describes would have to be understood.
func (s *Spec) Marshal(opts MarshalOptions) ([]byte, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	l := &s.layer
	layout := section{}
	if !opts.StripLayout {
		_, _, own, err := s.header.sections(s.blob)
		if err != nil {
			return nil, err
		}
		layout = own
	}
	out := encoder{big: l.types.big}
	if opts.Order != nil {
		out.big = opts.Order.Uint16([]byte{0, 1}) == 1
	}

	length := uint64(headerSize)
	if len(layout.bytes) > 0 {
		length = headerSizeMax
	}
	out.bytes = make([]byte, length, length+uint64(len(l.types.bytes))+uint64(len(layout.bytes))+uint64(len(l.strings.bytes)))
	rewriter := newRewriter(l, &opts)
	var words []uint32
	for t := range l.all() {
		k := t.Kind()
		if err := t.check(); err != nil {
			return nil, err
		}
		if !l.understands(k) && (opts.StripLayout || out.big != l.types.big) {
			return nil, fmt.Errorf("btf: writing %v without its layout, or in another byte order: %w", t, ErrNotSupported)
		}
		if words = t.Record().AppendWords(words[:0]); len(words) == 0 {
			return nil, t.problem(0, "%s record was rewritten while it was read", k)
		}
		out.words(rewriter.rewrite(t, words))
	}
	out.words(rewriter.extra)
	typeEnd := len(out.bytes)
	for e := range slices.Chunk(layout.bytes, layoutEntrySize) {
		e = slices.Clone(e)
		if out.big != l.types.big {
			e[2], e[3] = e[3], e[2] // flags, 16 bits
		}
		out.bytes = append(out.bytes, e...)
	}
	layoutEnd := len(out.bytes)
	out.bytes = append(append(out.bytes, l.strings.bytes...), rewriter.strings...)

	types, strings := uint64(typeEnd)-length, uint64(len(out.bytes)-layoutEnd)
	if total := uint64(len(out.bytes)); total > 1<<32-1 {
		return nil, fmt.Errorf("btf: writing %d bytes: offsets have 32 bits", total)
	}
	head := encoder{bytes: out.bytes[:0], big: out.big}
	head.header(uint32(length), uint32(types), uint32(layoutEnd-typeEnd), uint32(strings))
	return out.bytes, nil
}

// An encoder appends integers in a byte order.
type encoder struct {
	bytes []byte
	big   bool
}

func (e *encoder) words(words []uint32) {
	if e.big {
		for _, w := range words {
			e.bytes = binary.BigEndian.AppendUint32(e.bytes, w)
		}
		return
	}
	for _, w := range words {
		e.bytes = binary.LittleEndian.AppendUint32(e.bytes, w)
	}
}

// header appends the header of a blob with that many bytes of types, then layout,
// then strings.
func (e *encoder) header(length, types, layout, strings uint32) {
	// magic, version and flags
	first := uint32(magic | 1<<16)
	if e.big {
		first = magic<<16 | 1<<8
	}
	e.words([]uint32{first, length, 0, types, types + layout, strings})
	if length >= headerSizeMax {
		at := types
		if layout == 0 {
			at = 0
		}
		e.words([]uint32{at, layout})
	}
}
