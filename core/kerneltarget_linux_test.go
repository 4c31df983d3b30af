// Tests relocations against a kernel with modules, in a directory that stands for its root.

package core_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// fakeKernel writes the BTF files of a kernel below a directory, and opens them.
func fakeKernel(t *testing.T, files map[string][]byte) *btf.Kernel {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "sys", "kernel", "btf")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, blob := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), blob, 0o644))
	}
	kernel, err := btf.OpenKernel(root)
	require.NoError(t, err)
	return kernel
}

func TestKernelTarget(t *testing.T) {
	base := btftest.New(little)
	i := base.Int("long", 8, 1)
	base.Struct("in_vmlinux", 8, btftest.Member{Name: "a", Type: i})
	one, two := base.Split(), base.Split()
	one.Struct("in_one", 16, btftest.Member{Name: "a", Type: i, Offset: 64})
	one.Struct("in_both", 16, btftest.Member{Name: "a", Type: i, Offset: 64})
	two.Struct("in_both", 16, btftest.Member{Name: "a", Type: i, Offset: 64})
	two.Struct("in_vmlinux", 16, btftest.Member{Name: "b", Type: i, Offset: 64})
	files := map[string][]byte{"vmlinux": base.Bytes(), "one": one.Bytes(), "two": two.Bytes()}

	o := btftest.New(little)
	oi := o.Int("long", 8, 1)
	var records []record
	for n, name := range []string{"in_vmlinux", "in_one", "in_both", "nowhere"} {
		id := o.Struct(name, 16, btftest.Member{Name: "a", Type: oi}, btftest.Member{Name: "b", Type: oi, Offset: 64})
		records = append(records, record{uint32(16 * n), id, "0:0", btf.COREFieldByteOffset}, record{uint32(16*n + 8), id, "0:1", btf.COREFieldExists})
	}
	infos := object(t, little, o, records...)

	kernel := fakeKernel(t, files)
	var all []core.Fixup
	var group sync.WaitGroup
	for range 4 { // a Target has no state: all get the same
		group.Go(func() {
			mine, errs := resolve(infos, core.KernelTarget(kernel))
			for _, err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			if len(mine) != len(records) {
				t.Errorf("%d fixups", len(mine))
			}
		})
	}
	group.Wait()
	all, _ = resolve(infos, core.KernelTarget(kernel))
	require.Equal(t, "vmlinux", all[0].Matches[0].Module)
	require.True(t, all[1].Missing, "vmlinux has a type of the name, so that of module two is not seen")
	require.Equal(t, "one", all[2].Matches[0].Module)
	require.EqualValues(t, 8, all[2].Target)
	require.Len(t, all[4].Matches, 2)
	require.Equal(t, "two", all[4].Matches[1].Module)
	require.True(t, all[6].Missing && all[6].Poisoned && all[7].Missing)
	require.NoError(t, kernel.Close())
	_, errs := resolve(infos, core.KernelTarget(kernel))
	require.ErrorIs(t, errs[0], btf.ErrClosed)

	// What a broken module may have is not known to be missing.
	files["broken"] = []byte("no BTF")
	kernel = fakeKernel(t, files)
	defer kernel.Close()
	all, errs = resolve(infos, core.KernelTarget(kernel))
	require.NoError(t, errs[0])
	require.NoError(t, errs[2])
	require.EqualValues(t, 8, all[2].Target)
	require.ErrorContains(t, errs[6], "module broken was not searched")
	require.ErrorContains(t, errs[7], "module broken was not searched")
}
