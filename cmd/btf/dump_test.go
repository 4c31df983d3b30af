// Compares the dump with bpftool's, byte for byte.

package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// sameDump compares the two dumps of a file, which is split BTF over base unless that is
// "". It returns the number of lines.
func sameDump(t *testing.T, file, base string) int {
	t.Helper()
	ours, theirs := []string{"dump", file}, []string{"btf", "dump", "file", file, "format", "raw"}
	if base != "" {
		ours = append(ours, "--base", base)
		theirs = append([]string{"-B", base}, theirs...)
	}
	want := btftest.Output(t, btftest.Tool(t, "bpftool"), theirs...)
	got, complaints, status := btfRun(ours...)
	require.Empty(t, complaints)
	require.Zero(t, status)
	if want != got {
		// The first line that differs says more than megabytes that do.
		w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
		for i := range min(len(w), len(g)) {
			require.Equal(t, w[i], g[i], "line %d of %s", i+1, file)
		}
		require.Len(t, g, len(w), file)
	}
	return strings.Count(got, "\n")
}

func TestDumpKernel(t *testing.T) {
	require.Greater(t, sameDump(t, btftest.Kernel(t), ""), 100_000)
}

func TestDumpFixture(t *testing.T) {
	require.Greater(t, sameDump(t, btftest.VmlinuxFile(t), ""), 100_000)
}

// TestDumpBlobs compares the small blobs in testdata.
func TestDumpBlobs(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata")
	for _, name := range []string{"every-kind-le", "every-kind-be", "header32", "sorted", "split-base"} {
		t.Run(name, func(t *testing.T) {
			require.NotZero(t, sameDump(t, filepath.Join(dir, name+".btf"), ""))
		})
	}
	t.Run("split-mid", func(t *testing.T) {
		require.NotZero(t, sameDump(t, filepath.Join(dir, "split-mid.btf"), filepath.Join(dir, "split-base.btf")))
	})
}

// TestDumpUnread dumps files that bpftool refuses to load.
func TestDumpUnread(t *testing.T) {
	for name, want := range map[string]string{
		"empty.btf": "",
		"layout.btf": `[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] UNKNOWN 'what'
[3] STRUCT 'after' size=4 vlen=1
	'x' type_id=1 bits_offset=0
[4] UNKNOWN '(anon)'
[5] PTR '(anon)' type_id=2
[6] TYPEDEF 'after_t' type_id=3
`,
		"inline.btf": `[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] FUNC_PROTO '(anon)' ret_type_id=1 vlen=3
	'a' type_id=1
	'b' type_id=1
	'c' type_id=1
[3] FUNC 'clamp' type_id=2 linkage=static
[4] LOC_PARAM '(anon)' size=4 flags=REG vlen=1
	value=5
[5] LOC_PARAM '(anon)' size=8 flags=REG|DEREF|OFFSET vlen=2
	value=6
	value=4294967280
[6] LOC_PARAM '(anon)' size=8 flags=SIGNED|CONST vlen=2
	value=4294967294
	value=4294967295
[7] LOC_PROTO '(anon)' vlen=3
	type_id=4
	type_id=0
	type_id=6
[8] LOC_PROTO '(anon)' vlen=3
	type_id=5
	type_id=5
	type_id=4
[9] LOCSEC '.text' vlen=3
	func_type_id=3 loc_proto_type_id=7 offset=16
	func_type_id=3 loc_proto_type_id=8 offset=64
	func_type_id=3 loc_proto_type_id=0 offset=4294967292
[10] LOC_PROTO '(anon)' vlen=0
`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("..", "..", "testdata", name)
			got, complaints, status := btfRun("dump", path)
			require.Zero(t, status)
			require.Empty(t, complaints)
			require.Equal(t, want, got)
			err := exec.Command(btftest.Tool(t, "bpftool"), "btf", "dump", "file", path, "format", "raw").Run()
			require.Error(t, err, "bpftool reads it: compare")
		})
	}
}

// TestDumpOdd compares records that no compiler writes, or only old ones.
func TestDumpOdd(t *testing.T) {
	for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
		t.Run(order.String(), func(t *testing.T) {
			b := btftest.New(order)
			integer := b.Int("int", 4, btftest.Signed)
			nameless := b.NewString("")
			b.Record(nameless, btftest.Info(1, 0, false), 4, 7<<24|32)

			// Bitfields from before kind_flag, by themselves, through a typedef, and
			// where kind_flag takes the place of what their integers say.
			bits := b.OldInt("int", 4, 0, 5, 3)
			nobits := b.OldInt("int", 4, btftest.Signed, 9, 0)
			narrow := b.OldInt("int", 4, 0, 0, 7)
			named := b.Typedef("bits_t", bits)
			b.Struct("old", 8, btftest.Member{Name: "a", Type: bits}, btftest.Member{Name: "b", Type: integer, Offset: 32})
			b.Struct("old", 8, btftest.Member{Name: "a", Type: nobits, Offset: 3}, btftest.Member{Name: "b", Type: narrow, Offset: 40})
			b.Union("old", 4, btftest.Member{Type: named, Offset: 1})
			b.Struct("new", 4, btftest.Member{Name: "a", Type: bits}, btftest.Member{Name: "b", Type: integer, Offset: 8, Bitfield: 3})

			proto := b.FuncProto(0, btftest.Param{Name: "a", Type: integer}, btftest.Param{})
			b.FuncProto(integer, btftest.Param{}, btftest.Param{})
			b.FuncProto(integer)
			for linkage := range uint32(4) {
				b.Func("f", proto, linkage)
				b.Var("v", integer, linkage)
			}
			b.Var("v", 0, ^uint32(0))
			b.Enum("e", 4, true, btftest.Value{Name: "minus", Value: -1}, btftest.Value{Name: "big", Value: 1<<31 - 1})
			b.Enum("e", 8, false, btftest.Value{Name: "all", Value: -1})
			b.Enum("e", 0, false)
			b.Enum64("e", 8, true, btftest.Value{Name: "minus", Value: -1 << 63})
			b.Enum64("e", 8, false, btftest.Value{Name: "all", Value: -1})
			b.DeclTag("tag", integer, -1, false)
			b.DeclTag("tag", integer, 1<<31-1, true)
			b.TypeTag("tag", integer, true)
			b.Fwd("u", true)
			b.Datasec(".odd", 1<<32-1, btftest.Variable{}, btftest.Variable{Type: integer, Offset: 1<<32 - 1, Size: 7}, btftest.Variable{Type: proto})
			b.Record(nameless, btftest.Info(2, 0, true), 0)

			path := filepath.Join(t.TempDir(), "odd.btf")
			require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
			require.Greater(t, sameDump(t, path, ""), 40)
		})
	}
}

// TestDumpCorpus compares every blob of the corpus; the objects that hold no BTF
// are to fail in both.
func TestDumpCorpus(t *testing.T) {
	dir := btftest.Corpus(t)
	vmlinux := map[string]string{}
	zipped, err := filepath.Glob(filepath.Join(dir, "*.btf.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, zipped)
	for _, path := range zipped {
		name := filepath.Base(path)
		vmlinux[strings.Join(strings.SplitN(strings.TrimSuffix(name, ".btf.gz"), "-", 4)[1:3], "-")] = btftest.GunzipFile(t, path)
	}
	for release, path := range vmlinux {
		t.Run(release, func(t *testing.T) { sameDump(t, path, "") })
	}
	modules, err := filepath.Glob(filepath.Join(dir, "modules-*", "*.btf"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, path := range modules {
		release := strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "modules-")
		t.Run(release+"/"+filepath.Base(path), func(t *testing.T) {
			require.Contains(t, vmlinux, release)
			sameDump(t, path, vmlinux[release])
		})
	}
	objects, err := filepath.Glob(filepath.Join(dir, "bpf", "*.o"))
	require.NoError(t, err)
	require.NotEmpty(t, objects)
	for _, path := range objects {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if strings.HasPrefix(filepath.Base(path), "nobtf.") {
				err := exec.Command(btftest.Tool(t, "bpftool"), "btf", "dump", "file", path, "format", "raw").Run()
				require.Error(t, err, "bpftool reads it: compare")
				_, complaints, status := btfRun("dump", path)
				require.Equal(t, statusFailed, status)
				require.Equal(t, "btf: "+path+": ELF section .BTF: not found\n", complaints)
				return
			}
			sameDump(t, path, "")
		})
	}
	t.Run("distilled", func(t *testing.T) {
		base := filepath.Join(dir, "distilled-module.btf.base")
		sameDump(t, base, "")
		sameDump(t, filepath.Join(dir, "distilled-module.btf"), base)

		// Relocated onto the kernel beside it.
		distilled, err := btf.LoadSpec(base)
		require.NoError(t, err)
		defer distilled.Close()
		module, err := btf.LoadSplitSpec(filepath.Join(dir, "distilled-module.btf"), distilled)
		require.NoError(t, err)
		defer module.Close()
		kernel, err := btf.LoadSpec(vmlinux["amd64-7.1"])
		require.NoError(t, err)
		defer kernel.Close()
		relocated, err := module.Relocate(kernel)
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "relocated.btf")
		f, err := os.Create(path)
		require.NoError(t, err)
		_, err = relocated.WriteTo(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Greater(t, sameDump(t, path, vmlinux["amd64-7.1"]), 1000)
	})
}

// TestDumpAllocs: the dump is streamed. It keeps the text of one record, which grows to
// the length of the longest.
func TestDumpAllocs(t *testing.T) {
	spec, err := btf.LoadSpec(btftest.VmlinuxFile(t))
	require.NoError(t, err)
	defer spec.Close()
	w := bufio.NewWriter(io.Discard)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, dump(w, spec))
	runtime.ReadMemStats(&after)
	require.Less(t, after.Mallocs-before.Mallocs, uint64(64))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<10))
}

func BenchmarkDump(b *testing.B) {
	path := btftest.VmlinuxFile(b)
	if _, err := os.Stat(btftest.KernelBTF); err == nil {
		path = btftest.KernelBTF
	}
	spec, err := btf.LoadSpec(path)
	require.NoError(b, err)
	defer spec.Close()
	w := bufio.NewWriter(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		if err := dump(w, spec); err != nil {
			b.Fatal(err)
		}
	}
}
