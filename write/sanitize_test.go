// Tests what Marshal writes in place of what kernels refuse.

package write_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// rewritten writes a blob with options and loads the result.
func rewritten(t *testing.T, blob []byte, opts write.Options) *btf.Spec {
	t.Helper()
	raw, err := write.Marshal(spectest.Load(t, blob), opts)
	require.NoError(t, err)
	spec := spectest.Load(t, raw)
	require.NoError(t, spec.Verify())
	return spec
}

// accepted checks that a kernel refuses a blob, and accepts what is written for it.
func accepted(t *testing.T, release string, blob []byte, opts write.Options) *btf.Spec {
	t.Helper()
	rules := strict.Options{Kernel: release}
	require.Error(t, rules.Verify(spectest.Load(t, blob)), "Linux %s takes it as it is", release)
	spec := rewritten(t, blob, opts)
	require.NoError(t, rules.Verify(spec), "Linux %s", release)
	return spec
}

// TestReplaceFloats: sizes and offsets of a struct of floats stay.
func TestReplaceFloats(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			b.Float("double", 8)
			b.Float("float", 4)
			b.Struct("s", 16, btftest.Member{Name: "d", Type: 1}, btftest.Member{Name: "f", Type: 2, Offset: 64})
			spec := accepted(t, "5.12", b.Bytes(), write.Options{ReplaceFloats: true})
			for id, size := range map[btf.TypeID]uint32{1: 8, 2: 4} {
				s := spectest.As[btf.Struct](t, spec, id)
				require.Empty(t, s.Name())
				require.Equal(t, size, s.Size())
				require.Zero(t, s.NumMembers())
			}
			for path, want := range map[string][2]uint64{"s.d": {0, 8}, "s.f": {64, 4}, "s": {0, 16}} {
				f, err := spec.Field(path)
				require.NoError(t, err)
				size, err := f.Size()
				require.NoError(t, err)
				require.Equal(t, want, [2]uint64{uint64(f.Offset()), size}, path)
			}
		})
	}
}

// TestReplaceLocations: the kinds 20 to 22 go, and nothing else changes.
func TestReplaceLocations(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			blob := btftest.Inline(order).Bytes()
			was := spectest.Load(t, blob)
			spec := accepted(t, "", blob, write.Options{ReplaceLocations: true})
			require.Equal(t, was.NumTypes(), spec.NumTypes())
			for typ := range was.All() {
				got, err := spec.TypeByID(typ.ID())
				require.NoError(t, err)
				if typ.Kind() < btf.KindLocParam {
					require.Equal(t, spectest.Describe(t, typ), spectest.Describe(t, got))
					continue
				}
				require.Equal(t, btf.KindInt, got.Kind())
				require.Empty(t, got.Name())
			}
		})
	}
}

// TestReplaceAttributes: only tags with kind_flag go.
func TestReplaceAttributes(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			b.Struct("s", 0)
			b.DeclTag("kept", 1, -1, false)
			b.DeclTag("attribute", 1, -1, true)
			b.TypeTag("kept", 1, false)
			b.TypeTag("attribute", 4, true)
			b.Pointer(5)
			b.Volatile(5)
			spec := accepted(t, "6.14", b.Bytes(), write.Options{ReplaceAttributes: true, SkipTypeTags: true})
			require.Equal(t, "kept", spectest.As[btf.DeclTag](t, spec, 2).Name())
			spectest.As[btf.Int](t, spec, 3)
			require.Equal(t, "kept", spectest.As[btf.TypeTag](t, spec, 4).Name())
			require.EqualValues(t, 1, spectest.As[btf.Const](t, spec, 5).Type().ID(), "it must not refer to the type tag under it")
			require.EqualValues(t, 5, spectest.As[btf.Pointer](t, spec, 6).Target().ID())
			require.EqualValues(t, 5, spectest.As[btf.Volatile](t, spec, 7).Type().ID(), "which is no type tag now")
		})
	}
}

// TestSkipTypeTags has the orders that kernels before 7.2 refuse.
func TestSkipTypeTags(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.New(order)
			b.Int("int", 4, btftest.Signed)
			b.TypeTag("a", 1, false) // 2
			b.TypeTag("b", 2, false) // 3
			b.Typedef("t", 3)        // 4
			b.Const(3)               // 5
			b.Volatile(2)            // 6
			b.Restrict(5)            // 7
			b.TypeTag("c", 4, false) // 8
			b.Pointer(3)             // 9: the tags stay where they are allowed
			b.Pointer(8)             // 10
			for _, release := range []string{"5.18", "6.18", "7.1"} {
				spec := accepted(t, release, b.Bytes(), write.Options{SkipTypeTags: true})
				require.EqualValues(t, 1, spectest.As[btf.Typedef](t, spec, 4).Type().ID())
				require.EqualValues(t, 1, spectest.As[btf.Const](t, spec, 5).Type().ID())
				require.EqualValues(t, 1, spectest.As[btf.Volatile](t, spec, 6).Type().ID())
				require.EqualValues(t, 5, spectest.As[btf.Restrict](t, spec, 7).Type().ID())
				require.EqualValues(t, 4, spectest.As[btf.TypeTag](t, spec, 8).Type().ID())
				require.EqualValues(t, 3, spectest.As[btf.Pointer](t, spec, 9).Target().ID())
				require.EqualValues(t, 2, spectest.As[btf.TypeTag](t, spec, 3).Type().ID())
			}

			// A loop of tags ends.
			loop := btftest.New(order)
			loop.TypeTag("a", 2, false)
			loop.TypeTag("b", 1, false)
			loop.Const(1)
			_, err := write.Marshal(spectest.Load(t, loop.Bytes()), write.Options{SkipTypeTags: true})
			require.NoError(t, err)
		})
	}
}

// TestFillEmpty: a kernel accepts a Spec without types.
func TestFillEmpty(t *testing.T) {
	for name, blob := range map[string][]byte{"a string": btftest.New(binary.LittleEndian).Bytes(), "nothing": btftest.Empty()} {
		t.Run(name, func(t *testing.T) {
			raw, err := write.Marshal(spectest.Load(t, blob), write.Options{FillEmpty: true})
			require.NoError(t, err)
			spec := spectest.Load(t, raw)
			require.NoError(t, strict.Verify(spec))
			require.Equal(t, 1, spec.NumTypes())
			spectest.As[btf.Int](t, spec, 1)
		})
	}
	var b write.Builder
	raw, err := b.Marshal(write.Options{FillEmpty: true})
	require.NoError(t, err)
	require.NoError(t, strict.Verify(spectest.Load(t, raw)))
	require.Equal(t, 1, rewritten(t, pairOfInts(), write.Options{FillEmpty: true}).NumTypes(), "there is a type")
}

func pairOfInts() []byte {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	return b.Bytes()
}

// badNames has names as Rust and Zig give them, in every place where the kernel has a
// rule for names.
func badNames(order btftest.Order) []byte {
	b := btftest.New(order)
	long := strings.Repeat("x", 600)
	b.Int("core::ffi::c_int", 4, btftest.Signed)                                                              // 1: any name
	b.Record(b.String("*mut c_void"), btftest.Info(2, 0, false), 0)                                           // 2
	b.Struct("Option<u8>", 8, btftest.Member{Name: "__0 x", Type: 1}, btftest.Member{Type: 1, Offset: 32})    // 3
	b.Union("é", 4, btftest.Member{Name: "0", Type: 1})                                                       // 4
	b.Enum("a-b", 4, false, btftest.Value{Name: "A::B"}, btftest.Value{Name: ""})                             // 5
	b.Enum64("", 8, false, btftest.Value{Name: "x y"})                                                        // 6
	b.Fwd("{closure#0}", false)                                                                               // 7
	b.Typedef("1st", 1)                                                                                       // 8
	b.Record(b.String("const"), btftest.Info(10, 0, false), 1)                                                // 9
	b.Record(b.String("proto"), btftest.Info(13, 3, false), 1, b.String("a b"), 1, 0, 1, b.String("rest"), 0) // 10
	b.Func("<T as core::fmt::Write>::write_fmt", 12, 1)                                                       // 11
	b.FuncProto(0, btftest.Param{Type: 1}, btftest.Param{})                                                   // 12
	b.Var("a.b c", 1, 1)                                                                                      // 13
	b.Datasec(".data\t1", 4, btftest.Variable{Type: 13, Size: 4})                                             // 14
	b.Struct(long, 0)                                                                                         // 15
	b.Typedef("", 1)                                                                                          // 16
	b.DeclTag("", 3, -1, false)                                                                               // 17
	b.Record(b.String("[u8; 4]"), btftest.Info(3, 0, false), 0, 1, 1, 4)                                      // 18
	b.Float("f 64", 8)                                                                                        // 19: any name
	b.Struct("fine.name", 0)                                                                                  // 20
	return b.Bytes()
}

// TestCleanNames: the names of the result, and that kernels accept it.
func TestCleanNames(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			blob := badNames(order)
			spec := accepted(t, "", blob, write.Options{CleanNames: true})
			names := map[btf.TypeID]string{
				1: "core::ffi::c_int", 2: "", 3: "Option_u8_", 4: "__", 5: "a_b", 6: "", 7: "_closure_0_", 8: "_1st", 9: "", 10: "",
				11: "_T_as_core__fmt__Write___write_fmt", 12: "", 13: "a.b_c", 14: ".data_1", 15: strings.Repeat("x", 512),
				16: "placeholder", 17: "placeholder", 18: "", 19: "f 64", 20: "fine.name",
			}
			require.Equal(t, len(names), spec.NumTypes())
			for id, want := range names {
				typ, err := spec.TypeByID(id)
				require.NoError(t, err)
				require.Equal(t, want, typ.Name(), "type %d", id)
			}
			s := spectest.As[btf.Struct](t, spec, 3)
			require.Equal(t, []string{"__0_x", ""}, []string{s.Member(0).Name(), s.Member(1).Name()})
			require.Equal(t, "_0", spectest.As[btf.Union](t, spec, 4).Member(0).Name())
			e := spectest.As[btf.Enum](t, spec, 5)
			require.Equal(t, []string{"A__B", "placeholder"}, []string{e.Enumerator(0).Name(), e.Enumerator(1).Name()})
			require.Equal(t, "x_y", spectest.As[btf.Enum](t, spec, 6).Enumerator(0).Name())
			p := spectest.As[btf.FuncProto](t, spec, 10)
			require.Equal(t, []string{"a_b", "", ""}, []string{p.Param(0).Name(), p.Param(1).Name(), p.Param(2).Name()})
			require.True(t, p.Variadic())
			require.Equal(t, "placeholder", spectest.As[btf.FuncProto](t, spec, 12).Param(0).Name())

			// All else is as it was.
			was := spectest.Load(t, blob)
			for typ := range was.All() {
				got, err := spec.TypeByID(typ.ID())
				require.NoError(t, err)
				require.Equal(t, typ.Kind(), got.Kind())
				size, err := typ.Sizeof()
				other, otherErr := got.Sizeof()
				require.Equal(t, size, other)
				require.Equal(t, err == nil, otherErr == nil)
			}

			// Kernels before 6.5 refuse dots, those before 6.9 odd names of sections.
			spec = accepted(t, "6.4", blob, write.Options{CleanNames: true, CleanDots: true, CleanSectionNames: true})
			require.Equal(t, "fine_name", spectest.As[btf.Struct](t, spec, 20).Name())
			require.Equal(t, "a.b_c", spectest.As[btf.Var](t, spec, 13).Name())
			require.Equal(t, ".data_1", spectest.As[btf.Datasec](t, spec, 14).Name())

			b := btftest.New(order)
			b.Datasec("?.struct_ops.link", 4, btftest.Variable{Type: 2, Size: 4})
			b.Var("v", 3, 0)
			b.Int("int", 4, btftest.Signed)
			spec = accepted(t, "6.8", b.Bytes(), write.Options{CleanNames: true, CleanSectionNames: true})
			require.Equal(t, "_.struct_ops.link", spectest.As[btf.Datasec](t, spec, 1).Name())
			require.Equal(t, "?.struct_ops.link", spectest.As[btf.Datasec](t, rewritten(t, b.Bytes(), write.Options{CleanNames: true}), 1).Name())
		})
	}

	t.Run("nothing to clean", func(t *testing.T) {
		for _, order := range bothOrders {
			blob := btftest.EveryKind(order).Bytes()
			plain, err := write.Marshal(spectest.Load(t, blob), write.Options{})
			require.NoError(t, err)
			clean, err := write.Marshal(spectest.Load(t, blob), write.Options{CleanNames: true})
			require.NoError(t, err)
			require.Equal(t, plain, clean)
		}
		kernel := spectest.LoadVmlinux(t)
		plain, err := write.Marshal(kernel, write.Options{})
		require.NoError(t, err)
		clean, err := write.Marshal(kernel, write.Options{CleanNames: true})
		require.NoError(t, err)
		require.True(t, string(plain) == string(clean), "a kernel's names are legal")
	})

	t.Run("shared names", func(t *testing.T) {
		// Each type has the end of one long name. The names that replace them are long.
		b := btftest.New(binary.LittleEndian)
		off := b.String(strings.Repeat("<", 100_000))
		for i := range uint32(60_000) {
			b.Record(off+i, btftest.Info(uint32(btf.KindStruct), 0, false), 0)
		}
		raw, err := write.Marshal(spectest.Load(t, b.Bytes()), write.Options{CleanNames: true})
		require.NoError(t, err)
		require.Less(t, len(raw), 1<<26)

		b = btftest.New(binary.LittleEndian)
		off = b.String(strings.Repeat("<", 400_000))
		for i := range uint32(200_000) {
			b.Record(off+i, btftest.Info(uint32(btf.KindStruct), 0, false), 0)
		}
		_, err = write.Marshal(spectest.Load(t, b.Bytes()), write.Options{CleanNames: true})
		require.EqualError(t, err, "btf: names that replace others must have less than 67108864 bytes together")
	})
}
