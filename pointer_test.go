// Tests what tells the size of a pointer, and what proves it.

package btf_test

import (
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestProofOfPointerSize has types that tell the size of a pointer where no type is long,
// and types that do not.
func TestProofOfPointerSize(t *testing.T) {
	type builder = *btftest.Builder
	two := func(b builder, name, first, second string, size, secondAt uint32) {
		b.Pointer(2)
		b.Struct(name, size, btftest.Member{Name: first, Type: 1}, btftest.Member{Name: second, Type: 1, Offset: secondAt})
	}
	one := func(b builder, name, first string, size uint32) {
		b.Pointer(2)
		b.Struct(name, size, btftest.Member{Name: first, Type: 1})
	}
	for _, row := range []struct {
		about string
		want  int
		build func(b builder)
	}{
		{"list_head of 64 bits", 8, func(b builder) { two(b, "list_head", "next", "prev", 16, 64) }},
		{"list_head of 32 bits", 4, func(b builder) { two(b, "list_head", "next", "prev", 8, 32) }},
		{"list_head without prev", 8, func(b builder) { one(b, "list_head", "next", 16) }},
		{"list_head without next, 32 bits", 4, func(b builder) {
			b.Pointer(2)
			b.Struct("list_head", 8, btftest.Member{Name: "prev", Type: 1, Offset: 32})
		}},
		{"list_head of another program", 0, func(b builder) { two(b, "list_head", "next", "last", 16, 64) }},
		{"list_head of 20 bytes", 0, func(b builder) { two(b, "list_head", "next", "prev", 20, 64) }},
		{"list_head with next elsewhere", 0, func(b builder) {
			b.Pointer(2)
			b.Struct("list_head", 16, btftest.Member{Name: "next", Type: 1, Offset: 32})
		}},
		{"list_head without members", 0, func(b builder) { b.Struct("list_head", 16) }},
		{"hlist_head", 8, func(b builder) { one(b, "hlist_head", "first", 8) }},
		{"hlist_node", 4, func(b builder) { two(b, "hlist_node", "next", "pprev", 8, 32) }},
		{"callback_head", 8, func(b builder) { two(b, "callback_head", "next", "func", 16, 64) }},
		{"llist_node", 8, func(b builder) { one(b, "llist_node", "next", 8) }},
		{"llist_head", 8, func(b builder) { one(b, "llist_head", "first", 8) }},
		{"rb_root", 4, func(b builder) { one(b, "rb_root", "rb_node", 4) }},
		{"hlist_head over a typedef and a tag", 8, func(b builder) {
			b.Pointer(0)
			b.TypeTag("rcu", 1, false)
			b.Typedef("p", 2)
			b.Struct("hlist_head", 8, btftest.Member{Name: "first", Type: 3})
		}},

		// A gap behind a pointer may be where a member was removed.
		{"two pointers 8 bytes apart", 0, func(b builder) { two(b, "s", "a", "b", 16, 64) }},
		{"a pointer in 8 bytes", 0, func(b builder) { one(b, "s", "a", 8) }},
		{"a pointer in 4 bytes", 4, func(b builder) { one(b, "s", "a", 4) }},
		{"a pointer in 7 bytes", 4, func(b builder) { one(b, "s", "a", 7) }},
		{"a pointer in 3 bytes", 0, func(b builder) { one(b, "s", "a", 3) }},
		{"two pointers 4 bytes apart", 4, func(b builder) { two(b, "s", "a", "b", 64, 32) }},
		{"an int 4 bytes behind", 4, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2}, btftest.Member{Name: "i", Type: 1, Offset: 32})
		}},
		{"a bitfield 4 bytes behind", 4, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2}, btftest.Member{Name: "i", Type: 1, Offset: 32, Bitfield: 3})
		}},
		{"an old bitfield whose INT begins behind it", 0, func(b builder) {
			b.OldInt("int", 8, btftest.Signed, 32, 3)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2}, btftest.Member{Name: "i", Type: 1, Offset: 32})
		}},
		{"an empty struct 4 bytes behind", 0, func(b builder) {
			b.Struct("empty", 0)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2}, btftest.Member{Name: "e", Type: 1, Offset: 32})
		}},
		{"a member before it", 0, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2, Offset: 64}, btftest.Member{Name: "i", Type: 1})
		}},
		{"4 pointers in 16 bytes", 4, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Array(3, 1, 4)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2})
		}},
		{"4 pointers in 15 bytes", 0, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Array(3, 1, 4)
			b.Pointer(0)
			b.Struct("s", 15, btftest.Member{Name: "p", Type: 2})
		}},
		{"no pointers in 16 bytes", 0, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Array(3, 1, 0)
			b.Pointer(0)
			b.Struct("s", 16, btftest.Member{Name: "p", Type: 2})
		}},
		{"a union, whose members overlap", 0, func(b builder) {
			b.Pointer(0)
			b.Union("u", 4, btftest.Member{Name: "p", Type: 1})
		}},
		{"a contradiction", 0, func(b builder) {
			two(b, "list_head", "next", "prev", 16, 64)
			b.Struct("s", 4, btftest.Member{Name: "p", Type: 1})
		}},
		{"long decides", 4, func(b builder) {
			two(b, "list_head", "next", "prev", 16, 64)
			b.Int("long", 4, btftest.Signed)
		}},

		{"Rust", 8, func(b builder) { b.Int("usize", 8, 0) }},
		{"Zig of 32 bits", 4, func(b builder) { b.Int("isize", 4, btftest.Signed) }},
		{"Go", 8, func(b builder) { b.Int("uintptr", 8, 0) }},
		{"usize of 2 bytes", 0, func(b builder) { b.Int("usize", 2, 0) }},

		{"a variable of 8 bytes", 8, func(b builder) {
			b.Pointer(0)
			b.Var("p", 1, 1)
			b.Datasec(".data", 8, btftest.Variable{Type: 2, Size: 8})
		}},
		{"3 in a variable of 12 bytes", 4, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Array(3, 1, 3)
			b.Pointer(0)
			b.Const(2)
			b.Var("p", 4, 1)
			b.Datasec(".data", 12, btftest.Variable{Type: 5, Size: 12})
		}},
		{"3 in a variable of 26 bytes", 0, func(b builder) {
			b.Int("int", 4, btftest.Signed)
			b.Array(3, 1, 3)
			b.Pointer(0)
			b.Var("p", 2, 1)
			b.Datasec(".data", 26, btftest.Variable{Type: 4, Size: 26})
		}},
		{"types that do not exist", 0, func(b builder) {
			b.Pointer(9)
			b.Struct("s", 4, btftest.Member{Name: "p", Type: 77})
			b.Datasec(".data", 4, btftest.Variable{Type: 77, Size: 4})
			b.Const(4)
			b.Struct("loop", 4, btftest.Member{Name: "p", Type: 4})
		}},
	} {
		for order, o := range bothOrders {
			t.Run(row.about+", "+order, func(t *testing.T) {
				b := btftest.New(o)
				row.build(b)
				require.Equal(t, row.want, load(t, b.Bytes()).PointerSize())
			})
		}
	}
}

// TestRealPointerSizes has real kernels, whose types prove the size that long tells.
func TestRealPointerSizes(t *testing.T) {
	kernels, err := filepath.Glob(filepath.Join(btftest.Corpus(t), "vmlinux-*.btf.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, kernels)
	for _, path := range kernels {
		raw, err := btftest.Gunzip(path)
		require.NoError(t, err)
		want := load(t, raw).PointerSize()
		require.NotZero(t, want)
		require.Equal(t, want, load(t, withoutLong(t, raw)).PointerSize(), path)
	}
}

// withoutLong returns the blob with a name of no meaning in place of all spellings of
// long.
func withoutLong(t *testing.T, raw []byte) []byte {
	spec := load(t, raw)
	raw = append([]byte(nil), raw...)
	h := spec.Header()
	for typ := range spec.All() {
		if typ.Kind() == btf.KindInt {
			r := typ.Record()
			spec.ByteOrder().PutUint32(raw[h.Length+h.TypeOffset+r.Offset():], 0)
		}
	}
	return raw
}

// TestSetPointerSize sets the size before and after it was asked for, and in split BTF.
func TestSetPointerSize(t *testing.T) {
	for order, o := range bothOrders {
		t.Run(order, func(t *testing.T) {
			b := btftest.New(o)
			b.Int("int", 4, btftest.Signed)
			b.Pointer(0)
			b.Array(2, 1, 64)
			b.Struct("files_struct", 704, btftest.Member{Name: "fd_array", Type: 3, Offset: 160 * 8})
			split := b.Split()
			split.Struct("own", 64, btftest.Member{Name: "p", Type: 2})
			for _, asked := range []bool{false, true} {
				spec := load(t, b.Bytes())
				module := must(btf.LoadRawSplitSpec(split.Bytes(), spec))
				if asked {
					require.Zero(t, spec.PointerSize())
					require.Zero(t, module.PointerSize())
					_, err := spec.Field("files_struct.fd_array[3]")
					require.ErrorIs(t, err, btf.ErrPointerSize)
					_, err = must(spec.Field("files_struct.fd_array")).Size()
					require.ErrorIs(t, err, btf.ErrPointerSize)
				}
				for _, bad := range []int{0, 2, 16, -8, 1<<31 - 1} {
					require.ErrorContains(t, spec.SetPointerSize(bad), "btf: size of a pointer must be 4 or 8 bytes")
				}
				require.NoError(t, spec.SetPointerSize(8))
				require.Equal(t, 8, spec.PointerSize())
				f := must(spec.Field("files_struct.fd_array[3]"))
				require.Equal(t, btf.Bits(184*8), f.Offset())
				require.Equal(t, uint64(8), must(f.Size()))
				require.Equal(t, uint64(512), must(must(spec.Field("files_struct.fd_array")).Size()))
				require.Equal(t, 8, module.PointerSize(), "the base tells it")
				require.Equal(t, uint64(8), must(must(module.Field("own.p")).Size()))

				require.NoError(t, spec.SetPointerSize(4))
				require.Equal(t, btf.Bits(172*8), must(spec.Field("files_struct.fd_array[3]")).Offset())
				copied := must(spec.Copy())
				require.Equal(t, 4, copied.PointerSize())
				copied = must(module.Copy())
				require.Equal(t, 4, copied.PointerSize())
				require.NoError(t, module.SetPointerSize(8))
				require.Equal(t, 8, module.PointerSize(), "its own size comes before that of the base")
				require.Equal(t, 8, must(module.Copy()).PointerSize())
				require.Equal(t, 4, spec.PointerSize())
				require.NoError(t, spec.Close())
				require.ErrorIs(t, spec.SetPointerSize(8), btf.ErrClosed)
				require.Zero(t, spec.PointerSize())
			}

			// It comes before what the types tell.
			b.Int("long", 4, btftest.Signed)
			spec := load(t, b.Bytes())
			require.Equal(t, 4, spec.PointerSize())
			require.NoError(t, spec.SetPointerSize(8))
			require.Equal(t, 8, spec.PointerSize())
		})
	}
}
