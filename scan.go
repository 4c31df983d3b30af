// name → types, without an index

package btf

import "encoding/binary"

// scan yields the types called name, looking at every record. On a vmlinux it
// takes a small part of the time that building an index does
// (BenchmarkFirstLookup, BenchmarkIndex).
//
// Nearly all names are told from the one wanted by their first 8 bytes, compared
// as one integer; scanPlain is the same without that, and a test says they agree.
func (l *layer) scan(name string, yield func(Type) bool) {
	var front [8]byte
	n := min(copy(front[:], name)+1, len(front)) // with the NUL, where it fits
	want, mask := binary.LittleEndian.Uint64(front[:]), ^uint64(0)>>(8*(8-n))

	own, start := l.strings.bytes, l.strings.start
	types := l.types
	id := l.first
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := types.u32(place(i, w))
			at := uint64(off - start)
			near := at+8 > uint64(len(own)) // of the end of the strings, or in the base's
			if near || binary.LittleEndian.Uint64(own[at:])&mask == want {
				if l.strings.is(off, name) && !yield(Type{l, id, place(i, w)}) {
					return
				}
			}
			id++
		}
	}
}

func (l *layer) scanPlain(name string, yield func(Type) bool) {
	for t := range l.all() {
		if l.strings.is(t.nameOff(), name) && !yield(t) {
			return
		}
	}
}
