package harness

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// maxStrings is how many bytes of names the format has room for: the kernel takes
// name offsets of 24 bits.
const maxStrings = 16 << 20

// Scale returns BTF with the records of a little-endian blob any number of times,
// each copy with its ids shifted and the names of its types made different by an
// ending. Members, parameters and values share their names with the original. When
// the strings are full, copies share the names of the copies before, except for
// those of the original.
func Scale(raw []byte, times int) []byte {
	order := binary.LittleEndian
	header := order.Uint32(raw[4:])
	types := raw[header+order.Uint32(raw[8:]):][:order.Uint32(raw[12:])]
	strings := raw[header+order.Uint32(raw[16:]):][:order.Uint32(raw[20:])]

	// Where in each set of names the one is that was at an offset.
	place := map[uint32]uint32{}
	var set []byte
	count := uint32(0)
	records(types, func(r []byte) {
		count++
		name := order.Uint32(r)
		if _, ok := place[name]; ok || !named(r) {
			return
		}
		place[name] = uint32(len(set))
		s := strings[name:]
		set = append(append(set, s[:bytes.IndexByte(s, 0)]...), "_000\x00"...)
	})

	out := append([]byte(nil), types...)
	names := append([]byte(nil), strings...)
	var starts []uint32 // of the sets
	for copied := 1; copied < times; copied++ {
		if len(starts) == copied-1 && len(names)+len(set) <= maxStrings {
			starts = append(starts, uint32(len(names)))
			names = append(names, bytes.ReplaceAll(set, []byte("_000\x00"), fmt.Appendf(nil, "_%03d\x00", copied))...)
		}
		start, shift := starts[(copied-1)%len(starts)], uint32(copied)*count
		from := len(out)
		out = append(out, types...)
		records(out[from:], func(r []byte) {
			if named(r) {
				order.PutUint32(r, start+place[order.Uint32(r)])
			}
			for _, off := range ids(r) {
				if id := order.Uint32(r[off:]); id != 0 {
					order.PutUint32(r[off:], id+shift)
				}
			}
		})
	}
	b := append([]byte(nil), raw[:8]...)
	order.PutUint32(b[4:], 24)
	for _, word := range []int{0, len(out), len(out), len(names)} {
		b = order.AppendUint32(b, uint32(word))
	}
	return append(append(b, out...), names...)
}

func kindOf(r []byte) uint32 { return binary.LittleEndian.Uint32(r[4:]) >> 24 & 31 }

// named reports whether a record has a name of its own. Tags have a text, which
// stays.
func named(r []byte) bool {
	kind := kindOf(r)
	return binary.LittleEndian.Uint32(r) != 0 && kind != 17 && kind != 18
}

// records calls f with each record of a section. The tables are those of
// include/uapi/linux/btf.h.
func records(types []byte, f func(r []byte)) {
	once := [20]uint32{1: 4, 3: 12, 14: 4, 17: 4}
	each := [20]uint32{4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
	for len(types) > 0 {
		kind := kindOf(types)
		size := 12 + once[kind] + each[kind]*(binary.LittleEndian.Uint32(types[4:])&0xffff)
		f(types[:size:size])
		types = types[size:]
	}
}

// ids returns where in a record the ids of other types are.
func ids(r []byte) (offsets []int) {
	every := func(first, step int) {
		for off := first; off < len(r); off += step {
			offsets = append(offsets, off)
		}
	}
	switch kindOf(r) {
	case 2, 8, 9, 10, 11, 12, 14, 17, 18: // PTR TYPEDEF VOLATILE CONST RESTRICT FUNC VAR DECL_TAG TYPE_TAG
		return []int{8}
	case 3: // ARRAY
		return []int{12, 16}
	case 4, 5: // STRUCT UNION
		every(16, 12)
	case 13: // FUNC_PROTO
		offsets = []int{8}
		every(16, 8)
	case 15: // DATASEC
		every(12, 12)
	}
	return offsets
}
