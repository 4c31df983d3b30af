// Compares filtered functions with a search through all functions.

package btf_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// plainFuncs is Funcs in the simplest way, without marks.
func plainFuncs(spec *btf.Spec, filter btf.FuncFilter) (ids []btf.TypeID) {
	for typ := range spec.All() {
		f, err := btf.As[btf.Func](typ)
		if err != nil || typ.Kind() != btf.KindFunc {
			continue
		}
		if filter.Name != "" {
			if ok, err := filepath.Match(filter.Name, f.Name()); err != nil || !ok {
				continue
			}
		}
		if filter.Tag != "" && !slices.ContainsFunc(slices.Collect(f.Tags()), func(tag btf.DeclTag) bool { return tag.Name() == filter.Tag }) {
			continue
		}
		if filter.PointerTo != "" && !slices.ContainsFunc(slices.Collect(f.Type().Params()), func(p btf.Param) bool {
			return (filter.FirstParams == 0 || p.Index() < filter.FirstParams) && plainPointsTo(p.Type(), filter.PointerTo)
		}) {
			continue
		}
		ids = append(ids, f.ID())
	}
	return ids
}

// plainPointsTo reports whether t is a pointer to what has a name by itself or by a
// typedef.
func plainPointsTo(t btf.Type, name string) bool {
	p, err := btf.As[btf.Pointer](t)
	if err != nil {
		return false
	}
	t = p.Target()
	for range 33 {
		switch t.Kind() {
		case btf.KindTypedef:
			if t.Name() == name {
				return true
			}
			v, err := btf.As[btf.Typedef](t)
			if err != nil {
				return false
			}
			t = v.Type()
		case btf.KindVolatile:
			v, err := btf.As[btf.Volatile](t)
			if err != nil {
				return false
			}
			t = v.Type()
		case btf.KindConst:
			v, err := btf.As[btf.Const](t)
			if err != nil {
				return false
			}
			t = v.Type()
		case btf.KindRestrict:
			v, err := btf.As[btf.Restrict](t)
			if err != nil {
				return false
			}
			t = v.Type()
		case btf.KindTypeTag:
			v, err := btf.As[btf.TypeTag](t)
			if err != nil {
				return false
			}
			t = v.Type()
		case btf.KindStruct, btf.KindUnion, btf.KindFwd, btf.KindInt, btf.KindEnum, btf.KindEnum64, btf.KindFloat:
			return t.Name() == name
		default:
			return false
		}
	}
	return false
}

func compareFuncs(t *testing.T, spec *btf.Spec, filter btf.FuncFilter) {
	t.Helper()
	ask := func(filter btf.FuncFilter) (sound, broken []btf.TypeID) {
		for f, err := range spec.Funcs(filter) {
			if err == nil {
				sound = append(sound, f.ID())
			} else if broken = append(broken, f.ID()); f.Kind() != btf.KindFunc {
				t.Fatalf("%+v: %v", filter, err)
			}
		}
		return sound, broken
	}
	got, broken := ask(filter)
	if _, all := ask(btf.FuncFilter{Name: filter.Name, Tag: filter.Tag}); !slices.Equal(all, broken) {
		t.Fatalf("%+v: %v are broken, without a pointer %v", filter, broken, all)
	}
	if want := plainFuncs(spec, filter); !slices.Equal(want, got) {
		t.Fatalf("%+v: %v, by looking at each: %v", filter, got, want)
	}
}

// TestFuncs: pointers before and after what they point to, qualified, named and in
// the base; and what only looks like them.
func TestFuncs(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			integer := b.Int("int", 4, btftest.Signed)
			fn := func(b *btftest.Builder, name string, types ...uint32) {
				var params []btftest.Param
				for _, typ := range types {
					params = append(params, btftest.Param{Name: "p", Type: typ})
				}
				b.Func(name, b.FuncProto(0, params...), 1)
			}
			early := b.Next() // of functions and prototypes that come before what they refer to
			b.Func("early", early+1, 0)
			b.FuncProto(0, btftest.Param{Type: early + 2})
			b.Const(early + 3)
			b.Pointer(early + 4)
			b.Volatile(early + 5)
			skb := b.Struct("sk_buff", 8)
			pointer := b.Pointer(skb)
			constant := b.Pointer(b.Const(skb))
			named := b.Typedef("skb_p", pointer)
			user := b.Pointer(b.TypeTag("user", skb, false))
			alias := b.Typedef("alias", skb)
			fn(b, "plain", pointer)
			fn(b, "constant", integer, constant)
			fn(b, "named", integer, integer, named)
			fn(b, "user", integer, integer, integer, user)
			fn(b, "alias", integer, integer, integer, integer, b.Pointer(alias))
			fn(b, "sixth", integer, integer, integer, integer, integer, pointer)
			fn(b, "value", skb)
			fn(b, "twice", b.Pointer(pointer))
			fn(b, "none")
			b.Func("variadic", b.FuncProto(pointer, btftest.Param{Type: integer}, btftest.Param{}), 2)
			fn(b, "other", b.Pointer(b.Struct("sk_buff", 16)))
			fn(b, "declared", b.Pointer(b.Fwd("sk_buff", false)))
			fn(b, "tag", b.Pointer(b.TypeTag("sk_buff", integer, false)))
			fn(b, "callback", b.Pointer(b.FuncProto(0, btftest.Param{Type: pointer})))
			b.DeclTag("bpf_kfunc", early, -1, false)
			b.DeclTag("other tag", early+20, -1, false)
			kfunc := b.Next()
			b.DeclTag("something", kfunc+3, -1, false)
			b.DeclTag("bpf_kfunc", kfunc+3, 0, false)
			b.FuncProto(0, btftest.Param{Type: pointer})
			b.Func("kfunc", kfunc+2, 1)
			b.DeclTag("bpf_kfunc", kfunc+3, -1, false)
			b.DeclTag("bpf_kfunc", kfunc+3, -1, false)
			b.Func("param_kfunc", kfunc+2, 1)
			b.DeclTag("bpf_kfunc", kfunc+6, 0, false)
			spec := load(t, b.Bytes())
			require.NoError(t, spec.Verify())

			split := b.Split()
			fn(split, "of_the_base", integer, pointer)
			fn(split, "own_pointer", split.Pointer(skb))
			fn(split, "own_value", integer)
			fn(split, "own_type", split.Pointer(split.Struct("sk_buff", 4)))
			split.Func("own_func", kfunc+2, 1)
			module := loadSplit(t, split.Bytes(), spec)

			names := func(spec *btf.Spec, filter btf.FuncFilter) (all []string) {
				for f, err := range spec.Funcs(filter) {
					require.NoError(t, err)
					all = append(all, f.Name())
				}
				compareFuncs(t, spec, filter)
				return all
			}
			all := []string{"early", "plain", "constant", "named", "user", "alias", "sixth", "other", "declared", "kfunc", "param_kfunc"}
			require.Equal(t, all, names(spec, btf.FuncFilter{PointerTo: "sk_buff"}))
			require.Equal(t, slices.Delete(slices.Clone(all), 6, 7), names(spec, btf.FuncFilter{PointerTo: "sk_buff", FirstParams: 5}))
			require.Equal(t, []string{"early", "plain", "other", "declared", "kfunc", "param_kfunc"}, names(spec, btf.FuncFilter{PointerTo: "sk_buff", FirstParams: 1}))
			require.Equal(t, []string{"alias"}, names(spec, btf.FuncFilter{PointerTo: "alias"}))
			require.Equal(t, []string{"tag"}, names(spec, btf.FuncFilter{PointerTo: "int"}))
			require.Empty(t, names(spec, btf.FuncFilter{PointerTo: "user"}))
			require.Empty(t, names(spec, btf.FuncFilter{PointerTo: "plain"}))
			require.Equal(t, []string{"plain", "sixth"}, names(spec, btf.FuncFilter{PointerTo: "sk_buff", Name: "[ps]*"})[:2])
			require.Equal(t, []string{"early", "kfunc"}, names(spec, btf.FuncFilter{Tag: "bpf_kfunc"}))
			require.Equal(t, []string{"kfunc"}, names(spec, btf.FuncFilter{Tag: "bpf_kfunc", Name: "k?unc", PointerTo: "sk_buff"}))
			require.Len(t, names(spec, btf.FuncFilter{}), 17)
			require.Equal(t, []string{"of_the_base", "own_pointer", "own_type", "own_func"}, names(module, btf.FuncFilter{PointerTo: "sk_buff"}))
			for range spec.Funcs(btf.FuncFilter{}) {
				break
			}
		})
	}
}

// TestFuncsOfManyTypes: two types so far apart that they share a mark are told apart.
func TestFuncsOfManyTypes(t *testing.T) {
	b := btftest.New(little)
	integer := b.Int("int", 4, btftest.Signed)
	wanted := b.Pointer(b.Struct("sk_buff", 8))
	b.Func("takes_it", b.FuncProto(0, btftest.Param{Type: wanted}), 1)
	for b.Next() < wanted+1<<18 {
		b.Fwd("", false)
	}
	b.Func("takes_another", b.FuncProto(0, btftest.Param{Type: b.Pointer(integer)}), 1)
	b.Func("takes_it", b.FuncProto(0, btftest.Param{Type: wanted}), 1)
	spec := load(t, b.Bytes())
	require.Greater(t, spec.NumTypes(), 1<<18)
	compareFuncs(t, spec, btf.FuncFilter{PointerTo: "sk_buff"})
	for f, err := range spec.Funcs(btf.FuncFilter{PointerTo: "sk_buff"}) {
		require.NoError(t, err)
		require.Equal(t, "takes_it", f.Name())
	}
}

// TestFarParameters: what many functions of one prototype take is not found out for
// each, where the way from its parameters to what they are is long.
func TestFarParameters(t *testing.T) {
	const functions, params, depth = 50_000, 64, 31
	b := btftest.New(little)
	proto := uint32(functions + 1)
	for range functions {
		b.Func("f", proto, 0)
	}
	list := make([]btftest.Param, params)
	for i := range list {
		list[i].Type = proto + 1
	}
	b.FuncProto(0, list...)
	for range 2 {
		for range depth {
			b.Const(b.Next() + 1)
		}
		b.Pointer(b.Next() + 1)
	}
	b.Struct("s", 0)
	b.Struct("sk_buff", 0)
	spec := load(t, b.Bytes())
	took := func(filter btf.FuncFilter, want int) time.Duration {
		least := time.Hour
		for range 3 {
			start, n := time.Now(), 0
			for _, err := range spec.Funcs(filter) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, want, n)
			least = min(least, time.Since(start))
		}
		return least
	}
	all := took(btf.FuncFilter{}, functions)
	// A walk to the end for each parameter of each function takes over 100 times as long.
	require.Less(t, took(btf.FuncFilter{PointerTo: "sk_buff"}, 0), 30*all)
}

// TestBadFuncs: filters that make no sense, records that are broken, and a Spec that
// is closed.
func TestBadFuncs(t *testing.T) {
	b := btftest.New(little)
	b.Int("int", 4, btftest.Signed)
	b.Func("no_prototype", 1, 0)
	b.Func("of_nothing", 0x00fffff0, 0)
	p := b.Pointer(1)
	b.Func("sound", b.FuncProto(0, btftest.Param{Type: p}), 0)
	b.Func("broken_parameter", b.FuncProto(0, btftest.Param{Type: p}, btftest.Param{Type: 0x00fffff0}), 0)
	b.Func("broken_pointer", b.FuncProto(0, btftest.Param{Type: b.Pointer(0x00fffff0)}), 0)
	b.Func("broken_second", b.FuncProto(0, btftest.Param{Type: 1}, btftest.Param{Type: 0x00fffff0}), 0)
	b.Func("broken_result", b.FuncProto(0x00fffff0), 0)
	b.Func("broken_name", b.Record(0, btftest.Info(13, 1, false), 0, 0x00fffff0, 1), 0)
	spec := load(t, b.Bytes())
	collect := func(filter btf.FuncFilter) (sound, broken []string) {
		for f, err := range spec.Funcs(filter) {
			if err != nil {
				var format *btf.FormatError
				require.ErrorAs(t, err, &format)
				broken = append(broken, f.AsType().Name())
			} else {
				sound = append(sound, f.Name())
			}
		}
		return sound, broken
	}
	sound, broken := collect(btf.FuncFilter{})
	require.Equal(t, []string{"sound", "broken_pointer"}, sound)
	all := []string{"no_prototype", "of_nothing", "broken_parameter", "broken_second", "broken_result", "broken_name"}
	require.Equal(t, all, broken)
	for _, first := range []int{0, 1} {
		sound, broken = collect(btf.FuncFilter{PointerTo: "int", FirstParams: first})
		require.Equal(t, []string{"sound"}, sound)
		require.Equal(t, all, broken)
	}
	for range spec.Funcs(btf.FuncFilter{}) {
		break // at an error
	}

	fails := func(filter btf.FuncFilter, says string) {
		n := 0
		for f, err := range spec.Funcs(filter) {
			require.ErrorContains(t, err, says)
			require.Equal(t, btf.Func{}, f)
			n++
		}
		require.Equal(t, 1, n)
	}
	fails(btf.FuncFilter{Name: "[a-"}, `btf: FuncFilter.Name: pattern "[a-": syntax error in pattern`)
	fails(btf.FuncFilter{Name: "tcp_*[]"}, "syntax error in pattern")
	fails(btf.FuncFilter{PointerTo: "int", FirstParams: -1}, "FirstParams must be at least 0, is -1")
	fails(btf.FuncFilter{FirstParams: 5}, "FirstParams needs FuncFilter.PointerTo")
	require.NoError(t, spec.Close())
	fails(btf.FuncFilter{}, "use of closed BTF")
}
