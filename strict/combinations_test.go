// Builds records that break several rules at once.

package strict

import (
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
)

// extraWords has the number of words that a record of each kind has after the first three:
// once, and for each element.
var extraWords = [...]struct{ once, each int }{
	btf.KindInt: {1, 0}, btf.KindArray: {3, 0}, btf.KindStruct: {0, 3}, btf.KindUnion: {0, 3}, btf.KindEnum: {0, 2},
	btf.KindFuncProto: {0, 2}, btf.KindVar: {1, 0}, btf.KindDatasec: {0, 3}, btf.KindDeclTag: {1, 0}, btf.KindEnum64: {0, 3},
}

// combinations yields records of every kind with each combination of a few values in
// their words. They break many rules at once, and the kernel names the one that it checks
// first. Before them is a loop, which it finds after all of those.
func combinations(yield func(string, []byte)) {
	for kind := btf.KindInt; kind <= btf.KindEnum64; kind++ {
		extra := extraWords[kind]
		for n, rest := 0, 0; ; n++ {
			rest = n
			pick := func(values ...uint32) uint32 {
				v := values[rest%len(values)]
				rest /= len(values)
				return v
			}
			b := btftest.New(native)
			b.Const(1)
			name := pick(0, b.String("a"), b.String("b c"))
			vlen := pick(0, 1, 2)
			info := btftest.Info(uint32(kind), vlen, pick(0, 1) == 1)
			third := pick(0, 1, 4, 0x200000)
			words := make([]uint32, extra.once+extra.each)
			for i := range words {
				words[i] = pick(0, 3, 0x200000, 0xf0000000)
			}
			if rest > 0 {
				break
			}
			all := slices.Concat(words[:extra.once], slices.Repeat(words[extra.once:], int(vlen)))
			b.Record(name, info, third, all...)
			yield(fmt.Sprintf("%v, combination %d", kind, n), b.Bytes())
		}
	}
}
