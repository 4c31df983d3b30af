// Tests that the size of a pointer is not lost when types are copied or written.

package write_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// pair has a struct of two pointers, which proves nothing about their size, and a type
// long of size bytes, or none if it is 0.
func pair(order btftest.Order, size uint32) []byte {
	b := btftest.New(order)
	b.Pointer(2)
	b.Struct("pair", 16, btftest.Member{Name: "a", Type: 1}, btftest.Member{Name: "b", Type: 1, Offset: 64})
	if size != 0 {
		b.Int("long", size, btftest.Signed)
	}
	return b.Bytes()
}

func sizeOfPairA(t *testing.T, spec *btf.Spec) uint64 {
	t.Helper()
	f, err := spec.Field("pair.a")
	require.NoError(t, err)
	size, err := f.Size()
	require.NoError(t, err)
	return size
}

// TestBuilderPointerSize copies a struct without the type long from Specs whose pointers
// have 4 and 8 bytes.
func TestBuilderPointerSize(t *testing.T) {
	for name, order := range bothOrders {
		for _, size := range []uint32{4, 8} {
			t.Run(name, func(t *testing.T) {
				spec := spectest.Load(t, pair(order, size))
				var b write.Builder
				id, err := b.Add(spectest.As[btf.Struct](t, spec, 2).AsType())
				require.NoError(t, err)
				got, err := b.Spec()
				require.NoError(t, err)
				require.EqualValues(t, size, got.PointerSize())
				require.EqualValues(t, size, sizeOfPairA(t, got))
				require.Equal(t, 3, got.NumTypes(), "an INT long comes last")
				long := spectest.As[btf.Int](t, got, 3)
				require.Equal(t, "long", long.Name())
				require.Equal(t, btf.Signed, long.Encoding())
				require.EqualValues(t, 8*size, long.Bits())
				require.Equal(t, "pair", spectest.As[btf.Struct](t, got, id).Name())

				// It is in the written bytes too.
				blob, err := b.Marshal(write.Options{Order: order})
				require.NoError(t, err)
				require.EqualValues(t, size, spectest.Load(t, blob).PointerSize())

				// The Builder itself has not got another type, and can go on.
				require.EqualValues(t, 3, b.Next())
				require.EqualValues(t, 3, b.Typedef("pair_t", id))
				got, err = b.Spec()
				require.NoError(t, err)
				require.Equal(t, "pair_t", spectest.As[btf.Typedef](t, got, 3).Name())
				require.EqualValues(t, size, got.PointerSize())

				// With a type long there is nothing to add.
				b.Int("long", size, btf.Signed)
				got, err = b.Spec()
				require.NoError(t, err)
				require.Equal(t, 4, got.NumTypes())
				require.EqualValues(t, size, got.PointerSize())
			})
		}
	}

	t.Run("what the types prove needs no long", func(t *testing.T) {
		o := btftest.New(bothOrders["little-endian"])
		o.Pointer(2)
		o.Struct("list_head", 16, btftest.Member{Name: "next", Type: 1}, btftest.Member{Name: "prev", Type: 1, Offset: 64})
		o.Int("long", 8, btftest.Signed)
		var b write.Builder
		_, err := b.Add(spectest.As[btf.Struct](t, spectest.Load(t, o.Bytes()), 2).AsType())
		require.NoError(t, err)
		got, err := b.Spec()
		require.NoError(t, err)
		require.Equal(t, 2, got.NumTypes())
		require.Equal(t, 8, got.PointerSize())
	})
	t.Run("set", func(t *testing.T) {
		spec := spectest.Load(t, pair(bothOrders["little-endian"], 0))
		require.NoError(t, spec.SetPointerSize(4))
		var b write.Builder
		_, err := b.Add(spectest.As[btf.Struct](t, spec, 2).AsType())
		require.NoError(t, err)
		got, err := b.Spec()
		require.NoError(t, err)
		require.Equal(t, 4, got.PointerSize())
	})
	t.Run("unknown", func(t *testing.T) {
		spec := spectest.Load(t, pair(bothOrders["little-endian"], 0))
		var b write.Builder
		_, err := b.Add(spectest.As[btf.Struct](t, spec, 2).AsType())
		require.NoError(t, err)
		got, err := b.Spec()
		require.NoError(t, err)
		require.Zero(t, got.PointerSize())
		require.Equal(t, 2, got.NumTypes())
	})
	t.Run("types of two machines", func(t *testing.T) {
		narrow, wide := spectest.Load(t, pair(bothOrders["big-endian"], 4)), spectest.Load(t, pair(bothOrders["little-endian"], 8))
		var b write.Builder
		_, err := b.Add(spectest.As[btf.Struct](t, wide, 2).AsType())
		require.NoError(t, err)
		_, err = b.Add(spectest.As[btf.Struct](t, narrow, 2).AsType())
		require.EqualError(t, err, "btf: adding PTR (id 1): pointers must have 8 bytes, as in the types that were added before, have 4")
		require.EqualValues(t, 3, b.Next(), "nothing of it was added")
		got, err := b.Spec()
		require.NoError(t, err)
		require.Equal(t, 8, got.PointerSize())

		// Types without pointers fit. Their type long does not.
		_, err = b.Add(spectest.As[btf.Int](t, narrow, 3).AsType())
		require.NoError(t, err)
		_, err = b.Spec()
		require.EqualError(t, err, "btf: pointers have 8 bytes in the types that were added, but 4 by the type long")
	})
	t.Run("an error takes the size back", func(t *testing.T) {
		o := btftest.New(bothOrders["little-endian"])
		o.Struct("bad", 8, btftest.Member{Name: "p", Type: 2}, btftest.Member{Name: "q", Type: 3})
		o.Pointer(0)
		o.Typedef("missing", 99)
		o.Int("long", 4, 0)
		spec := spectest.Load(t, o.Bytes())
		var b write.Builder
		typ, err := spec.TypeByID(1)
		require.NoError(t, err)
		_, err = b.Add(typ)
		require.Error(t, err)
		_, err = b.Add(spectest.As[btf.Struct](t, spectest.Load(t, pair(bothOrders["little-endian"], 8)), 2).AsType())
		require.NoError(t, err)
	})
}

// TestBuilderOfKernelStructs copies structs of a real kernel, whose closures have no type
// long.
func TestBuilderOfKernelStructs(t *testing.T) {
	kernel := spectest.LoadVmlinux(t)
	for _, name := range []string{"hlist_head", "list_head", "callback_head", "rb_root", "seq_operations"} {
		var s btf.Struct
		require.NoError(t, kernel.TypeByName(name, &s))
		var b write.Builder
		_, err := b.Add(s.AsType())
		require.NoError(t, err)
		got, err := b.Spec()
		require.NoError(t, err)
		require.Equal(t, 8, got.PointerSize(), name)
		f, err := got.Field(name + "." + s.Member(0).Name())
		require.NoError(t, err)
		size, err := f.Size()
		require.NoError(t, err)
		require.EqualValues(t, 8, size)
		size, err = f.Type().Sizeof()
		require.NoError(t, err)
		require.EqualValues(t, 8, size)
	}
}

// TestKeepPointerSize writes Specs that know the size from elsewhere than their bytes.
func TestKeepPointerSize(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			blob := pair(order, 0)
			spec := spectest.Load(t, blob)
			keep := write.Options{KeepPointerSize: true}
			written := func(opts write.Options) []byte {
				raw, err := write.Marshal(spec, opts)
				require.NoError(t, err)
				return raw
			}
			require.Equal(t, blob, written(keep), "it is unknown")
			require.NoError(t, spec.SetPointerSize(4))
			require.Equal(t, blob, written(write.Options{}), "zero Options change nothing")
			require.Equal(t, 4, spectest.Load(t, written(keep)).PointerSize())
			require.NoError(t, spec.SetPointerSize(8))
			require.Equal(t, 8, spectest.Load(t, written(keep)).PointerSize())
			for other, o := range bothOrders {
				opts := keep
				opts.Order = o
				require.Equal(t, 8, spectest.Load(t, written(opts)).PointerSize(), other)
			}

			spec = spectest.Load(t, pair(order, 8))
			require.Equal(t, pair(order, 8), written(keep), "its type long tells it")
		})
		t.Run(name+", split", func(t *testing.T) {
			base := btftest.New(order)
			base.Int("int", 4, btftest.Signed)
			split := base.Split()
			split.Pointer(1)
			lower := spectest.Load(t, base.Bytes())
			spec := spectest.LoadSplit(t, split.Bytes(), lower)
			require.NoError(t, spec.SetPointerSize(4))
			raw, err := write.Marshal(spec, write.Options{KeepPointerSize: true})
			require.NoError(t, err)
			require.Equal(t, 4, spectest.LoadSplit(t, raw, lower).PointerSize())
		})
	}
	t.Run("objects", func(t *testing.T) {
		lost := 0
		for _, path := range append(btftest.Objects(t, "el"), btftest.Objects(t, "eb")...) {
			spec, err := btf.LoadSpec(path)
			require.NoError(t, err)
			require.Equal(t, 8, spec.PointerSize())
			raw, err := write.Marshal(spec, write.Options{})
			require.NoError(t, err)
			if spectest.Load(t, raw).PointerSize() != 8 {
				lost++
			}
			raw, err = write.Marshal(spec, write.Options{KeepPointerSize: true})
			require.NoError(t, err)
			require.Equal(t, 8, spectest.Load(t, raw).PointerSize(), path)
			require.NoError(t, spec.Close())
		}
		t.Logf("%d objects lose the size without the option", lost)
	})
}
