// Tests a directory that looks like that of a running kernel.

package btf_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A kernelRoot is a directory that shows a kernel's BTF as / does.
type kernelRoot string

func (r kernelRoot) path(name string) string { return filepath.Join(string(r), "sys/kernel/btf", name) }

// put makes a file as the kernel does: in one piece.
func (r kernelRoot) put(t testing.TB, name string, b []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(r.path(""), 0o755))
	temporary := filepath.Join(string(r), "new")
	require.NoError(t, os.WriteFile(temporary, b, 0o644))
	require.NoError(t, os.Rename(temporary, r.path(name)))
}

// smallKernel is a kernel with modules, sound and other.
func smallKernel(t testing.TB) kernelRoot {
	t.Helper()
	root := kernelRoot(t.TempDir())
	vmlinux := pathBlob(little)
	b := vmlinux.Split()
	b.Struct("nf_conn", 24, btftest.Member{Name: "mark", Type: 1, Offset: 64}, btftest.Member{Name: "moved", Type: 1}, btftest.Member{Name: "outer", Type: 17, Offset: 128})
	b.Func("nf_hook", b.FuncProto(0, btftest.Param{Name: "o", Type: 17}), 1)
	root.put(t, "nf_conntrack", b.Bytes())

	b = vmlinux.Split()
	b.Int("own", 4, 0)
	b.Struct("nf_conn", 24, btftest.Member{Name: "mark", Type: 1, Offset: 64}, btftest.Member{Name: "moved", Type: 1, Offset: 32}, btftest.Member{Name: "outer", Type: 17, Offset: 128})
	root.put(t, "nf_nat", b.Bytes())

	// A file that stands on a module that stands on vmlinux.
	inline := b.Split()
	inline.Struct("nf_inline", 4, btftest.Member{Name: "x", Type: 1})
	root.put(t, "nf_nat.inline", inline.Bytes())
	inline = vmlinux.Split()
	inline.Layout(20, 4, 4)
	inline.Record(0, btftest.Info(20, 0, false), 0, 0)
	root.put(t, "vmlinux.inline", inline.Bytes())

	root.put(t, "empty_module", vmlinux.Split().Bytes())
	root.put(t, "no_bytes", nil)
	root.put(t, "odd_module", []byte("no BTF"))
	require.NoError(t, os.Mkdir(root.path("directory"), 0o755))
	root.put(t, "vmlinux", vmlinux.Bytes())
	return root
}

func openKernel(t testing.TB, root kernelRoot) *btf.Kernel {
	t.Helper()
	k, err := btf.OpenKernel(string(root))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

// modulesOf returns the names of what can be read, and of what cannot.
func modulesOf(k *btf.Kernel) (sound, broken []string) {
	for m, err := range k.Modules() {
		if err != nil {
			broken = append(broken, m.Name)
		} else {
			sound = append(sound, m.Name)
		}
	}
	return sound, broken
}

func TestKernelAsOne(t *testing.T) {
	root := smallKernel(t)
	k := openKernel(t, root+"/")
	names, err := k.ModuleNames()
	require.NoError(t, err)
	require.Equal(t, []string{"empty_module", "nf_conntrack", "nf_nat", "no_bytes", "odd_module"}, names)
	sound, broken := modulesOf(k)
	require.Equal(t, []string{"vmlinux", "empty_module", "nf_conntrack", "nf_nat"}, sound)
	require.Equal(t, []string{"no_bytes", "odd_module"}, broken)
	for m, err := range k.Modules() {
		if m.Name == "odd_module" {
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			require.ErrorContains(t, err, "/sys/kernel/btf/odd_module: ")
		}
		if err != nil {
			require.Empty(t, slices.Collect(m.Spec.All()), "inert")
			_, err = m.Spec.AnyTypeByName("int")
			require.ErrorIs(t, err, btf.ErrClosed)
			continue
		}
		require.True(t, m.Name == "vmlinux" || m.Spec.Base() == k.Vmlinux(), "one base for all")
	}

	nat := must(k.Module("nf_nat"))
	require.True(t, nat == must(k.Module("nf_nat")), "opened once")
	require.Zero(t, must(k.Module("empty_module")).NumTypes())
	for _, name := range []string{"", "vmlinux", "nf_nat.inline", "../vmlinux"} {
		_, err := k.Module(name)
		require.ErrorContains(t, err, "is not the name of a kernel module")
	}
	_, err = k.Module("not_loaded")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = k.Module("directory")
	require.ErrorContains(t, err, "must be a regular file")

	find := func(name string) (found []string) {
		for m, typ := range k.TypesByName(name) {
			found = append(found, m.Name+" "+typ.Kind().String())
		}
		return found
	}
	require.Equal(t, []string{"vmlinux STRUCT", "vmlinux TYPEDEF"}, find("outer"))
	require.Equal(t, []string{"nf_conntrack STRUCT", "nf_nat STRUCT"}, find("nf_conn"))
	require.Empty(t, find("nf_inline"))
	for range k.TypesByName("nf_conn") {
		break
	}

	require.Equal(t, must(k.Vmlinux().Field("outer.right")), must(k.Field("outer.right")))
	require.Equal(t, btf.Bits(64), must(k.Field("nf_conn.mark")).Offset(), "both modules agree")
	require.Equal(t, []btf.Bits{128, 608}, slices.Collect(must(k.Field("nf_conn.outer->right")).Offsets()))
	_, err = k.Field("nf_conn.moved")
	require.ErrorIs(t, err, btf.ErrMultipleMatches)
	require.ErrorContains(t, err, "modules nf_conntrack and nf_nat do not agree")
	_, err = k.Field("nf_conn.missing")
	require.ErrorIs(t, err, btf.ErrNotFound)
	require.ErrorContains(t, err, `btf: path "nf_conn.missing": in nf_conntrack: at ".missing"`)
	_, err = k.Field("outer.missing")
	require.ErrorIs(t, err, btf.ErrNotFound)
	_, err = k.Field("hidden.x")
	require.ErrorContains(t, err, "only declared")
	_, err = k.Field("nf_inline.x")
	require.ErrorIs(t, err, btf.ErrNotFound)
	require.ErrorContains(t, err, "odd_module", "it may be in one of those that could not be read")
	_, err = k.Field("outer.")
	require.ErrorContains(t, err, "needs the name of a member")

	var hooks []string
	for m, err := range k.Modules() {
		if err != nil {
			continue
		}
		for f, err := range m.Spec.Funcs(btf.FuncFilter{PointerTo: "outer"}) {
			require.NoError(t, err)
			hooks = append(hooks, m.Name+" "+f.Name())
		}
	}
	require.Equal(t, []string{"nf_conntrack nf_hook"}, hooks)

	require.NoError(t, k.Close())
	require.NoError(t, k.Close())
	_, err = k.Module("nf_nat")
	require.ErrorIs(t, err, btf.ErrClosed)
	_, err = k.Field("outer.right")
	require.ErrorIs(t, err, btf.ErrClosed)
	require.Empty(t, find("outer"))
	sound, broken = modulesOf(k)
	require.Empty(t, sound)
	require.Equal(t, []string{"vmlinux"}, broken)
	require.Empty(t, slices.Collect(nat.All()))
}

// TestKernelModulesComeAndGo: the listing is that of now, and a module that is loaded
// anew is not taken for the one before, which stays readable.
func TestKernelModulesComeAndGo(t *testing.T) {
	root := kernelRoot(t.TempDir())
	vmlinux := pathBlob(little)
	root.put(t, "vmlinux", vmlinux.Bytes())
	k := openKernel(t, root)
	module := func(size uint32) []byte {
		b := vmlinux.Split()
		b.Struct("late", size) // all are files of the same size
		return b.Bytes()
	}
	_, err := k.Field("late")
	require.ErrorIs(t, err, btf.ErrNotFound)
	root.put(t, "late_module", module(8))
	require.Equal(t, uint64(8), must(must(k.Field("late")).Size()))
	before := must(k.Module("late_module"))
	root.put(t, "late_module", module(12))
	require.Equal(t, uint64(12), must(must(k.Field("late")).Size()))

	require.NoError(t, os.Remove(root.path("late_module")))
	_, err = k.Module("late_module")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = k.Field("late")
	require.ErrorIs(t, err, btf.ErrNotFound)

	root.put(t, "late_module", []byte("broken"))
	_, err = k.Module("late_module")
	require.Error(t, err)
	root.put(t, "late_module", module(16))
	require.Equal(t, uint64(16), must(must(k.Field("late")).Size()))
	require.Equal(t, uint64(8), must(must(before.Field("late")).Size()))
	require.NoError(t, k.Close())
	_, err = before.Field("late")
	require.ErrorIs(t, err, btf.ErrClosed)
}

// TestKernelCloseUnloaded: the BTF of modules that are gone is closed, and that of the
// others is not.
func TestKernelCloseUnloaded(t *testing.T) {
	root := kernelRoot(t.TempDir())
	vmlinux := pathBlob(little)
	root.put(t, "vmlinux", vmlinux.Bytes())
	k := openKernel(t, root)
	module := func(size uint32) []byte {
		b := vmlinux.Split()
		b.Struct("late", size)
		return b.Bytes()
	}
	root.put(t, "gone", module(8))
	root.put(t, "stays", module(8))
	root.put(t, "broken", []byte("broken"))
	root.put(t, "again", module(8))
	gone, stays, again := must(k.Module("gone")), must(k.Module("stays")), must(k.Module("again"))
	_, brokenErr := k.Module("broken")
	require.Error(t, brokenErr)
	root.put(t, "again", module(12))
	newer := must(k.Module("again"))
	require.NoError(t, os.Remove(root.path("gone")))
	require.NoError(t, os.Remove(root.path("broken")))
	require.Equal(t, 1, gone.NumTypes())

	require.NoError(t, k.CloseUnloaded())
	require.Zero(t, gone.NumTypes())
	require.Zero(t, again.NumTypes())
	for _, s := range []*btf.Spec{stays, newer, k.Vmlinux()} {
		require.NotZero(t, s.NumTypes())
	}
	require.Same(t, stays, must(k.Module("stays")))
	require.Same(t, newer, must(k.Module("again")))
	require.Equal(t, uint64(12), must(must(newer.Field("late")).Size()))

	root.put(t, "gone", module(16))
	require.Equal(t, uint64(16), must(must(must(k.Module("gone")).Field("late")).Size()))
	root.put(t, "again", module(20)) // loaded again, and not asked for yet
	require.NoError(t, k.CloseUnloaded())
	require.Zero(t, newer.NumTypes())
	require.Equal(t, uint64(20), must(must(must(k.Module("again")).Field("late")).Size()))
	require.NoError(t, k.Close())
	require.ErrorIs(t, k.CloseUnloaded(), btf.ErrClosed)
}

// TestKernelModulesDiffer: modules that do not say the same of a path, and one that
// says nothing.
func TestKernelModulesDiffer(t *testing.T) {
	root := kernelRoot(t.TempDir())
	vmlinux := pathBlob(little)
	root.put(t, "vmlinux", vmlinux.Bytes())
	private := func(members ...btftest.Member) []byte {
		b := vmlinux.Split()
		b.Struct("private", 16, members...)
		return b.Bytes()
	}
	x, y := btftest.Member{Name: "x", Type: 1}, btftest.Member{Name: "y", Type: 1, Offset: 32}
	root.put(t, "first", private(x))
	root.put(t, "second", private(x, y))
	root.put(t, "third", private(btftest.Member{Name: "z", Type: 1 << 20}))
	k := openKernel(t, root)

	require.Equal(t, btf.Bits(0), must(k.Field("private.x")).Offset(), "the broken one has no say")
	_, err := k.Field("private.y")
	require.ErrorIs(t, err, btf.ErrMultipleMatches)
	require.NotErrorIs(t, err, btf.ErrNotFound)
	require.ErrorContains(t, err, "modules second and first do not agree")

	_, err = k.Field("private.none")
	require.ErrorIs(t, err, btf.ErrNotFound)
	var broken *btf.FormatError
	require.ErrorAs(t, err, &broken, "it might have it")
	require.ErrorContains(t, err, "in third: ")
}

// TestKernelWithoutSysfs: vmlinux may be a file of a distribution, and then there are
// no modules.
func TestKernelWithoutSysfs(t *testing.T) {
	root := t.TempDir()
	_, err := btf.OpenKernel(root)
	require.ErrorIs(t, err, btf.ErrNotSupported)
	for path, b := range map[string][]byte{"proc/sys/kernel/osrelease": []byte("6.1.0\n"), "boot/vmlinux-6.1.0": pathBlob(little).Bytes()} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, path), b, 0o644))
	}
	k := openKernel(t, kernelRoot(root))
	sound, broken := modulesOf(k)
	require.Equal(t, []string{"vmlinux"}, sound)
	require.Empty(t, broken)
}

// TestKernelConcurrent opens modules, and one that changes, from many goroutines.
func TestKernelConcurrent(t *testing.T) {
	root := smallKernel(t)
	k := openKernel(t, root)
	again := filepath.Join(string(root), "again")
	require.NoError(t, os.WriteFile(again, must(os.ReadFile(root.path("nf_nat"))), 0o644))
	var done sync.WaitGroup
	for i := range 16 {
		done.Go(func() {
			for range 20 {
				if sound, broken := modulesOf(k); len(sound) < 4 || len(broken) != 2 {
					t.Errorf("%q, %q", sound, broken)
				}
				if f, err := k.Field("nf_conn.mark"); err != nil || f.Offset() != 64 {
					t.Errorf("%v, %v", f.Offset(), err)
				}
			}
			if i == 0 && runtime.GOOS != "windows" { // the module is loaded anew; Windows replaces no open file
				if err := os.Rename(again, root.path("nf_nat")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
}

// TestKernelOfCorpus is a kernel with its own modules.
func TestKernelOfCorpus(t *testing.T) {
	dir := btftest.Corpus(t)
	for release, file := range map[string]string{"amd64-6.12": "vmlinux-amd64-6.12.btf.gz", "s390x-6.1": "vmlinux-s390x-6.1-big-endian.btf.gz"} {
		t.Run(release, func(t *testing.T) {
			root := kernelRoot(t.TempDir())
			root.put(t, "vmlinux", must(btftest.Gunzip(filepath.Join(dir, file))))
			paths, err := filepath.Glob(filepath.Join(dir, "modules-"+release, "*.btf"))
			require.NoError(t, err)
			require.NotEmpty(t, paths)
			want := []string{"vmlinux"}
			for _, path := range paths {
				name := strings.TrimSuffix(filepath.Base(path), ".btf")
				root.put(t, name, must(os.ReadFile(path)))
				want = append(want, name)
			}
			k := openKernel(t, root)
			sound, broken := modulesOf(k)
			require.Equal(t, want, sound)
			require.Empty(t, broken)

			// Of the drivers, only tun has such a struct.
			f := must(k.Field("tun_struct.dev->name[0]"))
			require.Equal(t, 1, f.NumPointers())
			require.Equal(t, must(k.Vmlinux().Field("net_device.name")).Offset(), f.Offset())
			for m, err := range k.Modules() {
				require.NoError(t, err)
				for _, filter := range []btf.FuncFilter{{PointerTo: "sk_buff", FirstParams: 5}, {PointerTo: "inode"}, {Name: "*_init"}} {
					compareFuncs(t, m.Spec, filter)
				}
			}
		})
	}
}
