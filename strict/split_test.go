// Tests split BTF, of which the base counts as checked.

package strict_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// TestSplit checks that the types of a base count as resolved.
func TestSplit(t *testing.T) {
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
			under.Pointer(8)                                      // 8, a loop, which is not in the split BTF
			under.Typedef("f", under.Next()+1)                    // 9
			under.Func("f", 5, 0)                                 // 10
			under.Var("nothing", 6, 0)                            // 11
			under.Typedef("loop", 12)                             // 12
			under.Array(1, 1, 1<<30)                              // 13: 2^32 bytes
			base := load(t, under.Bytes())
			require.ErrorContains(t, strict.Verify(base), "loop detected")

			verify := func(build func(b *btftest.Builder)) error {
				b := under.Split()
				build(b)
				return strict.Verify(loadSplit(t, b.Bytes(), base))
			}
			require.NoError(t, verify(func(b *btftest.Builder) {}), "nothing")
			require.NoError(t, verify(func(b *btftest.Builder) {
				b.Struct("over", 28, btftest.Member{Name: "a", Type: 3}, btftest.Member{Name: "b", Type: 8, Offset: 160})
				b.Func("g", 5, 1)
				b.DeclTag("first", 7, 0, false)
				b.DeclTag("first", b.Next()-2, 0, false)
				b.Volatile(6)
				b.Const(9)
			}))
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Struct("over", 19, btftest.Member{Name: "a", Type: 3}) }),
				"member exceeds struct_size: member 0 of kind ARRAY ends after 20 bytes, the STRUCT has 19")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Func("g", 4, 1) }), "invalid arg#1: must have a name in FUNC_PROTO (id 4), has none")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Var("v", 6, 1) }), "invalid type_id: type id of VAR must be that of a type with a size, is that of CONST (id 6)")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Var("v", 9, 1) }), "invalid type_id: type id of VAR must be that of a type with a size, is that of TYPEDEF f (id 9)")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Var("v", 12, 1) }), "invalid type_id: type id of VAR must be that of a type with a size, is that of TYPEDEF loop (id 12)")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Datasec("d", 4, btftest.Variable{Type: 11, Size: 4}) }), "invalid type: type id of entry 0 must be that of a VAR of a type with a size, is that of VAR nothing (id 11)")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Const(b.Next()) }), "(type 14): loop detected")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Struct("s", 8, btftest.Member{Name: "m", Type: 13}) }), "invalid member: type id of member 0 must be that of a type with a size, is that of ARRAY (id 13)")
			require.ErrorContains(t, verify(func(b *btftest.Builder) { b.Array(13, 1, 1) }), "invalid elem: type id of the element must be that of a type with a size, is that of ARRAY (id 13)")
		})
	}
}
