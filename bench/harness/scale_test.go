package harness

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/sample"
	"github.com/stretchr/testify/require"
)

// TestScale: copies are whole, lead to themselves, and have names of their own
// while there is room for them.
func TestScale(t *testing.T) {
	raw, err := sample.Vmlinux()
	require.NoError(t, err)
	one, err := btf.LoadRawSpec(raw)
	require.NoError(t, err)
	for _, times := range []int{1, 3, 30} {
		spec, err := btf.LoadRawSpec(Scale(raw, times))
		require.NoError(t, err)
		require.NoError(t, spec.Verify())
		require.Equal(t, times*one.NumTypes(), spec.NumTypes())
		require.LessOrEqual(t, spec.Header().StringLength, uint32(maxStrings))
		var task btf.Struct
		require.NoError(t, spec.TypeByName("task_struct", &task))
		if times == 1 {
			continue
		}
		copies, err := spec.AnyTypesByName("task_struct_001")
		require.NoError(t, err)
		for _, c := range copies {
			copied, err := btf.As[btf.Struct](c)
			require.NoError(t, err)
			shift := copied.ID() - task.ID()
			require.Zero(t, int(shift)%one.NumTypes())
			for i := range task.NumMembers() {
				want, got := task.Member(i), copied.Member(i)
				require.Equal(t, want.Name(), got.Name())
				require.Equal(t, want.Offset(), got.Offset())
				require.Equal(t, want.Type().ID()+shift, got.Type().ID())
			}
		}
	}
}
