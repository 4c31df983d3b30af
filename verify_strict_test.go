// Tests each rule of VerifyStrict with a blob that breaks it.

package btf_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestVerifyStrict has a row for each rule. Type 1 is an int, and the rules are
// broken from type 2 on. TestStrictIsTheKernels asks the kernel about such blobs.
func TestVerifyStrict(t *testing.T) {
	type member = btftest.Member
	long := strings.Repeat("a", 513)
	for _, row := range []struct {
		name  string
		build func(b *btftest.Builder)
		want  string // after "btf: types section at offset 0x", "" if it is sound
	}{
		{"nothing wrong", func(b *btftest.Builder) {}, ""},

		{"void", func(b *btftest.Builder) { b.Layout(20, 0, 0); b.Record(0, btftest.Info(20, 0, false), 0) }, "14 (type 2): invalid kind: 1 to 19 wanted, it is 20"},
		{"vlen", func(b *btftest.Builder) { b.Record(0, btftest.Info(2, 3, false), 1) }, "14 (type 2): vlen != 0: PTR without elements wanted, it has 3"},
		{"vlen of 24 bits", func(b *btftest.Builder) { b.Record(0, btftest.Info(2, 1<<16, false), 1) }, "14 (type 2): vlen != 0: PTR without elements wanted, it has 65536"},
		{"kind_flag", func(b *btftest.Builder) { b.Record(0, btftest.Info(2, 0, true), 1) }, "14 (type 2): invalid btf_info kind_flag: 0 wanted for PTR, it is 1"},
		{"kind_flag of tags", func(b *btftest.Builder) {
			b.TypeTag("a b", 1, true)
			b.Struct("s", 4, member{Name: "m", Type: 1})
			b.DeclTag("c:d", 3, 0, true)
		}, ""},
		{"FWD of a type", func(b *btftest.Builder) { b.Record(b.String("f"), btftest.Info(7, 0, false), 1) }, "18 (type 2): type != 0: 0 wanted for FWD, it is 1"},
		{"ARRAY with a size", func(b *btftest.Builder) { b.Record(0, btftest.Info(3, 0, false), 4, 1, 1, 1) }, "18 (type 2): size != 0: 0 wanted for ARRAY, it is 4"},

		{"named PTR", func(b *btftest.Builder) { b.Record(b.String("p"), btftest.Info(2, 0, false), 1) }, `10 (type 2): invalid name: no name wanted for PTR, it is "p"`},
		{"anonymous TYPEDEF", func(b *btftest.Builder) { b.Typedef("", 1) }, `10 (type 2): invalid name: an identifier wanted for TYPEDEF, it is ""`},
		{"STRUCT of other languages", func(b *btftest.Builder) { b.Struct("a b<c>::d", 0) }, `10 (type 2): invalid name: an identifier or no name wanted for STRUCT, it is "a b<c>::d"`},
		{"STRUCT named by a digit", func(b *btftest.Builder) { b.Struct("0", 0) }, `10 (type 2): invalid name: an identifier or no name wanted for STRUCT, it is "0"`},
		{"STRUCT named in Latin-1", func(b *btftest.Builder) { b.Struct("Stra\xdfe", 0) }, ""},
		{"STRUCT of 512 letters", func(b *btftest.Builder) { b.Struct(long[1:], 0) }, ""},
		{"STRUCT of 513 letters", func(b *btftest.Builder) { b.Struct(long, 0) }, `10 (type 2): invalid name: an identifier or no name wanted for STRUCT, it is "aaaaaaaaaaaaaaaa"… of 513 bytes`},
		{"name in the middle", func(b *btftest.Builder) { b.Record(b.String("middle")+3, btftest.Info(8, 0, false), 1) }, ""},
		{"name of a NUL", func(b *btftest.Builder) { b.Record(b.String("x")+1, btftest.Info(4, 0, false), 0) }, `10 (type 2): invalid name: an identifier or no name wanted for STRUCT, it is ""`},
		{"DECL_TAG without text", func(b *btftest.Builder) { b.DeclTag("", 1, -1, false) }, `10 (type 2): invalid value: some text wanted for DECL_TAG, it is ""`},
		{"DATASEC with a tab", func(b *btftest.Builder) { b.Datasec(".a\tb", 4) }, `10 (type 2): invalid name: printable text wanted for DATASEC, it is ".a\tb"`},
		{"DATASEC with anything printable", func(b *btftest.Builder) { b.Datasec("?.a b/c\xa0", 4) }, ""},
		{"member with a space", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m n", Type: 1}) }, `1c (type 2): invalid name: an identifier or no name wanted for member 0, it is "m n"`},
		{"member named outside", func(b *btftest.Builder) { b.Record(0, btftest.Info(4, 1, false), 4, 99, 1, 0) }, `1c (type 2): invalid member name_offset: name of member 0 below 0x5 wanted, it is at 0x63`},
		{"enumerator without a name", func(b *btftest.Builder) { b.Enum64("e", 8, false, btftest.Value{Name: "A"}, btftest.Value{}) }, `28 (type 2): invalid name: an identifier wanted for enumerator 1, it is ""`},
		{"enumerator with a space", func(b *btftest.Builder) { b.Enum("e", 4, false, btftest.Value{Name: "A B"}) }, `1c (type 2): invalid name: an identifier wanted for enumerator 0, it is "A B"`},
		{"argument with a space", func(b *btftest.Builder) {
			b.FuncProto(0, btftest.Param{Name: "a", Type: 1}, btftest.Param{Name: "b c", Type: 1})
		}, `24 (type 2): invalid arg#2: an identifier or no name wanted for arg#2, it is "b c"`},

		{"INT with high bits", func(b *btftest.Builder) { b.Record(0, btftest.Info(1, 0, false), 4, 1<<28|32) }, "1c (type 2): invalid int_data: 0 in bits 28 to 31 wanted, it is 0x10000020"},
		{"INT of 129 bits", func(b *btftest.Builder) { b.OldInt("i", 32, 0, 1, 128) }, "1c (type 2): nr_bits exceeds 128: INT has 128 bits at offset 1"},
		{"INT over its size", func(b *btftest.Builder) { b.OldInt("i", 4, 0, 8, 25) }, "1c (type 2): nr_bits exceeds type_size: INT of 4 bytes has 25 bits at offset 8"},
		{"INT of two encodings", func(b *btftest.Builder) { b.Int("i", 4, btftest.Signed|btftest.Char) }, "1c (type 2): unsupported encoding: signed, char, bool or none wanted, it is 3"},
		{"FLOAT of 3 bytes", func(b *btftest.Builder) { b.Float("f", 3) }, "18 (type 2): invalid type_size: FLOAT of 2, 4, 8, 12 or 16 bytes wanted, it has 3"},
		{"ENUM of 3 bytes", func(b *btftest.Builder) { b.Enum("e", 3, false) }, "18 (type 2): unexpected size: ENUM of 1, 2, 4 or 8 bytes wanted, it has 3"},
		{"ENUM64 of 16 bytes", func(b *btftest.Builder) { b.Enum64("e", 16, false) }, "18 (type 2): unexpected size: ENUM64 of 1, 2, 4 or 8 bytes wanted, it has 16"},
		{"extern FUNC", func(b *btftest.Builder) { b.Func("f", 3, 2); b.FuncProto(0) }, "14 (type 2): invalid func linkage: static or global wanted, it is extern"},
		{"extern VAR", func(b *btftest.Builder) { b.Var("v", 1, 2) }, "1c (type 2): linkage not supported: static or global wanted, it is extern"},
		{"component -2", func(b *btftest.Builder) { b.DeclTag("t", 1, -2, false) }, "1c (type 2): invalid component_idx: -1 or more wanted, it is -2"},

		{"UNION at an offset", func(b *btftest.Builder) { b.Union("u", 8, member{Name: "m", Type: 1, Offset: 8}) }, "24 (type 2): invalid member bits_offset: 0 wanted for member 0 of a UNION, it is 8"},
		{"STRUCT backwards", func(b *btftest.Builder) {
			b.Struct("s", 8, member{Name: "m", Type: 1, Offset: 32}, member{Name: "n", Type: 1})
		}, "30 (type 2): invalid member bits_offset: 32 or more wanted for member 1, it is 0"},
		{"member after the STRUCT", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m", Type: 1, Offset: 33}) }, "24 (type 2): member bits_offset exceeds its struct size: 5 bytes wanted before member 0, the STRUCT has 4"},

		{"DATASEC of 0 bytes", func(b *btftest.Builder) { b.Datasec(".data", 0) }, "18 (type 2): size == 0: DATASEC with bytes wanted, compilers leave that to the loader"},
		{"variables overlap", func(b *btftest.Builder) {
			b.Datasec(".data", 8, btftest.Variable{Type: 3, Size: 4}, btftest.Variable{Type: 3, Offset: 3, Size: 4})
			b.Var("v", 1, 1)
		}, "2c (type 2): invalid offset: entry 1 at 4 or more wanted, where the one before ends, it is at 3"},
		{"variable after the end", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1, Offset: 8, Size: 4}) }, "20 (type 2): invalid offset: entry 0 below 8 wanted, where the DATASEC ends, it is at 8"},
		{"variable of 0 bytes", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1}) }, "24 (type 2): invalid size: entry 0 of 1 to 8 bytes wanted, it has 0"},
		{"variable over the end", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1, Offset: 5, Size: 4}) }, "24 (type 2): invalid offset+size: entry 0 of 3 bytes at 5 wanted at most, it has 4"},
		{"no VAR", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1, Size: 4}) }, "1c (type 2): not a VAR kind member: a VAR wanted for entry 0, it is INT int (id 1)"},
		{"VAR in a smaller entry", func(b *btftest.Builder) { b.Var("v", 1, 1); b.Datasec(".data", 8, btftest.Variable{Type: 2, Size: 3}) }, "34 (type 3): invalid size: 4 bytes or more wanted for VAR v (id 2), it has 3"},

		{"PTR nowhere", func(b *btftest.Builder) { b.Pointer(9) }, "18 (type 2): invalid type_id: type id of PTR below 3 wanted, it is 9"},
		{"PTR to a VAR", func(b *btftest.Builder) { b.Pointer(3); b.Var("v", 1, 1) }, "18 (type 2): invalid type_id: the id of a type wanted for PTR, it is VAR v (id 3)"},
		{"PTR to void, FWD, FUNC_PROTO", func(b *btftest.Builder) { b.Pointer(0); b.Pointer(4); b.Fwd("f", true); b.Pointer(6); b.FuncProto(0) }, ""},
		{"TYPEDEF of a DATASEC", func(b *btftest.Builder) { b.Typedef("t", 3); b.Datasec("d", 4) }, "18 (type 2): invalid type_id: the id of a type wanted for TYPEDEF, it is DATASEC d (id 3)"},
		{"VAR of void", func(b *btftest.Builder) { b.Var("v", 0, 1) }, "18 (type 2): invalid type_id: a type with a size wanted for VAR, it is VOID (id 0)"},
		{"VAR of a FWD", func(b *btftest.Builder) { b.Var("v", 3, 1); b.Fwd("f", false) }, "18 (type 2): invalid type_id: a type with a size wanted for VAR, it is FWD f (id 3)"},
		{"PTR to a FUNC", func(b *btftest.Builder) { b.Pointer(3); b.Func("f", 4, 0); b.FuncProto(0) }, "18 (type 2): invalid type_id: a type that can be referred to wanted for PTR, it is FUNC f (id 3)"},
		{"FUNC of an INT", func(b *btftest.Builder) { b.Func("f", 1, 0) }, "18 (type 2): invalid type_id: a FUNC_PROTO wanted for FUNC, it is INT int (id 1)"},
		{"FUNC with an argument without a name", func(b *btftest.Builder) {
			b.Func("f", 3, 0)
			b.FuncProto(0, btftest.Param{Name: "a", Type: 1}, btftest.Param{Type: 1})
		}, "18 (type 2): invalid arg#2: a name wanted, FUNC_PROTO (id 3) gives it none"},
		{"FUNC_PROTO with \"...\" in the middle", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{}, btftest.Param{Name: "a", Type: 1}) }, "20 (type 2): invalid arg#1: a type with a size wanted for arg#1, it is VOID (id 0)"},
		{"FUNC_PROTO with named \"...\"", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "a"}) }, `1c (type 2): invalid arg#1: no name wanted for "...", it is "a"`},
		{"FUNC_PROTO that takes a VAR", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "a", Type: 3}); b.Var("v", 1, 0) }, "20 (type 2): invalid arg#1: the id of a type wanted for arg#1, it is VAR v (id 3)"},
		{"FUNC_PROTO that returns const void", func(b *btftest.Builder) { b.FuncProto(3); b.Const(0) }, "18 (type 2): invalid return type: a type with a size wanted for FUNC_PROTO, it is CONST (id 3)"},

		{"index that is no INT", func(b *btftest.Builder) { b.Array(1, 3, 1); b.Pointer(1) }, "20 (type 2): invalid index: an INT of 1, 2, 4, 8 or 16 whole bytes wanted for index type, it is PTR (id 3)"},
		{"index of void", func(b *btftest.Builder) { b.Array(1, 0, 1) }, "20 (type 2): invalid index: a type with a size wanted for index type, it is VOID (id 0)"},
		{"index of 31 bits", func(b *btftest.Builder) { b.Array(1, 3, 1); b.OldInt("i", 4, 0, 0, 31) }, "20 (type 2): invalid index: an INT of 1, 2, 4, 8 or 16 whole bytes wanted for index type, it is INT i (id 3)"},
		{"array of void", func(b *btftest.Builder) { b.Array(0, 1, 1) }, "1c (type 2): invalid elem: a type with a size wanted for element type, it is VOID (id 0)"},
		{"array of const void", func(b *btftest.Builder) { b.Array(3, 1, 1); b.Const(0) }, "1c (type 2): invalid elem: a type with a size wanted for element type, it is CONST (id 3)"},
		{"array of bitfields", func(b *btftest.Builder) { b.Array(3, 1, 1); b.OldInt("i", 4, 0, 0, 31) }, "1c (type 2): invalid array of int: an INT of 1, 2, 4, 8 or 16 whole bytes wanted for element type, it is INT i (id 3)"},
		{"array of 4 GB", func(b *btftest.Builder) { b.Array(1, 1, 1<<30) }, "24 (type 2): array size overflows U32_MAX: 1073741824 elements of 4 bytes"},

		{"member of void", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m"}) }, "20 (type 2): invalid type_id: a type with a size wanted for member 0, it is VOID (id 0)"},
		{"member of const void", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m", Type: 3}); b.Const(0) }, "20 (type 2): invalid member: a type with a size wanted for member 0, it is CONST (id 3)"},
		{"member that is too big", func(b *btftest.Builder) { b.Struct("s", 7, member{Name: "m", Type: 1, Offset: 32}) }, "24 (type 2): member exceeds struct_size: member 0 of kind INT ends after 8 bytes, the STRUCT has 7"},
		{"pointer member at bit 4", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 3, Offset: 4}); b.Pointer(0) }, "24 (type 2): member is not byte aligned: member 0 of kind PTR wanted at a multiple of 8 bits, it is at 4"},
		{"float member at byte 4", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 3, Offset: 32}); b.Float("f", 8) }, "24 (type 2): member is not properly aligned: member 0 of kind FLOAT wanted at a multiple of 64 bits, it is at 32"},
		{"bitfield of a pointer", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 3, Bitfield: 4}); b.Pointer(0) }, "24 (type 2): invalid member bitfield_size: member 0 of kind PTR can be no bitfield, it has 4 bits"},
		{"bitfield of 33 bits of an int", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 1, Bitfield: 33}) }, "24 (type 2): invalid member bitfield_size: member 0 of kind INT wanted with 32 bits at most, it has 33"},
		{"bitfield of 33 bits of an enum", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "m", Type: 3, Bitfield: 33})
			b.Enum("e", 4, false)
		}, "24 (type 2): invalid member bitfield_size: member 0 of kind ENUM wanted with 32 bits at most, it has 33"},
		{"enum beside a bitfield at bit 4", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "l", Type: 1, Bitfield: 4}, member{Name: "m", Type: 3, Offset: 4})
			b.Enum("e", 4, false)
		}, "30 (type 2): member is not byte aligned: member 1 of kind ENUM wanted at a multiple of 8 bits, it is at 4"},
		{"int beside a bitfield at bit 4", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "l", Type: 1, Bitfield: 4}, member{Name: "m", Type: 1, Offset: 4})
		}, "30 (type 2): invalid member offset: member 1 of kind INT and no bitfield wanted at a multiple of 8 bits, it is at 4"},
		{"bitfield of an INT that is one", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "m", Type: 3, Bitfield: 4})
			b.OldInt("i", 4, 0, 0, 31)
		}, "24 (type 2): invalid member base type: member 0 of kind INT wanted with 8, 16, 32, 64 or 128 bits at offset 0, it has 31 at 0"},
		{"129 bits to copy", func(b *btftest.Builder) { b.Struct("s", 32, member{Name: "m", Type: 3, Offset: 1}); b.Int("i", 16, 0) }, "24 (type 2): nr_copy_bits exceeds 128: member 0 of kind INT has 128 bits at bit 1"},
		{"offset of 2^32", func(b *btftest.Builder) {
			b.Record(0, btftest.Info(4, 1, false), 1<<29, b.String("m"), 3, 0xffffffff)
			b.OldInt("i", 4, 0, 1, 8)
		}, "24 (type 2): bits_offset exceeds U32_MAX: member 0 of kind INT is at bit 4294967296 with the offset of the INT"},

		{"tag of an INT", func(b *btftest.Builder) { b.DeclTag("t", 1, -1, false) }, "18 (type 2): invalid type_id: STRUCT or UNION or TYPEDEF or FUNC or VAR wanted for DECL_TAG, it is INT int (id 1)"},
		{"tag of a member that is not", func(b *btftest.Builder) { b.DeclTag("t", 3, 1, false); b.Struct("s", 4, member{Name: "m", Type: 1}) }, "1c (type 2): invalid component_idx: -1 wanted, or below 1 for STRUCT s (id 3), it is 1"},
		{"tag of an argument that is not", func(b *btftest.Builder) {
			b.DeclTag("t", 3, 1, false)
			b.Func("f", 4, 0)
			b.FuncProto(0, btftest.Param{Name: "a", Type: 1})
		}, "1c (type 2): invalid component_idx: -1 wanted, or below 1 for FUNC f (id 3), it is 1"},
		{"tag of a component of a VAR", func(b *btftest.Builder) { b.DeclTag("t", 3, 0, false); b.Var("v", 1, 0) }, "1c (type 2): invalid component_idx: -1 wanted, or below 0 for VAR v (id 3), it is 0"},
		{"type tags anywhere", func(b *btftest.Builder) {
			b.Const(3)
			b.TypeTag("t", 4, false)
			b.Volatile(1)
			b.TypeTag("t", 2, false)
		}, ""},

		// All records are looked at before what one of them leads to.
		{"loop, then PTR to what is no id", func(b *btftest.Builder) { b.Const(2); b.Pointer(0x200000) }, "24 (type 3): invalid type_id: type id of PTR below 4 wanted, it is 2097152"},
		{"loop, then ARRAY of void by void", func(b *btftest.Builder) { b.Const(2); b.Array(0, 0, 1) }, "28 (type 3): invalid elem: a type with a size wanted for element type, it is VOID (id 0)"},
		{"loop, then ARRAY by void", func(b *btftest.Builder) { b.Const(2); b.Array(1, 0, 1) }, "2c (type 3): invalid index: a type with a size wanted for index type, it is VOID (id 0)"},
		{"loop, then void after a STRUCT", func(b *btftest.Builder) { b.Const(2); b.Struct("s", 4, member{Offset: 64}) }, "2c (type 3): invalid type_id: a type with a size wanted for member 0, it is VOID (id 0)"},
		{"loop, then void in a DATASEC", func(b *btftest.Builder) { b.Const(2); b.Datasec(".data", 4, btftest.Variable{}) }, "28 (type 3): invalid type_id: a type with a size wanted for entry 0, it is VOID (id 0)"},
		{"loop, then VAR of void", func(b *btftest.Builder) { b.Const(2); b.Var("v", 0, 2) }, "24 (type 3): invalid type_id: a type with a size wanted for VAR, it is VOID (id 0)"},
		{"ARRAY by a FLOAT of void", func(b *btftest.Builder) { b.Float("f", 4); b.Array(0, 2, 1) }, "28 (type 3): invalid elem: a type with a size wanted for element type, it is VOID (id 0)"},
		{"named PTR to what is no id", func(b *btftest.Builder) { b.Record(b.String("p"), btftest.Info(2, 0, false), 0x200000) }, "18 (type 2): invalid type_id: type id of PTR below 3 wanted, it is 2097152"},
		{"\"...\" with a name, after a VAR", func(b *btftest.Builder) {
			b.FuncProto(0, btftest.Param{Name: "a", Type: 3}, btftest.Param{Name: "b"})
			b.Var("v", 1, 0)
		}, `24 (type 2): invalid arg#2: no name wanted for "...", it is "b"`},

		{"STRUCT of itself", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m", Type: 2}) }, "10 (type 2): loop detected: it leads to STRUCT s (id 2), and that back to itself"},
		{"STRUCT of a pointer to itself", func(b *btftest.Builder) { b.Struct("s", 8, member{Name: "m", Type: 3}); b.Pointer(2) }, ""},
		{"PTR to itself", func(b *btftest.Builder) { b.Pointer(2) }, "10 (type 2): loop detected: it leads to PTR (id 2), and that back to itself"},
		{"qualifier of a pointer to it, in a STRUCT", func(b *btftest.Builder) {
			b.Struct("s", 8, member{Name: "m", Type: 3})
			b.Const(4)
			b.Pointer(3)
		}, "34 (type 4): loop detected: it leads to PTR (id 4), and that back to itself"},
		{"FUNC_PROTO that takes a loop", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "a", Type: 3}); b.Array(3, 1, 1) }, "24 (type 3): loop detected: it leads to ARRAY (id 3), and that back to itself"},
		{"32 qualifiers", func(b *btftest.Builder) {
			for range 32 {
				b.Const(b.Next() + 1)
			}
			b.Int("", 4, 0)
		}, ""},
		{"33 qualifiers", func(b *btftest.Builder) {
			for range 33 {
				b.Const(b.Next() + 1)
			}
			b.Int("", 4, 0)
		}, "10 (type 2): exceeded max resolving depth:32: CONST (id 34) is deeper under it"},
		{"40 qualifiers, resolved from below", func(b *btftest.Builder) {
			b.Pointer(20)
			for range 40 {
				b.Const(b.Next() + 1)
			}
			b.Int("", 4, 0)
		}, "1c (type 3): max chain length or cycle detected: 32 modifiers in a row wanted at most"},
		{"40 qualifiers, each of the one before", func(b *btftest.Builder) {
			for range 40 {
				b.Const(b.Next() - 1)
			}
		}, "190 (type 34): more than 32 typedefs, qualifiers or arrays follow each other"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for name, order := range bothOrders {
				b := btftest.New(order)
				b.Int("int", 4, btftest.Signed)
				row.build(b)
				err := load(t, b.Bytes()).VerifyStrict()
				if row.want == "" {
					require.NoError(t, err, name)
					continue
				}
				require.EqualError(t, err, "btf: types section at offset 0x"+row.want, name)
			}
		})
	}
}

// TestVerifyStrictHeader has the rules about where the sections lie.
func TestVerifyStrictHeader(t *testing.T) {
	build := func(headerLen uint32, gap int, parts ...btftest.Part) []byte {
		b := btftest.New(little)
		b.Int("int", 4, btftest.Signed) // 16 bytes, and 5 of strings
		b.Layout(3, 12, 0)
		b.HeaderLen = max(headerLen, 32)
		raw := b.Arrange(gap, parts...)
		raw = append(raw[:headerLen:headerLen], raw[b.HeaderLen:]...)
		little.PutUint32(raw[4:], headerLen)
		return raw
	}
	last := func(b []byte, headerLen int) []byte {
		b[headerLen-1] = 7
		return b
	}
	sound := build(24, 0, btftest.Types, btftest.Strings)
	unaligned := build(32, 0, btftest.Types, btftest.Strings, btftest.Layout)
	nameless := btftest.New(little)
	nameless.Float("", 4)
	withoutStrings := btftest.Put(little, nameless.Arrange(0, btftest.Types), 16, 12)
	many := btftest.New(little).Bytes()
	stringsFirst := btftest.New(little)
	stringsFirst.Int("int128", 16, 0)
	oddLayout := append(build(32, 0, btftest.Types, btftest.Strings), 0, 0, 0, 0)
	oddLayout = btftest.Put(little, btftest.Put(little, oddLayout, 24, 21), 28, 4)
	float := []byte{0, 0, 0, 0, 0, 0, 0, 16, 4, 0, 0, 0}
	floats := func(n int) []byte {
		b := btftest.Put(little, btftest.Put(little, nameless.Bytes(), 12, uint32(12*n)), 16, uint32(12*n))
		return append(append(b[:24:24], bytes.Repeat(float, n)...), 0)
	}
	for _, row := range []struct {
		name string
		blob []byte
		want string
	}{
		{"types, strings", sound, ""},
		{"types, layout, strings", build(32, 0, btftest.Types, btftest.Layout, btftest.Strings), ""},
		{"layout, strings, no types", build(32, 0, btftest.Layout, btftest.Strings), "0xc: no type found: the type section is empty"},
		{"strings first", build(24, 0, btftest.Strings, btftest.Types), "0x1d: unsupported section found: type section at 0x5 wanted, it is at 0x8"},
		{"strings before types", stringsFirst.Arrange(0, btftest.Strings, btftest.Types), "0x10: string section is not at the end: the type section is, which takes a header of 32 bytes"},
		{"all ids", floats(0xffffe), ""},
		{"an id too many", floats(0xfffff), "0xc: exceeded max num of types: ids up to 1048574 wanted, they go to 1048575"},
		{"odd layout", oddLayout, "0x18: unaligned layout_off: a multiple of 4 wanted, it is 0x15"},
		{"empty layout elsewhere", btftest.Put(little, build(32, 0, btftest.Types, btftest.Strings), 24, 4), "0x24: section overlap found: layout section at 0x10 wanted, it is at 0x4"},
		{"a longer header of zeros", build(40, 0, btftest.Types, btftest.Strings), ""},
		{"a longer header of something", last(build(40, 0, btftest.Types, btftest.Strings), 40), "0x27: unsupported btf_header: 0 wanted after the known fields, it is 0x07"},
		{"half a field", last(build(31, 0, btftest.Types, btftest.Strings), 31), "0x1e: unsupported btf_header: 0 wanted after the known fields, it is 0x07"},
		{"gaps", build(24, 4, btftest.Types, btftest.Strings), "0x18: unsupported section found: type section at 0x0 wanted, it is at 0x4"},
		{"bytes after the end", append(bytes.Clone(sound), 0, 0, 0), "0x2d: unsupported section found: nothing wanted after the last section, there are 3 bytes"},
		{"layout not aligned", unaligned, "0x35: unsupported section found: layout section at 0x15 wanted, it is at 0x18"},
		{"no strings", withoutStrings, "0x14: invalid string section: 1 byte or more wanted, it has 0"},
		{"no types", btftest.New(little).Bytes(), "0xc: no type found: the type section is empty"},
		{"16 MB of strings and a byte", append(btftest.Put(little, many, 20, 1<<24+1), make([]byte, 1<<24)...), "0x0: a blob of 16777216 bytes wanted at most, it has 16777241"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := load(t, row.blob).VerifyStrict()
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			require.ErrorContains(t, err, "btf: header at offset "+row.want)
		})
	}

	t.Run("every door", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "long.btf")
		require.NoError(t, os.WriteFile(path, append(bytes.Clone(sound), 1, 2, 3), 0o644))
		spec, err := btf.LoadSpec(path)
		require.NoError(t, err)
		defer spec.Close()
		require.NoError(t, spec.Verify())
		require.ErrorContains(t, spec.VerifyStrict(), "there are 3 bytes")
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		fromReader, err := btf.LoadSpecFromReader(f)
		require.NoError(t, err)
		require.ErrorContains(t, fromReader.VerifyStrict(), "there are 3 bytes")
	})
	t.Run("closed", func(t *testing.T) {
		spec := load(t, sound)
		require.NoError(t, spec.Close())
		require.ErrorIs(t, spec.VerifyStrict(), btf.ErrClosed)
		require.ErrorIs(t, new(btf.Spec).VerifyStrict(), btf.ErrClosed)
	})
}

// TestVerifyStrictSplit: what a base holds counts as resolved.
func TestVerifyStrictSplit(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			under := btftest.New(order)
			under.Int("int", 4, btftest.Signed)                   // 1
			under.Array(1, 1, 5)                                  // 2
			under.Typedef("five", 2)                              // 3
			under.FuncProto(0, btftest.Param{Type: 1})            // 4
			under.FuncProto(1, btftest.Param{Name: "a", Type: 1}) // 5
			under.Const(0)                                        // 6
			under.Struct("s", 4, btftest.Member{Type: 1})         // 7
			under.Pointer(8)                                      // 8, of itself: not the split BTF's fault
			under.Typedef("f", under.Next()+1)                    // 9
			under.Func("f", 5, 0)                                 // 10
			under.Var("nothing", 6, 0)                            // 11
			under.Typedef("loop", 12)                             // 12
			under.Array(1, 1, 1<<30)                              // 13: 2^32 bytes
			base := load(t, under.Bytes())
			require.ErrorContains(t, base.VerifyStrict(), "loop detected")

			strict := func(build func(b *btftest.Builder)) error {
				b := under.Split()
				build(b)
				return loadSplit(t, b.Bytes(), base).VerifyStrict()
			}
			require.NoError(t, strict(func(b *btftest.Builder) {}), "nothing")
			require.NoError(t, strict(func(b *btftest.Builder) {
				b.Struct("over", 28, btftest.Member{Name: "a", Type: 3}, btftest.Member{Name: "b", Type: 8, Offset: 160})
				b.Func("g", 5, 1)
				b.DeclTag("first", 7, 0, false)
				b.DeclTag("first", b.Next()-2, 0, false)
				b.Volatile(6)
				b.Const(9)
			}))
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Struct("over", 19, btftest.Member{Name: "a", Type: 3}) }),
				"member exceeds struct_size: member 0 of kind ARRAY ends after 20 bytes, the STRUCT has 19")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Func("g", 4, 1) }), "invalid arg#1: a name wanted")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Var("v", 6, 1) }), "invalid type_id: a type with a size wanted")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Var("v", 9, 1) }), "invalid type_id: a type with a size wanted")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Var("v", 12, 1) }), "invalid type_id: a type with a size wanted")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Datasec("d", 4, btftest.Variable{Type: 11, Size: 4}) }), "invalid type: a VAR of a type with a size wanted for entry 0")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Const(b.Next()) }), "(type 14): loop detected")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Struct("s", 8, btftest.Member{Name: "m", Type: 13}) }), "invalid member: a type with a size wanted for member 0, it is ARRAY (id 13)")
			require.ErrorContains(t, strict(func(b *btftest.Builder) { b.Array(13, 1, 1) }), "invalid elem: a type with a size wanted for element type, it is ARRAY (id 13)")
		})
	}
}

// TestVerifyStrictCorpus: what real kernels and modules are made of is to their
// taste, whatever the machine.
func TestVerifyStrictCorpus(t *testing.T) {
	require.NoError(t, loadVmlinux(t).VerifyStrict())

	dir := btftest.Corpus(t)
	bases := map[string]*btf.Spec{}
	kernels, err := filepath.Glob(filepath.Join(dir, "vmlinux-*.btf.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, kernels)
	for _, path := range kernels {
		raw, err := btftest.Gunzip(path)
		require.NoError(t, err)
		spec := load(t, raw)
		require.NoError(t, spec.VerifyStrict(), path)
		name := strings.TrimPrefix(filepath.Base(path), "vmlinux-")
		name, _, _ = strings.Cut(name, ".btf")
		bases[strings.TrimSuffix(name, "-big-endian")] = spec
	}
	modules, err := filepath.Glob(filepath.Join(dir, "modules-*", "*.btf"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, path := range modules {
		base := bases[strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "modules-")]
		require.False(t, base == nil, path)
		spec, err := btf.LoadSplitSpec(path, base)
		require.NoError(t, err)
		require.NoError(t, spec.VerifyStrict(), path)
		require.NoError(t, spec.Close())
	}
}

// TestVerifyStrictManyOfOne: many functions of one long prototype take no longer
// than each alone.
func TestVerifyStrictManyOfOne(t *testing.T) {
	took := func(n int) time.Duration {
		b := btftest.New(binary.LittleEndian)
		integer := b.Int("int", 4, btftest.Signed)
		params := make([]btftest.Param, n)
		for i := range params {
			params[i] = btftest.Param{Name: "a", Type: integer}
		}
		proto := b.FuncProto(0, params...)
		for range n {
			b.Func("f", proto, 0)
		}
		spec := load(t, b.Bytes())
		least := time.Hour
		for range 3 {
			begin := time.Now()
			require.NoError(t, spec.VerifyStrict())
			least = min(least, time.Since(begin))
		}
		return least
	}
	require.Less(t, took(20_000), 100*took(1000)+5*time.Millisecond)
}
