// Builds BTF for the tests of this package.

package cdecl

import (
	"encoding/binary"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A blob builds BTF. Each of its methods adds a type and returns its id.
type blob struct{ *btftest.Builder }

func (b *blob) builder() *btftest.Builder {
	if b.Builder == nil {
		b.Builder = btftest.New(binary.LittleEndian)
	}
	return b.Builder
}

func (b *blob) name(s string) uint32 { return b.builder().String(s) }

func (b *blob) add(kind btf.Kind, flag bool, vlen int, name string, sizeOrType uint32, rest ...uint32) uint32 {
	return b.builder().Record(b.name(name), btftest.Info(uint32(kind), uint32(vlen), flag), sizeOrType, rest...)
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
