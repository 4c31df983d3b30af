// name → ids

package btf

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
)

// names answers which of a layer's own types have a name. The first question
// looks through the records, the second builds the index: a program that wants to
// know one offset pays for no index, and one that asks on pays for it once.
type names struct {
	asked atomic.Bool
	once  sync.Once
	index atomic.Pointer[nameIndex]
}

// named yields the types called name, by id; or, with essential, those of every
// flavour of it. A nil names, which the zero Spec has, yields nothing.
func (n *names) named(l *layer, name string, essential bool, yield func(Type) bool) {
	x := n.index.Load()
	if x == nil && !essential && !n.asked.Swap(true) {
		l.scan(name, yield)
		return
	}
	if x == nil {
		n.once.Do(func() { n.index.Store(newNameIndex(l)) })
		x = n.index.Load()
	}
	x.named(l, name, essential, yield)
}

// scan yields the types called name without an index. On a vmlinux it takes about
// a third of the time that building one does (BenchmarkScan, BenchmarkIndex).
func (l *layer) scan(name string, yield func(Type) bool) {
	id := l.first
	for off := range l.starts.all() {
		if l.strings.is(l.types.u32(off), name) && !yield(Type{l, id, off}) {
			return
		}
		id++
	}
}

// A nameIndex holds the number of every named record of a layer, in buckets by
// the hash of the essential name, by number within a bucket. Bits of an entry
// that the number does not need hold bits of the hash, so that the names that are
// compared are nearly always the right ones:
//
//	bounds   │ 0 │ 4 │ 7 │ …          where a bucket's entries begin; one more
//	entries  │ hash:number │ hash:number │ …
//
// It is built in time proportional to the number of types, whatever the names:
// those of hostile BTF can make a look-up slow, not the building. It takes 5 bytes
// for each named type.
type nameIndex struct {
	bounds  []uint32
	entries []uint32
	bits    int // low bits of an entry that are the record's number
}

// inBucket is how many entries a bucket has on average: more are slower to look
// through, fewer make more bounds.
const inBucket = 4

func newNameIndex(l *layer) *nameIndex {
	x := &nameIndex{bits: bits.Len32(l.starts.count)}
	hashes := make([]uint32, 0, l.starts.count)
	for off := range l.starts.all() {
		if name := l.types.u32(off); name != 0 && len(hashes) < cap(hashes) {
			hashes = append(hashes, hashName(l.strings.at(name)))
		}
	}
	x.bounds = make([]uint32, len(hashes)/inBucket+2)
	x.entries = make([]uint32, len(hashes))

	// Count, then add up, so that bounds[b+1] is where bucket b begins. Filling
	// moves it to where the bucket ends, which is where the next one begins.
	begin := x.bounds[1:]
	for _, h := range hashes {
		begin[x.bucket(h)]++
	}
	sum := uint32(0)
	for b, n := range begin {
		begin[b] = sum
		sum += n
	}
	number, i := uint32(0), 0
	for off := range l.starts.all() {
		// Names of a file that is rewritten meanwhile may come and go.
		if l.types.u32(off) != 0 && i < len(hashes) {
			b := x.bucket(hashes[i])
			x.entries[begin[b]] = hashes[i]<<x.bits | number
			begin[b]++
			i++
		}
		number++
	}
	return x
}

// bucket spreads hashes over the buckets by their high bits; the low ones stand
// in the entries.
func (x *nameIndex) bucket(hash uint32) uint32 {
	return uint32(uint64(hash) * uint64(len(x.bounds)-1) >> 32)
}

func (x *nameIndex) named(l *layer, name string, essential bool, yield func(Type) bool) {
	base := name[:essentialLen(name)]
	h := hashString(base)
	b := x.bucket(h)
	tag := h << x.bits
	mask := uint32(1)<<x.bits - 1
	for _, e := range x.entries[x.bounds[b]:x.bounds[b+1]] {
		if e&^mask != tag {
			continue
		}
		i := e & mask
		if i >= l.starts.count {
			return // only after Close
		}
		t := Type{l, l.first + TypeID(i), l.starts.offset(i)}
		if essential {
			had := t.NameBytes()
			if string(had[:essentialLen(had)]) != base {
				continue
			}
		} else if !l.strings.is(t.nameOff(), name) {
			continue
		}
		if !yield(t) {
			return
		}
	}
}

// hashed is how many bytes of an essential name are hashed: enough to tell nearly
// all names of a kernel apart, few enough to be read without a loop.
const hashed = 32

// hashName returns the hash of the essential name at the front of b, which ends
// at a NUL. It is hashString of that name, without looking for the end first.
func hashName(b []byte) uint32 {
	if len(b) < hashed {
		return hashString(upToNUL(b))
	}
	w0, in := cut(binary.LittleEndian.Uint64(b), ^uint64(0))
	w1, in := cut(binary.LittleEndian.Uint64(b[8:]), in)
	w2, in := cut(binary.LittleEndian.Uint64(b[16:]), in)
	w3, _ := cut(binary.LittleEndian.Uint64(b[24:]), in)

	// Three underscores in a row may begin a flavour, and so may an underscore or
	// two at the very end: rare enough for the long way.
	u0, u1, u2, u3 := underscores(w0), underscores(w1), underscores(w2), underscores(w3)
	if threeInARow(u0, 0)|threeInARow(u1, u0)|threeInARow(u2, u1)|threeInARow(u3, u2)|u3>>63 != 0 {
		return hashString(upToNUL(b))
	}
	return mix(w0, w1, w2, w3)
}

func upToNUL(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return b[:essentialLen(b)]
}

// hashString returns the hash of an essential name.
func hashString[T string | []byte](essential T) uint32 {
	var b [hashed]byte
	copy(b[:], essential)
	return mix(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]))
}

// mix folds 32 bytes into 4 with two multiplications. The constants are the
// fractional digits of the square roots of 2, 3, 5 and 7.
func mix(w0, w1, w2, w3 uint64) uint32 {
	hi, lo := bits.Mul64(w0^0x6a09e667f3bcc908, w1^0xbb67ae8584caa73b)
	h := hi ^ lo
	hi, lo = bits.Mul64(w2^0x3c6ef372fe94f82b^h, w3^0xa54ff53a5f1d36f1)
	h ^= hi ^ lo
	return uint32(h ^ h>>32)
}

const (
	eachByte = 0x0101010101010101
	topBits  = 0x8080808080808080
)

// cut clears w from its first NUL byte on, or all of it where in is 0. The second
// result is in for the next word: 0 from the word with the NUL on.
func cut(w, in uint64) (uint64, uint64) {
	nul := (w - eachByte) &^ w & topBits // the lowest bit set is that of the first NUL
	keep := (nul&-nul)>>7 - 1            // the bytes below it, all if there is none
	return w & keep & in, in & -(keep >> 63)
}

// underscores sets the top bit of each byte of w that is '_'.
func underscores(w uint64) uint64 {
	w ^= '_' * eachByte
	return ^((w&^topBits + ^uint64(topBits)) | w) & topBits
}

// threeInARow is not 0 if three bytes in a row have their top bit set in u, which
// comes after before.
func threeInARow(u, before uint64) uint64 {
	return u & (u<<8 | before>>56) & (u<<16 | before>>48)
}
