// Tests where paths lead, and the errors of those that lead nowhere.

package btf_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// pathBlob has what paths lead through:
//
//	struct inner { int x; int bits:3; int more:5; };
//	struct outer {
//		int first;
//		const inner_t table[4][2];
//		union { struct { int left, right; }; long whole; };
//		struct outer *const next;
//		struct hidden *unknown;
//		void *nothing;
//		int (*call)(void);
//		int tail[];
//	};
func pathBlob(order btftest.Order) *btftest.Builder {
	b := btftest.New(order)
	integer := b.Int("int", 4, btftest.Signed)
	long := b.Int("long int", 8, btftest.Signed)
	inner := b.Struct("inner", 8, btftest.Member{Name: "x", Type: integer},
		btftest.Member{Name: "bits", Type: integer, Offset: 32, Bitfield: 3},
		btftest.Member{Name: "more", Type: integer, Offset: 35, Bitfield: 5})
	row := b.Array(b.Typedef("inner_t", inner), integer, 2)
	table := b.Const(b.Array(row, integer, 4))
	sides := b.Struct("", 8, btftest.Member{Name: "left", Type: integer}, btftest.Member{Name: "right", Type: integer, Offset: 32})
	either := b.Union("", 8, btftest.Member{Type: sides}, btftest.Member{Name: "whole", Type: long})
	tail := b.Array(integer, integer, 0)
	nothing := b.Pointer(0)
	unknown := b.Pointer(b.Fwd("hidden", false))
	call := b.Pointer(b.FuncProto(integer))
	next := b.Next()
	b.Const(next + 1)
	b.Pointer(next + 2)
	b.Struct("outer", 128,
		btftest.Member{Name: "first", Type: integer},
		btftest.Member{Name: "table", Type: table, Offset: 32},
		btftest.Member{Type: either, Offset: 576},
		btftest.Member{Name: "next", Type: next, Offset: 640},
		btftest.Member{Name: "unknown", Type: unknown, Offset: 704},
		btftest.Member{Name: "nothing", Type: nothing, Offset: 768},
		btftest.Member{Name: "call", Type: call, Offset: 832},
		btftest.Member{Name: "tail", Type: tail, Offset: 896},
	)
	b.Typedef("outer_t", b.Typedef("outer", next+2)) // of the struct's own name
	b.Typedef("outer_p", next+1)
	b.Typedef("numbers", b.Array(integer, integer, 3))
	b.Typedef("hidden_t", unknown-1)
	b.Typedef("void_t", 0)
	b.Func("call", call-1, 1)
	return b
}

// TestField: what the declaration in pathBlob says.
func TestField(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			spec := load(t, pathBlob(order).Bytes())
			require.NoError(t, spec.Verify())
			for _, want := range []struct {
				path     string
				kind     btf.Kind
				size     uint64
				bitfield btf.Bits
				offsets  []btf.Bits
			}{
				{"outer.first", btf.KindInt, 4, 0, []btf.Bits{0}},
				{"outer.table", btf.KindConst, 64, 0, []btf.Bits{32}},
				{"outer.table[3]", btf.KindArray, 16, 0, []btf.Bits{32 + 3*128}},
				{"outer.table[3][1]", btf.KindTypedef, 8, 0, []btf.Bits{32 + 3*128 + 64}},
				{"outer.table[3][1].more", btf.KindInt, 4, 5, []btf.Bits{32 + 3*128 + 64 + 35}},
				{"outer.right", btf.KindInt, 4, 0, []btf.Bits{576 + 32}},
				{"outer.whole", btf.KindInt, 8, 0, []btf.Bits{576}},
				{"outer.next", btf.KindConst, 8, 0, []btf.Bits{640}},
				{"outer.next->right", btf.KindInt, 4, 0, []btf.Bits{640, 576 + 32}},
				{"outer.next->next->table[1][0].bits", btf.KindInt, 4, 3, []btf.Bits{640, 640, 32 + 128 + 32}},
				{"outer.unknown", btf.KindPointer, 8, 0, []btf.Bits{704}},
				{"outer.call", btf.KindPointer, 8, 0, []btf.Bits{832}},
				{"outer.tail", btf.KindArray, 0, 0, []btf.Bits{896}},
				{"outer.tail[1000]", btf.KindInt, 4, 0, []btf.Bits{896 + 32000}},
				{"outer_t.first", btf.KindInt, 4, 0, []btf.Bits{0}},
				{"outer_p->first", btf.KindInt, 4, 0, []btf.Bits{0, 0}},
				{"outer_p->next->whole", btf.KindInt, 8, 0, []btf.Bits{0, 640, 576}},
				{"numbers[2]", btf.KindInt, 4, 0, []btf.Bits{64}},
				{"outer", btf.KindStruct, 128, 0, []btf.Bits{0}},
				{"inner_t", btf.KindTypedef, 8, 0, []btf.Bits{0}},
				{"long int", btf.KindInt, 8, 0, []btf.Bits{0}},

				// Alternatives: the first that exists, whatever the others lack.
				{"outer.first|right", btf.KindInt, 4, 0, []btf.Bits{0}},
				{"outer.missing|right", btf.KindInt, 4, 0, []btf.Bits{608}},
				{"outer.missing.too|.right", btf.KindInt, 4, 0, []btf.Bits{608}},
				{"outer.first.x|whole[0]|table[4]|table[1][5]|next.first|first->x|unknown->x|nothing->x|call->x|table[0][0].bits.x|next->right", btf.KindInt, 4, 0, []btf.Bits{640, 608}},
				{"numbers[3]|[1]", btf.KindInt, 4, 0, []btf.Bits{32}},
				{"outer_p.first|->first", btf.KindInt, 4, 0, []btf.Bits{0, 0}},
			} {
				f, err := spec.Field(want.path)
				require.NoError(t, err, want.path)
				require.Equal(t, want.kind, f.Type().Kind(), want.path)
				require.Equal(t, want.size, must(f.Size()), want.path)
				require.Equal(t, want.bitfield, f.BitfieldSize(), want.path)
				require.Equal(t, want.offsets, slices.Collect(f.Offsets()), want.path)
				require.Equal(t, want.offsets[len(want.offsets)-1], f.Offset(), want.path)
				require.Equal(t, len(want.offsets)-1, f.NumPointers(), want.path)
			}

			outer, err := btf.As[btf.Struct](must(spec.Field("outer")).Type())
			require.NoError(t, err)
			for path, same := range map[string]string{
				"first": "outer.first", ".first": "outer.first", "missing|next->right": "outer.next->right",
			} {
				require.Equal(t, must(spec.Field(same)), must(outer.Field(path)), path)
			}
			next := must(outer.Field("next")).Type()
			require.Equal(t, []btf.Bits{0, 608}, slices.Collect(must(next.Field("->right")).Offsets()), "from a pointer")
			for off := range must(next.Field("->next->right")).Offsets() {
				require.Zero(t, off)
				break
			}

			// Where no type is long, a pointer has a place and no width.
			b := btftest.New(order)
			b.Struct("narrow", 16, btftest.Member{Name: "p", Type: b.Pointer(0), Offset: 64}, btftest.Member{Name: "all", Type: b.Array(1, 1, 2)})
			narrow := load(t, b.Bytes())
			require.Zero(t, narrow.PointerSize())
			f := must(narrow.Field("narrow.p"))
			require.Equal(t, btf.Bits(64), f.Offset())
			_, err = f.Size()
			require.ErrorIs(t, err, btf.ErrPointerSize)
			_, err = narrow.Field("narrow.all[1]")
			require.ErrorIs(t, err, btf.ErrPointerSize)
			require.NotErrorIs(t, err, btf.ErrNotFound, "it does exist")
			require.ErrorContains(t, err, "the size of a pointer is unknown: Spec.SetPointerSize sets it")
			require.NoError(t, narrow.Close())
			require.Equal(t, btf.Bits(64), f.Offset(), "after Close")
			_, err = f.Size()
			require.ErrorIs(t, err, btf.ErrPointerSize, "after Close")
			_, err = narrow.Field("narrow.p")
			require.ErrorIs(t, err, btf.ErrClosed)
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestBadPaths: one clear error each.
func TestBadPaths(t *testing.T) {
	b := pathBlob(little)
	// Two of a name, and what is two of a name without being so.
	b.Struct("twice", 8, btftest.Member{Name: "same", Type: 1}, btftest.Member{Name: "moved", Type: 1}, btftest.Member{Name: "narrow", Type: 1, Offset: 32}, btftest.Member{Name: "first", Type: 1}, btftest.Member{Name: "empty", Type: b.Array(1, 1, 0)})
	b.Struct("twice", 8, btftest.Member{Name: "same", Type: 1}, btftest.Member{Name: "moved", Type: 1, Offset: 32}, btftest.Member{Name: "narrow", Type: 2, Offset: 32}, btftest.Member{Name: "second", Type: 1})
	b.Typedef("twice", 1)
	for range 65 {
		b.Struct("often", 4, btftest.Member{Name: "x", Type: 1})
	}
	b.Struct("self", 8, btftest.Member{Name: "named", Type: b.Next()}, btftest.Member{Type: b.Next()})
	broken := b.Struct("broken", 8, btftest.Member{Name: "x", Type: 0x00fffff0})
	b.Struct("around", 8, btftest.Member{Name: "broken", Type: broken}, btftest.Member{Name: "void", Type: 0}, btftest.Member{Name: "func", Type: b.FuncProto(0)})
	huge := b.Array(b.Array(b.Array(2, 2, 0xffffffff), 2, 0xffffffff), 2, 0)
	b.Struct("far", 8, btftest.Member{Name: "huge", Type: huge}, btftest.Member{Name: "large", Type: b.Array(b.Array(2, 2, 1<<28), 2, 0), Offset: 1})
	b.Struct("strange", 8, btftest.Member{Name: "bits", Type: 4, Bitfield: 3})
	loop := b.Typedef("loop", b.Next())
	b.Struct("of_loop", 8, btftest.Member{Name: "m", Type: loop}, btftest.Member{Name: "p", Type: b.Next() + 1})
	b.Pointer(loop)
	spec := load(t, b.Bytes())

	nothing, notFound, wrongKind, several := error(nil), btf.ErrNotFound, btf.ErrWrongKind, btf.ErrMultipleMatches
	for _, bad := range []struct {
		path, says string
		is         error
	}{
		// How it is written.
		{"", `path "": at "": needs the name of a type`, nothing},
		{".first", `at ".first": needs the name of a type`, nothing},
		{"outer.", `at ".": needs the name of a member`, nothing},
		{"outer.first.", `at ".": needs the name of a member`, nothing},
		{"outer..first", `at "..first": needs the name of a member`, nothing},
		{"outer->", `at "->": needs the name of a member`, nothing},
		{"outer.next->.first", `at "->.first": needs the name of a member`, nothing},
		{"outer.first|", `at "": needs the name of a member`, nothing},
		{"outer.first||right", `at "": needs the name of a member`, nothing},
		{"outer.right|first..x", `at "..x": needs the name of a member`, nothing},
		{"outer|inner", `at "|inner": needs ".", "->" or "[" after the type`, nothing},
		{"outer]", `at "]": needs ".", "->" or "[" after the type`, nothing},
		{"outer.tail[", `at "[": needs "]"`, nothing},
		{"outer.tail[1", `at "[1": needs "]"`, nothing},
		{"outer.tail[1.first]", `at "[1.first]": needs "]"`, nothing},
		{"outer.tail[]", `at "[]": needs the index of an element`, nothing},
		{"outer.tail[-1]", `at "[-1]": needs the index of an element`, nothing},
		{"outer.tail[+1]", `at "[+1]": needs the index of an element`, nothing},
		{"outer.tail[0x1]", `at "[0x1]": needs the index of an element`, nothing},
		{"outer.tail[18446744073709551616]", `needs the index of an element`, nothing},
		{"outer.tail[1]first", `at "first": needs ".", "->", "[" or "|"`, nothing},
		{"outer.tail]", `at "]": needs ".", "->", "[" or "|"`, nothing},

		// What isn't there.
		{"outre.first", `path "outre.first": type named "outre" (similar: outer): not found`, notFound},
		{"nothing_like_it.first", `type named "nothing_like_it": not found`, notFound},
		{"out\x00er", `not found`, notFound},
		{"call", `type named "call": not found`, notFound}, // a function
		{"outer.frist", `at ".frist": STRUCT outer (id 18) has no member "frist" (similar: first): not found`, notFound},
		{"outer.next->next->hole", `at "->hole": STRUCT outer (id 18) has no member "hole" (similar: whole): not found`, notFound},
		{"outer.a|b.c|next->d", `at ".a": STRUCT outer (id 18) has no member "a"; at "b": STRUCT outer (id 18) has no member "b"; at "->d": STRUCT outer`, notFound},
		{"outer.first.x|missing", `needs a STRUCT or UNION, has INT int (id 1); at "missing"`, notFound},
		{"outer.table[4]", `at "[4]": ARRAY (id 6) has 4 elements: not found`, notFound},
		{"outer.table[18446744073709551615]", `ARRAY (id 6) has 4 elements: not found`, notFound},
		{"outer.unknown->x", `at "->x": FWD hidden (id 12) is only declared: not found`, notFound},
		{"hidden.x", `at ".x": FWD hidden (id 12) is only declared: not found`, notFound},
		{"hidden_t.x", `at ".x": FWD hidden (id 12) is only declared: not found`, notFound},
		{"hidden", `size of FWD hidden (id 12): the type has no size: not found`, notFound},
		{"void_t", `size of TYPEDEF void_t (id 25): the type has no size: not found`, notFound},
		{"outer.unknown[1]", `at "[1]": PTR (id 13) has a target without a size, FWD hidden (id 12): not found`, notFound},
		{"outer.nothing[1]", `at "[1]": PTR (id 11) has a target without a size, VOID (id 0): not found`, notFound},

		// What is something else.
		{"outer.first.x", `at ".x": needs a STRUCT or UNION, has INT int (id 1): wrong kind`, wrongKind},
		{"int.x", `at ".x": needs a STRUCT or UNION, has INT int (id 1): wrong kind`, wrongKind},
		{"void_t.x", `at ".x": needs a STRUCT or UNION, has VOID (id 0): wrong kind`, wrongKind},
		{"outer.next.first", `at ".first": PTR (id 17) must be followed with "->": wrong kind`, wrongKind},
		{"outer.table.x", `at ".x": needs a STRUCT or UNION, has ARRAY (id 6): wrong kind`, wrongKind},
		{"outer->first", `at "->first": needs a PTR to a STRUCT or UNION, has STRUCT outer (id 18): wrong kind`, wrongKind},
		{"outer.first->x", `at "->x": needs a PTR to a STRUCT or UNION, has INT int (id 1): wrong kind`, wrongKind},
		{"outer.nothing->x", `at "->x": needs a PTR to a STRUCT or UNION, has VOID (id 0): wrong kind`, wrongKind},
		{"outer.call->x", `at "->x": needs a PTR to a STRUCT or UNION, has FUNC_PROTO (id 14): wrong kind`, wrongKind},
		{"outer[0]", `at "[0]": needs an ARRAY or PTR, has STRUCT outer (id 18): wrong kind`, wrongKind},
		{"outer.next[0]->first", `at "->first": needs a PTR to a STRUCT or UNION, has STRUCT outer (id 18): wrong kind`, wrongKind},
		{"strange.bits.x", `needs a STRUCT or UNION, has STRUCT inner`, wrongKind}, // a bitfield of a struct
		{"inner.bits.x", `needs a STRUCT or UNION, has INT int (id 1): wrong kind`, wrongKind},

		// Several of one name.
		{"twice.moved", `path "twice.moved": STRUCT twice (id 28) and STRUCT twice (id 29) do not agree: multiple`, several},
		{"twice.narrow", `do not agree: multiple`, several},
		{"twice.first", `do not agree: multiple`, several},
		{"twice.empty", `do not agree: multiple`, several}, // at 0, and 0 bytes long
		{"twice.second", `do not agree: multiple`, several},
		{"twice", `do not agree: multiple`, several}, // with the typedef of an int
		{"twice.third", `at ".third": STRUCT twice (id 28) has no member "third"`, notFound},
		{"often.x", `more than 64 types named "often": multiple`, several},

		// Bytes that are wrong.
		{"self.missing", `anonymous members`, nothing},
		{"loop.x", `more than 32 typedefs`, nothing},
		{"loop", `more than 32 typedefs`, nothing},
		{"of_loop.m.x", `more than 32 typedefs`, nothing},
		{"of_loop.p->x", `more than 32 typedefs`, nothing},
		{"around.broken.x", `STRUCT type id must be below`, nothing},
		{"outer.first.x|next->missing|tail.y", `needs a STRUCT or UNION, has`, notFound},
		{"far.huge[0]", `elements of 8 bytes must fit in 64 bits`, nothing},
		{"far.huge[1]", `must fit in 64 bits`, nothing},
		{"far.large[4294967296]", `offset of element 4294967296 of 2147483648 bytes must be below 1<<62 bits`, notFound},
		{"far.large[268435456]", `must be below 1<<62 bits`, notFound},
		{"outer.next" + strings.Repeat("->next", 16), `more than 15 pointers`, nothing},
	} {
		t.Run(bad.path, func(t *testing.T) {
			f, err := spec.Field(bad.path)
			require.ErrorContains(t, err, bad.says)
			require.True(t, strings.HasPrefix(err.Error(), "btf: path "), err)
			require.Equal(t, btf.Field{}, f)
			for _, sentinel := range []error{notFound, wrongKind, several, btf.ErrClosed} {
				require.Equal(t, sentinel == bad.is, errors.Is(err, sentinel), "%v: %v", sentinel, err)
			}
		})
	}
	// What nearly fails does not.
	require.Equal(t, btf.Bits(0), must(spec.Field("twice.same")).Offset())
	require.Equal(t, 15, must(spec.Field("outer.next"+strings.Repeat("->next", 15))).NumPointers())
	require.Equal(t, btf.Bits(1+64<<28*(1<<27)), must(spec.Field("far.large[134217728]")).Offset())
	require.Zero(t, must(spec.Field("self.named"+strings.Repeat(".named", 1000))).Offset())

	for path, says := range map[string]string{
		"":        `path "": at "": needs the name of a member`,
		"first.":  `needs the name of a member`,
		"missing": `at "missing": STRUCT outer (id 18) has no member "missing"`,
		"[0]":     `needs an ARRAY or PTR`,
	} {
		_, err := must(spec.Field("outer")).Type().Field(path)
		require.ErrorContains(t, err, says)
	}
	_, err := (btf.Type{}).Field("x")
	require.ErrorIs(t, err, btf.ErrWrongKind)
}

// TestFields: each path has its own answer, and the failures are all in one error.
func TestFields(t *testing.T) {
	spec := load(t, pathBlob(little).Bytes())
	fields, err := spec.Fields("outer.first", "outer.missing", "outer.right", "outer.", "absent.x")
	require.Len(t, fields, 5)
	require.Equal(t, must(spec.Field("outer.first")), fields[0])
	require.Equal(t, must(spec.Field("outer.right")), fields[2])
	for _, i := range []int{1, 3, 4} {
		require.Equal(t, btf.Field{}, fields[i])
		require.Equal(t, btf.KindVoid, fields[i].Type().Kind())
	}
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	for i, path := range []string{"outer.missing", "outer.", "absent.x"} {
		require.True(t, strings.HasPrefix(lines[i], `btf: path "`+path+`": `), lines[i])
	}
	fields, err = spec.Fields("outer.first")
	require.NoError(t, err)
	require.Len(t, fields, 1)
}

// TestFieldOfSplit: the type is looked for in split BTF first, then below; what is
// only declared on top is no answer.
func TestFieldOfSplit(t *testing.T) {
	b := pathBlob(little)
	base := load(t, b.Bytes())
	s := b.Split()
	s.Fwd("outer", false)
	s.Struct("inner", 8, btftest.Member{Name: "y", Type: 2})
	mine := s.Struct("mine", 16, btftest.Member{Name: "p", Type: 17, Offset: 64})
	s.Typedef("mine_t", mine)
	spec := loadSplit(t, s.Bytes(), base)
	require.Equal(t, must(base.Field("outer.right")), must(spec.Field("outer.right")))
	require.Equal(t, []btf.Bits{64, 608}, slices.Collect(must(spec.Field("mine_t.p->right")).Offsets()))
	require.Equal(t, uint64(8), must(must(spec.Field("inner.y")).Size()))
	_, err := spec.Field("inner.x")
	require.ErrorContains(t, err, "has no member", "the base's is another type")
	_, err = base.Field("mine.p")
	require.ErrorIs(t, err, btf.ErrNotFound)
	_, err = spec.Field("mime.p")
	require.ErrorContains(t, err, "(similar: mine)")
	_, err = spec.Field("hidden.x")
	require.ErrorContains(t, err, "is only declared")
	require.NoError(t, base.Close())
	_, err = spec.Field("mine.p")
	require.ErrorIs(t, err, btf.ErrClosed)
}

// TestManyNamesakes: a hundred thousand structs of one name, each of which takes as
// long to look through as all of them, are not looked through.
func TestManyNamesakes(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	many := make([]btftest.Member, 20_000)
	for i := range many {
		many[i] = btftest.Member{Name: "x", Type: 1}
	}
	long := b.Struct("", 4, many...)
	for range 20_000 {
		b.Struct("same", 4, btftest.Member{Type: long}, btftest.Member{Name: "last", Type: 1})
	}
	_, err := load(t, b.Bytes()).Field("same.last")
	require.ErrorIs(t, err, btf.ErrMultipleMatches)
}

// TestNear: names that an error suggests.
func TestNear(t *testing.T) {
	b := btftest.New(little)
	b.Int("int", 4, btftest.Signed)
	var members []btftest.Member
	for _, name := range []string{"state", "__state", "exit_state", "stats", "start_time", "start_boottime", "pid", "tgid", "thread_pid", "x", "vm_flags", "state"} {
		members = append(members, btftest.Member{Name: name, Type: 1})
	}
	b.Struct("task", 4, members...)
	spec := load(t, b.Bytes())
	for missing, says := range map[string]string{
		"stat":                      "(similar: state, stats, __state)",
		"sttae":                     "(similar: state)",
		"staate":                    "(similar: state, stats)",
		"sate":                      "(similar: state, stats)",
		"my_exit_state":             "(similar: exit_state)",
		"start_tme":                 "(similar: start_time)",
		"real_start_time":           "(similar: start_time)",
		"start_boot_time":           "(similar: start_boottime)",
		"pidd":                      "(similar: pid)",
		"gid":                       "(similar: tgid)",
		"VM_FLAGS":                  "",
		"x_":                        "",
		"unlike all others":         "",
		strings.Repeat("state", 20): "",
	} {
		_, err := spec.Field("task." + missing)
		if says == "" {
			require.NotContains(t, err.Error(), "near it")
		} else {
			require.ErrorContains(t, err, says)
		}
	}
}
