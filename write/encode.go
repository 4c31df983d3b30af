// Encodes integers in a byte order, and the header of a blob.

package write

import (
	"encoding/binary"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// An encoder appends integers in a byte order.
type encoder struct {
	bytes []byte
	big   bool // big-endian
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

// header appends the header of a blob. Length is its own length. Types, layout and
// strings are the lengths of the sections, which follow in this order.
func (e *encoder) header(length, types, layout, strings uint32) {
	// magic, version and flags
	first := uint32(uapi.Magic | uapi.Version<<16)
	if e.big {
		first = uapi.Magic<<16 | uapi.Version<<8
	}
	e.words([]uint32{first, length, 0, types, types + layout, strings})
	if length >= uapi.HeaderSizeLayout {
		at := types
		if layout == 0 {
			at = 0
		}
		e.words([]uint32{at, layout})
	}
}
