// Tests the limits on hostile types.

package cdecl

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/stretchr/testify/require"
)

// TestHostile prints types that a naive printer would never finish.
func TestHostile(t *testing.T) {
	for _, test := range []struct {
		name  string
		make  func(b *blob)
		error string
	}{
		{"pointer to itself", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
			b.add(btf.KindPointer, false, 0, "", b.next())
		}, "follow each other"},
		{"array of itself", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
			b.array(b.next(), 2)
		}, "follow each other"},
		{"const of itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, 0, b.next()+1, 0)
			b.add(btf.KindConst, false, 0, "", b.next())
		}, "follow each other"},
		{"typedef of itself", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next())
		}, ""},
		{"struct of a typedef of itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, b.name("m"), b.next()+1, 0)
			b.add(btf.KindTypedef, false, 0, "loop", b.next())
		}, "follow each other"},
		{"prototype that returns itself", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			b.proto(b.next())
		}, "follow each other"},
		{"prototype that takes itself", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			b.proto(0, b.next())
		}, "deep"},
		{"struct in itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, b.name("m"), b.next(), 0)
		}, ""},
		{"anonymous struct in itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, 0, b.next()+1, 0)
			b.composite(btf.KindStruct, "", 4, 0, b.next(), 0)
		}, "deep"},
		{"anonymous structs doubled", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, 0, b.next()+1, 0)
			for range 28 {
				b.composite(btf.KindStruct, "", 4, 0, b.next()+1, 0, 0, b.next()+1, 0)
			}
			b.composite(btf.KindStruct, "", 4)
		}, "more than 16777216 bytes"},
		{"prototypes doubled", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			for range 28 {
				b.proto(0, b.next()+1, b.next()+1)
			}
			b.proto(0)
		}, "more than 16777216 bytes"},
		{"structs in structs doubled", func(b *blob) {
			for i := range 60 {
				name := "bad"
				if i > 0 {
					name = "s"
				}
				b.composite(btf.KindStruct, name, 8, b.name("a"), b.next()+1, 0, b.name("b"), b.next()+1, 32)
			}
			b.composite(btf.KindStruct, "s", 4)
		}, ""},
		{"anonymous structs in a parameter", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			b.proto(0, b.next()+1)
			for range 28 {
				b.composite(btf.KindStruct, "", 4, b.name("a"), b.next()+1, 0, b.name("b"), b.next()+1, 0)
			}
			b.composite(btf.KindStruct, "", 4)
		}, "more than 16777216 bytes"},
		{"members out of order", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), b.next()+1, 1<<31, b.name("b"), b.next()+1, 8, b.name("c"), b.next()+1, 3)
			b.integer("int", 4)
		}, ""},
		{"huge arrays", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), b.next()+1, 0, b.name("b"), b.next()+1, 0)
			b.array(b.next()+1, math.MaxUint32)
			b.array(b.next()+1, math.MaxUint32)
			b.integer("char", 1)
		}, ""},
		{"larger arrays", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), b.next()+1, 0)
			b.array(b.next()+1, math.MaxUint32)
			b.array(b.next()+1, math.MaxUint32)
			b.integer("int", 255)
		}, "must fit in 64 bits"},
		{"type out of range", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), 77, 0)
		}, "type id must be below 2, is 77"},
		{"name out of range", func(b *blob) {
			b.add(btf.KindEnum, false, 1, "bad", 4, 7777, 1)
		}, "name"},
		{"function as a type", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
			b.add(btf.KindFunc, false, 0, "f", b.next()+1)
			b.proto(0)
		}, "btf: needs a type, has FUNC f (id 2)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b blob
			test.make(&b)
			spec := b.load(t)
			begin := time.Now()
			bad, err := spec.AnyTypeByName("bad")
			require.NoError(t, err)
			for _, opts := range []Options{{}, {NoComments: true}} {
				text, err := Append([]byte("before"), bad, opts)
				if test.error == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorContains(t, err, test.error)
				require.True(t, strings.HasPrefix(err.Error(), "btf: "), err)
				require.Equal(t, "before", string(text), "nothing is appended")
			}
			// The other doors end too, whatever they say.
			Type(bad)
			Declare(bad, "name")
			Canonical(bad)
			LayoutOf(bad, 8)
			require.Less(t, time.Since(begin), 10*time.Second)
		})
	}
}

// TestMutatedLayouts changes the words of structs at random: sizes, offsets, widths and
// types. Whatever they say, a definition is printed or refused in a short time, and the
// sizes that a compiler is made to come to do not overflow.
func TestMutatedLayouts(t *testing.T) {
	var b blob
	long := b.integer("long", 8)
	integer := b.integer("int", 4)
	char := b.integer("char", 1)
	pointer := b.add(btf.KindPointer, false, 0, "", integer)
	inner := b.composite(btf.KindStruct, "", 16, b.name("a"), char, 0, b.name("b"), long, 64)
	array := b.array(inner, 3)
	outer := b.add(btf.KindStruct, true, 5, "outer", 80,
		b.name("x"), integer, 3<<24, b.name("y"), integer, 5<<24|3, 0, inner, 64, b.name("p"), pointer, 192, b.name("v"), array, 256)
	b.composite(btf.KindUnion, "u", 88, b.name("o"), outer, 0, b.name("l"), long, 0, 0, inner, 0)
	b.composite(btf.KindStruct, "last", 96, b.name("u"), b.next()-1, 0, b.name("c"), char, 704)
	whole := b.builder().Bytes()
	length := binary.LittleEndian.Uint32(whole[12:]) + 24 // of header and types

	r := rand.New(rand.NewPCG(1, 2))
	printed := 0
	for range 20000 {
		raw := slices.Clone(whole)
		for range 1 + r.IntN(4) {
			at := 24 + 4*r.IntN(int(length-24)/4)
			word := binary.LittleEndian.Uint32(raw[at:])
			switch r.IntN(4) {
			case 0:
				word = r.Uint32()
			case 1:
				word ^= 1 << r.IntN(32)
			case 2:
				word += uint32(r.IntN(17) - 8)
			default:
				word = uint32(r.IntN(12))
			}
			binary.LittleEndian.PutUint32(raw[at:], word)
		}
		spec, err := btf.LoadRawSpec(raw)
		if err != nil {
			continue
		}
		for typ := range spec.All() {
			for _, opts := range []Options{{PointerSize: 8}, {PointerSize: 4, NoComments: true}} {
				if text, err := Append(nil, typ, opts); err == nil {
					printed++
					require.Less(t, len(text), 1<<20)
				}
			}
			LayoutOf(typ, 4)
		}
		OptionsFor(spec)
		require.NoError(t, spec.Close())
	}
	require.Greater(t, printed, 100000)
}
