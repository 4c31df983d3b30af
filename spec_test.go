// Tests writing a Spec as it is, and copying it.

package btf_test

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

type badWriter struct{}

var errFull = errors.New("full")

func (badWriter) Write(b []byte) (int, error) { return len(b) / 2, errFull }

func TestWriteTo(t *testing.T) {
	spec := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
	n, err := spec.WriteTo(badWriter{})
	require.ErrorIs(t, err, errFull)
	require.EqualValues(t, len(btftest.EveryKind(binary.LittleEndian).Bytes())/2, n)
	var _ io.WriterTo = spec
	require.NoError(t, spec.Close())
	_, err = spec.WriteTo(io.Discard)
	require.ErrorIs(t, err, btf.ErrClosed)
}

// TestCopy: a copy outlives the file and the original.
func TestCopy(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	spec, err := btf.LoadSpec(path)
	require.NoError(t, err)
	copied, err := spec.Copy()
	require.NoError(t, err)
	requireSame(t, spec, copied)
	require.NoError(t, spec.Close())
	require.NoError(t, os.Truncate(path, 0))
	requireSame(t, loadVmlinux(t), copied)
	require.Equal(t, 8, copied.PointerSize())

	t.Run("closed", func(t *testing.T) {
		_, err := spec.Copy()
		require.ErrorIs(t, err, btf.ErrClosed)
	})
	t.Run("bytes after it", func(t *testing.T) {
		b := btftest.New(little)
		b.Int("int", 4, btftest.Signed)
		spec, err := btf.LoadSpec(file(t, append(b.Bytes(), 0)))
		require.NoError(t, err)
		defer spec.Close()
		copied, err := spec.Copy()
		require.NoError(t, err)
		require.ErrorContains(t, strict.Verify(copied), "1 bytes follow it")
		require.Equal(t, strict.Verify(spec), strict.Verify(copied))
	})
	t.Run("object", func(t *testing.T) {
		for _, path := range btftest.Objects(t, "el") {
			spec, err := btf.LoadSpec(path)
			require.NoError(t, err)
			copied, err := spec.Copy()
			require.NoError(t, err)
			requireSame(t, spec, copied)
			var want []string
			for typ := range spec.All() {
				want = append(want, describe(t, typ))
			}
			require.NoError(t, spec.Close())
			i := 0
			for typ := range copied.All() {
				require.Equal(t, want[i], describe(t, typ))
				i++
			}
			require.Equal(t, 8, copied.PointerSize())
		}
	})
	t.Run("split", func(t *testing.T) {
		base, err := btf.LoadSpec("testdata/split-base.btf")
		require.NoError(t, err)
		defer base.Close()
		spec, err := btf.LoadSplitSpec("testdata/split-mid.btf", base)
		require.NoError(t, err)
		copied, err := spec.Copy()
		require.NoError(t, err)
		require.True(t, copied.Base() == base)
		requireSame(t, spec, copied)
	})
}
