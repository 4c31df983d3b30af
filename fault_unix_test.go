// Tests that a Spec survives the fault of reading a file that was cut off.

//go:build unix && !btf_copy

package btf_test

import (
	"iter"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// faults reports whether f faults.
func faults(f func()) (fault bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			_, fault = p.(interface{ Addr() uintptr })
			if !fault {
				panic(p)
			}
		}
	}()
	f()
	return false
}

// withTags is a blob of some pages with decl tags, flavours and long.
func withTags(order btftest.Order) []byte {
	b := btftest.New(order)
	for range 2000 {
		s := b.Struct("z_struct_of_a_name___flavour", 4)
		b.DeclTag("tag", s, -1, false)
	}
	b.Int("long", 8, btftest.Signed)
	return b.Bytes()
}

// TestFault cuts a file off below its mapping, recovers from the fault of each question,
// and makes the file whole again: each question then has its answer.
func TestFault(t *testing.T) {
	questions := map[string]func(s *btf.Spec) any{
		"first look-up":  func(s *btf.Spec) any { return slices.Collect(s.TypesByName("long")) },
		"sorted":         func(s *btf.Spec) any { return s.SortedByName() },
		"essential name": func(s *btf.Spec) any { return len(slices.Collect(s.TypesByEssentialName("z_struct_of_a_name"))) },
		"index": func(s *btf.Spec) any {
			var found []btf.TypeID
			for range 3 {
				for typ := range s.TypesByName("long") {
					found = append(found, typ.ID())
				}
			}
			return found
		},
		"tags": func(s *btf.Spec) any {
			typ, _ := s.TypeByID(1)
			var found []btf.TypeID
			for tag := range typ.Tags() {
				found = append(found, tag.ID())
			}
			return found
		},
		"pointer size": func(s *btf.Spec) any { return s.PointerSize() },
		"verify":       func(s *btf.Spec) any { return s.Verify() },
	}
	for variant, order := range bothOrders {
		whole := withTags(order)
		want := load(t, whole)
		for name, ask := range questions {
			t.Run(variant+"/"+name, func(t *testing.T) {
				path := file(t, whole)
				spec, err := btf.LoadSpec(path)
				require.NoError(t, err)
				defer spec.Close()
				require.NoError(t, os.Truncate(path, 0))
				for range 3 {
					require.True(t, faults(func() { ask(spec) }))
				}
				require.NoError(t, os.WriteFile(path, whole, 0o644))
				var got any
				require.False(t, faults(func() { got = ask(spec) }))
				if name == "first look-up" {
					require.Len(t, got, 1)
					return
				}
				require.Equal(t, ask(want), got)
			})
		}
	}
	t.Run("placements", func(t *testing.T) {
		object := withEveryExt()
		path := file(t, object)
		spec, err := btf.LoadSpec(path)
		require.NoError(t, err)
		defer spec.Close()
		ask := func(s *btf.Spec) []uint64 {
			var sizes []uint64
			for typ := range s.All() {
				if typ.Kind() == btf.KindDatasec {
					size, _ := typ.Sizeof()
					sizes = append(sizes, size)
				}
			}
			return sizes
		}
		fresh, err := btf.LoadSpec(file(t, object))
		require.NoError(t, err)
		defer fresh.Close()
		require.NoError(t, os.Truncate(path, 0))
		require.True(t, faults(func() { ask(spec) }))
		require.NoError(t, os.WriteFile(path, object, 0o644))
		require.Equal(t, ask(fresh), ask(spec))
	})
}

// TestCloseInLoop closes a Spec inside each loop over it. The loop may go on with empty
// types, and reads nothing that was unmapped.
func TestCloseInLoop(t *testing.T) {
	// Enough types for reads after the unmapped pages to fault.
	blob := func(b *btftest.Builder, name string) []byte {
		target := b.Struct("a_target", 4)
		pointer := b.Pointer(target)
		proto := b.FuncProto(0, btftest.Param{Name: "p", Type: pointer})
		members := make([]btftest.Member, 2000)
		for i := range members {
			members[i] = btftest.Member{Name: "m", Type: target, Offset: 32 * uint32(i)}
		}
		b.Struct("wide", 8000, members...)
		for range 5000 {
			f := b.Func("a_target", proto, 0)
			b.DeclTag("tag", f, -1, false)
			b.Struct(name, 4)
			b.Struct(name+"___flavour", 4)
		}
		return b.Bytes()
	}
	type question func(s *btf.Spec, f func(btf.Type))
	funcs := func(filter btf.FuncFilter) question {
		return func(s *btf.Spec, f func(btf.Type)) {
			for fn := range s.Funcs(filter) {
				f(fn.AsType())
			}
		}
	}
	each := func(types iter.Seq[btf.Type], f func(btf.Type)) {
		for typ := range types {
			f(typ)
		}
	}
	loops := map[string]question{
		"All":                  func(s *btf.Spec, f func(btf.Type)) { each(s.All(), f) },
		"TypesByName":          func(s *btf.Spec, f func(btf.Type)) { each(s.TypesByName("m_name___flavour"), f) },
		"TypesByEssentialName": func(s *btf.Spec, f func(btf.Type)) { each(s.TypesByEssentialName("m_name"), f) },
		"indexed": func(s *btf.Spec, f func(btf.Type)) {
			each(s.TypesByName("none"), f)
			each(s.TypesByName("m_name"), f)
		},
		"Funcs":                    funcs(btf.FuncFilter{}),
		"Funcs by name":            funcs(btf.FuncFilter{Name: "a_*"}),
		"Funcs by pointer":         funcs(btf.FuncFilter{PointerTo: "a_target"}),
		"Funcs by first pointer":   funcs(btf.FuncFilter{PointerTo: "a_target", FirstParams: 1, Name: "*"}),
		"Funcs by tag":             funcs(btf.FuncFilter{Tag: "tag"}),
		"Funcs by tag and pointer": funcs(btf.FuncFilter{Tag: "tag", PointerTo: "a_target"}),
		"Members": func(s *btf.Spec, f func(btf.Type)) {
			for typ := range s.TypesByName("wide") {
				if wide, err := btf.As[btf.Struct](typ); err == nil {
					for m := range wide.Members() {
						f(m.Type())
					}
				}
			}
		},
	}
	for variant, order := range bothOrders {
		for name, ask := range loops {
			for _, how := range []string{"alone", "split", "over a base that closes"} {
				t.Run(variant+"/"+name+"/"+how, func(t *testing.T) {
					under := btftest.New(order)
					base, err := btf.LoadSpec(file(t, blob(under, "m_name")))
					require.NoError(t, err)
					defer base.Close()
					spec := base
					if how != "alone" {
						spec, err = btf.LoadSplitSpec(file(t, blob(under.Split(), "m_name")), base)
						require.NoError(t, err)
						defer spec.Close()
					}
					n := 0
					require.False(t, faults(func() {
						ask(spec, func(typ btf.Type) {
							n++
							switch {
							case n == 1:
								require.NotEqual(t, btf.KindVoid, typ.Kind())
								if how == "over a base that closes" {
									require.NoError(t, base.Close())
								} else {
									require.NoError(t, spec.Close())
								}
							case how != "over a base that closes":
								require.Equal(t, btf.KindVoid, typ.Kind())
								require.Empty(t, typ.NameBytes())
							}
						})
					}))
					require.Positive(t, n)
				})
			}
		}
	}
	t.Run("bisected", func(t *testing.T) {
		b := btftest.New(little)
		for range 20_000 {
			b.Struct("a", 4)
		}
		spec, err := btf.LoadSpec(file(t, b.Bytes()))
		require.NoError(t, err)
		n := 0
		require.False(t, faults(func() {
			for range spec.TypesByName("a") {
				n++
				require.NoError(t, spec.Close())
			}
		}))
		require.Equal(t, 1, n)
	})
}
