// our dump beside bpftool's → the same bytes

package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/stretchr/testify/require"
)

// sameDump compares the dumps of a file, which stands on base unless that is "".
// It returns how many lines there were.
func sameDump(t *testing.T, file, base string) int {
	t.Helper()
	ours, theirs := []string{"dump", file}, []string{"btf", "dump", "file", file, "format", "raw"}
	if base != "" {
		ours = append(ours, "--base", base)
		theirs = append([]string{"-B", base}, theirs...)
	}
	want := output(t, tool(t, "bpftool"), theirs...)
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
	require.Greater(t, sameDump(t, kernel(t), ""), 100_000)
}

func TestDumpFixture(t *testing.T) {
	require.Greater(t, sameDump(t, fixture(t), ""), 100_000)
}

// TestDumpCorpus compares every blob of the corpus; the objects that hold no BTF
// are to fail in both.
func TestDumpCorpus(t *testing.T) {
	dir := corpus(t)
	vmlinux := map[string]string{}
	zipped, err := filepath.Glob(filepath.Join(dir, "*.btf.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, zipped)
	for _, path := range zipped {
		name := filepath.Base(path)
		vmlinux[strings.Join(strings.SplitN(strings.TrimSuffix(name, ".btf.gz"), "-", 4)[1:3], "-")] = gunzipped(t, path)
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
	})
}

// TestDumpAllocs: the dump is streamed. It may keep one record's text, and what a
// Spec keeps, of a blob ten times that.
func TestDumpAllocs(t *testing.T) {
	spec, err := btf.LoadSpec(fixture(t))
	require.NoError(t, err)
	defer spec.Close()
	w := bufio.NewWriter(io.Discard)
	// One text that grows to the longest record, and the dumper.
	require.Less(t, testing.AllocsPerRun(3, func() {
		if err := dump(w, spec); err != nil {
			t.Fatal(err)
		}
	}), 64.0)
}

func BenchmarkDump(b *testing.B) {
	path := fixture(b)
	if _, err := os.Stat(kernelBTF); err == nil {
		path = kernelBTF
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
