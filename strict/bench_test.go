// Measures Verify on the BTF of whole kernels.

package strict_test

import (
	"os"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// BenchmarkVerify checks the running kernel, if it has BTF, and the fixture.
func BenchmarkVerify(b *testing.B) {
	bench := func(b *testing.B, path string) {
		spec, err := btf.LoadSpec(path)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, spec.Close()) })
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, strict.Verify(spec))
		}
	}
	const kernel = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(kernel); err == nil {
		b.Run("kernel", func(b *testing.B) { bench(b, kernel) })
	}
	b.Run("fixture", func(b *testing.B) { bench(b, btftest.VmlinuxFile(b)) })
}
