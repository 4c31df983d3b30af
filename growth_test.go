// Tests that time grows no faster than the input, whatever the records are.

package btf_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// behindGap adds n functions and a struct of n members. The types that they all refer to
// come after a huge record, n elements long.
func behindGap(b *btftest.Builder, n int) (members uint32) {
	enum := make([]btftest.Value, n)
	for i := range enum {
		enum[i] = btftest.Value{Name: "value"}
	}
	b.Enum("huge", 4, false, enum...)
	integer := b.Int("int", 4, btftest.Signed)
	target := b.Struct("target", 4, btftest.Member{Name: "a", Type: integer})
	pointer := b.Pointer(target)
	proto := b.FuncProto(integer, btftest.Param{Name: "p", Type: pointer})
	list := make([]btftest.Member, n)
	for i := range list {
		list[i] = btftest.Member{Name: "a", Type: integer, Offset: 32 * uint32(i)}
	}
	members = b.Struct("members", 4*uint32(n), list...)
	for range n {
		b.Func("f", proto, 0)
	}
	return members
}

// TestGrowthOverGaps asks about types that come after a huge record. Four times the
// input takes no more than ten times as long, and not sixteen times.
func TestGrowthOverGaps(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	questions := map[string]func(spec *btf.Spec, members btf.TypeID) error{
		"Verify":        func(spec *btf.Spec, _ btf.TypeID) error { return spec.Verify() },
		"strict.Verify": func(spec *btf.Spec, _ btf.TypeID) error { return strict.Verify(spec) },
		"Funcs": func(spec *btf.Spec, _ btf.TypeID) error {
			for _, err := range spec.Funcs(btf.FuncFilter{PointerTo: "target"}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"Members": func(spec *btf.Spec, members btf.TypeID) error {
			typ, err := spec.TypeByID(members)
			if err != nil {
				return err
			}
			s, err := btf.As[btf.Struct](typ)
			for m := range s.Members() {
				if m.Type().Kind() != btf.KindInt {
					return fmt.Errorf("%v is no INT", m)
				}
			}
			return err
		},
		"Builder.Add": func(spec *btf.Spec, members btf.TypeID) error {
			typ, err := spec.TypeByID(members)
			if err != nil {
				return err
			}
			var b write.Builder
			_, err = b.Add(typ)
			return err
		},
	}
	for _, variant := range []string{"little-endian", "big-endian", "split"} {
		specs := map[int]*btf.Spec{}
		ids := map[int]btf.TypeID{}
		const n = 20_000
		for _, times := range []int{1, 2, 4} {
			var order btftest.Order = binary.LittleEndian
			if variant == "big-endian" {
				order = binary.BigEndian
			}
			b := btftest.New(order)
			id := btf.TypeID(behindGap(b, n*times))
			specs[times] = load(t, b.Bytes())
			if variant == "split" {
				over := b.Split()
				id = btf.TypeID(behindGap(over, n*times))
				split, err := btf.LoadRawSplitSpec(over.Bytes(), specs[times])
				require.NoError(t, err)
				specs[times] = split
			}
			ids[times] = id
		}
		for name, ask := range questions {
			t.Run(variant+"/"+name, func(t *testing.T) {
				took := func(times int) time.Duration {
					least := time.Hour
					for range 5 {
						begin := time.Now()
						require.NoError(t, ask(specs[times], ids[times]))
						least = min(least, time.Since(begin))
					}
					return least
				}
				// Other programs can slow down one of the three. What is quadratic is so each time.
				var one, two, four time.Duration
				for range 5 {
					one, two, four = took(1), took(2), took(4)
					t.Logf("%v, %v, %v", one, two, four)
					if four < 10*one+5*time.Millisecond {
						return
					}
				}
				require.Less(t, four, 10*one+5*time.Millisecond)
			})
		}
	}
}
