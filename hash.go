// name → 32 bits

package btf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// hashed is how many bytes of a name are hashed without a branch: enough to tell
// nearly all names of a kernel apart. Of longer names as many again are hashed.
const hashed = 32

// hashName returns the hash of the name at the front of b, which ends at a NUL.
// It is hashString of that name, without looking for the end first: with 71,000
// names, most of the time would go to guessing their lengths wrong.
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

func hashPart[T string | []byte](name T) uint32 {
	var b [hashed]byte
	copy(b[:], name)
	return mix(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]))
}

// mix folds 32 bytes into 4 with two multiplications. The constants are the
// fractional digits of the square roots of 2, 3, 5 and 7.
func mix(w0, w1, w2, w3 uint64) uint32 {
	hi, lo := bits.Mul64(w0^0x6a09e667f3bcc908, w1^0xbb67ae8584caa73b)
	hi2, lo2 := bits.Mul64(w2^0x3c6ef372fe94f82b, w3^0xa54ff53a5f1d36f1)
	h := hi ^ lo ^ bits.RotateLeft64(hi2^lo2, 29)
	return uint32(h ^ h>>32)
}

// upTo clears w from its first NUL byte on, or all of it where in is 0. The second
// result is in for the next word: 0 from the word with the NUL on.
func upTo(w, in uint64) (uint64, uint64) {
	const eachByte, topBits = 0x0101010101010101, 0x8080808080808080
	nul := (w - eachByte) &^ w & topBits // the lowest bit set is that of the first NUL
	keep := (nul&-nul)>>7 - 1            // the bytes below it, all if there is none
	return w & keep & in, in & -(keep >> 63)
}
