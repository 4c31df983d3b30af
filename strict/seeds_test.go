// Builds small blobs that the kernel accepts, or nearly.

package strict

import (
	"github.com/seed-6c4a6465/btf/internal/btftest"
)

// seeds returns small blobs that the kernel accepts, or nearly.
func seeds() map[string][]byte {
	all := map[string][]byte{
		"every kind":   btftest.EveryKind(native).Bytes(),
		"a layout":     btftest.Unknown(native).Bytes(),
		"with nothing": btftest.New(native).Bytes(),
	}
	build := func(name string, f func(b *btftest.Builder)) {
		b := btftest.New(native)
		f(b)
		all[name] = b.Bytes()
	}
	build("old bitfields", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.OldInt("three", 4, 0, 2, 3)
		b.OldInt("half", 16, 0, 64, 64)
		b.Const(2)
		b.Struct("s", 16, btftest.Member{Name: "a", Type: 2}, btftest.Member{Name: "b", Type: 4, Offset: 8}, btftest.Member{Name: "c", Type: 1, Offset: 32}, btftest.Member{Name: "d", Type: 3, Offset: 64})
	})
	build("new bitfields", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Enum("e", 4, false, btftest.Value{Name: "E"})
		b.Enum64("f", 8, false, btftest.Value{Name: "F"})
		b.Typedef("t", 1)
		b.Float("double", 8)
		b.Pointer(6)
		b.Struct("s", 40,
			btftest.Member{Name: "a", Type: 1, Bitfield: 3}, btftest.Member{Name: "b", Type: 4, Offset: 3, Bitfield: 7},
			btftest.Member{Name: "c", Type: 2, Offset: 16, Bitfield: 2}, btftest.Member{Name: "d", Type: 3, Offset: 32, Bitfield: 30},
			btftest.Member{Name: "e", Type: 5, Offset: 64}, btftest.Member{Name: "f", Type: 6, Offset: 128}, btftest.Member{Name: "g", Type: 2, Offset: 192})
	})
	build("floats of every size", func(b *btftest.Builder) {
		var members []btftest.Member
		for i, size := range []uint32{2, 4, 8, 12, 16} {
			members = append(members, btftest.Member{Name: "m", Type: b.Float("", size), Offset: uint32(i) * 128})
		}
		b.Struct("s", 80, members...)
		b.Union("u", 16, btftest.Member{Name: "a", Type: 5}, btftest.Member{Name: "b", Type: 1})
	})
	build("arrays", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Array(1, 1, 2)
		b.Array(2, 4, 3)
		b.Typedef("index", 1)
		b.Const(3)
		b.Array(5, 1, 0)
		b.Struct("s", 28, btftest.Member{Name: "a", Type: 3}, btftest.Member{Type: 1, Offset: 192}, btftest.Member{Name: "flexible", Type: 6, Offset: 224})
		b.Pointer(3)
		b.Array(8, 1, 0x1fffffff)
	})
	build("through pointers", func(b *btftest.Builder) {
		b.Pointer(2)
		b.Const(3)
		b.Struct("a", 16, btftest.Member{Name: "p", Type: 4}, btftest.Member{Name: "q", Type: 1, Offset: 64})
		b.Pointer(5)
		b.Union("b", 16, btftest.Member{Name: "a", Type: 3}, btftest.Member{Name: "t", Type: 6})
		b.Typedef("p_t", 7)
		b.Pointer(8)
		b.TypeTag("user", 9, false)
		b.Volatile(10)
		b.Restrict(4)
	})
	build("functions", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.FuncProto(0)
		b.FuncProto(4, btftest.Param{Name: "a", Type: 1}, btftest.Param{Name: "b", Type: 5}, btftest.Param{})
		b.Pointer(3)
		b.Const(4)
		b.Func("f", 3, 1)
		b.Func("g", 2, 0)
		b.DeclTag("arg:nonnull", 6, 1, true)
		b.FuncProto(1, btftest.Param{Type: 1})
		b.Pointer(9)
	})
	build("sections", func(b *btftest.Builder) {
		b.Datasec(".data", 24, btftest.Variable{Type: 3, Offset: 0, Size: 4}, btftest.Variable{Type: 4, Offset: 8, Size: 16})
		b.Int("int", 4, btftest.Signed)
		b.Var("x", 2, 1)
		b.Var("y", 5, 0)
		b.Array(2, 2, 4)
		b.Datasec("?.foo bar:buz", 4, btftest.Variable{Type: 3, Offset: 0, Size: 4})
		b.Datasec("empty", 4)
		b.DeclTag("t", 3, -1, false)
		b.Var("p", 10, 1)
		b.Const(11)
		b.Pointer(10)
	})
	build("a section before all else", func(b *btftest.Builder) {
		b.Datasec(".bss", 40, btftest.Variable{Type: 2, Size: 8}, btftest.Variable{Type: 3, Offset: 8, Size: 4},
			btftest.Variable{Type: 4, Offset: 16, Size: 8}, btftest.Variable{Type: 5, Offset: 32, Size: 8})
		b.Var("p", 6, 1)
		b.Var("c", 7, 1)
		b.Var("a", 8, 1)
		b.Var("s", 9, 0)
		b.Pointer(7)
		b.Const(10)
		b.Array(7, 10, 2)
		b.Struct("s", 8, btftest.Member{Name: "m", Type: 8})
		b.Int("int", 4, btftest.Signed)
	})
	return all
}
