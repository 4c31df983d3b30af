// records made by hand → declarations, or an error before they grow without end

package main

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A blob is BTF in the making. Each of its methods adds a type and returns its id.
type blob struct{ *btftest.Builder }

func (b *blob) builder() *btftest.Builder {
	if b.Builder == nil {
		b.Builder = btftest.New(binary.LittleEndian)
	}
	return b.Builder
}

func (b *blob) name(s string) uint32 { return b.builder().String(s) }

func (b *blob) add(kind btf.Kind, flag bool, vlen int, name string, sizeOrType uint32, rest ...uint32) uint32 {
	return b.builder().Record(b.name(name), btftest.Info(uint32(kind), uint32(vlen), flag), sizeOrType, rest...)
}

func (b *blob) next() uint32 { return b.builder().Next() }

func (b *blob) integer(name string, size uint32) uint32 {
	return b.add(btf.KindInt, false, 0, name, size, size*8)
}

func (b *blob) proto(ret uint32, params ...uint32) uint32 {
	var rest []uint32
	for _, p := range params {
		rest = append(rest, 0, p)
	}
	return b.add(btf.KindFuncProto, false, len(params), "", ret, rest...)
}

func (b *blob) array(of, n uint32) uint32 {
	return b.add(btf.KindArray, false, 0, "", 0, of, 1, n)
}

func (b *blob) composite(kind btf.Kind, name string, size uint32, members ...uint32) uint32 {
	return b.add(kind, false, len(members)/3, name, size, members...)
}

func (b *blob) load(t testing.TB) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(b.builder().Bytes())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}

func TestTypeName(t *testing.T) {
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
			require.Equal(t, test.want, typeName(typ))
		})
	}
}

func TestEnumValue(t *testing.T) {
	for _, test := range []struct {
		signed bool
		value  uint64
		want   string
	}{
		{false, 0, "0"},
		{false, math.MaxUint32, "4294967295"},
		{false, math.MaxUint32 + 1, "4294967296ULL"},
		{false, math.MaxUint64, "18446744073709551615ULL"},
		{true, math.MaxUint64, "-1"},
		{true, 1 << 31, "2147483648LL"},
		{true, math.MaxInt64, "9223372036854775807LL"},
		{true, 1<<64 - 1<<31, "-2147483648"},
		{true, 1 << 63, "(-9223372036854775807LL - 1)"},
	} {
		t.Run(test.want, func(t *testing.T) {
			require.Equal(t, test.want, enumValue(test.signed, test.value))
		})
	}
}

// TestShowHostile shows types that a naive printer would never be through with.
func TestShowHostile(t *testing.T) {
	for _, test := range []struct {
		name  string
		make  func(b *blob)
		error string
	}{
		{"pointer to itself", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
			b.add(btf.KindPointer, false, 0, "", b.next())
		}, "follow each other"},
		{"array of itself", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
			b.array(b.next(), 2)
		}, "follow each other"},
		{"const of itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, 0, b.next()+1, 0)
			b.add(btf.KindConst, false, 0, "", b.next())
		}, "follow each other"},
		{"typedef of itself", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next())
		}, ""},
		{"struct of a typedef of itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, b.name("m"), b.next()+1, 0)
			b.add(btf.KindTypedef, false, 0, "loop", b.next())
		}, "follow each other"},
		{"prototype that returns itself", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			b.proto(b.next())
		}, "follow each other"},
		{"prototype that takes itself", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			b.proto(0, b.next())
		}, "deep"},
		{"struct in itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, b.name("m"), b.next(), 0)
		}, ""},
		{"anonymous struct in itself", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, 0, b.next()+1, 0)
			b.composite(btf.KindStruct, "", 4, 0, b.next(), 0)
		}, "deep"},
		{"anonymous structs doubled", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 4, 0, b.next()+1, 0)
			for range 28 {
				b.composite(btf.KindStruct, "", 4, 0, b.next()+1, 0, 0, b.next()+1, 0)
			}
			b.composite(btf.KindStruct, "", 4)
		}, "more than 16777216 bytes"},
		{"prototypes doubled", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			for range 28 {
				b.proto(0, b.next()+1, b.next()+1)
			}
			b.proto(0)
		}, "more than 16777216 bytes"},
		{"structs in structs doubled", func(b *blob) {
			for i := range 60 {
				name := "bad"
				if i > 0 {
					name = "s"
				}
				b.composite(btf.KindStruct, name, 8, b.name("a"), b.next()+1, 0, b.name("b"), b.next()+1, 32)
			}
			b.composite(btf.KindStruct, "s", 4)
		}, ""},
		{"anonymous structs in a parameter", func(b *blob) {
			b.add(btf.KindFunc, false, 0, "bad", b.next()+1)
			b.proto(0, b.next()+1)
			for range 28 {
				b.composite(btf.KindStruct, "", 4, b.name("a"), b.next()+1, 0, b.name("b"), b.next()+1, 0)
			}
			b.composite(btf.KindStruct, "", 4)
		}, "more than 16777216 bytes"},
		{"members out of order", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), b.next()+1, 1<<31, b.name("b"), b.next()+1, 8, b.name("c"), b.next()+1, 3)
			b.integer("int", 4)
		}, ""},
		{"huge arrays", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), b.next()+1, 0, b.name("b"), b.next()+1, 0)
			b.array(b.next()+1, math.MaxUint32)
			b.array(b.next()+1, math.MaxUint32)
			b.integer("char", 1)
		}, ""},
		{"larger arrays", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), b.next()+1, 0)
			b.array(b.next()+1, math.MaxUint32)
			b.array(b.next()+1, math.MaxUint32)
			b.integer("int", 255)
		}, "must fit in 64 bits"},
		{"type out of range", func(b *blob) {
			b.composite(btf.KindStruct, "bad", 1, b.name("a"), 77, 0)
		}, "type id must be below 2, is 77"},
		{"name out of range", func(b *blob) {
			b.add(btf.KindEnum, false, 1, "bad", 4, 7777, 1)
		}, "name"},
		{"function as a type", func(b *blob) {
			b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
			b.add(btf.KindFunc, false, 0, "f", b.next()+1)
			b.proto(0)
		}, "stands where a type is wanted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b blob
			test.make(&b)
			spec := b.load(t)
			begin := time.Now()
			err := show(io.Discard, spec, []string{"bad"})
			if test.error == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.error)
				require.True(t, strings.HasPrefix(err.Error(), "btf: showing "), err)
			}
			require.Less(t, time.Since(begin), 10*time.Second)
		})
	}
}
