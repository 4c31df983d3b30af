// Builds blobs at the limits of rules.

package strict

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// limits returns blobs at the limits of rules, as far as a change of one word does not
// reach them.
func limits() map[string][]byte {
	all := map[string][]byte{}
	build := func(name string, f func(b *btftest.Builder)) {
		b := btftest.New(native)
		f(b)
		all[name] = b.Bytes()
	}
	for c := range 256 {
		for _, name := range []string{string([]byte{byte(c)}), string([]byte{'a', byte(c)})} {
			build(fmt.Sprintf("struct named %q", name), func(b *btftest.Builder) { b.Struct(name, 0) })
			build(fmt.Sprintf("section named %q", name), func(b *btftest.Builder) { b.Datasec(name, 4) })
			build(fmt.Sprintf("float named %q", name), func(b *btftest.Builder) { b.Float(name, 4) })
		}
	}
	for _, n := range []int{511, 512, 513, 4096} {
		long := strings.Repeat("a", n)
		build(fmt.Sprintf("struct with a name of %d bytes", n), func(b *btftest.Builder) { b.Struct(long, 0) })
		build(fmt.Sprintf("section with a name of %d bytes", n), func(b *btftest.Builder) { b.Datasec(long, 1) })
		build(fmt.Sprintf("float with a name of %d bytes", n), func(b *btftest.Builder) { b.Float(long, 4) })
		build(fmt.Sprintf("tag with a name of %d bytes", n), func(b *btftest.Builder) { b.Struct("s", 0); b.DeclTag(long, 1, -1, false) })
	}
	for n := range uint32(40) {
		build(fmt.Sprintf("%d qualifiers, each of the next", n), func(b *btftest.Builder) {
			for i := range n {
				b.Const(i + 2)
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("%d qualifiers, each of the one before", n), func(b *btftest.Builder) {
			b.Int("int", 4, 0)
			for i := range n {
				b.Const(i + 1)
			}
		})
		build(fmt.Sprintf("%d and 20 qualifiers", n), func(b *btftest.Builder) {
			b.Pointer(4 + n)
			b.Const(4)
			b.Int("int", 4, 0)
			for i := range n + 20 {
				b.Const(i + 5)
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("%d pointers, each to the next", n), func(b *btftest.Builder) {
			for i := range n {
				b.Pointer(i + 2)
			}
			b.Float("f", 4)
		})
		build(fmt.Sprintf("%d structs, each in the one before", n), func(b *btftest.Builder) {
			for i := range n {
				b.Struct("s", 4, btftest.Member{Type: i + 2})
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("%d arrays, each of the next", n), func(b *btftest.Builder) {
			b.Int("int", 4, 0)
			for i := range n {
				b.Array(i+3, 1, 1)
			}
			b.Int("int", 4, 0)
		})
		build(fmt.Sprintf("tags under %d qualifiers", n), func(b *btftest.Builder) {
			b.Pointer(3)
			b.Int("int", 4, 0)
			for range n % 5 {
				b.Const(b.Next() + 1)
			}
			for range n / 5 {
				b.TypeTag("rcu", b.Next()+1, n%2 == 0)
			}
			b.Volatile(2)
			b.Struct("s", 8, btftest.Member{Name: "p", Type: 1})
		})
	}
	for length := range uint32(48) {
		for _, order := range [][]btftest.Part{
			{btftest.Types, btftest.Strings}, {btftest.Strings, btftest.Types}, {btftest.Types, btftest.Layout, btftest.Strings}, {btftest.Types, btftest.Strings, btftest.Layout},
			{btftest.Layout, btftest.Types, btftest.Strings}, {btftest.Strings, btftest.Layout, btftest.Types}, {btftest.Layout, btftest.Strings, btftest.Types}, {btftest.Strings, btftest.Types, btftest.Layout},
		} {
			for gap := range 2 {
				b := btftest.New(native)
				b.Int("int", 4, btftest.Signed)
				b.Struct("abc", 4, btftest.Member{Name: "x", Type: 1})
				b.Layout(19, 0, 12)
				b.HeaderLen = max(length, uapi.HeaderSizeLayout)
				raw := b.Arrange(4*gap, order...)
				raw = append(raw[:length:length], raw[b.HeaderLen:]...)
				if length >= uapi.HeaderLenOffset+4 {
					native.PutUint32(raw[uapi.HeaderLenOffset:], length)
				}
				all[fmt.Sprintf("header of %d bytes, %v, gaps of %d", length, order, 4*gap)] = raw
				if length > uapi.HeaderSize {
					raw = bytes.Clone(raw)
					raw[length-1] = 1
					all[fmt.Sprintf("header of %d bytes, %v, gaps of %d, the last byte 1", length, order, 4*gap)] = raw
				}
			}
		}
	}
	for _, n := range []uint32{0xfffe, 0xffff, 0x10000, 0x10001} {
		many := func(kind btf.Kind, third uint32, each ...uint32) {
			build(fmt.Sprintf("%v of %d elements", kind, n), func(b *btftest.Builder) {
				b.Int("E", 4, 0)
				b.Record(0, btftest.Info(uint32(kind), n, false), third, slices.Repeat(each, int(n))...)
			})
		}
		const name = 1
		many(btf.KindEnum, 4, name, 5)
		many(btf.KindEnum64, 8, name, 5, 0)
		many(btf.KindStruct, 4, name, 1, 0)
		many(btf.KindUnion, 4, 0, 1, 0)
		many(btf.KindFuncProto, 0, name, 1)
	}
	// A million types of 12 bytes, with the highest id that can be.
	for _, n := range []uint32{uapi.MaxType - 1, uapi.MaxType, uapi.MaxType + 1, uapi.MaxType + 2} {
		raw := btftest.New(native).Bytes()
		types := make([]byte, 0, n*uapi.RecordSize)
		for range n {
			types = native.AppendUint32(types, 0)
			types = native.AppendUint32(types, btftest.Info(16, 0, false))
			types = native.AppendUint32(types, 4)
		}
		native.PutUint32(raw[12:], uint32(len(types)))
		native.PutUint32(raw[16:], uint32(len(types)))
		all[fmt.Sprintf("%d types", n)] = slices.Concat(raw[:uapi.HeaderSize], types, raw[uapi.HeaderSize:])
		types = btftest.Put(native, types, len(types)-4, 3)
		all[fmt.Sprintf("%d types, the last of 3 bytes", n)] = slices.Concat(raw[:uapi.HeaderSize], types, raw[uapi.HeaderSize:])
	}
	for _, n := range []int{uapi.MaxSize - uapi.HeaderSize - uapi.RecordSize, uapi.MaxSize - uapi.HeaderSize - uapi.RecordSize + 1} {
		b := btftest.New(native)
		b.Float("", 4)
		raw := b.Bytes()
		native.PutUint32(raw[20:], uint32(n))
		all[fmt.Sprintf("%d bytes of strings", n)] = append(raw, make([]byte, n-1)...)
	}
	build("two spin locks", func(b *btftest.Builder) {
		b.Int("int", 4, 0)
		b.Struct("bpf_spin_lock", 4, btftest.Member{Name: "val", Type: 1})
		b.Struct("s", 8, btftest.Member{Name: "a", Type: 2}, btftest.Member{Name: "b", Type: 2, Offset: 32})
	})
	for _, size := range []uint32{4, 8} {
		for _, room := range []uint32{3, 4, 7, 8} {
			build(fmt.Sprintf("pointer beside a long of %d bytes in %d", size, room), func(b *btftest.Builder) {
				b.Int("long", size, btftest.Signed)
				b.Pointer(1)
				b.Struct("s", room, btftest.Member{Name: "p", Type: 2})
			})
		}
	}
	return all
}
