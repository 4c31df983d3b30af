// Tests objects and kernels that ask for more work than there is time for.

package core_test

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A record is a relocation of an object that no compiler wrote.
type record struct {
	insn   uint32 // bytes
	typ    uint32
	access string
	kind   btf.CORERelocationKind
}

// object makes an object of types and relocations.
func object(t testing.TB, order btftest.Order, b *btftest.Builder, records ...record) *btf.ExtInfos {
	return objectWith(t, order, b, false, records...)
}

// objectWith makes an object. If function is set, the last type is a function that begins
// at the first instruction.
func objectWith(t testing.TB, order btftest.Order, b *btftest.Builder, function bool, records ...record) *btf.ExtInfos {
	t.Helper()
	name := b.String("tc")
	var list []byte
	for _, r := range records {
		for _, w := range []uint32{r.insn, r.typ, b.String(r.access), uint32(r.kind)} {
			list = order.AppendUint32(list, w)
		}
	}
	ext := order.AppendUint16(nil, 0xeb9f)
	ext = append(ext, 1, 0)
	funcs := []uint32{8, name, 1, 0, b.Next() - 1}
	if !function {
		funcs = nil
	}
	size := uint32(4 * len(funcs))
	words := append([]uint32{32, 0, size, 0, 0, size, uint32(12 + len(list))}, funcs...)
	for _, w := range append(words, 16, name, uint32(len(records))) {
		ext = order.AppendUint32(ext, w)
	}
	file := btftest.ELF(elf.ELFCLASS64, order, btftest.Section{Name: ".BTF", Data: b.Bytes()}, btftest.Section{Name: ".BTF.ext", Data: append(ext, list...)})
	spec, infos, err := btf.LoadSpecAndExtInfosFromReader(strings.NewReader(string(file)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return infos
}

// goneField makes an object whose one function has a relocation at a byte offset, and a
// kernel without that field.
func goneField(t testing.TB, order binary.ByteOrder, at uint32) (*btf.ExtInfos, core.Target) {
	o, k := btftest.New(order.(btftest.Order)), btftest.New(order.(btftest.Order))
	id := o.Struct("s", 4, btftest.Member{Name: "gone", Type: o.Int("int", 4, 1)})
	o.Func("f", o.FuncProto(0), 1)
	k.Struct("s", 4, btftest.Member{Name: "other", Type: k.Int("int", 4, 1)})
	return objectWith(t, order.(btftest.Order), o, true, record{at, id, "0:0", btf.COREFieldByteOffset}), loaded(t, k)
}

// loaded returns the target of types.
func loaded(t testing.TB, b *btftest.Builder) core.Target {
	t.Helper()
	spec, err := btf.LoadRawSpec(b.Bytes())
	require.NoError(t, err)
	return core.SpecTarget(spec)
}

var little, big = binary.LittleEndian, binary.BigEndian

// anonymousTree makes a struct whose anonymous members stand for 2^depth members.
func anonymousTree(b *btftest.Builder, depth int) uint32 {
	inner := b.Struct("", 8, btftest.Member{Name: "leaf", Type: b.Int("int", 4, 1)})
	for range depth {
		inner = b.Struct("", 8, btftest.Member{Type: inner}, btftest.Member{Type: inner})
	}
	return b.Struct("tree", 8, btftest.Member{Type: inner})
}

// prototypes makes a pointer to a function whose parameters stand for 8^depth parameters.
func prototypes(b *btftest.Builder, depth int, last uint32) uint32 {
	p := last
	for range depth {
		params := make([]btftest.Param, 8)
		for i := range params {
			params[i].Type = p
		}
		p = b.Pointer(b.FuncProto(0, params...))
	}
	return b.Typedef("call", p)
}

func TestHostile(t *testing.T) {
	btftest.Long(t)
	limit := time.Minute // without limits, some of them take years
	for name, make := range map[string]func() (*btf.ExtInfos, core.Target){
		"members": func() (*btf.ExtInfos, core.Target) {
			o, k := btftest.New(little), btftest.New(little)
			id := o.Struct("tree", 8, btftest.Member{Name: "none", Type: o.Int("int", 4, 1)})
			anonymousTree(k, 40)
			return object(t, little, o, record{0, id, "0:0", btf.COREFieldExists}), loaded(t, k)
		},
		"matching members": func() (*btf.ExtInfos, core.Target) {
			o, k := btftest.New(little), btftest.New(little)
			id := anonymousTree(o, 28)
			inner := k.Struct("", 8, btftest.Member{Name: "other", Type: k.Int("int", 4, 1)})
			for range 28 {
				inner = k.Struct("", 8, btftest.Member{Type: inner}, btftest.Member{Type: inner})
			}
			k.Struct("tree", 8, btftest.Member{Type: inner})
			return object(t, little, o, record{0, id, "0", btf.CORETypeMatches}), loaded(t, k)
		},
		"prototypes": func() (*btf.ExtInfos, core.Target) {
			o, k := btftest.New(little), btftest.New(little)
			id := prototypes(o, 15, o.Int("int", 4, 1))
			prototypes(k, 15, k.Int("int", 4, 1))
			return object(t, little, o, record{0, id, "0", btf.CORETypeExists}), loaded(t, k)
		},
		"candidates": func() (*btf.ExtInfos, core.Target) {
			o, k := btftest.New(little), btftest.New(little)
			id := o.Struct("many", 4, btftest.Member{Name: "a", Type: o.Int("int", 4, 1)})
			i := k.Int("int", 4, 1)
			for range 100_000 {
				k.Struct("many", 4, btftest.Member{Name: "a", Type: i})
			}
			records := make([]record, 50_000)
			for i := range records {
				records[i] = record{0, id, "0:0", btf.COREFieldExists}
			}
			return object(t, little, o, records...), loaded(t, k)
		},
		"types with many candidates": func() (*btf.ExtInfos, core.Target) {
			o, k := btftest.New(little), btftest.New(little)
			i := k.Int("int", 4, 1)
			for range 100_000 {
				k.Struct("many", 4, btftest.Member{Name: "a", Type: i})
			}
			var records []record
			oi := o.Int("int", 4, 1)
			for range 50_000 {
				records = append(records, record{0, o.Struct("many", 4, btftest.Member{Name: "a", Type: oi}), "0:0", btf.COREFieldByteOffset})
			}
			return object(t, little, o, records...), loaded(t, k)
		},
		"long names": func() (*btf.ExtInfos, core.Target) {
			o, k := btftest.New(little), btftest.New(little)
			long := strings.Repeat("a___b", 200_000)
			id := o.Enum("e", 4, false, btftest.Value{Name: long + "xy___v", Value: 1})
			values := make([]btftest.Value, 50_000)
			for i := range values {
				values[i] = btftest.Value{Name: long, Value: 2}
			}
			k.Enum("e", 4, false, values...)
			return object(t, little, o, record{0, id, "0", btf.COREEnumvalValue}), loaded(t, k)
		},
	} {
		t.Run(name, func(t *testing.T) {
			infos, target := make()
			start, failed := time.Now(), 0
			for f, err := range core.Resolve(infos, target) {
				if err != nil {
					require.ErrorContains(t, err, "too many comparisons")
					require.False(t, f.Missing && !f.Poisoned && f.Target != 0)
					failed++
				}
			}
			took := time.Since(start)
			t.Log(took, failed)
			require.Positive(t, failed)
			require.Less(t, took, limit)
		})
	}
}

// TestBadRecords: what a record cannot mean is an error, and says why.
func TestBadRecords(t *testing.T) {
	b := btftest.New(little)
	i := b.Int("int", 4, 1)
	s := b.Struct("s", 12, btftest.Member{Name: "a", Type: i}, btftest.Member{Name: "p", Type: b.Pointer(i), Offset: 32}, btftest.Member{Name: "list", Type: b.Array(i, i, 2), Offset: 64})
	anon := b.Struct("", 4, btftest.Member{Name: "a", Type: i})
	outer := b.Struct("outer", 8, btftest.Member{Name: "first", Type: i}, btftest.Member{Type: anon, Offset: 32})
	e := b.Enum("e", 4, false, btftest.Value{Name: "ONE", Value: 1})
	fwd := b.Fwd("f", false)
	deep := strings.Repeat("0:", 64) + "0"
	big := b.Struct("big", 1<<31, btftest.Member{Name: "a", Type: i})
	b.Int("long", 8, 1)
	for _, test := range []struct {
		record
		problem string
	}{
		{record{4, s, "0:0", 0}, "must be a multiple of 8, is 4"},
		{record{0, s, "0:0", 13}, "kind of relocation must be at most"},
		{record{0, 0, "0:0", 0}, "type must have a name"},
		{record{0, anon, "0:0", 0}, "type must have a name"},
		{record{0, s, "", 0}, "before and after each colon"},
		{record{0, s, ":0", 0}, "before and after each colon"},
		{record{0, s, "0:", 0}, "before and after each colon"},
		{record{0, s, "0::1", 0}, "before and after each colon"},
		{record{0, s, "-1", 0}, "must have digits and colons, has '-'"},
		{record{0, s, "+1", 0}, "must have digits and colons, has '+'"},
		{record{0, s, " 1", 0}, "must have digits and colons, has ' '"},
		{record{0, s, "0:2147483648", 0}, "must be below 2^31"},
		{record{0, s, "0:18446744073709551617", 0}, "must be below 2^31"},
		{record{0, s, deep, 0}, "at most 64 indexes"},
		{record{0, s, "0:3", 0}, "has 3 members, access string asks for number 3"},
		{record{0, s, "0:0:0", 0}, "has no members and no elements"},
		{record{0, s, "0:1:0", 0}, "has no members and no elements"},
		{record{0, s, "0:2:2", 0}, "has 2 elements, access string asks for number 2"},
		{record{0, fwd, "0", 0}, "has no size"},
		{record{0, s, "1", 8}, `must be "0", is "1"`},
		{record{0, s, "0:0", 12}, `must be "0", is "0:0"`},
		{record{0, s, "0", 10}, "is not an enum"},
		{record{0, e, "1", 10}, "one of 1 enumerators"},
		{record{0, e, "0:0", 11}, "one of 1 enumerators"},
		{record{0, fwd, "0", 9}, "has no size"},
		{record{0, s, "0:2:1", 3}, "of an array element is not defined"},
		{record{0, s, "0", 4}, "of an array element is not defined"},
		{record{0, s, "0:2", 7}, `must be "0"`},
		{record{0, s, "0:2", 3}, ""},
		{record{0, s, "0:2", 4}, ""},
		{record{0, outer, "0:1", 0}, "must not end in an anonymous member"},
		{record{0, outer, "0:1:0", 0}, ""},
		{record{0, big, "3:0", 0}, "must be below 2^32"},
	} {
		t.Run(fmt.Sprintf("%d %.10s %d", test.typ, test.access, test.kind), func(t *testing.T) {
			infos := object(t, little, b, test.record)
			all, errs := resolve(infos, loaded(t, b))
			require.Len(t, all, 1)
			if test.problem == "" {
				require.NoError(t, errs[0])
				return
			}
			require.ErrorContains(t, errs[0], test.problem)
			require.ErrorContains(t, errs[0], "btf: relocation of instruction 0 in tc: ")
			require.NotPanics(t, func() { _ = all[0].String() + all[0].Path() })
		})
	}
}
