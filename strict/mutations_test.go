// Changes the words and bytes of blobs.

package strict

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

var native = binary.NativeEndian

// mutations yields copies of raw: with each of its words overwritten, with each byte of its
// strings overwritten, cut off, and with more bytes at the end.
func mutations(name string, raw []byte, yield func(string, []byte)) {
	edges := []uint32{
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17, 31, 32, 33, 64, 127, 128, 129, 255, 256,
		0xffff, 0x10000, 0xfffff, 0x100000, 0xffffff, 0x1000000, 0x2000000, 0x4000000, 0x8000000,
		0x01000020, 0x01080010, 0x02000008, 0x04000008, 0x20000001, 0x80000001,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	}
	end := len(raw) - int(native.Uint32(raw[20:]))
	for at := 0; at+4 <= end; at += 4 {
		was := native.Uint32(raw[at:])
		values := slices.Concat(edges, []uint32{was + 1, was - 1, was + 4, was - 4, was * 2})
		for bit := range 32 {
			values = append(values, was^1<<bit)
		}
		for kind := range uint32(24) {
			values = append(values, was&^(uapi.KindMask<<uapi.KindShift)|kind<<uapi.KindShift)
		}
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			if value != was {
				yield(fmt.Sprintf("%s, 0x%x at 0x%x instead of 0x%x", name, value, at, was), btftest.Put(native, raw, at, value))
			}
		}
	}
	for at := end; at < len(raw); at++ {
		for _, c := range []byte{0, ' ', '.', '0', '?', '_', 'a', 0x7f, 0x80, 0xa0, 0xc0, 0xd7} {
			changed := bytes.Clone(raw)
			changed[at] = c
			yield(fmt.Sprintf("%s, 0x%02x at 0x%x", name, c, at), changed)
		}
	}
	for n := range raw {
		yield(fmt.Sprintf("%s, cut to %d bytes", name, n), raw[:n])
	}
	for n := range 5 {
		yield(fmt.Sprintf("%s, with %d bytes more", name, n), append(bytes.Clone(raw), make([]byte, n)...))
	}
}

// scramble returns a copy of raw with one to three words changed.
func scramble(rng *rand.Rand, raw []byte) []byte {
	raw = bytes.Clone(raw)
	words := len(raw) / 4
	for range 1 + rng.IntN(3) {
		at := 4 * rng.IntN(words)
		if rng.IntN(4) != 0 {
			at = uapi.HeaderSize + 4*rng.IntN(int(native.Uint32(raw[12:])/4)%words+1)
		}
		if at+4 > len(raw) {
			continue
		}
		was := native.Uint32(raw[at:])
		switch rng.IntN(5) {
		case 0:
			was ^= 1 << rng.IntN(32)
		case 1:
			was = rng.Uint32N(40)
		case 2:
			was += rng.Uint32N(17) - 8
		case 3:
			was = native.Uint32(raw[4*rng.IntN(words):])
		case 4:
			was = was&^(uapi.KindMask<<uapi.KindShift) | rng.Uint32N(21)<<uapi.KindShift
		}
		native.PutUint32(raw[at:], was)
	}
	return raw
}
