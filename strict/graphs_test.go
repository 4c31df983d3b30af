// Builds random graphs of types.

package strict

import (
	"math/rand/v2"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// randomGraph returns a blob of up to 16 types that refer to each other at random. Most of
// the other rules are kept, so that the kernel comes as far as following the types.
func randomGraph(rng *rand.Rand) []byte {
	b := btftest.New(native)
	n := 2 + rng.Uint32N(15)
	kinds := make([]btf.Kind, n+1)
	for id := range kinds {
		kinds[id] = btf.Kind(1 + rng.IntN(19))
	}
	kinds[1+rng.Uint32N(n)] = btf.KindInt
	if rng.IntN(4) == 0 {
		for id := range kinds[1:] {
			kinds[1+id] = []btf.Kind{btf.KindVar, btf.KindDatasec, btf.KindPointer, btf.KindConst, btf.KindStruct, btf.KindArray, btf.KindInt}[rng.IntN(7)]
		}
	}
	maybe := func(one int) bool { return rng.IntN(one) == 0 }
	// Half of the graphs have nearly no loops: their types refer only to types of lower
	// rank, which has nothing to do with the ids.
	rank, ranked := rng.Perm(int(n+1)), maybe(2)
	pick := func(want kindSet) uint32 {
		id := rng.Uint32N(n + 1)
		for range 4 * n {
			if id != 0 && want.has(kinds[id]) && (!ranked || rank[id] < rank[b.Next()]) || maybe(300) {
				break
			}
			id = rng.Uint32N(n + 1)
		}
		return id
	}
	name := func() string {
		if maybe(300) {
			return "h i"
		}
		return []string{"a", "b", "cd", "e.f", "_g0", "long"}[rng.IntN(6)]
	}
	of := func(sizes ...uint32) uint32 {
		if maybe(200) {
			return rng.Uint32N(40)
		}
		return sizes[rng.IntN(len(sizes))]
	}
	values := sizedKinds | modifiers | pointers | arrays
	values &^= 1 << btf.KindDatasec
	targets := ^declarationKinds &^ (1 << btf.KindFunc)
	for _, kind := range kinds[1:] {
		var info uint32
		if maybe(200) {
			info = uapi.KindFlag
		}
		record := func(name string, vlen, third uint32, rest ...uint32) {
			b.Record(b.String(name), info|uint32(kind)<<uapi.KindShift|vlen, third, rest...)
		}
		switch kind {
		case btf.KindInt:
			size := of(1, 2, 4, 8, 16)
			payload := size*8 | []uint32{0, 1, 2, 4}[rng.IntN(4)]<<24
			if maybe(6) {
				payload = rng.Uint32N(size*8+1) | rng.Uint32N(9)<<16
			}
			record(name(), 0, size, payload)
		case btf.KindPointer, btf.KindVolatile, btf.KindConst, btf.KindRestrict:
			record("", 0, pick(targets))
		case btf.KindTypedef:
			record(name(), 0, pick(targets))
		case btf.KindTypeTag:
			record("tag text", 0, pick(targets))
		case btf.KindArray:
			record("", 0, 0, pick(values), pick(1<<btf.KindInt), of(0, 1, 2, 3, 0x10000, 0x1000000))
		case btf.KindStruct, btf.KindUnion:
			var words []uint32
			at, count := uint32(0), rng.Uint32N(5)
			flag := maybe(2)
			if flag {
				info ^= uapi.KindFlag
			}
			for range count {
				offset := at
				if flag && maybe(3) {
					offset |= rng.Uint32N(33) << 24
				}
				words = append(words, b.String(name()), pick(values), offset)
				if kind == btf.KindStruct {
					at += []uint32{0, 3, 8, 16, 32, 64, 64, 64, 64}[rng.IntN(9)]
				}
			}
			record(name(), count, of(at/8+8, at/8+16, 0x20000000), words...)
		case btf.KindEnum, btf.KindEnum64:
			each := uint32(1)
			if kind == btf.KindEnum64 {
				each = 2
			}
			var words []uint32
			count := rng.Uint32N(3)
			for range count {
				words = append(append(words, b.String(name())), make([]uint32, each)...)
			}
			info ^= rng.Uint32N(2) << 31
			record(name(), count, of(1, 2, 4, 8), words...)
		case btf.KindFwd:
			info ^= rng.Uint32N(2) << 31
			record(name(), 0, 0)
		case btf.KindFunc:
			record(name(), of(0, 1)&3, pick(1<<btf.KindFuncProto))
		case btf.KindFuncProto:
			var words []uint32
			count := rng.Uint32N(4)
			for i := range count {
				if i == count-1 && maybe(4) {
					words = append(words, 0, 0)
				} else if maybe(8) {
					words = append(words, 0, pick(values))
				} else {
					words = append(words, b.String(name()), pick(values))
				}
			}
			result := uint32(0)
			if maybe(2) {
				result = pick(values)
			}
			record("", count, result, words...)
		case btf.KindVar:
			record(name(), 0, pick(values), rng.Uint32N(2))
		case btf.KindDatasec:
			var words []uint32
			end, count := uint32(0), rng.Uint32N(4)
			for range count {
				size := of(1, 4, 8, 16, 64)
				words = append(words, pick(1<<btf.KindVar), end, size)
				end += size
			}
			record(".data", count, end+of(0, 4), words...)
		case btf.KindFloat:
			record(name(), 0, of(2, 4, 8, 12, 16))
		case btf.KindDeclTag:
			component := ^uint32(0)
			if maybe(2) {
				component = rng.Uint32N(4)
			}
			record("decl tag", 0, pick(taggable), component)
		}
	}
	return b.Bytes()
}
