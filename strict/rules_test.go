// Tests each rule about records and types with a blob that breaks it.

package strict_test

import (
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// TestRules has a row for each rule. Type 1 is an int. The types from 2 on break the rule.
// TestStrictIsTheKernels asks the kernel about such blobs.
func TestRules(t *testing.T) {
	type member = btftest.Member
	long := strings.Repeat("a", 513)
	for _, row := range []struct {
		name  string
		build func(b *btftest.Builder)
		want  string // after "btf: types section at offset 0x", "" if it is sound
	}{
		{"nothing wrong", func(b *btftest.Builder) {}, ""},

		{"void", func(b *btftest.Builder) { b.Layout(20, 0, 0); b.Record(0, btftest.Info(20, 0, false), 0) }, "14 (type 2): invalid kind: must be 1 to 19, is 20"},
		{"vlen", func(b *btftest.Builder) { b.Record(0, btftest.Info(2, 3, false), 1) }, "14 (type 2): vlen != 0: PTR must have no elements, has 3"},
		{"vlen of 24 bits", func(b *btftest.Builder) { b.Record(0, btftest.Info(2, 1<<16, false), 1) }, "14 (type 2): vlen != 0: PTR must have no elements, has 65536"},
		{"kind_flag", func(b *btftest.Builder) { b.Record(0, btftest.Info(2, 0, true), 1) }, "14 (type 2): invalid btf_info kind_flag: must be 0 for PTR, is 1"},
		{"kind_flag of tags", func(b *btftest.Builder) {
			b.TypeTag("a b", 1, true)
			b.Struct("s", 4, member{Name: "m", Type: 1})
			b.DeclTag("c:d", 3, 0, true)
		}, ""},
		{"FWD of a type", func(b *btftest.Builder) { b.Record(b.String("f"), btftest.Info(7, 0, false), 1) }, "18 (type 2): type != 0: must be 0 for FWD, is 1"},
		{"ARRAY with a size", func(b *btftest.Builder) { b.Record(0, btftest.Info(3, 0, false), 4, 1, 1, 1) }, "18 (type 2): size != 0: must be 0 for ARRAY, is 4"},

		{"named PTR", func(b *btftest.Builder) { b.Record(b.String("p"), btftest.Info(2, 0, false), 1) }, `10 (type 2): invalid name: name of PTR must be empty, is "p"`},
		{"anonymous TYPEDEF", func(b *btftest.Builder) { b.Typedef("", 1) }, `10 (type 2): invalid name: name of TYPEDEF must be an identifier, is ""`},
		{"STRUCT of other languages", func(b *btftest.Builder) { b.Struct("a b<c>::d", 0) }, `10 (type 2): invalid name: name of STRUCT must be an identifier or empty, is "a b<c>::d"`},
		{"STRUCT named by a digit", func(b *btftest.Builder) { b.Struct("0", 0) }, `10 (type 2): invalid name: name of STRUCT must be an identifier or empty, is "0"`},
		{"STRUCT named in Latin-1", func(b *btftest.Builder) { b.Struct("Stra\xdfe", 0) }, ""},
		{"STRUCT of 512 letters", func(b *btftest.Builder) { b.Struct(long[1:], 0) }, ""},
		{"STRUCT of 513 letters", func(b *btftest.Builder) { b.Struct(long, 0) }, `10 (type 2): invalid name: name of STRUCT must be an identifier or empty, is "aaaaaaaaaaaaaaaa"… of 513 bytes`},
		{"name in the middle", func(b *btftest.Builder) { b.Record(b.String("middle")+3, btftest.Info(8, 0, false), 1) }, ""},
		{"name of a NUL", func(b *btftest.Builder) { b.Record(b.String("x")+1, btftest.Info(4, 0, false), 0) }, `10 (type 2): invalid name: name of STRUCT must be an identifier or empty, is ""`},
		{"DECL_TAG without text", func(b *btftest.Builder) { b.DeclTag("", 1, -1, false) }, `10 (type 2): invalid value: name of DECL_TAG must not be empty, is ""`},
		{"DATASEC with a tab", func(b *btftest.Builder) { b.Datasec(".a\tb", 4) }, `10 (type 2): invalid name: name of DATASEC must be printable text, is ".a\tb"`},
		{"DATASEC with anything printable", func(b *btftest.Builder) { b.Datasec("?.a b/c\xa0", 4) }, ""},
		{"member with a space", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m n", Type: 1}) }, `1c (type 2): invalid name: name of member 0 must be an identifier or empty, is "m n"`},
		{"member named outside", func(b *btftest.Builder) { b.Record(0, btftest.Info(4, 1, false), 4, 99, 1, 0) }, "1c (type 2): invalid member name_offset: name offset of member 0 must be below 0x5, is 0x63"},
		{"enumerator without a name", func(b *btftest.Builder) { b.Enum64("e", 8, false, btftest.Value{Name: "A"}, btftest.Value{}) }, `28 (type 2): invalid name: name of enumerator 1 must be an identifier, is ""`},
		{"enumerator with a space", func(b *btftest.Builder) { b.Enum("e", 4, false, btftest.Value{Name: "A B"}) }, `1c (type 2): invalid name: name of enumerator 0 must be an identifier, is "A B"`},
		{"argument with a space", func(b *btftest.Builder) {
			b.FuncProto(0, btftest.Param{Name: "a", Type: 1}, btftest.Param{Name: "b c", Type: 1})
		}, `24 (type 2): invalid arg#2: name of arg#2 must be an identifier or empty, is "b c"`},

		{"INT with high bits", func(b *btftest.Builder) { b.Record(0, btftest.Info(1, 0, false), 4, 1<<28|32) }, "1c (type 2): invalid int_data: bits 28 to 31 must be 0, int_data is 0x10000020"},
		{"INT of 129 bits", func(b *btftest.Builder) { b.OldInt("i", 32, 0, 1, 128) }, "1c (type 2): nr_bits exceeds 128: INT has 128 bits at offset 1"},
		{"INT over its size", func(b *btftest.Builder) { b.OldInt("i", 4, 0, 8, 25) }, "1c (type 2): nr_bits exceeds type_size: INT of 4 bytes has 25 bits at offset 8"},
		{"INT of two encodings", func(b *btftest.Builder) { b.Int("i", 4, btftest.Signed|btftest.Char) }, "1c (type 2): unsupported encoding: must be signed, char, bool or none, is 3"},
		{"FLOAT of 3 bytes", func(b *btftest.Builder) { b.Float("f", 3) }, "18 (type 2): invalid type_size: FLOAT must have 2, 4, 8, 12 or 16 bytes, has 3"},
		{"ENUM of 3 bytes", func(b *btftest.Builder) { b.Enum("e", 3, false) }, "18 (type 2): unexpected size: ENUM must have 1, 2, 4 or 8 bytes, has 3"},
		{"ENUM64 of 16 bytes", func(b *btftest.Builder) { b.Enum64("e", 16, false) }, "18 (type 2): unexpected size: ENUM64 must have 1, 2, 4 or 8 bytes, has 16"},
		{"extern FUNC", func(b *btftest.Builder) { b.Func("f", 3, 2); b.FuncProto(0) }, "14 (type 2): invalid func linkage: must be static or global, is extern"},
		{"extern VAR", func(b *btftest.Builder) { b.Var("v", 1, 2) }, "1c (type 2): linkage not supported: must be static or global, is extern"},
		{"component -2", func(b *btftest.Builder) { b.DeclTag("t", 1, -2, false) }, "1c (type 2): invalid component_idx: must be -1 or more, is -2"},

		{"UNION at an offset", func(b *btftest.Builder) { b.Union("u", 8, member{Name: "m", Type: 1, Offset: 8}) }, "24 (type 2): invalid member bits_offset: member 0 of a UNION must be at bit 0, is at bit 8"},
		{"STRUCT backwards", func(b *btftest.Builder) {
			b.Struct("s", 8, member{Name: "m", Type: 1, Offset: 32}, member{Name: "n", Type: 1})
		}, "30 (type 2): invalid member bits_offset: member 1 must be at bit 32 or later, is at bit 0"},
		{"member after the STRUCT", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m", Type: 1, Offset: 33}) }, "24 (type 2): member bits_offset exceeds its struct size: member 0 needs 5 bytes before it, the STRUCT has 4"},

		{"DATASEC of 0 bytes", func(b *btftest.Builder) { b.Datasec(".data", 0) }, "18 (type 2): size == 0: DATASEC must have a size, which the loader of a BPF object fills in"},
		{"variables overlap", func(b *btftest.Builder) {
			b.Datasec(".data", 8, btftest.Variable{Type: 3, Size: 4}, btftest.Variable{Type: 3, Offset: 3, Size: 4})
			b.Var("v", 1, 1)
		}, "2c (type 2): invalid offset: entry 1 must be at 4 or later, where the one before ends, is at 3"},
		{"variable after the end", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1, Offset: 8, Size: 4}) }, "20 (type 2): invalid offset: entry 0 must be below 8, where the DATASEC ends, is at 8"},
		{"variable of 0 bytes", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1}) }, "24 (type 2): invalid size: entry 0 must have 1 to 8 bytes, has 0"},
		{"variable over the end", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1, Offset: 5, Size: 4}) }, "24 (type 2): invalid offset+size: entry 0 at 5 must have at most 3 bytes, has 4"},
		{"no VAR", func(b *btftest.Builder) { b.Datasec(".data", 8, btftest.Variable{Type: 1, Size: 4}) }, "1c (type 2): not a VAR kind member: type id of entry 0 must be that of a VAR, is that of INT int (id 1)"},
		{"VAR in a smaller entry", func(b *btftest.Builder) { b.Var("v", 1, 1); b.Datasec(".data", 8, btftest.Variable{Type: 2, Size: 3}) }, "34 (type 3): invalid size: entry 0 needs 4 bytes for VAR v (id 2), has 3"},

		{"PTR nowhere", func(b *btftest.Builder) { b.Pointer(9) }, "18 (type 2): invalid type_id: type id of PTR must be below 3, is 9"},
		{"PTR to a VAR", func(b *btftest.Builder) { b.Pointer(3); b.Var("v", 1, 1) }, "18 (type 2): invalid type_id: type id of PTR must be that of a type other than VAR, DATASEC and DECL_TAG, is that of VAR v (id 3)"},
		{"PTR to void, FWD, FUNC_PROTO", func(b *btftest.Builder) { b.Pointer(0); b.Pointer(4); b.Fwd("f", true); b.Pointer(6); b.FuncProto(0) }, ""},
		{"TYPEDEF of a DATASEC", func(b *btftest.Builder) { b.Typedef("t", 3); b.Datasec("d", 4) }, "18 (type 2): invalid type_id: type id of TYPEDEF must be that of a type other than VAR, DATASEC and DECL_TAG, is that of DATASEC d (id 3)"},
		{"VAR of void", func(b *btftest.Builder) { b.Var("v", 0, 1) }, "18 (type 2): invalid type_id: type id of VAR must be that of a type with a size, is that of VOID (id 0)"},
		{"VAR of a FWD", func(b *btftest.Builder) { b.Var("v", 3, 1); b.Fwd("f", false) }, "18 (type 2): invalid type_id: type id of VAR must be that of a type with a size, is that of FWD f (id 3)"},
		{"PTR to a FUNC", func(b *btftest.Builder) { b.Pointer(3); b.Func("f", 4, 0); b.FuncProto(0) }, "18 (type 2): invalid type_id: type id of PTR must be that of a type with a size, void, a FWD or a FUNC_PROTO, is that of FUNC f (id 3)"},
		{"FUNC of an INT", func(b *btftest.Builder) { b.Func("f", 1, 0) }, "18 (type 2): invalid type_id: type id of FUNC must be that of a FUNC_PROTO, is that of INT int (id 1)"},
		{"FUNC with an argument without a name", func(b *btftest.Builder) {
			b.Func("f", 3, 0)
			b.FuncProto(0, btftest.Param{Name: "a", Type: 1}, btftest.Param{Type: 1})
		}, "18 (type 2): invalid arg#2: must have a name in FUNC_PROTO (id 3), has none"},
		{"FUNC_PROTO with \"...\" in the middle", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{}, btftest.Param{Name: "a", Type: 1}) }, "20 (type 2): invalid arg#1: type id of arg#1 must be that of a type with a size, is that of VOID (id 0)"},
		{"FUNC_PROTO with named \"...\"", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "a"}) }, `1c (type 2): invalid arg#1: "..." must have no name, has "a"`},
		{"FUNC_PROTO that takes a VAR", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "a", Type: 3}); b.Var("v", 1, 0) }, "20 (type 2): invalid arg#1: type id of arg#1 must be that of a type other than VAR, DATASEC and DECL_TAG, is that of VAR v (id 3)"},
		{"FUNC_PROTO that returns const void", func(b *btftest.Builder) { b.FuncProto(3); b.Const(0) }, "18 (type 2): invalid return type: type id of FUNC_PROTO must be that of a type with a size, is that of CONST (id 3)"},

		{"index that is no INT", func(b *btftest.Builder) { b.Array(1, 3, 1); b.Pointer(1) }, "20 (type 2): invalid index: type id of the index must be that of an INT of 8, 16, 32, 64 or 128 bits at offset 0, is that of PTR (id 3)"},
		{"index of void", func(b *btftest.Builder) { b.Array(1, 0, 1) }, "20 (type 2): invalid index: type id of the index must be that of a type with a size, is that of VOID (id 0)"},
		{"index of 31 bits", func(b *btftest.Builder) { b.Array(1, 3, 1); b.OldInt("i", 4, 0, 0, 31) }, "20 (type 2): invalid index: type id of the index must be that of an INT of 8, 16, 32, 64 or 128 bits at offset 0, is that of INT i (id 3)"},
		{"array of void", func(b *btftest.Builder) { b.Array(0, 1, 1) }, "1c (type 2): invalid elem: type id of the element must be that of a type with a size, is that of VOID (id 0)"},
		{"array of const void", func(b *btftest.Builder) { b.Array(3, 1, 1); b.Const(0) }, "1c (type 2): invalid elem: type id of the element must be that of a type with a size, is that of CONST (id 3)"},
		{"array of bitfields", func(b *btftest.Builder) { b.Array(3, 1, 1); b.OldInt("i", 4, 0, 0, 31) }, "1c (type 2): invalid array of int: type id of the element must be that of an INT of 8, 16, 32, 64 or 128 bits at offset 0, is that of INT i (id 3)"},
		{"array of 4 GB", func(b *btftest.Builder) { b.Array(1, 1, 1<<30) }, "24 (type 2): array size overflows U32_MAX: has 1073741824 elements of 4 bytes"},

		{"member of void", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m"}) }, "20 (type 2): invalid type_id: type id of member 0 must be that of a type with a size, is that of VOID (id 0)"},
		{"member of const void", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m", Type: 3}); b.Const(0) }, "20 (type 2): invalid member: type id of member 0 must be that of a type with a size, is that of CONST (id 3)"},
		{"member that is too big", func(b *btftest.Builder) { b.Struct("s", 7, member{Name: "m", Type: 1, Offset: 32}) }, "24 (type 2): member exceeds struct_size: member 0 of kind INT ends after 8 bytes, the STRUCT has 7"},
		{"pointer member at bit 4", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 3, Offset: 4}); b.Pointer(0) }, "24 (type 2): member is not byte aligned: member 0 of kind PTR must be at a multiple of 8 bits, is at bit 4"},
		{"float member at byte 4", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 3, Offset: 32}); b.Float("f", 8) }, "24 (type 2): member is not properly aligned: member 0 of kind FLOAT must be at a multiple of 64 bits, is at bit 32"},
		{"bitfield of a pointer", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 3, Bitfield: 4}); b.Pointer(0) }, "24 (type 2): invalid member bitfield_size: member 0 of kind PTR must not be a bitfield, has 4 bits"},
		{"bitfield of 33 bits of an int", func(b *btftest.Builder) { b.Struct("s", 16, member{Name: "m", Type: 1, Bitfield: 33}) }, "24 (type 2): invalid member bitfield_size: member 0 of kind INT must have at most 32 bits, has 33"},
		{"bitfield of 33 bits of an enum", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "m", Type: 3, Bitfield: 33})
			b.Enum("e", 4, false)
		}, "24 (type 2): invalid member bitfield_size: member 0 of kind ENUM must have at most 32 bits, has 33"},
		{"enum beside a bitfield at bit 4", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "l", Type: 1, Bitfield: 4}, member{Name: "m", Type: 3, Offset: 4})
			b.Enum("e", 4, false)
		}, "30 (type 2): member is not byte aligned: member 1 of kind ENUM must be at a multiple of 8 bits, is at bit 4"},
		{"int beside a bitfield at bit 4", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "l", Type: 1, Bitfield: 4}, member{Name: "m", Type: 1, Offset: 4})
		}, "30 (type 2): invalid member offset: member 1 of kind INT is no bitfield and must be at a multiple of 8 bits, is at bit 4"},
		{"bitfield of an INT that is one", func(b *btftest.Builder) {
			b.Struct("s", 16, member{Name: "m", Type: 3, Bitfield: 4})
			b.OldInt("i", 4, 0, 0, 31)
		}, "24 (type 2): invalid member base type: member 0 of kind INT must have 8, 16, 32, 64 or 128 bits at offset 0, has 31 at offset 0"},
		{"129 bits to copy", func(b *btftest.Builder) { b.Struct("s", 32, member{Name: "m", Type: 3, Offset: 1}); b.Int("i", 16, 0) }, "24 (type 2): nr_copy_bits exceeds 128: member 0 of kind INT has 128 bits at bit 1"},
		{"offset of 2^32", func(b *btftest.Builder) {
			b.Record(0, btftest.Info(4, 1, false), 1<<29, b.String("m"), 3, 0xffffffff)
			b.OldInt("i", 4, 0, 1, 8)
		}, "24 (type 2): bits_offset exceeds U32_MAX: member 0 of kind INT is at bit 4294967296 with the offset of the INT"},

		{"tag of an INT", func(b *btftest.Builder) { b.DeclTag("t", 1, -1, false) }, "18 (type 2): invalid type_id: type id of DECL_TAG must be that of a STRUCT, UNION, TYPEDEF, FUNC or VAR, is that of INT int (id 1)"},
		{"tag of a member that is not", func(b *btftest.Builder) { b.DeclTag("t", 3, 1, false); b.Struct("s", 4, member{Name: "m", Type: 1}) }, "1c (type 2): invalid component_idx: must be -1, or below 1 for STRUCT s (id 3), is 1"},
		{"tag of an argument that is not", func(b *btftest.Builder) {
			b.DeclTag("t", 3, 1, false)
			b.Func("f", 4, 0)
			b.FuncProto(0, btftest.Param{Name: "a", Type: 1})
		}, "1c (type 2): invalid component_idx: must be -1, or below 1 for FUNC f (id 3), is 1"},
		{"tag of a component of a VAR", func(b *btftest.Builder) { b.DeclTag("t", 3, 0, false); b.Var("v", 1, 0) }, "1c (type 2): invalid component_idx: must be -1, or below 0 for VAR v (id 3), is 0"},
		{"type tags anywhere", func(b *btftest.Builder) {
			b.Const(3)
			b.TypeTag("t", 4, false)
			b.Volatile(1)
			b.TypeTag("t", 2, false)
		}, ""},

		// Each record is checked alone before types are followed.
		{"loop, then PTR to what is no id", func(b *btftest.Builder) { b.Const(2); b.Pointer(0x200000) }, "24 (type 3): invalid type_id: type id of PTR must be below 4, is 2097152"},
		{"loop, then ARRAY of void by void", func(b *btftest.Builder) { b.Const(2); b.Array(0, 0, 1) }, "28 (type 3): invalid elem: type id of the element must be that of a type with a size, is that of VOID (id 0)"},
		{"loop, then ARRAY by void", func(b *btftest.Builder) { b.Const(2); b.Array(1, 0, 1) }, "2c (type 3): invalid index: type id of the index must be that of a type with a size, is that of VOID (id 0)"},
		{"loop, then void after a STRUCT", func(b *btftest.Builder) { b.Const(2); b.Struct("s", 4, member{Offset: 64}) }, "2c (type 3): invalid type_id: type id of member 0 must be that of a type with a size, is that of VOID (id 0)"},
		{"loop, then void in a DATASEC", func(b *btftest.Builder) { b.Const(2); b.Datasec(".data", 4, btftest.Variable{}) }, "28 (type 3): invalid type_id: type id of entry 0 must be that of a type with a size, is that of VOID (id 0)"},
		{"loop, then VAR of void", func(b *btftest.Builder) { b.Const(2); b.Var("v", 0, 2) }, "24 (type 3): invalid type_id: type id of VAR must be that of a type with a size, is that of VOID (id 0)"},
		{"ARRAY by a FLOAT of void", func(b *btftest.Builder) { b.Float("f", 4); b.Array(0, 2, 1) }, "28 (type 3): invalid elem: type id of the element must be that of a type with a size, is that of VOID (id 0)"},
		{"named PTR to what is no id", func(b *btftest.Builder) { b.Record(b.String("p"), btftest.Info(2, 0, false), 0x200000) }, "18 (type 2): invalid type_id: type id of PTR must be below 3, is 2097152"},
		{"\"...\" with a name, after a VAR", func(b *btftest.Builder) {
			b.FuncProto(0, btftest.Param{Name: "a", Type: 3}, btftest.Param{Name: "b"})
			b.Var("v", 1, 0)
		}, `24 (type 2): invalid arg#2: "..." must have no name, has "b"`},

		{"STRUCT of itself", func(b *btftest.Builder) { b.Struct("s", 4, member{Name: "m", Type: 2}) }, "10 (type 2): loop detected: it leads to STRUCT s (id 2), which leads back to itself"},
		{"STRUCT of a pointer to itself", func(b *btftest.Builder) { b.Struct("s", 8, member{Name: "m", Type: 3}); b.Pointer(2) }, ""},
		{"PTR to itself", func(b *btftest.Builder) { b.Pointer(2) }, "10 (type 2): loop detected: it leads to PTR (id 2), which leads back to itself"},
		{"qualifier of a pointer to it, in a STRUCT", func(b *btftest.Builder) {
			b.Struct("s", 8, member{Name: "m", Type: 3})
			b.Const(4)
			b.Pointer(3)
		}, "34 (type 4): loop detected: it leads to PTR (id 4), which leads back to itself"},
		{"FUNC_PROTO that takes a loop", func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "a", Type: 3}); b.Array(3, 1, 1) }, "24 (type 3): loop detected: it leads to ARRAY (id 3), which leads back to itself"},
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
		}, "10 (type 2): exceeded max resolving depth:32: CONST (id 34) lies deeper below it"},
		{"40 qualifiers, resolved from below", func(b *btftest.Builder) {
			b.Pointer(20)
			for range 40 {
				b.Const(b.Next() + 1)
			}
			b.Int("", 4, 0)
		}, "1c (type 3): max chain length or cycle detected: at most 32 modifiers may follow each other"},
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
				err := strict.Verify(load(t, b.Bytes()))
				if row.want == "" {
					require.NoError(t, err, name)
					continue
				}
				require.EqualError(t, err, "btf: types section at offset 0x"+row.want, name)
			}
		})
	}
}
