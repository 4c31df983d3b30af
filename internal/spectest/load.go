// Loads, narrows and writes Specs in tests. An error fails the test.

package spectest

import (
	"bytes"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// Load loads a blob from memory.
func Load(t testing.TB, blob []byte) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(blob)
	require.NoError(t, err)
	return spec
}

// LoadSplit loads a blob of split BTF from a reader.
func LoadSplit(t testing.TB, blob []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(blob), base)
	require.NoError(t, err)
	return spec
}

// LoadVmlinux loads the BTF of [btftest.Vmlinux] from memory. It is closed when the test
// ends.
func LoadVmlinux(t testing.TB) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(btftest.Vmlinux(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}

// As narrows the type with an id.
func As[V btf.View](t testing.TB, spec *btf.Spec, id btf.TypeID) V {
	t.Helper()
	typ, err := spec.TypeByID(id)
	require.NoError(t, err)
	v, err := btf.As[V](typ)
	require.NoError(t, err)
	return v
}

// Written returns what [btf.Spec.WriteTo] writes.
func Written(t testing.TB, spec *btf.Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := spec.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	return b.Bytes()
}

// Variables returns the size in bytes of each DATASEC by its name, and the offset in
// bytes of each variable by "section variable". Entries must be in ascending order of
// offsets.
func Variables(t testing.TB, spec *btf.Spec) map[string]uint32 {
	t.Helper()
	got := map[string]uint32{}
	for typ := range spec.All() {
		d, err := btf.As[btf.Datasec](typ)
		if err != nil || typ.Kind() != btf.KindDatasec {
			require.ErrorIs(t, err, btf.ErrWrongKind)
			continue
		}
		got[d.Name()] = d.Size()
		var last uint32
		for v := range d.Vars() {
			require.GreaterOrEqual(t, v.Offset(), last, "%s is not in order", d.Name())
			last = v.Offset()
			got[d.Name()+" "+v.Type().Name()] = v.Offset()
		}
	}
	return got
}
