// Tests that small blobs read back as they were built.

package btf_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/stretchr/testify/require"
)

// Short names for what the tests of this package use all the time.
var (
	load        = spectest.Load
	loadSplit   = spectest.LoadSplit
	loadVmlinux = spectest.LoadVmlinux
	written     = spectest.Written
	variables   = spectest.Variables
	requireSame = spectest.RequireSame
	describe    = spectest.Describe
)

// as narrows the type with an id.
func as[V btf.View](t testing.TB, spec *btf.Spec, id btf.TypeID) V {
	t.Helper()
	return spectest.As[V](t, spec, id)
}

var bothOrders = map[string]btftest.Order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian}

// TestFiles: the files are what the recipes make.
func TestFiles(t *testing.T) {
	recipes := btftest.Recipes()
	files, err := filepath.Glob("testdata/*.btf")
	require.NoError(t, err)
	require.Len(t, files, len(recipes))
	for name, want := range recipes {
		got, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.Equal(t, want, got, "%s is old: go run ./testdata/gen", name)
	}
}

// TestEveryKind reads what btftest.EveryKind wrote. The expected values are those of
// the recipe.
func TestEveryKind(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			spec := load(t, btftest.EveryKind(order).Bytes())
			require.NoError(t, spec.Verify())
			require.Equal(t, 30, spec.NumTypes())
			require.Equal(t, order.String(), spec.ByteOrder().String())
			require.Equal(t, 8, spec.PointerSize())
			require.False(t, spec.SortedByName())
			require.True(t, spec.Base() == nil)

			integer := as[btf.Int](t, spec, 1)
			require.Equal(t, "int", integer.Name())
			require.Equal(t, uint32(4), integer.Size())
			require.Equal(t, btf.Signed, integer.Encoding())
			require.Equal(t, btf.Bits(32), integer.Bits())
			require.Equal(t, btf.Bits(0), integer.Offset())
			require.Equal(t, btf.Unsigned, as[btf.Int](t, spec, 2).Encoding())
			require.Equal(t, btf.Char, as[btf.Int](t, spec, 3).Encoding())
			require.Equal(t, btf.Bool, as[btf.Int](t, spec, 4).Encoding())

			pointer := as[btf.Pointer](t, spec, 5)
			require.Equal(t, "", pointer.Name())
			require.Nil(t, pointer.NameBytes())
			require.Equal(t, btf.TypeID(13), pointer.Target().ID())

			array := as[btf.Array](t, spec, 6)
			require.Equal(t, btf.TypeID(3), array.Type().ID())
			require.Equal(t, btf.TypeID(2), array.Index().ID())
			require.Equal(t, uint32(16), array.Nelems())

			require.Equal(t, btf.TypeID(3), as[btf.Const](t, spec, 7).Type().ID())
			require.Equal(t, btf.TypeID(1), as[btf.Volatile](t, spec, 8).Type().ID())
			require.Equal(t, btf.TypeID(9), as[btf.Restrict](t, spec, 10).Type().ID())
			require.Equal(t, btf.TypeID(2), as[btf.Typedef](t, spec, 11).Type().ID())
			require.Equal(t, btf.TypeID(2), as[btf.Int](t, spec, 11).ID(), "through the typedef")

			union := as[btf.Union](t, spec, 12)
			require.Equal(t, uint32(8), union.Size())
			require.Equal(t, 2, union.NumMembers())

			thing := as[btf.Struct](t, spec, 13)
			require.Equal(t, "thing", thing.Name())
			require.True(t, thing.KindFlag())
			type member struct {
				name             string
				typ              btf.TypeID
				offset, bitfield btf.Bits
			}
			wanted := []member{
				{"next", 5, 0, 0}, {"", 12, 64, 0}, {"name", 6, 128, 0}, {"low", 1, 256, 3},
				{"high", 1, 259, 5}, {"flavor", 15, 288, 0}, {"wide", 16, 320, 0},
			}
			var got []member
			for m := range thing.Members() {
				got = append(got, member{m.Name(), m.Type().ID(), m.Offset(), m.BitfieldSize()})
				require.Equal(t, m, thing.Member(len(got)-1))
				require.Equal(t, thing.Composite(), m.Parent())
			}
			require.Equal(t, wanted, got)
			require.Equal(t, btf.Member{}, thing.Member(-1))
			require.Equal(t, btf.Member{}, thing.Member(7))

			inner, err := thing.MemberByName("b")
			require.NoError(t, err)
			require.Equal(t, btf.Bits(64), inner.Offset(), "from the outermost")
			require.Equal(t, union.Composite(), inner.Parent())
			_, err = thing.MemberByName("c")
			require.ErrorIs(t, err, btf.ErrNotFound)
			_, err = thing.MemberByName("")
			require.ErrorIs(t, err, btf.ErrNotFound)

			require.True(t, as[btf.Fwd](t, spec, 14).IsUnion())

			type value struct {
				name  string
				value int64
			}
			values := func(e btf.Enum) (all []value) {
				for v := range e.Enumerators() {
					all = append(all, value{v.Name(), int64(v.Value())})
					require.Equal(t, v, e.Enumerator(len(all)-1))
				}
				require.Equal(t, btf.Enumerator{}, e.Enumerator(len(all)))
				require.Len(t, all, e.NumEnumerators())
				return all
			}
			taste := as[btf.Enum](t, spec, 15)
			require.True(t, taste.Signed())
			require.Equal(t, uint32(4), taste.Size())
			require.Equal(t, []value{{"SOUR", -1}, {"SWEET", 0}, {"SALTY", 1}}, values(taste))
			width := as[btf.Enum](t, spec, 16)
			require.False(t, width.Signed())
			require.Equal(t, uint32(8), width.Size())
			require.Equal(t, []value{{"NARROW", 1}, {"WIDE", -0x7fffffff00000000}}, values(width))

			describe := as[btf.Func](t, spec, 18)
			require.Equal(t, btf.GlobalFunc, describe.Linkage())
			require.Equal(t, "global", describe.Linkage().String())
			proto := describe.Type()
			require.Equal(t, as[btf.FuncProto](t, spec, 17), proto)
			require.Equal(t, btf.TypeID(1), proto.Return().ID())
			require.True(t, proto.Variadic())
			require.Equal(t, 2, proto.NumParams())
			require.Equal(t, "it", proto.Param(0).Name())
			require.Equal(t, "format", proto.Param(1).Name())
			require.Equal(t, btf.TypeID(10), proto.Param(1).Type().ID())
			require.Equal(t, btf.Param{}, proto.Param(2))
			require.Equal(t, "", proto.Param(2).Name())
			params := 0
			for p := range proto.Params() {
				require.Equal(t, proto.Param(params), p)
				params++
			}
			require.Equal(t, 2, params)

			counter := as[btf.Var](t, spec, 19)
			require.Equal(t, btf.GlobalVar, counter.Linkage())
			require.Equal(t, btf.TypeID(8), counter.Type().ID())
			require.Equal(t, btf.StaticVar, as[btf.Var](t, spec, 20).Linkage())

			data := as[btf.Datasec](t, spec, 21)
			require.Equal(t, ".data", data.Name())
			require.Equal(t, uint32(16), data.Size())
			require.Equal(t, 2, data.NumVars())
			require.Equal(t, btf.TypeID(20), data.Var(1).Type().ID())
			require.Equal(t, uint32(8), data.Var(1).Offset())
			require.Equal(t, uint32(8), data.Var(1).Size())
			require.Equal(t, btf.VarSecinfo{}, data.Var(2))
			vars := 0
			for v := range data.Vars() {
				require.Equal(t, data.Var(vars), v)
				vars++
			}
			require.Equal(t, 2, vars)

			require.Equal(t, uint32(8), as[btf.Float](t, spec, 22).Size())

			tag := as[btf.DeclTag](t, spec, 24)
			require.Equal(t, "third", tag.Name())
			require.Equal(t, thing.AsType(), tag.Type())
			require.Equal(t, 2, tag.Component())
			require.False(t, tag.IsAttribute())
			texts := func(tags func(func(btf.DeclTag) bool)) (all []string) {
				for tag := range tags {
					all = append(all, tag.Name())
				}
				return all
			}
			require.Equal(t, []string{"whole", "whole again"}, texts(thing.Tags()))
			require.Equal(t, []string{"third"}, texts(thing.Member(2).Tags()))
			require.Empty(t, texts(thing.Member(0).Tags()))
			require.Equal(t, []string{"second param"}, texts(describe.ParamTags(1)))
			require.Empty(t, texts(describe.ParamTags(-1)))
			require.Empty(t, texts(describe.Tags()))

			user := as[btf.TypeTag](t, spec, 27)
			require.Equal(t, "user", user.Name())
			require.Equal(t, thing.AsType(), user.Type())
			require.False(t, user.IsAttribute())
			require.Equal(t, thing, as[btf.Struct](t, spec, 27), "through the tag")

			for id, want := range map[btf.TypeID]uint64{1: 4, 5: 8, 6: 16, 8: 4, 10: 8, 11: 8, 12: 8, 13: 48, 15: 4, 16: 8, 19: 4, 20: 8, 21: 16, 22: 8, 27: 48} {
				typ, err := spec.TypeByID(id)
				require.NoError(t, err)
				size, err := typ.Sizeof()
				require.NoError(t, err, typ)
				require.Equal(t, want, size, typ)
			}
			for _, id := range []btf.TypeID{0, 14, 17, 18} {
				typ, err := spec.TypeByID(id)
				require.NoError(t, err)
				_, err = typ.Sizeof()
				require.ErrorIs(t, err, btf.ErrNotFound, typ)
			}
			_, err = spec.TypeByID(31)
			require.ErrorIs(t, err, btf.ErrNotFound)
		})
	}
}

// TestOldBitfields: before kind_flag, an integer said where and how wide.
func TestOldBitfields(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	whole := b.Int("int", 4, btftest.Signed)
	part := b.OldInt("int", 4, btftest.Signed, 3, 5)
	named := b.Typedef("part_t", b.Const(part))
	b.Struct("s", 8, btftest.Member{Name: "a", Type: whole}, btftest.Member{Name: "b", Type: part, Offset: 32}, btftest.Member{Name: "c", Type: named, Offset: 40})
	var s btf.Struct
	require.NoError(t, load(t, b.Bytes()).TypeByName("s", &s))
	require.False(t, s.KindFlag())
	for i, want := range [][2]btf.Bits{{0, 0}, {35, 5}, {43, 5}} {
		require.Equal(t, want[0], s.Member(i).Offset())
		require.Equal(t, want[1], s.Member(i).BitfieldSize())
	}
	// An integer of the base counts for the split BTF on it.
	base := load(t, b.Bytes())
	over := b.Split()
	over.Struct("over", 8, btftest.Member{Name: "b", Type: part, Offset: 8})
	var o btf.Struct
	require.NoError(t, loadSplit(t, over.Bytes(), base).TypeByName("over", &o))
	require.Equal(t, btf.Bits(11), o.Member(0).Offset())
}

// TestLayout: a kind that only the layout section knows is a value, and disturbs
// nothing around it.
func TestLayout(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			spec := load(t, btftest.Unknown(order).Bytes())
			require.NoError(t, spec.Verify())
			require.Equal(t, 6, spec.NumTypes())
			what, err := spec.AnyTypeByName("what")
			require.NoError(t, err)
			require.Equal(t, btf.TypeID(2), what.ID())
			require.Equal(t, btf.Kind(100), what.Kind())
			require.Equal(t, "KIND(100)", what.Kind().String())
			require.True(t, what.KindFlag())
			_, err = what.Sizeof()
			require.ErrorIs(t, err, btf.ErrNotFound)
			_, err = btf.As[btf.Struct](what)
			require.ErrorIs(t, err, btf.ErrWrongKind)
			require.Equal(t, what, as[btf.Pointer](t, spec, 5).Target())

			var after btf.Struct
			require.NoError(t, spec.TypeByName("after", &after))
			require.Equal(t, btf.TypeID(3), after.ID())
			require.Equal(t, after, as[btf.Struct](t, spec, 6))
		})
	}
}

// TestLayoutBelow: split BTF has no layout, by convention. What lies two layers
// below counts.
func TestLayoutBelow(t *testing.T) {
	base := btftest.Unknown(binary.LittleEndian)
	mid := base.Split()
	mid.Typedef("mid", 1)
	top := mid.Split()
	top.Record(top.String("what else"), btftest.Info(100, 1, false), 0, 7, 1, 2)
	top.Typedef("top", 1)
	spec := loadSplit(t, top.Bytes(), loadSplit(t, mid.Bytes(), load(t, base.Bytes())))
	require.Equal(t, 2, spec.NumTypes())
	typ, err := spec.AnyTypeByName("what else")
	require.NoError(t, err)
	require.Equal(t, btf.Kind(100), typ.Kind())
	require.Equal(t, btf.TypeID(1), as[btf.Int](t, spec, typ.ID()+1).ID())
}

// TestSplit: ids and strings count through all layers, look-ups see one.
func TestSplit(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b, m, u := btftest.Stack(order)
			base := load(t, b.Bytes())
			mid := loadSplit(t, m.Bytes(), base)
			top := loadSplit(t, u.Bytes(), mid)
			require.True(t, mid == top.Base())
			require.True(t, base == mid.Base())

			var upper btf.Struct
			require.NoError(t, top.TypeByName("upper", &upper))
			require.Equal(t, btf.TypeID(5), upper.ID())
			require.Equal(t, "shared", upper.Member(0).Name(), "a name of the base")
			middle, err := btf.As[btf.Struct](upper.Member(0).Type())
			require.NoError(t, err)
			require.Equal(t, as[btf.Struct](t, mid, 4), middle, "the same record, whichever way")
			pointer, err := btf.As[btf.Pointer](middle.Member(0).Type())
			require.NoError(t, err)
			require.Equal(t, as[btf.Struct](t, base, 2).AsType(), pointer.Target())

			typedef, err := top.AnyTypeByName("middle")
			require.NoError(t, err)
			require.Equal(t, btf.TypeID(6), typedef.ID())
			for range 2 { // once without the index
				_, err = top.AnyTypeByName("shared")
				require.ErrorIs(t, err, btf.ErrNotFound, "the base's")
			}
			shared, err := top.TypeByID(2)
			require.NoError(t, err)
			require.Equal(t, "shared", shared.Name())
			_, err = mid.TypeByID(5)
			require.ErrorIs(t, err, btf.ErrNotFound)
			all := 0
			for typ := range top.All() {
				require.GreaterOrEqual(t, typ.ID(), btf.TypeID(5))
				all++
			}
			require.Equal(t, 2, all)
		})
	}
}

// TestEmpty: a header alone is a blob, alone, over a base, and under one.
func TestEmpty(t *testing.T) {
	empty := load(t, btftest.Empty())
	require.Zero(t, empty.NumTypes())
	require.NoError(t, empty.Verify())
	_, err := empty.AnyTypeByName("int")
	require.ErrorIs(t, err, btf.ErrNotFound)
	void, err := empty.TypeByID(0)
	require.NoError(t, err)
	require.Equal(t, btf.Type{}, void)
	_, err = empty.TypeByID(1)
	require.ErrorIs(t, err, btf.ErrNotFound)

	full := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
	over := loadSplit(t, btftest.Empty(), full)
	require.Zero(t, over.NumTypes())
	integer, err := over.TypeByID(1)
	require.NoError(t, err)
	require.Equal(t, "int", integer.Name())

	under := loadSplit(t, btftest.EveryKind(binary.LittleEndian).Bytes(), empty)
	require.NoError(t, under.Verify())
	require.Equal(t, "int", as[btf.Int](t, under, 1).Name())
}

// TestLongVlen: vlen has 24 bits, and 16 of them are not enough.
func TestLongVlen(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	values := make([]btftest.Value, 1<<16+1)
	for i := range values {
		values[i] = btftest.Value{Name: "A", Value: int64(i)}
	}
	b.Enum("many", 4, false, values...)
	b.Int("int", 4, btftest.Signed)
	spec := load(t, b.Bytes())
	require.Equal(t, 2, spec.NumTypes())
	var many btf.Enum
	require.NoError(t, spec.TypeByName("many", &many))
	require.Equal(t, 1<<16+1, many.NumEnumerators())
	require.Equal(t, uint64(1<<16), many.Enumerator(1<<16).Value())
	require.Equal(t, "int", as[btf.Int](t, spec, 2).Name())
}

// TestSorted: the anonymous types stand first, then names in the order of their
// bytes.
func TestSorted(t *testing.T) {
	spec := load(t, btftest.Recipes()["sorted.btf"])
	require.True(t, spec.SortedByName())
	types, err := spec.AnyTypesByName("list")
	require.NoError(t, err)
	require.Len(t, types, 2)
	require.Equal(t, []btf.TypeID{4, 5}, []btf.TypeID{types[0].ID(), types[1].ID()})
	_, err = spec.AnyTypeByName("list")
	require.ErrorIs(t, err, btf.ErrMultipleMatches)
	var s btf.Struct
	require.NoError(t, spec.TypeByName("list", &s))
	require.Equal(t, btf.TypeID(4), s.ID())
}

// TestMultipleMatches: two structs of one name leave TypeByName no choice.
func TestMultipleMatches(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Struct("twin", 4)
	b.Struct("twin", 8)
	b.Enum("twin", 4, false)
	spec := load(t, b.Bytes())
	for range 3 { // without the index, and with it
		var s btf.Struct
		require.ErrorIs(t, spec.TypeByName("twin", &s), btf.ErrMultipleMatches)
		require.Equal(t, btf.Struct{}, s)
		var e btf.Enum
		require.NoError(t, spec.TypeByName("twin", &e))
		require.Equal(t, btf.TypeID(3), e.ID())
		var u btf.Union
		require.ErrorIs(t, spec.TypeByName("twin", &u), btf.ErrNotFound)
		var c btf.Composite
		require.ErrorIs(t, spec.TypeByName("twin", &c), btf.ErrMultipleMatches)
	}
	var any btf.Type
	require.ErrorIs(t, spec.TypeByName("twin", &any), btf.ErrMultipleMatches)
	require.ErrorContains(t, spec.TypeByName("twin", nil), "needs a pointer to a view")
	var embedded struct{ btf.Struct }
	require.ErrorContains(t, spec.TypeByName("twin", &embedded), "needs a pointer to a view")
	_, err := spec.AnyTypesByName("")
	require.ErrorIs(t, err, btf.ErrNotFound)
}

// TestNameInsideName: an offset into the middle of a string is a name.
func TestNameInsideName(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	off := b.String("foobar")
	b.Record(off+3, btftest.Info(1, 0, false), 4, 32)
	b.Record(off+6, btftest.Info(1, 0, false), 4, 32) // of the NUL
	spec := load(t, b.Bytes())
	for range 2 {
		typ, err := spec.AnyTypeByName("bar")
		require.NoError(t, err)
		require.Equal(t, btf.TypeID(1), typ.ID())
		_, err = spec.AnyTypeByName("foobar")
		require.ErrorIs(t, err, btf.ErrNotFound)
	}
	empty, err := spec.TypeByID(2)
	require.NoError(t, err)
	require.NotNil(t, empty.NameBytes(), "a name without bytes is not none")
	require.Empty(t, empty.NameBytes())
}

// TestNUL: no name has a NUL in it, so that a question with one has no answer,
// whatever stands behind a name in the strings.
func TestNUL(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	b.Int("long", 8, btftest.Signed)
	b.Struct("pair", 8, btftest.Member{Name: "a", Type: 1}, btftest.Member{Name: "b", Type: 1, Offset: 32})
	spec := load(t, b.Bytes())
	for _, when := range []string{"without an index", "with one"} {
		for _, name := range []string{"int\x00", "int\x00long", "\x00int", "\x00", "int\x00long\x00pair"} {
			_, err := spec.AnyTypeByName(name)
			require.ErrorIs(t, err, btf.ErrNotFound, "%q %s", name, when)
			for typ := range load(t, b.Bytes()).TypesByName(name) {
				t.Errorf("%v for %q, first of all", typ, name)
			}
			for typ := range spec.TypesByEssentialName(name) {
				t.Errorf("%v for the flavours of %q", typ, name)
			}
		}
	}
	pair := as[btf.Struct](t, spec, 3)
	for _, name := range []string{"a\x00b", "a\x00", "\x00a"} {
		_, err := pair.MemberByName(name)
		require.ErrorIs(t, err, btf.ErrNotFound, "%q", name)
	}
}

// TestFlags: what kind_flag and vlen mean where they are no flag of bitfields and
// no number of elements.
func TestFlags(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			integer := b.Int("int", 4, btftest.Signed)
			target := btf.TypeID(integer)
			tag := btf.TypeID(b.TypeTag("address_space(1)", integer, true))
			thing := b.Struct("thing", 4, btftest.Member{Name: "x", Type: integer})
			attribute := btf.TypeID(b.DeclTag("packed", thing, -1, true))
			forward := btf.TypeID(b.Fwd("elsewhere", false))
			proto := b.FuncProto(0)
			static, global, extern, odd := btf.TypeID(b.Func("a", proto, 0)), btf.TypeID(b.Func("b", proto, 1)), btf.TypeID(b.Func("c", proto, 2)), btf.TypeID(b.Func("d", proto, 0xffffff))
			imported, strange := btf.TypeID(b.Var("v", integer, 2)), btf.TypeID(b.Var("w", integer, 77))
			only := btf.TypeID(b.FuncProto(0, btftest.Param{}))
			variadic := btf.TypeID(b.FuncProto(integer, btftest.Param{Name: "n", Type: integer}, btftest.Param{}))
			unnamed := btf.TypeID(b.FuncProto(0, btftest.Param{}, btftest.Param{Type: integer}))
			ksyms := btf.TypeID(b.Datasec(".ksyms", 0, btftest.Variable{Type: uint32(extern)}))
			narrow := btf.TypeID(b.Enum("narrow", 1, false, btftest.Value{Name: "ALL", Value: 0xffffffff}))
			negative := btf.TypeID(b.Enum64("negative", 8, true, btftest.Value{Name: "LEAST", Value: -1 << 63}, btftest.Value{Name: "MINUS", Value: -2}))
			spec := load(t, b.Bytes())
			require.NoError(t, spec.Verify())

			require.True(t, as[btf.TypeTag](t, spec, tag).IsAttribute())
			require.Equal(t, "address_space(1)", as[btf.TypeTag](t, spec, tag).Name())
			require.Equal(t, target, as[btf.Int](t, spec, tag).ID(), "through the attribute")
			require.True(t, as[btf.DeclTag](t, spec, attribute).IsAttribute())
			require.Equal(t, -1, as[btf.DeclTag](t, spec, attribute).Component())
			require.False(t, as[btf.Struct](t, spec, btf.TypeID(thing)).KindFlag())
			require.False(t, as[btf.Fwd](t, spec, forward).IsUnion())

			for id, want := range map[btf.TypeID]string{static: "static", global: "global", extern: "extern", odd: "linkage(16777215)"} {
				f := as[btf.Func](t, spec, id)
				require.Equal(t, want, f.Linkage().String())
				require.Equal(t, btf.TypeID(proto), f.Type().ID())
				require.Zero(t, f.Type().NumParams())
				require.False(t, f.Type().Variadic())
				require.Equal(t, btf.Type{}, f.Type().Return())
			}
			require.Equal(t, btf.ExternVar, as[btf.Var](t, spec, imported).Linkage())
			require.Equal(t, "linkage(77)", as[btf.Var](t, spec, strange).Linkage().String())

			require.True(t, as[btf.FuncProto](t, spec, only).Variadic())
			require.Zero(t, as[btf.FuncProto](t, spec, only).NumParams())
			require.True(t, as[btf.FuncProto](t, spec, variadic).Variadic())
			require.Equal(t, 1, as[btf.FuncProto](t, spec, variadic).NumParams())
			last := as[btf.FuncProto](t, spec, unnamed)
			require.False(t, last.Variadic(), "void without a name is only an ellipsis at the end")
			require.Equal(t, 2, last.NumParams())
			require.Equal(t, btf.Type{}, last.Param(0).Type())
			require.Equal(t, target, last.Param(1).Type().ID())

			section := as[btf.Datasec](t, spec, ksyms)
			require.Zero(t, section.Size(), "as compilers leave it")
			require.Equal(t, as[btf.Func](t, spec, extern).AsType(), section.Var(0).Type())

			require.Equal(t, uint64(0xffffffff), as[btf.Enum](t, spec, narrow).Enumerator(0).Value())
			require.Equal(t, uint32(1), as[btf.Enum](t, spec, narrow).Size())
			least := as[btf.Enum](t, spec, negative)
			require.True(t, least.Signed())
			require.Equal(t, int64(-1<<63), int64(least.Enumerator(0).Value()))
			require.Equal(t, int64(-2), int64(least.Enumerator(1).Value()))
		})
	}
}

// TestNested: a member is found through anonymous structs, unions, typedefs and
// qualifiers of them, and its offset counts from the outermost.
func TestNested(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			integer := b.Int("int", 4, btftest.Signed)
			deepest := b.Struct("", 8, btftest.Member{Name: "x", Type: integer}, btftest.Member{Name: "bits", Type: integer, Offset: 35, Bitfield: 7})
			union := b.Union("", 8, btftest.Member{Name: "other", Type: integer}, btftest.Member{Type: deepest})
			qualified := b.Const(b.Typedef("inner_t", union))
			middle := b.Struct("", 16, btftest.Member{Name: "first", Type: integer}, btftest.Member{Type: qualified, Offset: 64})
			named := b.Struct("named", 8, btftest.Member{Name: "hidden", Type: integer})
			b.Struct("outer", 40,
				btftest.Member{Name: "n", Type: named},
				btftest.Member{Type: integer, Offset: 64, Bitfield: 3}, // unnamed bits
				btftest.Member{Type: b.Pointer(named), Offset: 128},
				btftest.Member{Type: middle, Offset: 192},
				btftest.Member{Name: "x2", Type: integer, Offset: 320},
			)
			var outer btf.Struct
			require.NoError(t, load(t, b.Bytes()).TypeByName("outer", &outer))
			for name, want := range map[string]struct{ offset, bitfield btf.Bits }{
				"n": {0, 0}, "first": {192, 0}, "other": {256, 0}, "x": {256, 0}, "bits": {291, 7}, "x2": {320, 0},
			} {
				m, err := outer.MemberByName(name)
				require.NoError(t, err, name)
				require.Equal(t, name, m.Name())
				require.Equal(t, want.offset, m.Offset(), name)
				require.Equal(t, want.bitfield, m.BitfieldSize(), name)
			}
			x, err := outer.MemberByName("x")
			require.NoError(t, err)
			require.Equal(t, btf.TypeID(deepest), x.Parent().ID())
			require.Equal(t, btf.Bits(0), x.Parent().Member(0).Offset(), "asked of the parent")
			for _, name := range []string{"hidden", "inner_t", "named", "outer"} {
				_, err := outer.MemberByName(name)
				require.ErrorIs(t, err, btf.ErrNotFound, name)
			}
		})
	}
}

// TestArrangements: sections in any order, with gaps, behind a header of any
// length, are the same types.
func TestArrangements(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.Unknown(order)
			usual := load(t, b.Bytes())
			same := func(t *testing.T, blob []byte) {
				everyDoor(t, blob, func(t *testing.T, spec *btf.Spec, err error) {
					require.NoError(t, err)
					require.NoError(t, spec.Verify())
					require.Equal(t, usual.NumTypes(), spec.NumTypes())
					for typ := range usual.All() {
						got, err := spec.TypeByID(typ.ID())
						require.NoError(t, err)
						require.Equal(t, typ.String(), got.String())
					}
					var after btf.Struct
					require.NoError(t, spec.TypeByName("after", &after))
					require.Equal(t, "x", after.Member(0).Name())
				})
			}
			for order, parts := range map[string][]btftest.Part{
				"types, strings, layout": {btftest.Types, btftest.Strings, btftest.Layout},
				"types, layout, strings": {btftest.Types, btftest.Layout, btftest.Strings},
				"strings, types, layout": {btftest.Strings, btftest.Types, btftest.Layout},
				"strings, layout, types": {btftest.Strings, btftest.Layout, btftest.Types},
				"layout, strings, types": {btftest.Layout, btftest.Strings, btftest.Types},
				"layout, types, strings": {btftest.Layout, btftest.Types, btftest.Strings},
			} {
				t.Run(order, func(t *testing.T) { same(t, b.Arrange(0, parts...)) })
				t.Run(order+", with gaps", func(t *testing.T) { same(t, b.Arrange(13, parts...)) })
			}
			for _, length := range []uint32{36, 40, 64, 4096} {
				b.HeaderLen = length
				t.Run("header of "+strconv.Itoa(int(length)), func(t *testing.T) { same(t, b.Bytes()) })
			}
		})
	}
	// Between 24 and 32 bytes there is no room for a layout section, and the bytes
	// that are there mean nothing.
	for _, length := range []uint32{25, 28, 31} {
		b := btftest.New(binary.LittleEndian)
		b.HeaderLen = length
		b.Int("int", 4, btftest.Signed)
		bytes := b.Bytes()
		bytes[24] = 0xff
		t.Run("header of "+strconv.Itoa(int(length)), func(t *testing.T) {
			spec := load(t, bytes)
			require.NoError(t, spec.Verify())
			require.Equal(t, "int", as[btf.Int](t, spec, 1).Name())
			require.Zero(t, spec.Header().LayoutOffset)
		})
	}
}

// TestManyMembers: the last of 70,000 members is as near as the first.
func TestManyMembers(t *testing.T) {
	b := btftest.New(binary.BigEndian)
	b.Int("int", 4, btftest.Signed)
	const n = 70_000
	members := make([]btftest.Member, n)
	for i := range members {
		members[i] = btftest.Member{Name: "m", Type: 1, Offset: uint32(i) * 32}
	}
	members[n-1].Name = "last"
	b.Struct("wide", 4*n, members...)
	b.Typedef("after", 2)
	var wide btf.Struct
	require.NoError(t, load(t, b.Bytes()).TypeByName("wide", &wide))
	require.Equal(t, n, wide.NumMembers())
	last, err := wide.MemberByName("last")
	require.NoError(t, err)
	require.Equal(t, btf.Bits(32*(n-1)), last.Offset())
	require.Equal(t, wide.Member(n-1), last)
}

// TestPointerSizeAfterClose: a closed Spec knows nothing, whether or not it was
// asked before.
func TestPointerSizeAfterClose(t *testing.T) {
	for _, before := range []bool{false, true} {
		spec := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
		if before {
			require.Equal(t, 8, spec.PointerSize())
		}
		require.NoError(t, spec.Close())
		require.Zero(t, spec.PointerSize(), "asked before: %v", before)
	}
}

// TestOldBitfieldsInBulk: an integer of the old encoding is noticed wherever it
// stands in a blob that is walked in stretches.
func TestOldBitfieldsInBulk(t *testing.T) {
	const types = 30_000
	for _, at := range []int{1, types / 3, types/2 + 1, types - 2} {
		b := btftest.New(binary.LittleEndian)
		whole := b.Int("int", 4, btftest.Signed)
		part := uint32(0)
		for i := range types {
			if i == at {
				part = b.OldInt("int", 4, btftest.Signed, 3, 5)
			}
			b.Typedef("t", whole)
		}
		b.Struct("s", 8, btftest.Member{Name: "b", Type: part, Offset: 32})
		var s btf.Struct
		require.NoError(t, load(t, b.Bytes()).TypeByName("s", &s))
		require.Equal(t, btf.Bits(35), s.Member(0).Offset(), "at %d", at)
		require.Equal(t, btf.Bits(5), s.Member(0).BitfieldSize(), "at %d", at)
	}
}

// TestTagsOfFunctions: a function's own tags are not those of a parameter.
func TestTagsOfFunctions(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	f := b.Func("f", 2, 0)
	b.FuncProto(0, btftest.Param{Name: "p", Type: 0})
	b.DeclTag("whole", f, -1, true)
	b.DeclTag("first", f, 0, false)
	fn := as[btf.Func](t, load(t, b.Bytes()), btf.TypeID(f))
	texts := map[int][]string{}
	for i := -2; i < 3; i++ {
		for tag := range fn.ParamTags(i) {
			texts[i] = append(texts[i], tag.Name())
		}
	}
	require.Equal(t, map[int][]string{0: {"first"}}, texts)
	for tag := range fn.Tags() {
		require.Equal(t, "whole", tag.Name())
		require.True(t, tag.IsAttribute())
	}
}

// TestSmallSplit: a split blob of one struct, whose members and width of pointers
// are its base's.
func TestSmallSplit(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("long int", 4, btftest.Signed)
	var members []btftest.Member
	for i := range uint32(200) {
		members = append(members, btftest.Member{Name: "m", Type: 1, Offset: i * 32})
	}
	members = append(members, btftest.Member{Name: "wanted", Type: 1, Offset: 6400})
	inner := b.Struct("", 804, members...)
	base := load(t, b.Bytes())
	over := b.Split()
	over.Struct("s", 808, btftest.Member{Type: inner, Offset: 32})
	over.Pointer(0)
	spec := loadSplit(t, over.Bytes(), base)
	require.Equal(t, 4, spec.PointerSize())
	size, err := as[btf.Pointer](t, spec, 4).Sizeof()
	require.NoError(t, err)
	require.Equal(t, uint64(4), size)
	var s btf.Struct
	require.NoError(t, spec.TypeByName("s", &s))
	m, err := s.MemberByName("wanted")
	require.NoError(t, err)
	require.Equal(t, btf.Bits(6432), m.Offset())
}
