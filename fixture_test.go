// Loads the kernel that tests use.

package btf_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// loadVmlinux loads the kernel-sized fixture from memory.
func loadVmlinux(t testing.TB) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(btftest.Vmlinux(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}
