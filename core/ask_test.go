// Tests questions without an object: they must have the answers of relocations.

package core_test

import (
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/stretchr/testify/require"
)

// TestAsk asks by name for what each relocation of every program asks for.
func TestAsk(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		kernel := target(t, kernel(t, order))
		asked := 0
		for set := 1; set <= cases; set++ {
			_, infos := open(t, program(t, order, set))
			for want, wantErr := range core.Resolve(infos, kernel) {
				path := strings.TrimPrefix(strings.TrimPrefix(want.Path(), want.Type.Name()), ".")
				got, err := kernel.Resolve(want.Kind, want.Type, path)
				asked++
				require.Equal(t, want.Path(), got.Path())
				if wantErr != nil {
					require.Error(t, err)
					continue
				}
				require.NoError(t, err)
				got.Section, got.Insn = want.Section, want.Insn
				want.Flags &^= core.Split // depends on other relocations
				require.Equal(t, want.String(), got.String())
				require.Equal(t, want.Matches, got.Matches)
			}
		}
		require.Greater(t, asked, 150)
	}
}

func TestAskWrong(t *testing.T) {
	kernel := target(t, kernel(t, "el"))
	spec, _ := open(t, program(t, "el", fields))
	var outer btf.Struct
	require.NoError(t, spec.TypeByName("outer", &outer))
	for _, path := range []string{"nowhere", "in.nowhere", ".", "first.", "in..a", "in.array[", "in.array[x]", "in.array[-1]", "in.array[4]", "first.x", "first[0]", "pointer.x", "in.array[4294967296]", "[2147483648]"} {
		_, err := kernel.Resolve(btf.COREFieldByteOffset, outer.AsType(), path)
		require.Error(t, err, path)
	}
	for _, path := range []string{"", "in.array[3]", "[7].in.a", "last[100]", "u1"} {
		_, err := kernel.Resolve(btf.COREFieldExists, outer.AsType(), path)
		require.NoError(t, err, path)
	}
	_, err := kernel.Resolve(btf.CORETypeExists, outer.AsType(), "first")
	require.ErrorContains(t, err, "no path")
	_, err = kernel.Resolve(btf.COREEnumvalExists, outer.AsType(), "RED")
	require.ErrorIs(t, err, btf.ErrWrongKind)
	_, err = core.SpecTarget().Resolve(btf.CORETypeExists, outer.AsType(), "")
	require.ErrorContains(t, err, "at least one Spec")
	_, err = kernel.Resolve(btf.COREFieldByteOffset, btf.Type{}, "x")
	require.Error(t, err)
}
