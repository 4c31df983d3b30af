// Tests declarations in one line.

package cdecl

import (
	"encoding/binary"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

func TestType(t *testing.T) {
	var b blob
	integer := b.integer("int", 4)
	char := b.integer("char", 1)
	pointer := func(to uint32) uint32 { return b.add(btf.KindPointer, false, 0, "", to) }
	constant := func(of uint32) uint32 { return b.add(btf.KindConst, false, 0, "", of) }
	page := b.composite(btf.KindStruct, "page", 8)
	unnamed := b.composite(btf.KindUnion, "", 4, b.name("i"), integer, 0)
	call := b.proto(integer, pointer(0))
	noreturn := b.add(btf.KindVolatile, false, 0, "", b.proto(0))
	rcu := b.add(btf.KindTypeTag, false, 0, "rcu", page)
	space := b.add(btf.KindTypeTag, true, 0, "address_space(1)", 0)

	tests := []struct {
		id   uint32
		want string
	}{
		{0, "void"},
		{integer, "int"},
		{pointer(page), "struct page *"},
		{pointer(pointer(page)), "struct page **"},
		{b.array(char, 16), "char[16]"},
		{b.array(b.array(char, 16), 2), "char[2][16]"},
		{b.array(char, 0), "char[]"},
		{b.array(b.array(char, 0), 0), "char[][0]"},
		{b.array(pointer(char), 4), "char *[4]"},
		{pointer(b.array(char, 4)), "char (*)[4]"},
		{pointer(call), "int (*)(void *)"},
		{call, "int (void *)"},
		{pointer(b.proto(0)), "void (*)(void)"},
		{pointer(b.proto(0, integer, 0)), "void (*)(int, ...)"},
		{pointer(b.proto(0, 0)), "void (*)(...)"},
		{b.array(pointer(call), 3), "int (*[3])(void *)"},
		{pointer(b.proto(pointer(call), char)), "int (*(*)(char))(void *)"},
		{pointer(constant(char)), "const char *"},
		{constant(pointer(char)), "char *const"},
		{constant(pointer(constant(page))), "const struct page *const"},
		{pointer(constant(pointer(char))), "char *const *"},
		{constant(pointer(call)), "int (*const)(void *)"},
		{constant(b.array(constant(char), 4)), "const char[4]"},
		{pointer(noreturn), "void (*)(void)"},
		{b.add(btf.KindRestrict, false, 0, "", pointer(0)), "void *restrict"},
		{b.add(btf.KindVolatile, false, 0, "", constant(integer)), "const volatile int"},
		{pointer(rcu), `struct page __attribute__((btf_type_tag("rcu"))) *`},
		{pointer(space), "void __attribute__((address_space(1))) *"},
		{unnamed, "union {...}"},
		{pointer(unnamed), "union {...} *"},
		{b.add(btf.KindEnum, false, 0, "", 4), "enum {...}"},
		{b.add(btf.KindEnum64, false, 0, "e", 8), "enum e"},
		{b.add(btf.KindFwd, true, 0, "u", 0), "union u"},
		{b.add(btf.KindFwd, false, 0, "s", 0), "struct s"},
		{b.add(btf.KindTypedef, false, 0, "u32", integer), "u32"},
		{b.add(btf.KindFloat, false, 0, "double", 8), "double"},
		{b.integer("", 2), "/* unnamed INT (id 65) */"},
		{pointer(b.add(btf.KindVar, false, 0, "v", integer, 0)), "<PTR (id 67)>"},
		{b.add(btf.KindPointer, false, 0, "", b.next()), "<PTR (id 68)>"},
		{b.add(btf.KindPointer, false, 0, "", 9999), "<PTR (id 69): PTR type id must be below 70, is 9999>"},
	}
	spec := b.load(t)
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			typ, err := spec.TypeByID(btf.TypeID(test.id))
			require.NoError(t, err)
			require.Equal(t, test.want, Type(typ))
		})
	}
}

// TestDeclare compares the three spellings of a type.
func TestDeclare(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	long := b.Int("long unsigned int", 8, 0)
	char := b.Int("char", 1, btftest.Signed)
	unnamed := b.Struct("", 9, btftest.Member{Name: "l", Type: long}, btftest.Member{Name: "bit", Type: char, Offset: 64, Bitfield: 3})
	values := b.Enum("", 4, true, btftest.Value{Name: "LOW", Value: -1}, btftest.Value{Name: "HIGH", Value: 1})
	tagged := b.Pointer(b.TypeTag("rcu", unnamed, false))
	call := b.FuncProto(b.Pointer(b.Const(char)), btftest.Param{Name: "n", Type: long}, btftest.Param{Type: values}, btftest.Param{})
	function := b.Func("call", call, uint32(btf.ExternFunc))
	b.DeclTag("bpf_kfunc", function, -1, false)
	b.DeclTag("arg", function, 0, false)
	const members = "struct { long unsigned int l; char bit:3; }"
	const enumerators = "enum { LOW = -1, HIGH = 1, }"
	spec := blobSpec(t, b)
	for _, test := range []struct {
		id                        uint32
		short, declared, compared string
	}{
		{long, "long unsigned int", "long unsigned int x", "unsigned long"},
		{unnamed, "struct {...}", members + " x", "struct {...}"},
		{values, "enum {...}", enumerators + " x", "enum {...}"},
		{
			tagged, `struct {...} __attribute__((btf_type_tag("rcu"))) *`,
			members + ` __attribute__((btf_type_tag("rcu"))) *x`, "struct { unsigned long l; char bit:3; } *",
		},
		{
			call, "const char *(long unsigned int n, " + enumerators + ", ...)",
			"const char *x(long unsigned int n, " + enumerators + ", ...)", "const char *(unsigned long n, " + enumerators + ", ...)",
		},
		{0, "void", "void x", "void"},
	} {
		t.Run(test.short, func(t *testing.T) {
			typ, err := spec.TypeByID(btf.TypeID(test.id))
			require.NoError(t, err)
			require.Equal(t, test.short, Type(typ))
			declared, err := Declare(typ, "x")
			require.NoError(t, err)
			require.Equal(t, test.declared, declared)
			compared, err := Canonical(typ)
			require.NoError(t, err)
			require.Equal(t, test.compared, compared)
		})
	}
	var f btf.Func
	require.NoError(t, spec.TypeByName("call", &f))
	text, err := Prototype(f)
	require.NoError(t, err)
	require.Equal(t, "extern const char *call(long unsigned int n, "+enumerators+`, ...) __attribute__((btf_decl_tag("bpf_kfunc")))`, text)

	typ, err := spec.TypeByID(btf.TypeID(function))
	require.NoError(t, err)
	_, err = Declare(typ, "x")
	require.EqualError(t, err, "btf: needs a type, has FUNC call (id 10)")
	_, err = Canonical(typ)
	require.Error(t, err)
}
