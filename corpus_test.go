// blobs of real kernels, modules and programs → what is known of them

package btf_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/stretchr/testify/require"
)

// corpus returns the directory of real blobs that BTF_CORPUS names, or the one
// beside the repository.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("BTF_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Skipf("no corpus of blobs: BTF_CORPUS does not name one, and there is none at %s", dir)
	}
	return dir
}

func gunzip(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	r, err := gzip.NewReader(f)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return b
}

// TestCorpus: what the corpus says of its blobs, and that each is whole.
func TestCorpus(t *testing.T) {
	dir := corpus(t)
	kernels := map[string]*btf.Spec{}
	for _, k := range []struct {
		file, release  string
		types, pointer int
		order          binary.ByteOrder
		sorted         bool
	}{
		{"vmlinux-amd64-6.12.btf.gz", "amd64-6.12", 112_768, 8, binary.LittleEndian, false},
		{"vmlinux-arm64-6.1.btf.gz", "arm64-6.1", 109_496, 8, binary.LittleEndian, false},
		{"vmlinux-s390x-6.1-big-endian.btf.gz", "s390x-6.1", 77_303, 8, binary.BigEndian, false},
		{"vmlinux-armhf-6.1-32bit.btf.gz", "armhf-6.1", 99_824, 4, binary.LittleEndian, false},
		{"vmlinux-amd64-7.1-sorted-layout.btf.gz", "amd64-7.1", 103_406, 8, binary.LittleEndian, true},
	} {
		t.Run(k.file, func(t *testing.T) {
			spec, err := btf.LoadRawSpec(gunzip(t, filepath.Join(dir, k.file)))
			require.NoError(t, err)
			kernels[k.release] = spec
			require.NoError(t, spec.Verify())
			require.Equal(t, k.types, spec.NumTypes())
			require.Equal(t, k.pointer, spec.PointerSize())
			require.Equal(t, k.order, spec.ByteOrder())
			require.Equal(t, k.sorted, spec.SortedByName())
			if k.sorted {
				require.Equal(t, uint32(32), spec.Header().Length)
				require.Equal(t, uint32(20*4), spec.Header().LayoutLength)
			}
			var task btf.Struct
			require.NoError(t, spec.TypeByName("task_struct", &task))
			comm, err := task.MemberByName("comm")
			require.NoError(t, err)
			size, err := comm.Type().Sizeof()
			require.NoError(t, err)
			require.Equal(t, uint64(16), size, "TASK_COMM_LEN of the kernel's source")
			// The last of an odd step, so that all kinds of them are asked about.
			for typ := range spec.All() {
				if typ.ID()%31 == 0 {
					touch(typ)
				}
			}
		})
	}
	modules, err := filepath.Glob(filepath.Join(dir, "modules-*", "*.btf"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, path := range modules {
		release := strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "modules-")
		t.Run(release+"/"+filepath.Base(path), func(t *testing.T) {
			base := kernels[release]
			require.NotNil(t, base)
			spec, err := btf.LoadSplitSpec(path, base)
			require.NoError(t, err)
			defer spec.Close()
			require.NoError(t, spec.Verify())
			require.Equal(t, base.PointerSize(), spec.PointerSize())
			if filepath.Base(path) == "crc16.btf" {
				require.Equal(t, 4, spec.NumTypes())
			}
			for typ := range spec.All() {
				touch(typ)
				found := typ.NameBytes() == nil
				for other := range spec.TypesByName(typ.Name()) {
					found = found || other == typ
				}
				require.True(t, found, typ)
			}
		})
	}
	t.Run("distilled", func(t *testing.T) {
		base, err := btf.LoadSpec(filepath.Join(dir, "distilled-module.btf.base"))
		require.NoError(t, err)
		defer base.Close()
		spec, err := btf.LoadSplitSpec(filepath.Join(dir, "distilled-module.btf"), base)
		require.NoError(t, err)
		defer spec.Close()
		require.NoError(t, spec.Verify())
	})
	objects, err := filepath.Glob(filepath.Join(dir, "bpf", "*.o"))
	require.NoError(t, err)
	require.NotEmpty(t, objects)
	for _, path := range objects {
		t.Run(filepath.Base(path), func(t *testing.T) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			everyDoor(t, b, func(t *testing.T, spec *btf.Spec, err error) {
				if strings.HasPrefix(filepath.Base(path), "nobtf.") {
					require.ErrorIs(t, err, btf.ErrNotFound)
					return
				}
				require.NoError(t, err)
				require.NoError(t, spec.Verify())
				require.Equal(t, 8, spec.PointerSize())
				require.Equal(t, bytes.Contains([]byte(path), []byte(".eb.")), spec.ByteOrder() == binary.BigEndian)
				for typ := range spec.All() {
					touch(typ)
				}
			})
		})
	}
}
