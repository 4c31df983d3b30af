// names in ascending order → types by bisection, without an index

package btf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// sorted reports whether the names of the layer's records ascend, byte by byte, the
// empty ones first: what btf_check_sorted of libbpf looks for. It passes over all
// names until one is out of order, which in a blob that is not sorted is nearly at
// once. Names whose first longestName bytes are equal are taken for out of order, if
// they do not stand at the same offset.
//
// Names stand close to their neighbours in order, so where they differ is anybody's
// guess. That is why their first 32 bytes are compared as one integer, without a
// branch. What follows a NUL is compared too: it decides only between names that are
// equal, and those are in order either way.
func (l *layer) sorted() bool {
	own, start, types := l.strings.bytes, l.strings.start, l.types
	last := uint32(0)
	var p0, p1, p2, p3 uint64 // the first bytes of the last name
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := types.u32(place(i, w))
			if off == last {
				continue
			}
			at := uint64(off - start)
			var front []byte
			if at+32 <= uint64(len(own)) {
				front = own[at : at+32]
			} else { // near the end of the strings, or in those of the base
				var b [32]byte
				copy(b[:], l.strings.at(off))
				front = b[:]
			}
			c0, c1 := binary.BigEndian.Uint64(front), binary.BigEndian.Uint64(front[8:])
			c2, c3 := binary.BigEndian.Uint64(front[16:]), binary.BigEndian.Uint64(front[24:])
			_, less := bits.Sub64(p3, c3, 0)
			_, less = bits.Sub64(p2, c2, less)
			_, less = bits.Sub64(p1, c1, less)
			_, less = bits.Sub64(p0, c0, less)
			if less == 0 && !l.ordered(last, off) {
				return false
			}
			last, p0, p1, p2, p3 = off, c0, c1, c2, c3
		}
	}
	return true
}

// ordered reports whether the name at a is less than that at b, or the same.
func (l *layer) ordered(a, b uint32) bool {
	first, second := l.strings.at(a), l.strings.at(b)
	first = upToNUL(first[:min(len(first), longestName)])
	second = upToNUL(second[:min(len(second), longestName)])
	order := bytes.Compare(first, second)
	return order < 0 || order == 0 && len(first) < longestName
}

// bisect returns the numbers of the first record called name, from 0 on, and of the
// first after those, in a layer that is sorted.
func (l *layer) bisect(name string) (from, to uint32) {
	to = l.starts.count
	for from < to {
		middle := from + (to-from)/2
		if l.strings.before(l.nameOff(middle), name) {
			from = middle + 1
		} else {
			to = middle
		}
	}
	for to < l.starts.count && l.strings.is(l.nameOff(to), name) {
		to++
	}
	return from, to
}

// nameOff returns where the name of record i stands, counted from 0.
func (l *layer) nameOff(i uint32) uint32 { return l.types.u32(l.starts.offset(i)) }
