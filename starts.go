// number of a record ↔ offset of its first byte

package btf

import (
	"iter"
	"math/bits"
)

// starts knows where records start: one bit for each 4 bytes of the type
// section, 1 where a record begins, and the place of every 32nd of those ones.
// For the 126,585 types of a vmlinux that is 100 KB and 16 KB. No record is
// touched to find another, so looking through all of them does not wait for one
// length after the other.
type starts struct {
	bits  []uint64
	every []uint32 // place of bit number i × stride, in bits
	count uint32
}

const stride = 32

func newStarts(size uint64) starts {
	return starts{bits: make([]uint64, (size+255)/256)}
}

func (s *starts) set(off uint64) { s.bits[off/256] |= 1 << (off / 4 % 64) }

// finish counts the bits set and remembers every 32nd.
func (s *starts) finish() {
	count := 0
	for _, w := range s.bits {
		count += bits.OnesCount64(w)
	}
	s.count = uint32(count)
	if count == 0 {
		return
	}
	s.every = make([]uint32, 0, (count+stride-1)/stride)
	next := 0 // the bit to remember, counted from the word's first
	for i, w := range s.bits {
		ones := bits.OnesCount64(w)
		if next < ones {
			// Once is enough: a record has 12 bytes, so a word has 22 ones at most.
			s.every = append(s.every, uint32(i*64+nthOne(w, next)))
			next += stride
		}
		next -= ones
	}
}

// offset returns where record i starts, counted from 0; i must be below count.
func (s *starts) offset(i uint32) uint32 {
	if i >= s.count {
		return 0 // only after Close
	}
	place := s.every[i/stride]
	n := int(i % stride)
	at := place / 64
	w := s.bits[at] &^ (1<<(place%64) - 1)
	for {
		ones := bits.OnesCount64(w)
		if n < ones {
			return (at*64 + uint32(nthOne(w, n))) * 4
		}
		n -= ones
		at++
		w = s.bits[at]
	}
}

// nthOne returns the place of the n-th one in w, which has that many.
func nthOne(w uint64, n int) int {
	for ; n > 0; n-- {
		w &= w - 1
	}
	return bits.TrailingZeros64(w)
}

// all yields the offsets of all records in order.
func (s *starts) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range s.bits {
			for ; w != 0; w &= w - 1 {
				if !yield(place(i, w)) {
					return
				}
			}
		}
	}
}

// place returns the offset that the lowest one of word i stands for.
func place(i int, w uint64) uint32 {
	return (uint32(i)*64 + uint32(bits.TrailingZeros64(w))) * 4
}
