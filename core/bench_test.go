// Measures relocations against the running kernel.

package core_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// BenchmarkResolve opens a kernel and resolves the relocations of an object: all that a
// loader does before it loads. The first relocations of a kernel build its index of names.
func BenchmarkResolve(b *testing.B) {
	file := btftest.VmlinuxFile(b)
	_, infos := open(b, program(b, "el", types))
	count := 0
	b.ReportAllocs()
	for b.Loop() {
		spec, err := btf.LoadSpec(file)
		require.NoError(b, err)
		count = 0
		for range core.Resolve(infos, core.SpecTarget(spec)) {
			count++
		}
		require.NoError(b, spec.Close())
	}
	b.ReportMetric(float64(count), "relocations")
}

// BenchmarkResolveWarm resolves against a kernel whose names are indexed.
func BenchmarkResolveWarm(b *testing.B) {
	spec, err := btf.LoadSpec(btftest.VmlinuxFile(b))
	require.NoError(b, err)
	defer spec.Close()
	_, infos := open(b, program(b, "el", types))
	b.ReportAllocs()
	for b.Loop() {
		for range core.Resolve(infos, core.SpecTarget(spec)) {
		}
	}
}
