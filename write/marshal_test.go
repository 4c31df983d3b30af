// Tests writing Specs and reading them back.

package write_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

var bothOrders = map[string]btftest.Order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian}

// roundTrip writes spec in its own byte order, in the other one, and in its own again.
// The types must be the same each time. Canonical tells that spec has the bytes that
// Marshal writes.
func roundTrip(t *testing.T, spec *btf.Spec, canonical bool) {
	t.Helper()
	again := func(s *btf.Spec, opts write.Options) (*btf.Spec, []byte) {
		b, err := write.Marshal(s, opts)
		require.NoError(t, err)
		base := spec.Base()
		if base != nil && opts.Order != nil && opts.Order != base.ByteOrder() {
			swapped, err := write.Marshal(base, write.Options{Order: opts.Order})
			require.NoError(t, err)
			base = spectest.Load(t, swapped)
		}
		var got *btf.Spec
		if base == nil {
			got = spectest.Load(t, b)
		} else {
			got = spectest.LoadSplit(t, b, base)
		}
		require.NoError(t, got.Verify())
		return got, b
	}
	same, first := again(spec, write.Options{})
	spectest.RequireSame(t, spec, same)
	if canonical {
		require.True(t, bytes.Equal(spectest.Written(t, spec), first), "Marshal changed the bytes")
	}
	for typ := range spec.All() {
		if typ.Kind() > btf.KindEnum64 {
			return // its bytes cannot be turned around
		}
	}
	there := write.Options{Order: binary.BigEndian}
	if spec.ByteOrder() == binary.BigEndian {
		there.Order = binary.LittleEndian
	}
	swapped, _ := again(spec, there)
	require.Equal(t, there.Order, swapped.ByteOrder())
	spectest.RequireSame(t, spec, swapped)
	back, last := again(swapped, write.Options{Order: spec.ByteOrder()})
	spectest.RequireSame(t, spec, back)
	require.True(t, bytes.Equal(first, last), "the bytes differ after changing the byte order twice")
}

func TestMarshal(t *testing.T) {
	for _, name := range []string{"every-kind-le.btf", "every-kind-be.btf", "header32.btf", "layout.btf", "sorted.btf", "empty.btf", "split-base.btf"} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(btftest.Testdata(name))
			require.NoError(t, err)
			spec := spectest.Load(t, b)
			roundTrip(t, spec, spec.Header().Length == 24)
		})
	}
	t.Run("split", func(t *testing.T) {
		base, err := btf.LoadSpec(btftest.Testdata("split-base.btf"))
		require.NoError(t, err)
		mid, err := btf.LoadSplitSpec(btftest.Testdata("split-mid.btf"), base)
		require.NoError(t, err)
		roundTrip(t, mid, true)
	})
	t.Run("fixture", func(t *testing.T) { roundTrip(t, spectest.LoadVmlinux(t), true) })
	t.Run("arranged", func(t *testing.T) {
		b := btftest.EveryKind(binary.LittleEndian).Arrange(5, btftest.Strings, btftest.Types)
		spec := spectest.Load(t, b)
		roundTrip(t, spec, false)
		require.True(t, bytes.Equal(b, spectest.Written(t, spec)), "WriteTo must write the bytes as they are")
		m, err := write.Marshal(spec, write.Options{})
		require.NoError(t, err)
		require.Equal(t, btftest.EveryKind(binary.LittleEndian).Bytes(), m)
	})
}

// TestMarshalCorpus writes and reads every blob of the corpus.
func TestMarshalCorpus(t *testing.T) {
	btftest.Long(t)
	dir := btftest.Corpus(t)
	for _, path := range glob(t, dir, "vmlinux-*.gz") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			b, err := btftest.Gunzip(path)
			require.NoError(t, err)
			roundTrip(t, spectest.Load(t, b), true)
			if base := spectest.Load(t, b); filepath.Base(path) == "vmlinux-amd64-6.12.btf.gz" {
				for _, module := range glob(t, dir, "modules-amd64-6.12/*.btf") {
					b, err := os.ReadFile(module)
					require.NoError(t, err)
					m, err := write.Marshal(spectest.LoadSplit(t, b, base), write.Options{})
					require.NoError(t, err)
					require.True(t, bytes.Equal(b, m), module)
				}
			}
		})
	}
	t.Run("module", func(t *testing.T) {
		b, err := btftest.Gunzip(filepath.Join(dir, "vmlinux-s390x-6.1-big-endian.btf.gz"))
		require.NoError(t, err)
		base := spectest.Load(t, b)
		for _, module := range glob(t, dir, "modules-s390x-6.1/*.btf")[:2] {
			spec, err := btf.LoadSplitSpec(module, base)
			require.NoError(t, err)
			roundTrip(t, spec, true)
		}
	})
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// TestMarshalObjects checks that sizes and offsets of a DATASEC are written, and that all
// else stays the same.
func TestMarshalObjects(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		for _, path := range btftest.Objects(t, order) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				spec, err := btf.LoadSpec(path)
				require.NoError(t, err)
				defer spec.Close()
				roundTrip(t, spec, false)
			})
		}
	}
}

// TestMarshalOptions reads the records that replace those that older kernels refuse.
func TestMarshalOptions(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			spec := spectest.Load(t, btftest.EveryKind(order).Bytes())
			b, err := write.Marshal(spec, write.Options{
				StripLayout: true, StripFuncLinkage: true, ReplaceDeclTags: true, ReplaceTypeTags: true, ReplaceEnum64: true, ReplaceDeclarations: true,
			})
			require.NoError(t, err)
			got := spectest.Load(t, b)
			require.NoError(t, got.Verify())
			seen := map[btf.Kind]bool{}
			for typ := range spec.All() {
				other, err := got.TypeByID(typ.ID())
				require.NoError(t, err)
				seen[typ.Kind()] = true
				switch typ.Kind() {
				case btf.KindDeclTag:
					require.Equal(t, btf.KindInt, other.Kind())
					require.Empty(t, other.Name())
				case btf.KindTypeTag:
					c := spectest.As[btf.Const](t, got, typ.ID())
					require.Equal(t, spectest.As[btf.TypeTag](t, spec, typ.ID()).Type().ID(), c.Type().ID())
					require.Empty(t, c.Name())
				case btf.KindEnum64:
					e, u := spectest.As[btf.Enum](t, spec, typ.ID()), spectest.As[btf.Union](t, got, typ.ID())
					require.Equal(t, e.Name(), u.Name())
					require.Equal(t, e.Size(), u.Size())
					require.Equal(t, e.NumEnumerators(), u.NumMembers())
					for i := range e.NumEnumerators() {
						require.Equal(t, e.Enumerator(i).Name(), u.Member(i).Name())
						require.Zero(t, u.Member(i).Offset())
						size, err := u.Member(i).Type().Sizeof()
						require.NoError(t, err)
						require.EqualValues(t, e.Size(), size)
					}
				case btf.KindFunc:
					require.Equal(t, btf.StaticFunc, spectest.As[btf.Func](t, got, typ.ID()).Linkage())
				case btf.KindVar:
					require.NotEqual(t, btf.ExternVar, spectest.As[btf.Var](t, got, typ.ID()).Linkage())
				case btf.KindDatasec:
				case btf.KindEnum: // as kernels before 6.0 know them
					e, u := spectest.As[btf.Enum](t, spec, typ.ID()), spectest.As[btf.Enum](t, got, typ.ID())
					require.False(t, u.KindFlag())
					require.Equal(t, []any{e.Name(), e.Size(), e.NumEnumerators()}, []any{u.Name(), u.Size(), u.NumEnumerators()})
					for i := range e.NumEnumerators() {
						require.Equal(t, e.Enumerator(i).Name(), u.Enumerator(i).Name())
						require.Equal(t, uint32(e.Enumerator(i).Value()), uint32(u.Enumerator(i).Value()))
					}
				default:
					require.Equal(t, spectest.Describe(t, typ), spectest.Describe(t, other))
				}
			}
			for _, k := range []btf.Kind{btf.KindDeclTag, btf.KindTypeTag, btf.KindEnum, btf.KindEnum64, btf.KindFunc, btf.KindVar} {
				require.True(t, seen[k], "the recipe has no %v", k)
			}
		})
	}
	t.Run("layout", func(t *testing.T) {
		spec, err := btf.LoadSpec(btftest.Testdata("layout.btf"))
		require.NoError(t, err)
		defer spec.Close()
		_, err = write.Marshal(spec, write.Options{StripLayout: true})
		require.ErrorIs(t, err, btf.ErrNotSupported, "only the layout section tells the length of its records")
		_, err = write.Marshal(spec, write.Options{Order: binary.BigEndian})
		require.ErrorIs(t, err, btf.ErrNotSupported)
		b, err := write.Marshal(spec, write.Options{Order: binary.LittleEndian})
		require.NoError(t, err)
		require.Equal(t, spec.Header().LayoutLength, spectest.Load(t, b).Header().LayoutLength)

		known := btftest.EveryKind(binary.LittleEndian)
		for kind := range 20 {
			known.Layout(kind, 4, 0)
		}
		b, err = write.Marshal(spectest.Load(t, known.Bytes()), write.Options{StripLayout: true})
		require.NoError(t, err)
		require.Equal(t, btftest.EveryKind(binary.LittleEndian).Bytes(), b)
	})
	t.Run("broken", func(t *testing.T) {
		spec := spectest.Load(t, victim(func(b *btftest.Builder) { b.Pointer(99) }))
		_, err := write.Marshal(spec, write.Options{})
		var format *btf.FormatError
		require.ErrorAs(t, err, &format)
	})
	t.Run("closed", func(t *testing.T) {
		spec := spectest.Load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
		require.NoError(t, spec.Close())
		_, err := write.Marshal(spec, write.Options{})
		require.ErrorIs(t, err, btf.ErrClosed)
	})
}
