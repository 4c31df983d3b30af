// Hashes names, and finds the strings that have a flavour.

package btf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// hashed is the number of bytes of a name that are hashed without a branch. They tell
// nearly all names of a kernel apart. Of a longer name the next hashed bytes are hashed
// too, and the rest is ignored.
const hashed = 32

// hashName returns the hash of the name at the front of b, which ends in a NUL. The
// result is that of hashString. It does not search for the NUL first, because branches
// on the lengths of 71,000 names would be mispredicted most of the time.
func hashName(b []byte) uint32 {
	if len(b) < hashed {
		return hashString(upToNUL(b))
	}
	w0, in := upTo(binary.LittleEndian.Uint64(b), ^uint64(0))
	w1, in := upTo(binary.LittleEndian.Uint64(b[8:]), in)
	w2, in := upTo(binary.LittleEndian.Uint64(b[16:]), in)
	w3, in := upTo(binary.LittleEndian.Uint64(b[24:]), in)
	if in != 0 {
		return hashString(upToNUL(b[:min(len(b), 2*hashed)]))
	}
	return mix(w0, w1, w2, w3)
}

// upToNUL returns the bytes of b before the first NUL, or all of b.
func upToNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// hashString returns the hash of a name.
func hashString[T string | []byte](name T) uint32 {
	h := hashPart(name)
	if len(name) > hashed {
		h ^= bits.RotateLeft32(hashPart(name[hashed:]), 13)
	}
	return h
}

// hashPart returns the hash of the first hashed bytes of a name.
func hashPart[T string | []byte](name T) uint32 {
	var b [hashed]byte
	copy(b[:], name)
	return mix(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]))
}

// mix returns a hash of 32 bytes. The constants are the fractional parts of the square
// roots of 2, 3, 5 and 7.
func mix(w0, w1, w2, w3 uint64) uint32 {
	hi, lo := bits.Mul64(w0^0x6a09e667f3bcc908, w1^0xbb67ae8584caa73b)
	hi2, lo2 := bits.Mul64(w2^0x3c6ef372fe94f82b, w3^0xa54ff53a5f1d36f1)
	h := hi ^ lo ^ bits.RotateLeft64(hi2^lo2, 29)
	return uint32(h ^ h>>32)
}

// upTo returns w with all bytes cleared from the first NUL on. If in is 0, it clears all
// of w. The second result is in for the next word: 0 if the NUL was in this word or
// before, else all ones.
func upTo(w, in uint64) (uint64, uint64) {
	const eachByte, topBits = 0x0101010101010101, 0x8080808080808080
	nul := (w - eachByte) &^ w & topBits // the lowest 1 is in the first NUL
	keep := (nul&-nul)>>7 - 1            // mask of the bytes below the NUL, all if there is none
	return w & keep & in, in & -(keep >> 63)
}

// cuts returns the layer's own strings that have a flavour. The first call finds them in
// one pass over the string section. A search in the name of each type would read a long
// string as often as types have names inside it.
func (l *layer) cuts() *cutTable {
	l.cutsOnce.do(func() { l.flavoured = newCutTable(&l.strings) })
	return &l.flavoured
}

func newCutTable(strings *strtab) cutTable {
	b, start := strings.bytes, strings.start
	t := cutTable{parts: make([]uint64, len(b)/partSize/64+1)}
	for from := 0; from < len(b); {
		next := bytes.Index(b[from:], []byte("___"))
		if next < 0 {
			break
		}
		next += from
		from = bytes.LastIndexByte(b[from:next], 0) + from + 1
		end := bytes.IndexByte(b[next:], 0)
		if end < 0 {
			break // the file was rewritten: its last byte was NUL
		}
		end += next
		if n := essentialLen(b[from:end]); n < end-from {
			t.add(cut{start + uint32(from), start + uint32(from+n)}, start)
		}
		from = end
	}
	return t
}

// essential returns the essential name of the name at off. The second result is false if
// the name has no flavour.
func (l *layer) essential(off uint32) ([]byte, bool) {
	for off < l.strings.start {
		if l = l.base; l == nil {
			return nil, false
		}
	}
	table := l.cuts()
	if table.none(off - l.strings.start) {
		return nil, false
	}
	cuts := table.cuts
	i, _ := slices.BinarySearchFunc(cuts, off, func(c cut, off uint32) int {
		if c.at <= off {
			return -1
		}
		return 1 // never 0: the search returns the first cut after off
	})
	if i == len(cuts) || cuts[i].from > off {
		return nil, false
	}
	b := l.strings.at(off)
	if n := cuts[i].at - off; uint64(n) <= uint64(len(b)) {
		return b[:n], true
	}
	return nil, false // only after Close
}
