// Tests split BTF over a base that it was not split from.

package btf_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// rightBase is a small kernel, and newerBase the same with a struct and two names more.
func rightBase(order btftest.Order) *btftest.Builder {
	b := btftest.New(order)
	b.Int("int", 4, btftest.Signed)
	b.Int("long int", 8, btftest.Signed)
	list := b.Next()
	b.Struct("list_head", 16, btftest.Member{Name: "next", Type: list + 1}, btftest.Member{Name: "prev", Type: list + 1, Offset: 64})
	b.Pointer(list)
	return b
}

func newerBase(order btftest.Order) *btftest.Builder {
	b := btftest.New(order)
	b.Int("int", 4, btftest.Signed)
	b.Int("long int", 8, btftest.Signed)
	b.Struct("added_in_newer_kernel", 4, btftest.Member{Name: "one_more", Type: 1})
	list := b.Next()
	b.Struct("list_head", 16, btftest.Member{Name: "next", Type: list + 1}, btftest.Member{Name: "prev", Type: list + 1, Offset: 64})
	b.Pointer(list)
	return b
}

// moduleOf is a module that was split from base.
func moduleOf(base *btftest.Builder) []byte {
	m := base.Split()
	state := m.Struct("mod_state", 32, btftest.Member{Name: "list", Type: 3}, btftest.Member{Name: "count", Type: 1, Offset: 128}, btftest.Member{Name: "flags", Type: 2, Offset: 192})
	m.Func("mod_start", m.FuncProto(1, btftest.Param{Name: "st", Type: m.Pointer(state)}), 0)
	return m.Bytes()
}

const isNotItsBase = "the base is probably not the one that the BTF was split from"

// TestWrongBase: names of split BTF that begin inside a string of the base show that the
// base is another one.
func TestWrongBase(t *testing.T) {
	for variant, order := range bothOrders {
		t.Run(variant, func(t *testing.T) {
			split := moduleOf(rightBase(order))
			right, newer := load(t, rightBase(order).Bytes()), load(t, newerBase(order).Bytes())

			spec := loadSplit(t, split, right)
			require.NoError(t, spec.Verify())
			f, err := spec.Field("mod_state.flags")
			require.NoError(t, err)
			require.Equal(t, btf.Bits(24*8), f.Offset())
			path := file(t, split)
			for door, open := range map[string]func() (*btf.Spec, error){
				"path":   func() (*btf.Spec, error) { return btf.LoadSplitSpec(path, newer) },
				"memory": func() (*btf.Spec, error) { return btf.LoadRawSplitSpec(split, newer) },
			} {
				_, err := open()
				var format *btf.FormatError
				require.ErrorAs(t, err, &format, door)
				require.Equal(t, "types", format.Section)
				require.Equal(t, btf.TypeID(6), format.TypeID)
				require.Zero(t, format.Offset)
				require.ErrorContains(t, err, "STRUCT name offset must be where a string of the base begins, is ")
				require.ErrorContains(t, err, isNotItsBase)
			}

			// Where the strings of the base end too early, names are behind them.
			_, err = btf.LoadRawSplitSpec(moduleOf(newerBase(order)), right)
			require.ErrorContains(t, err, "name offset must be below ")
			require.ErrorContains(t, err, isNotItsBase)

			// Each name of a record, in each of its elements.
			inside := uint32(5 + 2) // of "long int"
			for name, c := range map[string]struct {
				at  uint64
				add func(b *btftest.Builder)
			}{
				"record":         {0, func(b *btftest.Builder) { b.Record(inside, btftest.Info(7, 0, false), 0) }},
				"second record":  {12, func(b *btftest.Builder) { b.Fwd("f", false); b.Record(inside, btftest.Info(7, 0, false), 0) }},
				"NUL":            {0, func(b *btftest.Builder) { b.Record(4, btftest.Info(7, 0, false), 0) }},
				"member":         {12, func(b *btftest.Builder) { b.Record(0, btftest.Info(4, 1, false), 4, inside, 1, 0) }},
				"second member":  {24, func(b *btftest.Builder) { b.Record(0, btftest.Info(5, 2, false), 4, 0, 1, 0, inside, 1, 0) }},
				"enumerator":     {12, func(b *btftest.Builder) { b.Record(0, btftest.Info(6, 1, false), 4, inside, 0) }},
				"big enumerator": {24, func(b *btftest.Builder) { b.Record(0, btftest.Info(19, 2, false), 8, 0, 0, 0, inside, 0, 0) }},
				"parameter":      {20, func(b *btftest.Builder) { b.Record(0, btftest.Info(13, 2, false), 0, 0, 1, inside, 1) }},
			} {
				b := rightBase(order).Split()
				c.add(b)
				_, err := btf.LoadRawSplitSpec(b.Bytes(), right)
				var format *btf.FormatError
				require.ErrorAs(t, err, &format, name)
				require.Equal(t, c.at, format.Offset, name)
				require.ErrorContains(t, err, isNotItsBase, name)
			}

			// Names inside its own strings, and those of a base inside the base's, are names.
			under := rightBase(order)
			under.Record(inside, btftest.Info(7, 0, false), 0)
			over := under.Split()
			over.Record(over.NewString("own_name")+4, btftest.Info(7, 0, false), 0)
			middle := loadSplit(t, over.Bytes(), load(t, under.Bytes()))
			require.NoError(t, middle.Verify())
			require.True(t, middle.Has("name") && middle.Base().Has("ng int"))

			// In a stack, each layer's strings begin anew.
			first := over.Split()
			first.Fwd("int", false)
			first.Fwd("own_name", false) // the first string of the layer below
			require.True(t, loadSplit(t, first.Bytes(), middle).Has("own_name"))
			bad := over.Split()
			bad.Record(over.String("own_name")+1, btftest.Info(7, 0, false), 0)
			_, err = btf.LoadRawSplitSpec(bad.Bytes(), middle)
			require.ErrorContains(t, err, isNotItsBase)
		})
	}
}

// TestVerifyOverWrongBase: type ids that lead to kinds of the base that make no sense show
// it too, where all names fit.
func TestVerifyOverWrongBase(t *testing.T) {
	for variant, order := range bothOrders {
		under := btftest.New(order)
		integer := under.Int("int", 4, btftest.Signed)
		proto := under.FuncProto(0)
		function := under.Func("f", proto, 0)
		variable := under.Var("v", integer, 0)
		under.Datasec(".data", 4, btftest.Variable{Type: variable, Size: 4})
		tag := under.DeclTag("tag", function, -1, false)
		composite := under.Struct("s", 4, btftest.Member{Name: "m", Type: integer})
		base := load(t, under.Bytes())
		for name, c := range map[string]struct {
			at  uint64
			add func(b *btftest.Builder)
			err string
		}{
			"pointer to a FUNC":    {8, func(b *btftest.Builder) { b.Pointer(function) }, "PTR refers to FUNC f (id 3)"},
			"member is a VAR":      {16, func(b *btftest.Builder) { b.Struct("x", 4, btftest.Member{Name: "m", Type: variable}) }, "STRUCT refers to VAR"},
			"typedef of a tag":     {8, func(b *btftest.Builder) { b.Typedef("x", tag) }, "TYPEDEF refers to DECL_TAG"},
			"array of a FUNC":      {12, func(b *btftest.Builder) { b.Array(function, integer, 1) }, "ARRAY refers to FUNC"},
			"parameter is a FUNC":  {16, func(b *btftest.Builder) { b.FuncProto(0, btftest.Param{Name: "p", Type: function}) }, "FUNC_PROTO refers to FUNC"},
			"function of a STRUCT": {8, func(b *btftest.Builder) { b.Func("g", composite, 0) }, "FUNC needs a FUNC_PROTO"},
			"tag of an INT":        {8, func(b *btftest.Builder) { b.DeclTag("x", integer, -1, false) }, "DECL_TAG refers to INT"},
			"entry is a STRUCT":    {12, func(b *btftest.Builder) { b.Datasec(".bss", 4, btftest.Variable{Type: composite, Size: 4}) }, "DATASEC refers to STRUCT"},
			"call of an INT":       {12, func(b *btftest.Builder) { b.Locsec(".text", btftest.Site{Func: integer}) }, "LOCSEC refers to INT"},
			"location is an INT":   {12, func(b *btftest.Builder) { b.LocProto(integer) }, "LOC_PROTO refers to INT"},
		} {
			t.Run(variant+"/"+name, func(t *testing.T) {
				b := under.Split()
				c.add(b)
				err := loadSplit(t, b.Bytes(), base).Verify()
				var format *btf.FormatError
				require.ErrorAs(t, err, &format)
				require.Equal(t, c.at, format.Offset)
				require.ErrorContains(t, err, c.err)
			})
		}
		t.Run(variant+"/sound", func(t *testing.T) {
			b := under.Split()
			b.Pointer(0)
			b.Pointer(proto)
			b.Pointer(composite)
			b.Func("g", proto, 0)
			b.DeclTag("x", function, -1, false)
			b.DeclTag("x", composite, 0, false)
			b.Datasec(".bss", 4, btftest.Variable{Type: variable, Size: 4}, btftest.Variable{Type: function})
			b.Typedef("fn", proto)
			require.NoError(t, loadSplit(t, b.Bytes(), base).Verify())
		})
	}
}
