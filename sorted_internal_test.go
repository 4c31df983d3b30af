// Tests look-ups in BTF that is sorted by name.

package btf

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// sortedFixture is the vmlinux fixture, with its types in the order of their names.
func sortedFixture(t testing.TB) *Spec {
	t.Helper()
	records, strs := btftest.Records(binary.LittleEndian, btftest.Vmlinux(t))
	spec, err := LoadRawSpec(btftest.Join(binary.LittleEndian, btftest.Sorted(records, strs), strs))
	require.NoError(t, err)
	return spec
}

// inOrder is sorted in the simplest way.
func inOrder(l *layer) bool {
	last := ""
	for t := range l.all() {
		if t.Name() < last {
			return false
		}
		last = t.Name()
	}
	return true
}

// TestBisect: every name of a sorted vmlinux is found without an index as looking at
// each finds it, and so is every name that is nearly one.
func TestBisect(t *testing.T) {
	spec := sortedFixture(t)
	l := &spec.layer
	require.True(t, l.sorted())
	byName := map[string][]Type{}
	for typ := range l.all() {
		if name := typ.Name(); name != "" {
			byName[name] = append(byName[name], typ)
		}
	}
	require.Greater(t, len(byName), 50_000)
	for name, want := range byName {
		for _, name := range []string{name, name + "_", name[:len(name)-1] + "\x01", name[:len(name)-1]} {
			want := want
			if name != want[0].Name() {
				want = byName[name]
			}
			from, to := l.bisect(name)
			if int(to-from) != len(want) || len(want) > 0 && l.record(from) != want[0] {
				t.Fatalf("%q: records %d to %d, wanted %v", name, from, to, want)
			}
		}
	}
	require.Nil(t, spec.names.exact.built.Load())
}

// TestSortedOrNot: names that are few, long, equal in their fronts, twice in the
// strings, inside one another, in the base or at the end of the strings: in order or
// with one of them out of it, what is found is what looking at each finds.
func TestSortedOrNot(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	pool := []string{"", "a", "b", "ab", "a___b", "\x80", "\xff\xff"}
	for _, n := range []int{7, 8, 9, 15, 16, 31, 32, 33, 100, longestName - 1, longestName, longestName + 1, 4096} {
		front := strings.Repeat("x", n)
		pool = append(pool, front, front+"a", front+"b", front+"\x80", front+"a___b")
	}
	sorted, not := 0, 0
	for round := range 2000 {
		order := btftest.Order(binary.LittleEndian)
		if round%2 == 0 {
			order = binary.BigEndian
		}
		base := btftest.New(order)
		for range random.IntN(6) {
			base.Int(pool[random.IntN(len(pool))], 4, 0)
		}
		var names []string
		for range 1 + random.IntN(40) {
			names = append(names, pool[random.IntN(len(pool))])
		}
		slices.Sort(names)
		if i := random.IntN(len(names)); round%3 == 0 {
			names[i] = pool[random.IntN(len(pool))] // a lie, perhaps
		}
		b := base.Split()
		for _, name := range names {
			off := b.String(name)
			switch {
			case name != "" && random.IntN(4) == 0:
				off = b.NewString(name) // once more
			case name != "" && random.IntN(4) == 0:
				off = b.NewString("zz"+name) + 2 // inside another
			}
			b.Record(off, btftest.Info(7, 0, false), 0)
		}
		under, err := LoadRawSpec(base.Bytes())
		require.NoError(t, err)
		load := func() *Spec {
			spec, err := newSpec(b.Bytes(), under)
			require.NoError(t, err)
			return spec
		}
		spec := load()
		if spec.SortedByName() {
			sorted++
			require.True(t, inOrder(&spec.layer))
		} else {
			not++
			long := slices.ContainsFunc(names, func(name string) bool { return len(name) >= longestName })
			require.True(t, long || !inOrder(&spec.layer), "%q", names)
		}
		for _, name := range append(names, "nothing", "x") {
			if name == "" {
				continue
			}
			want := slices.Collect(func(yield func(Type) bool) { spec.layer.scanPlain(name, yield) })
			fresh := load()
			for range 3 {
				require.Equal(t, want, slices.Collect(spec.TypesByName(name)))
				require.Len(t, slices.Collect(fresh.TypesByName(name)), len(want))
			}
			var flavours []Type
			for typ := range spec.All() {
				if had := typ.Name(); had != "" && had[:essentialLen(had)] == name[:essentialLen(name)] {
					flavours = append(flavours, typ)
				}
			}
			require.Equal(t, flavours, slices.Collect(spec.TypesByEssentialName(name)))
		}
	}
	require.Greater(t, sorted, 200)
	require.Greater(t, not, 200)
}

// TestBisections: there is no index until after many questions, and it answers alike.
func TestBisections(t *testing.T) {
	spec := sortedFixture(t)
	want := slices.Collect(spec.TypesByName("list_head"))
	require.Len(t, want, 1)
	for i := range bisections {
		require.True(t, spec.names.exact.built.Load() == nil, "after %d questions", i+1)
		for typ := range spec.TypesByName("list_head") {
			if typ != want[0] {
				t.Fatal(typ)
			}
		}
	}
	require.NotNil(t, spec.names.exact.built.Load())
	require.Equal(t, want, slices.Collect(spec.TypesByName("list_head")))
}

// BenchmarkSorted is about a vmlinux that is sorted: cold from its bytes to 25 names;
// the pass that proves the order; and a look-up with and without an index.
func BenchmarkSorted(b *testing.B) {
	spec := sortedFixture(b)
	l := &spec.layer
	names := []string{
		"task_struct", "mm_struct", "vm_area_struct", "file", "inode", "dentry",
		"super_block", "path", "sock", "inet_sock", "tcp_sock", "sk_buff",
		"net_device", "net", "socket", "cred", "nsproxy", "pid", "upid",
		"signal_struct", "css_set", "cgroup", "kernfs_node", "linux_binprm", "user_namespace",
	}
	b.Run("cold25", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			spec, err := LoadRawSpec(spec.blob.bytes)
			if err != nil {
				b.Fatal(err)
			}
			for _, name := range names {
				var s Struct
				if err := spec.TypeByName(name, &s); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := LoadRawSpec(spec.blob.bytes); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("proof", func(b *testing.B) {
		for b.Loop() {
			if !l.sorted() {
				b.Fatal("out of order")
			}
		}
	})
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			l.scan("inet_sock", func(Type) bool { return true })
		}
	})
	every := make([]string, 0, l.starts.count)
	for t := range l.all() {
		if name := t.Name(); name != "" {
			every = append(every, name)
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(every), func(i, j int) { every[i], every[j] = every[j], every[i] })
	b.Run("bisected", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.bisect(every[i%len(every)])
		}
	})
	index := newNameIndex(l, int(l.starts.count), hashExact)
	b.Run("indexed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			name := every[i%len(every)]
			m := index.lookup(l, hashString(name))
			for t, ok := m.next(); ok && !l.strings.is(t.nameOff(), name); t, ok = m.next() {
			}
		}
	})
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			newNameIndex(l, int(l.starts.count), hashExact)
		}
	})
}
