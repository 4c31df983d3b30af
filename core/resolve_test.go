// Tests relocations against the object's own BTF, where every value must stay.

package core_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestIdentity resolves objects against their own BTF. The values must be those that clang
// wrote into the instructions, so that patching changes nothing.
func TestIdentity(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		count, kinds := 0, map[btf.CORERelocationKind]bool{}
		objects := btftest.Objects(t, order)
		for _, set := range []int{bits, types, widths, sizes} {
			objects = append(objects, program(t, order, set))
		}
		for _, path := range objects {
			t.Run(filepath.Base(path), func(t *testing.T) {
				spec, infos := open(t, path)
				text, patched := sections(t, path), sections(t, path)
				for f, err := range core.Resolve(infos, core.SpecTarget(spec)) {
					if errors.Is(err, btf.ErrMultipleMatches) && flavours(spec, f.Type.Name()) > 1 {
						continue
					}
					require.NoError(t, err)
					require.Equal(t, f.Local, f.Target, f.String())
					require.False(t, f.Missing || f.Poisoned, f.String())
					poisoned, err := f.Apply(patched[f.Section], spec.ByteOrder())
					if f.Path() == "wide.WIDE" && spec.Has("wide", btf.KindEnum) {
						require.ErrorContains(t, err, "has 1099511627776", "clang 14 cuts values to 32 bits in BTF only")
						continue
					}
					require.NoError(t, err)
					require.False(t, poisoned, f.String())
					was, is := text[f.Section][f.Insn*8:], patched[f.Section][f.Insn*8:]
					if f.Validate { // of bitfields, clang may choose another unit
						require.Equal(t, was[:8], is[:8], f.String())
					}
					count++
					kinds[f.Kind] = true
				}
			})
		}
		require.Greater(t, count, 20)
		require.GreaterOrEqual(t, len(kinds), 11, kinds)
	}
}

// flavours returns the number of types that share an essential name.
func flavours(spec *btf.Spec, name string) (n int) {
	for range spec.TypesByEssentialName(name) {
		n++
	}
	return n
}
