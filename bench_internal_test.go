// Compares each fast form with its plain form: the same answers, and the time of both.

package btf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

func fixtureLayer(t testing.TB) *layer {
	t.Helper()
	spec, err := LoadRawSpec(btftest.Vmlinux(t))
	require.NoError(t, err)
	return &spec.layer
}

func (l *layer) walker() walker {
	return walker{types: l.types, shapes: l.shapes, names: l.strings.end(), first: l.first}
}

// TestWalk: the interleaved walk finds what the plain one finds, in records whose
// bytes were damaged too, or leaves them to it.
func TestWalk(t *testing.T) {
	l := fixtureLayer(t)
	w := l.walker()
	want, err := w.plain()
	require.NoError(t, err)
	got, ok := w.interleaved()
	require.True(t, ok, "the fixture is to be walked in four stretches")
	require.Equal(t, want, got)

	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 200 {
		w.types.bytes = bytes.Clone(l.types.bytes)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(w.types.bytes))
			if random.IntN(2) == 0 {
				// The front of a record, where damage moves all that follows.
				at = int(l.starts.offset(random.Uint32N(l.starts.count))) + random.IntN(recordSize)
			}
			w.types.bytes[at] = byte(random.Uint32())
		}
		want, err := w.plain()
		got, ok := w.interleaved()
		if err != nil {
			require.False(t, ok, "the plain walk says: %v", err)
			refused++
		} else if ok {
			require.Equal(t, want, got)
		}
	}
	require.NotZero(t, refused)
	require.Less(t, refused, 200)
}

// TestStarts: the n-th record is the n-th of all.
func TestStarts(t *testing.T) {
	l := fixtureLayer(t)
	var i uint32
	for off := range l.starts.all() {
		require.Equal(t, off, l.starts.offset(i))
		i++
	}
	require.Equal(t, l.starts.count, i)
}

// gaps are type sections with huge records among small ones: the number of elements of
// each record, an ENUM.
func gaps() map[string][]uint32 {
	small := func(n int) []uint32 { return make([]uint32, n) }
	random := rand.New(rand.NewPCG(7, 8))
	mixed := small(2000)
	for i := range mixed {
		if random.IntN(20) == 0 {
			mixed[i] = random.Uint32N(1 << (2 + random.Uint32N(14)))
		}
	}
	return map[string][]uint32{
		"no records":         nil,
		"one huge":           {100_000},
		"huge first":         append([]uint32{100_000}, small(100)...),
		"huge second":        append([]uint32{0, 100_000}, small(100)...),
		"huge last":          append(small(100), 100_000),
		"end of a stride":    append(append(small(31), 100_000), small(33)...),
		"start of a stride":  append(append(small(32), 100_000), small(33)...),
		"several in a row":   append(append(small(70), 9000, 9000, 9000), small(70)...),
		"every stride":       slices.Repeat(append(small(31), 3000), 20),
		"as wide as allowed": append(append(small(16), nearWords*256/8-32*12/8), small(64)...),
		"mixed":              mixed,
	}
}

// gapped returns a blob of ENUMs.
func gapped(order btftest.Order, b *btftest.Builder, elements []uint32) []byte {
	for _, n := range elements {
		b.Record(0, btftest.Info(6, n, false), 4, make([]uint32, 2*n)...)
	}
	return b.Bytes()
}

// TestGaps: the n-th record is the n-th of all, with huge records between them too, and
// the walk to it is short.
func TestGaps(t *testing.T) {
	for name, elements := range gaps() {
		for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(name, order), func(t *testing.T) {
				base, err := LoadRawSpec(gapped(order, btftest.New(order), elements))
				require.NoError(t, err)
				split, err := LoadRawSplitSpec(gapped(order, btftest.Over(order, uint32(len(elements)), 1), elements), base)
				require.NoError(t, err)
				for _, spec := range []*Spec{base, split} {
					l := &spec.layer
					var i, off uint32
					for at := range l.starts.all() {
						require.Equal(t, off, at)
						require.Equal(t, at, l.starts.offset(i))
						off += recordSize + 8*elements[i]
						i++
					}
					require.Equal(t, uint32(len(elements)), i)
					require.Zero(t, l.starts.offset(i))

					samples := l.starts.every[:(i+stride-1)/stride]
					ranks := l.starts.every[len(samples):]
					wide, last := false, uint32(0)
					for _, s := range append(slices.Clone(samples), 64*uint32(len(l.starts.bits))) {
						wide = wide || s/64-last > nearWords
						last = s / 64
					}
					require.Equal(t, i > 0 && wide, len(ranks) > 0, "ranks are for huge records only")
				}
			})
		}
	}
	require.Empty(t, fixtureLayer(t).starts.every[(fixtureLayer(t).starts.count+stride-1)/stride:], "a kernel has no ranks")
}

// TestScan: the scan, the plain scan and the index find the same types.
func TestScan(t *testing.T) {
	l := fixtureLayer(t)
	collect := func(scan func(yield func(Type) bool)) []Type { return slices.Collect(scan) }
	index := newNameIndex(l, int(l.starts.count), hashExact)
	names := []string{"", "a", "no_such_type", "u8", "int", "task_struct", "inet_sock", "irq_info", "___pskb_trim", "trace_event_data_offsets_sched_wakeup_template"}
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		id := l.first + TypeID(random.Uint32N(l.starts.count))
		names = append(names, l.typeByID(id).Name())
	}
	found := 0
	for _, name := range names {
		if name == "" {
			continue
		}
		want := collect(func(yield func(Type) bool) { l.scanPlain(name, yield) })
		require.Equal(t, want, collect(func(yield func(Type) bool) { l.scan(name, yield) }), name)

		var indexed []Type
		m := index.lookup(l, hashString(name))
		for typ, ok := m.next(); ok; typ, ok = m.next() {
			if typ.Name() == name {
				indexed = append(indexed, typ)
			}
		}
		require.Equal(t, want, indexed, name)
		found += len(want)
	}
	require.NotZero(t, found)
}

func BenchmarkWalk(b *testing.B) {
	w := fixtureLayer(b).walker()
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.plain(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("interleaved", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := w.interleaved(); !ok {
				b.Fatal("given up")
			}
		}
	})
}

func BenchmarkFirstLookup(b *testing.B) {
	l := fixtureLayer(b)
	for name, scan := range map[string]func(string, func(Type) bool){"scan": l.scan, "plain": l.scanPlain} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				scan("inet_sock", func(Type) bool { return true })
			}
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	l := fixtureLayer(b)
	b.ReportAllocs()
	for b.Loop() {
		newNameIndex(l, int(l.starts.count), hashExact)
	}
}
