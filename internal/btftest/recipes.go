// Builds the small blobs that are kept in testdata.

package btftest

//go:generate go run ../../testdata/gen

import "encoding/binary"

// Recipes returns the small files of testdata, by name.
func Recipes() map[string][]byte {
	base, mid, top := Stack(binary.LittleEndian)
	return map[string][]byte{
		"every-kind-le.btf": EveryKind(binary.LittleEndian).Bytes(),
		"every-kind-be.btf": EveryKind(binary.BigEndian).Bytes(),
		"header32.btf":      header32().Bytes(),
		"layout.btf":        Unknown(binary.LittleEndian).Bytes(),
		"split-base.btf":    base.Bytes(),
		"split-mid.btf":     mid.Bytes(),
		"split-top.btf":     top.Bytes(),
		"sorted.btf":        sorted().Bytes(),
		"empty.btf":         Empty(),
		"inline.btf":        Inline(binary.LittleEndian).Bytes(),
	}
}

// EveryKind has each of the kinds 1 to 19, and is taken by bpftool 7.1.
func EveryKind(order Order) *Builder {
	b := New(order)
	b.Int("int", 4, Signed)                                     // 1
	b.Int("unsigned long", 8, 0)                                // 2
	b.Int("char", 1, Char)                                      // 3
	b.Int("_Bool", 1, Bool)                                     // 4
	b.Pointer(13)                                               // 5
	b.Array(3, 2, 16)                                           // 6
	b.Const(3)                                                  // 7
	b.Volatile(1)                                               // 8
	b.Pointer(7)                                                // 9
	b.Restrict(9)                                               // 10
	b.Typedef("u64", 2)                                         // 11
	b.Union("", 8, Member{"a", 11, 0, 0}, Member{"b", 1, 0, 0}) // 12
	b.Struct("thing", 48,                                       // 13
		Member{"next", 5, 0, 0},
		Member{"", 12, 64, 0},
		Member{"name", 6, 128, 0},
		Member{"low", 1, 256, 3},
		Member{"high", 1, 259, 5},
		Member{"flavor", 15, 288, 0},
		Member{"wide", 16, 320, 0},
	)
	b.Fwd("elsewhere", true)                                                            // 14
	b.Enum("taste", 4, true, Value{"SOUR", -1}, Value{"SWEET", 0}, Value{"SALTY", 1})   // 15
	b.Enum64("width", 8, false, Value{"NARROW", 1}, Value{"WIDE", -0x7fffffff00000000}) // 16
	b.FuncProto(1, Param{"it", 5}, Param{"format", 10}, Param{})                        // 17
	b.Func("describe", 17, 1)                                                           // 18
	b.Var("counter", 8, 1)                                                              // 19
	b.Var("limit", 11, 0)                                                               // 20
	b.Datasec(".data", 16, Variable{19, 0, 4}, Variable{20, 8, 8})                      // 21
	b.Float("double", 8)                                                                // 22
	b.DeclTag("whole", 13, -1, false)                                                   // 23
	b.DeclTag("third", 13, 2, false)                                                    // 24
	b.DeclTag("second param", 18, 1, false)                                             // 25
	b.DeclTag("whole again", 13, -1, false)                                             // 26
	b.TypeTag("user", 13, false)                                                        // 27
	b.Pointer(27)                                                                       // 28
	b.Struct("thing___old", 8, Member{"next", 28, 0, 0})                                // 29
	b.Func("___describe", 17, 0)                                                        // 30
	return b
}

func header32() *Builder {
	b := New(binary.LittleEndian)
	b.HeaderLen = 32
	b.Int("int", 4, Signed)
	return b
}

// Unknown has records of kind 100 between others, which its layout describes: 4
// bytes once, 8 each.
func Unknown(order Order) *Builder {
	b := New(order)
	b.Layout(100, 4, 8)
	b.Int("int", 4, Signed)                                          // 1
	b.Record(b.String("what"), Info(100, 2, true), 1, 7, 1, 2, 3, 4) // 2
	b.Struct("after", 4, Member{"x", 1, 0, 0})                       // 3
	b.Record(0, Info(100, 0, false), 0, 7)                           // 4
	b.Pointer(2)                                                     // 5
	b.Typedef("after_t", 3)                                          // 6
	return b
}

// Stack is split BTF on split BTF. The top refers to types and names of both
// layers under it.
func Stack(order Order) (base, mid, top *Builder) {
	base = New(order)
	base.Int("int", 4, Signed)                     // 1
	base.Struct("shared", 4, Member{"x", 1, 0, 0}) // 2
	mid = base.Split()
	mid.Pointer(2)                                // 3
	mid.Struct("middle", 8, Member{"x", 3, 0, 0}) // 4
	top = mid.Split()
	top.Struct("upper", 16, Member{"shared", 4, 0, 0}, Member{"own", 1, 64, 0}) // 5
	top.Typedef("middle", 2)                                                    // 6
	return base, mid, top
}

// sorted stands in the order of names, as kernels from 7.0 on do: the anonymous
// types first.
func sorted() *Builder {
	b := New(binary.LittleEndian)
	b.Pointer(4)                                 // 1
	b.Const(3)                                   // 2
	b.Int("int", 4, Signed)                      // 3
	b.Struct("list", 8, Member{"next", 1, 0, 0}) // 4
	b.Typedef("list", 4)                         // 5
	b.Typedef("zeta", 3)                         // 6
	return b
}

// Inline has the kinds 20 to 22, which describe inlined functions.
func Inline(order Order) *Builder {
	b := New(order)
	b.Int("int", 4, Signed)                                                      // 1
	b.FuncProto(1, Param{"a", 1}, Param{"b", 1}, Param{"c", 1})                  // 2
	b.Func("clamp", 2, 0)                                                        // 3
	b.LocParam(4, LocReg, 5)                                                     // 4
	b.LocParam(8, LocReg|LocDeref|LocOffset, 6, 0xfffffff0)                      // 5
	b.LocParam(8, LocConst|LocSigned, 0xfffffffe, 0xffffffff)                    // 6
	b.LocProto(4, 0, 6)                                                          // 7
	b.LocProto(5, 5, 4)                                                          // 8
	b.Locsec(".text", Site{3, 7, 0x10}, Site{3, 8, 0x40}, Site{3, 0, 1<<32 - 4}) // 9
	b.LocProto()                                                                 // 10
	return b
}

// Empty is a header alone, as some kernels have of modules without types.
func Empty() []byte {
	b := New(binary.LittleEndian)
	b.strings = nil
	return b.Bytes()
}
