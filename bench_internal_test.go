// Compares each fast form with its plain form: the same answers, and the time of both.

package btf

import (
	"bytes"
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
