// Tests looking up enumerators by name and by value.

package btf_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

func TestEnumerators(t *testing.T) {
	values := map[string][]btftest.Value{
		"u32": {{Name: "ZERO", Value: 0}, {Name: "TOP", Value: 0xffffffff}, {Name: "AGAIN", Value: 0}},
		"s32": {{Name: "MINUS", Value: -1}, {Name: "LEAST", Value: -1 << 31}, {Name: "ONE", Value: 1}},
		"u64": {{Name: "ONE", Value: 1}, {Name: "WIDE", Value: 1<<32 | 1}, {Name: "TOP", Value: -1}},
		"s64": {{Name: "MINUS", Value: -1}, {Name: "LEAST", Value: -1 << 63}, {Name: "LOW", Value: 0xffffffff}},
	}
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			b.Enum("u32", 4, false, values["u32"]...)
			b.Enum("s32", 4, true, values["s32"]...)
			b.Enum64("u64", 8, false, values["u64"]...)
			b.Enum64("s64", 8, true, values["s64"]...)
			spec := load(t, b.Bytes())
			for name, values := range values {
				var e btf.Enum
				require.NoError(t, spec.TypeByName(name, &e))
				for _, v := range values {
					require.Equal(t, uint64(v.Value), must(e.EnumeratorByName(v.Name)).Value(), v.Name)
					if v.Name != "AGAIN" {
						require.Equal(t, v.Name, must(e.EnumeratorByValue(uint64(v.Value))).Name())
					}
				}
				for _, missing := range []string{"", "NONE", "ON", "ONE\x00"} {
					_, err := e.EnumeratorByName(missing)
					require.ErrorIs(t, err, btf.ErrNotFound)
				}
				_, err := e.EnumeratorByValue(1<<40 | 1)
				require.ErrorIs(t, err, btf.ErrNotFound)
			}
			var s, u btf.Enum
			require.NoError(t, spec.TypeByName("s32", &s))
			require.NoError(t, spec.TypeByName("u32", &u))
			minusTwo := ^uint64(1)
			_, err := s.EnumeratorByValue(minusTwo)
			require.EqualError(t, err, "btf: enumerator -2 of ENUM s32 (id 2): not found")
			_, err = u.EnumeratorByValue(minusTwo)
			require.EqualError(t, err, "btf: enumerator 18446744073709551614 of ENUM u32 (id 1): not found")
			_, err = u.EnumeratorByName("NONE")
			require.EqualError(t, err, `btf: enumerator "NONE" of ENUM u32 (id 1): not found`)
			require.Equal(t, "ZERO", must(u.EnumeratorByValue(0)).Name(), "the first of two")
		})
	}
}

// TestParams: by name, by index, and what they point to.
func TestParams(t *testing.T) {
	b := pathBlob(little)
	b.Func("f", b.FuncProto(0, btftest.Param{Name: "p", Type: 17}, btftest.Param{Name: "n", Type: 1}, btftest.Param{Type: 1}, btftest.Param{Name: "n", Type: 2}, btftest.Param{}), 1)
	spec := load(t, b.Bytes())
	var f btf.Func
	require.NoError(t, spec.TypeByName("f", &f))
	proto := f.Type()
	p := must(proto.ParamByName("p"))
	require.Equal(t, 0, p.Index())
	require.Equal(t, "outer", must(p.Type().Pointee()).Name())
	require.Equal(t, 1, must(proto.ParamByName("n")).Index(), "the first of two")
	for _, missing := range []string{"", "q", "nn", "n\x00"} {
		_, err := proto.ParamByName(missing)
		require.ErrorIs(t, err, btf.ErrNotFound)
	}
	_, err := proto.Param(1).Type().Pointee()
	require.ErrorIs(t, err, btf.ErrWrongKind)
	require.Equal(t, btf.KindVoid, must(must(spec.Field("outer.nothing")).Type().Pointee()).Kind())

	require.True(t, spec.Has("f"))
	require.True(t, spec.Has("f", btf.KindStruct, btf.KindFunc))
	require.False(t, spec.Has("f", btf.KindStruct))
	require.False(t, spec.Has("g"))
	require.False(t, spec.Has(""))
	require.NoError(t, spec.Close())
	require.False(t, spec.Has("f"))
	_, err = proto.ParamByName("p")
	require.ErrorIs(t, err, btf.ErrNotFound)
	_, err = p.Type().Pointee()
	require.ErrorIs(t, err, btf.ErrWrongKind)
}
