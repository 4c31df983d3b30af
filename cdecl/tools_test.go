// Finds the tools and blobs that the tests compare with.

package cdecl

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	encode "github.com/seed-6c4a6465/btf/internal/blob"
	"github.com/seed-6c4a6465/btf/internal/oracle"
	"github.com/stretchr/testify/require"
)

func tool(t testing.TB, name string) string { return oracle.Tool(t, name) }

func output(t testing.TB, program string, args ...string) string {
	return oracle.Output(t, program, args...)
}

// corpus returns the directory of real blobs that BTF_CORPUS names, or the one beside
// the repository.
func corpus(t testing.TB) string {
	t.Helper()
	dir := oracle.Corpus("..")
	if dir == "" {
		t.Skip("no corpus of blobs: BTF_CORPUS does not name one, and there is none beside the repository")
	}
	return dir
}

// gunzipped returns the path of a file with the content of a gzip file.
func gunzipped(t testing.TB, path string) string {
	t.Helper()
	raw, err := encode.Gunzip(path)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), ".gz"))
	require.NoError(t, os.WriteFile(out, raw, 0o644))
	return out
}

func fixture(t testing.TB) string {
	t.Helper()
	return gunzipped(t, filepath.Join("..", "testdata", "vmlinux-amd64-6.12.btf.gz"))
}

const kernelBTF = "/sys/kernel/btf/vmlinux"

// kernel returns the path of the running kernel's BTF.
func kernel(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(kernelBTF); err != nil {
		t.Skipf("the running kernel has no BTF: %v", err)
	}
	return kernelBTF
}

func corpusKernel(name string) func(testing.TB) string {
	return func(t testing.TB) string { return gunzipped(t, filepath.Join(corpus(t), name)) }
}

// A blob builds BTF. Each of its methods adds a type and returns its id.
type blob struct{ *encode.Builder }

func (b *blob) builder() *encode.Builder {
	if b.Builder == nil {
		b.Builder = encode.New(binary.LittleEndian)
	}
	return b.Builder
}

func (b *blob) name(s string) uint32 { return b.builder().String(s) }

func (b *blob) add(kind btf.Kind, flag bool, vlen int, name string, sizeOrType uint32, rest ...uint32) uint32 {
	return b.builder().Record(b.name(name), encode.Info(uint32(kind), uint32(vlen), flag), sizeOrType, rest...)
}

func (b *blob) next() uint32 { return b.builder().Next() }

func (b *blob) integer(name string, size uint32) uint32 {
	return b.add(btf.KindInt, false, 0, name, size, size*8)
}

func (b *blob) proto(ret uint32, params ...uint32) uint32 {
	var rest []uint32
	for _, p := range params {
		rest = append(rest, 0, p)
	}
	return b.add(btf.KindFuncProto, false, len(params), "", ret, rest...)
}

func (b *blob) array(of, n uint32) uint32 {
	return b.add(btf.KindArray, false, 0, "", 0, of, 1, n)
}

func (b *blob) composite(kind btf.Kind, name string, size uint32, members ...uint32) uint32 {
	return b.add(kind, false, len(members)/3, name, size, members...)
}

func (b *blob) load(t testing.TB) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(b.builder().Bytes())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}
