// Splits a blob into its records, reorders them and joins them again.

package btftest

import (
	"bytes"
	"slices"
)

// Records takes a blob apart: the words of each record, and the strings. It is for
// blobs that are sound.
func Records(order Order, b []byte) (records [][]uint32, strings []byte) {
	body := b[order.Uint32(b[4:]):]
	types := body[order.Uint32(b[8:]):][:order.Uint32(b[12:])]
	for len(types) > 0 {
		record := make([]uint32, recordWords(order.Uint32(types[4:])))
		for i := range record {
			record[i] = order.Uint32(types[4*i:])
		}
		records = append(records, record)
		types = types[4*len(record):]
	}
	return records, body[order.Uint32(b[16:]):][:order.Uint32(b[20:])]
}

// Join is the reverse of Records.
func Join(order Order, records [][]uint32, strings []byte) []byte {
	b := New(order)
	for _, r := range records {
		b.Record(r[0], r[1], r[2], r[3:]...)
	}
	b.strings = strings
	return b.Bytes()
}

// recordWords returns how many words a record with that info has.
func recordWords(info uint32) uint32 {
	vlen := info & 0xffffff
	switch info >> 24 & 0x7f {
	case 1, 14, 17:
		return 4
	case 3:
		return 6
	case 4, 5, 15, 19, 22:
		return 3 + 3*vlen
	case 6, 13:
		return 3 + 2*vlen
	case 20:
		return 4 + vlen
	case 21:
		return 3 + vlen
	}
	return 3
}

// Refs returns which words of a record are offsets of names, and which are ids.
func Refs(record []uint32) (names, ids []int) {
	names = []int{0}
	each := func(size int, name, id int) {
		for at := 3; at < len(record); at += size {
			if name >= 0 {
				names = append(names, at+name)
			}
			if id >= 0 {
				ids = append(ids, at+id)
			}
		}
	}
	switch record[1] >> 24 & 0x7f {
	case 2, 8, 9, 10, 11, 12, 14, 17, 18: // PTR to FUNC, VAR, DECL_TAG, TYPE_TAG
		ids = []int{2}
	case 3: // ARRAY
		ids = []int{3, 4}
	case 4, 5: // STRUCT, UNION
		each(3, 0, 1)
	case 6: // ENUM
		each(2, 0, -1)
	case 13: // FUNC_PROTO
		ids = []int{2}
		each(2, 0, 1)
	case 15: // DATASEC
		each(3, -1, 0)
	case 19: // ENUM64
		each(3, 0, -1)
	case 21: // LOC_PROTO
		each(1, -1, 0)
	case 22: // LOCSEC
		each(3, -1, 0)
		each(3, -1, 1)
	}
	return names, ids
}

// Permute returns the records in another order: the new record i is the old order[i],
// both counted from 0.
func Permute(records [][]uint32, order []int) [][]uint32 {
	became := make([]uint32, len(records)+1)
	for now, was := range order {
		became[was+1] = uint32(now + 1)
	}
	permuted := make([][]uint32, len(records))
	for now, was := range order {
		r := slices.Clone(records[was])
		_, ids := Refs(r)
		for _, at := range ids {
			r[at] = became[r[at]]
		}
		permuted[now] = r
	}
	return permuted
}

// Sorted returns the records of a blob that stands alone in the order of their names.
func Sorted(records [][]uint32, strings []byte) [][]uint32 {
	order := make([]int, len(records))
	for i := range order {
		order[i] = i
	}
	name := func(i int) []byte { return NameAt(strings, records[i][0]) }
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(name(a), name(b)) })
	return Permute(records, order)
}

// NameAt returns the string at off.
func NameAt(strings []byte, off uint32) []byte {
	s := strings[off:]
	return s[:bytes.IndexByte(s, 0)]
}
