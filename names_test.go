// Tests that every way to look up a name finds the same types.

package btf_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// essential is what bpf_core_essential_name_len of libbpf returns, found in the
// slowest way: of all places to cut, the last.
func essential(name string) string {
	for cut := len(name); cut > 0; cut-- {
		before, after, ok := name[:cut], "", strings.HasPrefix(name[cut:], "___")
		if ok {
			after = name[cut+3:]
		}
		if ok && before[len(before)-1] != '_' && after != "" && after[0] != '_' {
			return before
		}
	}
	return name
}

func TestEssential(t *testing.T) {
	for name, want := range map[string]string{
		"task_struct": "task_struct", "task_struct___v1": "task_struct", "___pskb_trim": "___pskb_trim",
		"foo___": "foo___", "a____b": "a____b", "a___b___c": "a___b", "___x": "___x", "a___b": "a", "_": "_",
		"a___b____": "a",
	} {
		require.Equal(t, want, essential(name))
		require.Equal(t, want, btf.EssentialName(name))
		require.Equal(t, want, string(btf.EssentialName([]byte(name))))
	}
}

// TestNames asks for thousands of names, of few letters so that they share fronts,
// ends and flavours, and compares with looking at each.
func TestNames(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	names := []string{"task_struct", "task_struct___v1", "task_struct___v2", "___pskb_trim", "foo___", "a____b", "a___b___c", "a___b", "a"}
	for length := 1; length <= 50; length++ {
		for range 40 {
			name := make([]byte, length)
			for i := range name {
				name[i] = "____ab"[random.IntN(6)]
			}
			names = append(names, string(name))
		}
		// A flavour at every place, also across those 32 bytes that are hashed.
		long := strings.Repeat("x", length)
		names = append(names, long, long+"___f", long+"___f___g", long+"____f", "___"+long)
	}
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			byName, byEssential := map[string][]btf.TypeID{}, map[string][]btf.TypeID{}
			for _, name := range names {
				if random.IntN(3) == 0 {
					b.Pointer(0) // anonymous ones between
				}
				id := btf.TypeID(b.Fwd(name, false))
				byName[name] = append(byName[name], id)
				byEssential[essential(name)] = append(byEssential[essential(name)], id)
			}
			split := b.Split()
			splitID := btf.TypeID(split.Typedef(names[0], 1))

			bytes := b.Bytes()
			spec := load(t, bytes)
			ids := func(types func(func(btf.Type) bool)) (all []btf.TypeID) {
				for typ := range types {
					all = append(all, typ.ID())
				}
				return all
			}
			for _, name := range append(names, "nothing", "x___nothing", strings.Repeat("y", 60)) {
				fresh := load(t, bytes)
				require.Equal(t, byName[name], ids(fresh.TypesByName(name)), "%q without an index", name)
				require.Equal(t, byName[name], ids(spec.TypesByName(name)), "%q", name)
				require.Equal(t, byEssential[essential(name)], ids(spec.TypesByEssentialName(name)), "flavours of %q", name)
			}
			// An early end is one.
			for range spec.TypesByName(names[0]) {
				break
			}
			for range spec.TypesByEssentialName(names[0]) {
				break
			}
			over := loadSplit(t, split.Bytes(), spec)
			for range 2 {
				require.Equal(t, []btf.TypeID{splitID}, ids(over.TypesByName(names[0])), "a name of the base, a type of its own")
			}
			require.Equal(t, []btf.TypeID{splitID}, ids(over.TypesByEssentialName(names[0])))
		})
	}
}

// TestNamesOfVmlinux finds every name of the fixture by that name.
func TestNamesOfVmlinux(t *testing.T) {
	spec := loadVmlinux(t)
	named := 0
	for typ := range spec.All() {
		name := typ.Name()
		if name == "" {
			continue
		}
		named++
		if named%16 != 0 && testing.Short() {
			continue
		}
		found, last := false, btf.TypeID(0)
		for other := range spec.TypesByName(name) {
			if other == typ {
				found = true
			}
			if other.ID() <= last || other.Name() != name {
				t.Fatalf("%v among those called %q", other, name)
			}
			last = other.ID()
		}
		if !found {
			t.Fatalf("%v is not found by its name", typ)
		}
	}
	require.Greater(t, named, 50_000)
}

// TestEqualNames: a hundred thousand types of one name take no longer to index
// than others.
func TestEqualNames(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	const n = 100_000
	for range n {
		b.Fwd("same", false)
	}
	spec := load(t, b.Bytes())
	for range 2 {
		require.Len(t, slices.Collect(spec.TypesByName("same")), n)
	}
}
