// testdata/vmlinux-amd64-6.12.btf.gz → its bytes, and files to map

package btf_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/blob"
	"github.com/stretchr/testify/require"
)

// vmlinuxBlob is the kernel-sized fixture, in memory.
var vmlinuxBlob = sync.OnceValues(func() ([]byte, error) {
	return blob.Gunzip("testdata/vmlinux-amd64-6.12.btf.gz")
})

// loadVmlinux loads the kernel-sized fixture from memory.
func loadVmlinux(t testing.TB) *btf.Spec {
	t.Helper()
	blob, err := vmlinuxBlob()
	require.NoError(t, err)
	spec, err := btf.LoadRawSpec(blob)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}

// vmlinuxFile writes the kernel-sized fixture to a file that can be mapped.
func vmlinuxFile(t testing.TB) string {
	t.Helper()
	blob, err := vmlinuxBlob()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "vmlinux.btf")
	require.NoError(t, os.WriteFile(path, blob, 0o644))
	return path
}
