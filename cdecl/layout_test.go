// Tests layouts as data.

package cdecl

import (
	"encoding/binary"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestLayoutOf compares layouts with those worked out by hand. TestPahole compares the
// sums of a kernel's structs, which Append prints from the same data.
func TestLayoutOf(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	long := b.Int("long", 8, btftest.Signed)
	integer := b.Int("int", 4, btftest.Signed)
	char := b.Int("char", 1, btftest.Signed)
	b.Struct("holes", 32,
		btftest.Member{Name: "bits", Type: integer, Offset: 3, Bitfield: 5},
		btftest.Member{Name: "more", Type: integer, Offset: 12, Bitfield: 4},
		btftest.Member{Name: "wide", Type: long, Offset: 64},
		btftest.Member{Name: "last", Type: integer, Offset: 160, Bitfield: 30},
	)
	b.Struct("tight", 5, btftest.Member{Name: "c", Type: char}, btftest.Member{Name: "i", Type: integer, Offset: 8})
	b.Union("either", 8, btftest.Member{Name: "c", Type: char}, btftest.Member{Name: "l", Type: long})
	b.Typedef("holes_t", 4)
	b.Struct("around", 8, btftest.Member{Name: "c", Type: char}, btftest.Member{Name: "t", Type: 5, Offset: 24})
	b.Struct("empty", 0)
	spec := blobSpec(t, b)
	// place is a MemberLayout apart from the member itself.
	type place struct {
		name                 string
		offset, size, hole   uint64
		first, bits, bitHole btf.Bits
	}
	holes := Layout{
		Size: 32, BitHole: 3, NumHoles: 2, HoleBytes: 4 + 4, NumBitHoles: 3, HoleBits: 3 + 4 + 16,
		Padding: 8, BitPadding: 2,
	}
	holesPlaces := []place{
		{name: "bits", size: 4, first: 3, bits: 5, bitHole: 4},
		{name: "more", size: 4, first: 12, bits: 4, bitHole: 16, hole: 4},
		{name: "wide", offset: 8, size: 8, hole: 4},
		{name: "last", offset: 20, size: 4, bits: 30},
	}
	for _, test := range []struct {
		name   string
		want   Layout
		places []place
	}{
		{"holes", holes, holesPlaces},
		{"holes_t", holes, holesPlaces},
		{"tight", Layout{Size: 5, Packed: true}, []place{{name: "c", size: 1}, {name: "i", offset: 1, size: 4}}},
		{"either", Layout{Size: 8}, []place{{name: "c", size: 1}, {name: "l", size: 8}}},
		{"around", Layout{Size: 8, NumHoles: 1, HoleBytes: 2}, []place{{name: "c", size: 1, hole: 2}, {name: "t", offset: 3, size: 5}}},
		{"empty", Layout{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			typ, err := spec.AnyTypeByName(test.name)
			require.NoError(t, err)
			got, err := LayoutOf(typ, 8)
			require.NoError(t, err)
			var places []place
			for _, m := range got.Members {
				require.True(t, m.Sized)
				places = append(places, place{m.Member.Name(), m.Offset, m.Size, m.Hole, m.FirstBit, m.BitfieldSize, m.BitHole})
			}
			require.Equal(t, test.places, places)
			got.Members = nil
			require.Equal(t, test.want, got)
		})
	}
	typ, err := spec.TypeByID(btf.TypeID(integer))
	require.NoError(t, err)
	_, err = LayoutOf(typ, 8)
	require.ErrorIs(t, err, btf.ErrWrongKind)
	_, err = LayoutOf(btf.Type{}, 8)
	require.ErrorIs(t, err, btf.ErrWrongKind)
}

func blobSpec(t testing.TB, b *btftest.Builder) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(b.Bytes())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}
