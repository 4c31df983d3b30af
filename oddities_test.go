// Tests blobs that are sound but that no compiler writes.

package btf_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// TestEndlessChain: 1.3 million qualifiers, each of the next, are 15 MB of BTF that is
// well formed. Whoever follows them by calling himself runs out of stack.
func TestEndlessChain(t *testing.T) {
	const links = 1_300_000
	build := func(b *btftest.Builder) uint32 {
		first := b.Next()
		for id := first + 1; id < first+links; id++ {
			b.Const(id)
		}
		b.Int("int", 4, btftest.Signed)
		b.Typedef("chained", first)
		return b.Struct("victim", 4, btftest.Member{Type: first}, btftest.Member{Name: "x", Type: first})
	}
	b := btftest.New(little)
	build(b)
	raw := b.Bytes()
	require.Greater(t, len(raw), 15_000_000)
	spec := load(t, raw)
	require.Equal(t, links+2, spec.NumTypes())

	var format *btf.FormatError
	require.ErrorAs(t, spec.Verify(), &format)
	chained, err := spec.AnyTypeByName("chained")
	require.NoError(t, err)
	_, err = btf.As[btf.Int](chained)
	require.ErrorAs(t, err, &format)
	_, err = chained.Underlying()
	require.ErrorAs(t, err, &format)
	_, err = chained.Sizeof()
	require.ErrorAs(t, err, &format)
	var victim btf.Struct
	require.NoError(t, spec.TypeByName("victim", &victim))
	_, err = victim.MemberByName("y")
	require.Error(t, err)
	touch(chained)
	touch(victim.AsType())

	// Near its end the chain is one like others.
	near, err := spec.TypeByID(links - 20)
	require.NoError(t, err)
	i, err := btf.As[btf.Int](near)
	require.NoError(t, err)
	require.Equal(t, btf.TypeID(links), i.ID())

	// What visits each record once has no trouble.
	out, err := write.Marshal(spec, write.Options{Order: spec.ByteOrder()})
	require.NoError(t, err)
	require.Equal(t, raw, out)
	var some write.Builder
	_, err = some.Add(victim.AsType())
	require.NoError(t, err)

	// A module of it is refused, since what it embeds is beyond reach.
	d := btftest.New(little)
	d.Int("int", 4, btftest.Signed)
	m := d.Split()
	build(m)
	base := load(t, d.Bytes())
	_, err = loadSplit(t, m.Bytes(), base).Relocate(base)
	require.ErrorAs(t, err, &format)
}

// TestMillion: 2^20 types, more than the kernel takes, in the order of their names
// and not; and split BTF above them.
func TestMillion(t *testing.T) {
	const n = 1 << 20
	for name, number := range map[string]func(i int) int{
		"sorted":   func(i int) int { return i },
		"unsorted": func(i int) int { return n - 1 - i },
	} {
		t.Run(name, func(t *testing.T) {
			records, strings := make([][]uint32, n), []byte{0}
			for i := range records {
				records[i] = []uint32{uint32(len(strings)), btftest.Info(7, 0, i%2 == 0), 0}
				strings = fmt.Appendf(strings, "t%07d\x00", number(i))
			}
			raw := btftest.Join(little, records, strings)
			spec := load(t, raw)
			require.Equal(t, n, spec.NumTypes())
			require.Equal(t, name == "sorted", spec.SortedByName())
			split := btftest.Over(little, n, uint32(len(strings)))
			split.Typedef("above", n)
			over := loadSplit(t, split.Bytes(), spec)
			require.Equal(t, btf.TypeID(n), as[btf.Typedef](t, over, n+1).Type().ID())

			for round := range 3 {
				for _, i := range []int{0, 1, n/2 - 1, n / 2, n - 2, n - 1} {
					typ, err := spec.AnyTypeByName(fmt.Sprintf("t%07d", number(i)))
					require.NoError(t, err)
					require.Equal(t, btf.TypeID(i+1), typ.ID(), "round %d", round)
					again, err := over.TypeByID(typ.ID())
					require.NoError(t, err)
					require.Equal(t, typ, again)
				}
				_, err := spec.AnyTypeByName(fmt.Sprintf("t%07d", n))
				require.ErrorIs(t, err, btf.ErrNotFound)
			}
			_, err := spec.TypeByID(n + 1)
			require.ErrorIs(t, err, btf.ErrNotFound)
			count := 0
			for range spec.All() {
				count++
			}
			require.Equal(t, n, count)
			require.NoError(t, spec.Verify())
		})
	}
}

// TestHugeDatasec: a section of 2^20 variables needs the 24 bits that vlen has since
// Linux 7.2, and 12 MB for one record.
func TestHugeDatasec(t *testing.T) {
	const n = 1 << 20
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			i := b.Int("int", 4, btftest.Signed)
			v := b.Var("v", i, 1)
			vars := make([]btftest.Variable, n)
			for i := range vars {
				vars[i] = btftest.Variable{Type: v, Offset: uint32(4 * i), Size: 4}
			}
			b.Datasec(".data", 4*n, vars...)
			b.Typedef("after", i)
			raw := b.Bytes()
			spec := load(t, raw)
			require.Equal(t, 4, spec.NumTypes())
			require.NoError(t, spec.Verify())
			var sec btf.Datasec
			require.NoError(t, spec.TypeByName(".data", &sec))
			require.Equal(t, n, sec.NumVars())
			last := sec.Var(n - 1)
			require.Equal(t, uint32(4*(n-1)), last.Offset())
			require.Equal(t, "v", last.Type().Name())
			count := uint32(0)
			for entry := range sec.Vars() {
				if entry.Offset() != 4*count {
					t.Fatalf("entry %d is at %d", count, entry.Offset())
				}
				count++
			}
			require.Equal(t, uint32(n), count)
			require.Equal(t, btf.TypeID(4), as[btf.Typedef](t, spec, 4).ID())

			// One more entry than the section has bytes for.
			short := btftest.Put(order, raw, 24+16+16+4, btftest.Info(15, n+3, false))
			_, err := btf.LoadRawSpec(short)
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			short = btftest.Put(order, raw, 24+16+16+12+12*(n-1), 99)
			require.ErrorAs(t, load(t, short).TypeByName(".data", &sec), &format)
			require.Equal(t, uint64(12+12*(n-1)), format.Offset-32)
		})
	}
}

// TestNamesOf4K: names of Rust's types can be long. These have flavours, members and
// each other's first 4 KB.
func TestNamesOf4K(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			long := strings.Repeat("core::iter::Map<", 256)
			names := []string{long, long + "a", long + "b", long + "___old", long[1:]}
			b := btftest.New(order)
			i := b.Int("int", 4, btftest.Signed)
			for _, name := range names {
				b.Struct(name, 4, btftest.Member{Name: name, Type: i})
			}
			spec := load(t, b.Bytes())
			require.NoError(t, spec.Verify())
			for range 3 {
				for i, name := range names {
					var s btf.Struct
					require.NoError(t, spec.TypeByName(name, &s))
					require.Equal(t, btf.TypeID(i+2), s.ID())
					require.Equal(t, name, s.Name())
					m, err := s.MemberByName(name)
					require.NoError(t, err)
					require.Equal(t, name, m.Name())
					_, err = s.MemberByName(name + "c")
					require.ErrorIs(t, err, btf.ErrNotFound)
				}
			}
			require.Len(t, slices.Collect(spec.TypesByEssentialName(long)), 2)
			_, err := spec.AnyTypeByName(long[:4095])
			require.ErrorIs(t, err, btf.ErrNotFound)
		})
	}
}
