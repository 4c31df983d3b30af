// Tests that what is written reads back the same.

package btf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// nativeOrder is this machine's byte order.
func nativeOrder() btftest.Order {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// written returns what WriteTo writes.
func written(t testing.TB, spec *btf.Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := spec.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	return b.Bytes()
}

// roundTrip writes spec in both orders and back, and requires that each means the
// same; and the same bytes in the end, if they were as they are written here.
func roundTrip(t *testing.T, spec *btf.Spec, canonical bool) {
	t.Helper()
	again := func(s *btf.Spec, opts btf.MarshalOptions) (*btf.Spec, []byte) {
		b, err := s.Marshal(opts)
		require.NoError(t, err)
		base := spec.Base()
		if base != nil && opts.Order != nil && opts.Order != base.ByteOrder() {
			swapped, err := base.Marshal(btf.MarshalOptions{Order: opts.Order})
			require.NoError(t, err)
			base = load(t, swapped)
		}
		var got *btf.Spec
		if base == nil {
			got = load(t, b)
		} else {
			got = loadSplit(t, b, base)
		}
		require.NoError(t, got.Verify())
		return got, b
	}
	same, first := again(spec, btf.MarshalOptions{})
	requireSame(t, spec, same)
	if canonical {
		require.True(t, bytes.Equal(written(t, spec), first), "the bytes are others")
	}
	for typ := range spec.All() {
		if typ.Kind() > btf.KindEnum64 {
			return // its bytes cannot be turned around
		}
	}
	there := btf.MarshalOptions{Order: binary.BigEndian}
	if spec.ByteOrder() == binary.BigEndian {
		there.Order = binary.LittleEndian
	}
	swapped, _ := again(spec, there)
	require.Equal(t, there.Order, swapped.ByteOrder())
	requireSame(t, spec, swapped)
	back, last := again(swapped, btf.MarshalOptions{Order: spec.ByteOrder()})
	requireSame(t, spec, back)
	require.True(t, bytes.Equal(first, last), "there and back is not the same")
}

func TestMarshal(t *testing.T) {
	for _, name := range []string{"every-kind-le.btf", "every-kind-be.btf", "header32.btf", "layout.btf", "sorted.btf", "empty.btf", "split-base.btf"} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			spec := load(t, b)
			roundTrip(t, spec, spec.Header().Length == 24)
		})
	}
	t.Run("split", func(t *testing.T) {
		base, err := btf.LoadSpec("testdata/split-base.btf")
		require.NoError(t, err)
		mid, err := btf.LoadSplitSpec("testdata/split-mid.btf", base)
		require.NoError(t, err)
		roundTrip(t, mid, true)
	})
	t.Run("fixture", func(t *testing.T) { roundTrip(t, loadVmlinux(t), true) })
	t.Run("arranged", func(t *testing.T) {
		b := btftest.EveryKind(binary.LittleEndian).Arrange(5, btftest.Strings, btftest.Types)
		spec := load(t, b)
		roundTrip(t, spec, false)
		require.True(t, bytes.Equal(b, written(t, spec)), "WriteTo is to pass the bytes through")
		m, err := spec.Marshal(btf.MarshalOptions{})
		require.NoError(t, err)
		require.Equal(t, btftest.EveryKind(binary.LittleEndian).Bytes(), m)
	})
}

// TestMarshalCorpus does it with every blob of the corpus.
func TestMarshalCorpus(t *testing.T) {
	dir := btftest.Corpus(t)
	for _, path := range glob(t, dir, "vmlinux-*.gz") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			b, err := btftest.Gunzip(path)
			require.NoError(t, err)
			roundTrip(t, load(t, b), true)
			if base := load(t, b); filepath.Base(path) == "vmlinux-amd64-6.12.btf.gz" {
				for _, module := range glob(t, dir, "modules-amd64-6.12/*.btf") {
					b, err := os.ReadFile(module)
					require.NoError(t, err)
					m, err := loadSplit(t, b, base).Marshal(btf.MarshalOptions{})
					require.NoError(t, err)
					require.True(t, bytes.Equal(b, m), module)
				}
			}
		})
	}
	t.Run("module", func(t *testing.T) {
		b, err := btftest.Gunzip(filepath.Join(dir, "vmlinux-s390x-6.1-big-endian.btf.gz"))
		require.NoError(t, err)
		base := load(t, b)
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

// TestMarshalObjects: what a DATASEC lacks is written, and the rest stays.
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

// TestMarshalOptions reads what stands in the place of what older kernels lack.
func TestMarshalOptions(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			spec := load(t, btftest.EveryKind(order).Bytes())
			b, err := spec.Marshal(btf.MarshalOptions{
				StripLayout: true, StripFuncLinkage: true, ReplaceDeclTags: true, ReplaceTypeTags: true, ReplaceEnum64: true, ReplaceDeclarations: true,
			})
			require.NoError(t, err)
			got := load(t, b)
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
					c := as[btf.Const](t, got, typ.ID())
					require.Equal(t, as[btf.TypeTag](t, spec, typ.ID()).Type().ID(), c.Type().ID())
					require.Empty(t, c.Name())
				case btf.KindEnum64:
					e, u := as[btf.Enum](t, spec, typ.ID()), as[btf.Union](t, got, typ.ID())
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
					require.Equal(t, btf.StaticFunc, as[btf.Func](t, got, typ.ID()).Linkage())
				case btf.KindVar:
					require.NotEqual(t, btf.ExternVar, as[btf.Var](t, got, typ.ID()).Linkage())
				case btf.KindDatasec:
				case btf.KindEnum: // as kernels before 6.0 know them
					e, u := as[btf.Enum](t, spec, typ.ID()), as[btf.Enum](t, got, typ.ID())
					require.False(t, u.KindFlag())
					require.Equal(t, []any{e.Name(), e.Size(), e.NumEnumerators()}, []any{u.Name(), u.Size(), u.NumEnumerators()})
					for i := range e.NumEnumerators() {
						require.Equal(t, e.Enumerator(i).Name(), u.Enumerator(i).Name())
						require.Equal(t, uint32(e.Enumerator(i).Value()), uint32(u.Enumerator(i).Value()))
					}
				default:
					require.Equal(t, describe(t, typ), describe(t, other))
				}
			}
			for _, k := range []btf.Kind{btf.KindDeclTag, btf.KindTypeTag, btf.KindEnum, btf.KindEnum64, btf.KindFunc, btf.KindVar} {
				require.True(t, seen[k], "the recipe has no %v", k)
			}
		})
	}
	t.Run("layout", func(t *testing.T) {
		spec, err := btf.LoadSpec("testdata/layout.btf")
		require.NoError(t, err)
		defer spec.Close()
		_, err = spec.Marshal(btf.MarshalOptions{StripLayout: true})
		require.ErrorIs(t, err, btf.ErrNotSupported, "nothing else says how long its records are")
		_, err = spec.Marshal(btf.MarshalOptions{Order: binary.BigEndian})
		require.ErrorIs(t, err, btf.ErrNotSupported)
		b, err := spec.Marshal(btf.MarshalOptions{Order: binary.LittleEndian})
		require.NoError(t, err)
		require.Equal(t, spec.Header().LayoutLength, load(t, b).Header().LayoutLength)

		known := btftest.EveryKind(binary.LittleEndian)
		for kind := range 20 {
			known.Layout(kind, 4, 0)
		}
		b, err = load(t, known.Bytes()).Marshal(btf.MarshalOptions{StripLayout: true})
		require.NoError(t, err)
		require.Equal(t, btftest.EveryKind(binary.LittleEndian).Bytes(), b)
	})
	t.Run("broken", func(t *testing.T) {
		spec := load(t, victim(func(b *btftest.Builder) { b.Pointer(99) }))
		_, err := spec.Marshal(btf.MarshalOptions{})
		var format *btf.FormatError
		require.ErrorAs(t, err, &format)
	})
	t.Run("closed", func(t *testing.T) {
		spec := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
		require.NoError(t, spec.Close())
		_, err := spec.Marshal(btf.MarshalOptions{})
		require.ErrorIs(t, err, btf.ErrClosed)
		_, err = spec.WriteTo(io.Discard)
		require.ErrorIs(t, err, btf.ErrClosed)
		_, err = spec.Copy()
		require.ErrorIs(t, err, btf.ErrClosed)
	})
}

type badWriter struct{}

var errFull = errors.New("full")

func (badWriter) Write(b []byte) (int, error) { return len(b) / 2, errFull }

func TestWriteTo(t *testing.T) {
	spec := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
	n, err := spec.WriteTo(badWriter{})
	require.ErrorIs(t, err, errFull)
	require.EqualValues(t, len(btftest.EveryKind(binary.LittleEndian).Bytes())/2, n)
	var _ io.WriterTo = spec
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

	t.Run("bytes after it", func(t *testing.T) {
		b := btftest.New(little)
		b.Int("int", 4, btftest.Signed)
		spec, err := btf.LoadSpec(file(t, append(b.Bytes(), 0)))
		require.NoError(t, err)
		defer spec.Close()
		copied, err := spec.Copy()
		require.NoError(t, err)
		require.ErrorContains(t, copied.VerifyStrict(), "there are 1 bytes")
		require.Equal(t, spec.VerifyStrict(), copied.VerifyStrict())
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
