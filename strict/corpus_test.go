// Tests that the BTF of real kernels and modules is accepted.

package strict_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// TestCorpus checks that Verify accepts the BTF of real kernels and modules, of any
// machine.
func TestCorpus(t *testing.T) {
	require.NoError(t, strict.Verify(load(t, btftest.Vmlinux(t))))

	dir := btftest.Corpus(t)
	bases := map[string]*btf.Spec{}
	kernels, err := filepath.Glob(filepath.Join(dir, "vmlinux-*.btf.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, kernels)
	for _, path := range kernels {
		raw, err := btftest.Gunzip(path)
		require.NoError(t, err)
		spec := load(t, raw)
		require.NoError(t, strict.Verify(spec), path)
		name := strings.TrimPrefix(filepath.Base(path), "vmlinux-")
		name, _, _ = strings.Cut(name, ".btf")
		bases[strings.TrimSuffix(name, "-big-endian")] = spec
	}
	modules, err := filepath.Glob(filepath.Join(dir, "modules-*", "*.btf"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, path := range modules {
		base := bases[strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "modules-")]
		require.False(t, base == nil, path)
		spec, err := btf.LoadSplitSpec(path, base)
		require.NoError(t, err)
		require.NoError(t, strict.Verify(spec), path)
		require.NoError(t, spec.Close())
	}
}
