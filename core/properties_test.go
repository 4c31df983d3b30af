// Tests what must hold for any object and kernel: order, layers, memory.

package core_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestOrderOfRecords: an answer does not depend on the order of the relocations.
func TestOrderOfRecords(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	o, k := btftest.New(little), btftest.New(little)
	i := o.Int("int", 4, 1)
	id := o.Struct("part", 12, btftest.Member{Name: "common", Type: i}, btftest.Member{Name: "left", Type: i, Offset: 32}, btftest.Member{Name: "right", Type: i, Offset: 64})
	ki := k.Int("int", 4, 1)
	k.Struct("part", 8, btftest.Member{Name: "common", Type: ki}, btftest.Member{Name: "left", Type: ki, Offset: 32})
	k.Struct("part___2", 8, btftest.Member{Name: "common", Type: ki}, btftest.Member{Name: "right", Type: ki, Offset: 32})
	records := []record{
		{0, id, "0:0", btf.COREFieldExists}, {8, id, "0:1", btf.COREFieldExists}, {16, id, "0:2", btf.COREFieldExists},
		{24, id, "0:0", btf.COREFieldByteOffset}, {32, id, "0", btf.CORETypeSize},
	}
	answers := map[int]string{}
	for range 20 {
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		all, _ := resolve(object(t, little, o, records...), loaded(t, k))
		for _, f := range all {
			require.NotZero(t, f.Flags&core.Split, f.String())
			if answers[f.Insn] == "" {
				answers[f.Insn] = f.String()
			}
			require.Equal(t, answers[f.Insn], f.String())
		}
	}
	require.Len(t, answers, len(records))
}

// TestModules: a module is searched only if vmlinux has no type of the name and kind.
func TestModules(t *testing.T) {
	base := btftest.New(little)
	i := base.Int("int", 4, 1)
	base.Struct("both", 4, btftest.Member{Name: "a", Type: i})
	module := base.Split()
	module.Struct("both", 8, btftest.Member{Name: "b", Type: i, Offset: 32})
	module.Struct("own", 8, btftest.Member{Name: "b", Type: i, Offset: 32})
	vmlinux, err := btf.LoadRawSpec(base.Bytes())
	require.NoError(t, err)
	split, err := btf.LoadRawSplitSpec(module.Bytes(), vmlinux)
	require.NoError(t, err)

	o := btftest.New(little)
	oi := o.Int("int", 4, 1)
	both := o.Struct("both", 8, btftest.Member{Name: "a", Type: oi}, btftest.Member{Name: "b", Type: oi, Offset: 32})
	own := o.Struct("own", 4, btftest.Member{Name: "b", Type: oi})
	infos := object(t, little, o,
		record{0, both, "0:0", btf.COREFieldExists}, record{8, both, "0:1", btf.COREFieldExists},
		record{16, own, "0:0", btf.COREFieldByteOffset}, record{24, own, "0", btf.CORETypeIDTarget})
	for name, target := range map[string]core.Target{
		"in order": core.SpecTarget(vmlinux, split), "reversed": core.SpecTarget(split, vmlinux), "with its base": core.SpecTarget(split),
	} {
		t.Run(name, func(t *testing.T) {
			all, errs := resolve(infos, target)
			require.Equal(t, make([]error, 4), errs)
			require.EqualValues(t, []uint64{1, 0, 4, 4}, []uint64{all[0].Target, all[1].Target, all[2].Target, all[3].Target})
			require.True(t, all[1].Missing)
			require.Equal(t, split, all[2].Matches[0].Spec)
		})
	}
	all, _ := resolve(infos, core.SpecTarget(vmlinux))
	require.True(t, all[2].Missing && all[2].Poisoned)

	require.NoError(t, split.Close())
	_, errs := resolve(infos, core.SpecTarget(vmlinux, split))
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], btf.ErrClosed)
}

// TestOldBitfields reads bitfields in the encoding used before Linux 4.20, which no other
// loader does.
func TestOldBitfields(t *testing.T) {
	o, k := btftest.New(little), btftest.New(little)
	id := o.Struct("s", 4, btftest.Member{Name: "high", Type: o.Int("unsigned int", 4, 0)})
	k.Int("long", 8, 1)
	k.Struct("s", 4, btftest.Member{Name: "low", Type: k.OldInt("unsigned int", 4, 0, 0, 5)}, btftest.Member{Name: "high", Type: k.OldInt("unsigned int", 4, 0, 5, 27)})
	infos := object(t, little, o,
		record{0, id, "0:0", btf.COREFieldByteOffset}, record{8, id, "0:0", btf.COREFieldByteSize},
		record{16, id, "0:0", btf.COREFieldLShiftU64}, record{24, id, "0:0", btf.COREFieldRShiftU64})
	all, errs := resolve(infos, loaded(t, k))
	require.Equal(t, make([]error, 4), errs)
	for n, want := range []uint64{0, 4, 32, 37} {
		require.Equal(t, want, all[n].Target)
		require.NotZero(t, all[n].Flags&core.OldBitfield)
	}
	require.Equal(t, core.AccessRefused, all[0].Access)
}

// TestPointerSize: pointers of an unknown size have no answer.
func TestPointerSize(t *testing.T) {
	o, k := btftest.New(little), btftest.New(little)
	id := o.Struct("s", 8, btftest.Member{Name: "p", Type: o.Pointer(0)})
	k.Struct("s", 8, btftest.Member{Name: "p", Type: k.Pointer(0)}) // 4 bytes would prove the size
	infos := object(t, little, o, record{0, id, "0:0", btf.COREFieldByteSize})
	_, errs := resolve(infos, loaded(t, k))
	require.ErrorIs(t, errs[0], btf.ErrPointerSize)
	for _, size := range []int{4, 8} {
		all, errs := resolve(infos, loaded(t, k).WithPointerSize(size))
		require.NoError(t, errs[0])
		require.EqualValues(t, size, all[0].Target)
	}
}

// TestAllocations: more relocations of the same types take no more memory.
func TestAllocations(t *testing.T) {
	o, k := btftest.New(little), btftest.New(little)
	i, ki := o.Int("int", 4, 1), k.Int("int", 4, 1)
	id := o.Struct("s", 12, btftest.Member{Name: "a", Type: i}, btftest.Member{Name: "list", Type: o.Array(i, i, 2), Offset: 32})
	k.Struct("s", 16, btftest.Member{Name: "list", Type: k.Array(ki, ki, 3), Offset: 32}, btftest.Member{Name: "a", Type: ki})
	e := o.Enum("e", 4, false, btftest.Value{Name: "ONE", Value: 1})
	k.Enum("e", 4, false, btftest.Value{Name: "ZERO"}, btftest.Value{Name: "ONE", Value: 1})
	records := []record{{0, id, "0:0", 0}, {8, id, "0:1:1", 0}, {16, id, "0:0", 5}, {24, id, "0:2", 2}, {32, e, "0", 11}, {40, id, "0", 8}, {48, id, "0", 12}, {56, id, "0", 9}}
	target := loaded(t, k)
	allocations := func(times int) float64 {
		infos := object(t, little, o, slices.Repeat(records, times)...)
		return testing.AllocsPerRun(20, func() {
			for f := range core.Resolve(infos, target) {
				_ = f
			}
		})
	}
	records[3].access = "0:1"
	require.Equal(t, allocations(2), allocations(20))
}
