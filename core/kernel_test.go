// Tests relocations of a kernel's own types, where clang has computed every value.

package core_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/stretchr/testify/require"
)

// TestOwnKernel compiles a program with the types of a kernel, and resolves it against
// that kernel. Every value must be the one that clang wrote into the instruction.
func TestOwnKernel(t *testing.T) {
	btftest.Long(t)
	kernel := btftest.VmlinuxFile(t)
	object := spectest.KernelProgram(t, kernel, "el")
	spec, infos := open(t, object)
	text := sections(t, object)
	patched := sections(t, object)
	kinds := map[btf.CORERelocationKind]int{}
	for f, err := range core.Resolve(infos, target(t, kernel)) {
		require.NoError(t, err)
		require.Equal(t, f.Local, f.Target, f.String())
		require.False(t, f.Missing, f.String())
		_, err = f.Apply(patched[f.Section], spec.ByteOrder())
		require.NoError(t, err)
		if f.Validate {
			was, is := text[f.Section][f.Insn*8:], patched[f.Section][f.Insn*8:]
			require.Equal(t, was[:8], is[:8], f.String())
		}
		kinds[f.Kind]++
	}
	t.Log(kinds)
	require.Greater(t, kinds[btf.COREFieldByteOffset], 2000)
	require.Greater(t, kinds[btf.COREEnumvalValue], 200)
}
