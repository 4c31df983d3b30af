// Tests layouts as data.

package cdecl

import (
	"encoding/binary"
	"strings"
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

// TestUnordered: where members do not ascend, as in Rust and C++, the holes are those
// between the offsets, and the text says that a compiler needs another order. Without
// comments, the members stand in that order.
func TestUnordered(t *testing.T) {
	b := btftest.New(binary.BigEndian)
	long := b.Int("long", 8, btftest.Signed)
	integer := b.Int("int", 4, btftest.Signed)
	short := b.Int("short", 2, 0)
	char := b.Int("char", 1, 0)
	lock := b.Struct("lock", 8, btftest.Member{Name: "l", Type: long})
	base := b.Struct("base", 48, btftest.Member{Name: "q", Type: long})
	// A base class of C++ is described behind the members.
	b.Struct("derived", 72,
		btftest.Member{Name: "lock", Type: lock, Offset: 384},
		btftest.Member{Name: "base", Type: base},
		btftest.Member{Name: "pos", Type: integer, Offset: 448},
		btftest.Member{Name: "items", Type: long, Offset: 512},
	)
	// Rust puts the largest members first.
	b.Struct("rust", 8,
		btftest.Member{Name: "a", Type: char, Offset: 48},
		btftest.Member{Name: "b", Type: integer},
		btftest.Member{Name: "c", Type: short, Offset: 32},
	)
	// The kernel's desc_struct, with two of its bitfields exchanged.
	b.Struct("desc", 4,
		btftest.Member{Name: "limit", Type: short},
		btftest.Member{Name: "dpl", Type: short, Offset: 29, Bitfield: 2},
		btftest.Member{Name: "p", Type: short, Offset: 31, Bitfield: 1},
		btftest.Member{Name: "base", Type: short, Offset: 16, Bitfield: 8},
		btftest.Member{Name: "type", Type: short, Offset: 24, Bitfield: 5},
	)
	// An empty base class takes the place of the member behind it.
	empty := b.Struct("empty", 1)
	b.Struct("overlap", 8,
		btftest.Member{Name: "base", Type: empty},
		btftest.Member{Name: "n", Type: integer},
		btftest.Member{Name: "c", Type: char, Offset: 48},
	)
	spec := blobSpec(t, b)
	const unordered = "/* XXX members are not in the order of their offsets: a compiler puts them elsewhere */"
	for _, test := range []struct {
		name, want, remark, sorted string
	}{
		{"derived", `
			struct lock lock; /* 48 8 */
			struct base base; /* 0 48 */
			/* XXX last struct has 40 bytes of padding */
			int pos; /* 56 4 */
			/* XXX 4 bytes hole, try to pack */
			long items; /* 64 8 */
			/* size: 72, cachelines: 2, members: 4 */
			/* sum members: 68, holes: 1, sum holes: 4 */
			/* paddings: 1, sum paddings: 40 */
			/* last cacheline: 8 bytes */`, unordered,
			"struct base base; struct lock lock; int pos; long items;"},
		{"rust", `
			char a; /* 6 1 */
			int b; /* 0 4 */
			short c; /* 4 2 */
			/* size: 8, cachelines: 1, members: 3 */
			/* padding: 1 */
			/* last cacheline: 8 bytes */`, unordered,
			"int b; short c; char a;"},
		{"desc", `
			short limit; /* 0 2 */
			short dpl:2; /* 2:13 2 */
			short p:1; /* 2:15 2 */
			short base:8; /* 2: 0 2 */
			short type:5; /* 2: 8 2 */
			/* size: 4, cachelines: 1, members: 5 */
			/* last cacheline: 4 bytes */`, unordered,
			"short limit; short base:8; short type:5; short dpl:2; short p:1;"},
		{"overlap", `
			struct empty base; /* 0 1 */
			/* XXX last struct has 1 byte of padding */
			int n; /* 0 4 */
			/* XXX 2 bytes hole, try to pack */
			char c; /* 6 1 */
			/* size: 8, cachelines: 1, members: 3 */
			/* sum members: 6, holes: 1, sum holes: 2 */
			/* padding: 1 */
			/* paddings: 1, sum paddings: 1 */
			/* last cacheline: 8 bytes */`,
			"/* XXX C cannot declare this layout: a compiler comes to another */",
			"/* XXX C cannot declare this layout: a compiler comes to another */ struct empty base; int n; char c;"},
	} {
		t.Run(test.name, func(t *testing.T) {
			words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
			head := "struct " + test.name + " { "
			opts := OptionsFor(spec)
			require.Equal(t, words(head+test.remark+test.want+" };"), words(definition(t, spec, test.name, opts)))
			opts.NoComments = true
			require.Equal(t, words(head+test.sorted+" };"), words(definition(t, spec, test.name, opts)))
			typ, err := spec.AnyTypeByName(test.name)
			require.NoError(t, err)
			layout, err := LayoutOf(typ, 8)
			require.NoError(t, err)
			require.True(t, layout.Unordered)
		})
	}
}

// TestOptionsFor infers the alignments of machines from their kernels.
func TestOptionsFor(t *testing.T) {
	for _, test := range []struct {
		name string
		file func(testing.TB) string
		want Options
	}{
		{"amd64", btftest.VmlinuxFile, Options{PointerSize: 8}},
		{"arm", btftest.CorpusKernel("vmlinux-armhf-6.1-32bit.btf.gz"), Options{PointerSize: 4, Int64Align: 8}},
		{"s390x", btftest.CorpusKernel("vmlinux-s390x-6.1-big-endian.btf.gz"), Options{PointerSize: 8, Int128Align: 8}},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec, err := btf.LoadSpec(test.file(t))
			require.NoError(t, err)
			defer spec.Close()
			require.Equal(t, test.want, OptionsFor(spec))
		})
	}
	for _, machine := range machines {
		if machine.compiler[0] == "gcc" {
			continue
		}
		t.Run("shapes "+machine.name, func(t *testing.T) {
			require.Equal(t, machine.opts, OptionsFor(described(t, votes, machine.compiler)))
		})
	}
}

// votes has the shapes that show how long long is aligned.
const votes = `
struct v1 { int a; long long b; };
struct v2 { short a; long long b; int c; long long d; };
struct v3 { int a; long long b; } __attribute__((packed));
`
