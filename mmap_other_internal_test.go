// Tests files whose bytes are copied out of a mapping.

//go:build !unix || btf_copy

package btf

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// FilesAreMapped reports whether a Spec of a file reads a mapping of it.
const FilesAreMapped = false

// everyKind writes a blob to a file of this test and returns its path and its bytes.
func everyKind(t *testing.T) (path string, blob []byte) {
	t.Helper()
	blob, err := os.ReadFile("testdata/every-kind-le.btf")
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, blob, 0o644))
	return path, blob
}

// TestFileReads compares the reads of a mapped file with those of the same file.
func TestFileReads(t *testing.T) {
	path, blob := everyKind(t)
	f, err := openFile(path)
	require.NoError(t, err)
	require.NotNil(t, f.mapped)
	require.Equal(t, len(blob), f.mapped.Len())
	plain, err := os.Open(path)
	require.NoError(t, err)
	size := int64(len(blob))
	for _, off := range []int64{-1, 0, 1, size / 2, size - 1, size, size + 1, 1 << 52} {
		for _, n := range []int64{0, 1, 8, size - 1, size, size + 1} {
			got, want := make([]byte, n), make([]byte, n)
			gotN, gotErr := f.ReadAt(got, off)
			wantN, wantErr := plain.ReadAt(want, off)
			require.Equal(t, want, got, "%d bytes at %d", n, off)
			require.Equal(t, wantN, gotN, "%d bytes at %d", n, off)
			if n == 0 {
				continue // what is said of no bytes differs
			}
			require.Equal(t, wantErr == nil, gotErr == nil, "%d bytes at %d", n, off)
			require.Equal(t, wantErr == io.EOF, gotErr == io.EOF, "%d bytes at %d", n, off)
		}
	}
	require.NoError(t, plain.Close())
	n, err := f.ReadAt(make([]byte, 1), 1<<63-1)
	require.Zero(t, n)
	require.Equal(t, io.EOF, err)
	require.NoError(t, f.Close())
	_, err = f.mapped.ReadAt(make([]byte, 1), 0)
	require.Error(t, err, "the mapping outlives the file")
	require.Error(t, f.Close())
}

// TestFileUnmapped opens what has no mapping.
func TestFileUnmapped(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o644))
	paths := []string{empty, t.TempDir()}
	if runtime.GOOS == "linux" {
		// A device, and a file that says it is empty and has bytes.
		paths = append(paths, os.DevNull, "/proc/self/maps")
		if _, err := os.Stat(kernelBTF + "vmlinux"); err == nil {
			paths = append(paths, kernelBTF+"vmlinux") // sysfs refuses MAP_SHARED
		}
	}
	for _, path := range paths {
		f, err := openFile(path)
		require.NoError(t, err, path)
		require.Nil(t, f.mapped, path)
		require.NoError(t, f.Close(), path)
	}
	_, err := openFile(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestFileTruncated cuts a file off below its mapping: the fault of the copy ends in
// what a read says.
func TestFileTruncated(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("needs a system that truncates mapped files")
	}
	path, blob := everyKind(t)
	f, err := openFile(path)
	require.NoError(t, err)
	defer f.Close()
	require.NotNil(t, f.mapped)
	require.NoError(t, os.Truncate(path, 0))
	require.Equal(t, len(blob), f.mapped.Len())

	require.False(t, debug.SetPanicOnFault(false))
	n, err := f.ReadAt(make([]byte, 8), 0)
	require.Zero(t, n)
	require.Equal(t, io.EOF, err)
	require.False(t, debug.SetPanicOnFault(false), "faults elsewhere stay fatal")

	b, err := readWindow(f, 0, int64(len(blob)))
	require.NoError(t, err)
	require.Empty(t, b)
}
