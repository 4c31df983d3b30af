// Tests where the BTF of a kernel is looked for.

package btf

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKernelPlaces puts BTF in each of the places, and strange files in those before
// it.
func TestKernelPlaces(t *testing.T) {
	empty, err := os.ReadFile("testdata/empty.btf")
	require.NoError(t, err)
	every, err := os.ReadFile("testdata/every-kind-le.btf")
	require.NoError(t, err)
	put := func(t *testing.T, root, path string, b []byte) {
		t.Helper()
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, b, 0o644))
	}
	const release = "6.1.0-test"
	places := []string{
		"/sys/kernel/btf/vmlinux",
		"/boot/vmlinux-" + release,
		"/lib/modules/" + release + "/vmlinux-" + release,
		"/lib/modules/" + release + "/build/vmlinux",
		"/usr/lib/modules/" + release + "/kernel/vmlinux",
		"/usr/lib/debug/boot/vmlinux-" + release,
		"/usr/lib/debug/boot/vmlinux-" + release + ".debug",
		"/usr/lib/debug/lib/modules/" + release + "/vmlinux",
	}
	require.Len(t, places, len(vmlinuxPlaces)+1)
	for i, place := range places {
		t.Run(place, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, "/proc/sys/kernel/osrelease", []byte(release+"\n"))
			for _, before := range places[:i] {
				put(t, root, before, nil) // masked
			}
			put(t, root, place, every)
			for _, after := range places[i+1:] {
				put(t, root, after, empty)
			}
			spec, err := loadKernelSpec(root)
			require.NoError(t, err)
			defer spec.Close()
			require.Equal(t, 30, spec.NumTypes())
		})
	}
	t.Run("none", func(t *testing.T) {
		root := t.TempDir()
		_, err := loadKernelSpec(root)
		require.ErrorIs(t, err, ErrNotSupported)
		put(t, root, "/proc/sys/kernel/osrelease", []byte(release))
		put(t, root, places[0], nil)
		_, err = loadKernelSpec(root)
		require.ErrorIs(t, err, ErrNotSupported)
		require.ErrorContains(t, err, release)
	})
	t.Run("broken", func(t *testing.T) {
		root := t.TempDir()
		put(t, root, "/proc/sys/kernel/osrelease", []byte(release))
		put(t, root, places[0], []byte("no BTF"))
		_, err := loadKernelSpec(root)
		var format *FormatError
		require.ErrorAs(t, err, &format)
		require.NotErrorIs(t, err, fs.ErrNotExist)
		put(t, root, places[3], every)
		spec, err := loadKernelSpec(root)
		require.NoError(t, err)
		require.NoError(t, spec.Close())
	})
}
