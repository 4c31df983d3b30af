// Tests the differences between Specs that are known because the test made them.

package diff

import (
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the blobs in testdata")

func load(t testing.TB, blob []byte) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(blob)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}

// collect returns all changes, and all errors joined.
func collect(before, after *btf.Spec, filter *Filter) ([]Change, error) {
	var all []Change
	var problems []error
	for change, err := range Specs(before, after, filter) {
		if err != nil {
			problems = append(problems, err)
		} else {
			all = append(all, change)
		}
	}
	return all, errors.Join(problems...)
}

// text returns a line for each change.
func text(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.String() + "\n")
	}
	return b.String()
}

// release returns a small kernel, before or after a change of each sort.
func release(after bool) *btftest.Builder {
	pick := func(old, new uint32) uint32 {
		if after {
			return new
		}
		return old
	}
	b := btftest.New(binary.LittleEndian)
	if after {
		b.Int("unused", 2, 0) // ids differ
	}
	long := b.Int([]string{"long unsigned int", "unsigned long"}[pick(0, 1)], 8, 0)
	integer := b.Int("int", 4, btftest.Signed)
	char := b.Int("char", 1, btftest.Signed)
	named := b.Struct("named", pick(8, 16), btftest.Member{Name: "x", Type: long})
	pointer := b.Pointer(named)
	if after {
		pointer = b.Pointer(b.TypeTag("rcu", named, false))
	}
	// Afterwards the two are in an anonymous union, at the same offsets.
	inner := b.Struct("", 4, btftest.Member{Name: "deep", Type: pick(integer, char)})
	union := b.Union("", 8, btftest.Member{Name: "one", Type: long}, btftest.Member{Name: "two", Type: inner})
	members := []btftest.Member{
		{Name: "same", Type: pointer},
		{Name: "low", Type: integer, Offset: 64, Bitfield: 3},
		{Name: "high", Type: integer, Offset: 67, Bitfield: pick(5, 6)},
		{Name: "flag", Type: integer, Offset: pick(72, 73), Bitfield: 1},
		{Name: "holder", Type: named, Offset: 128},
		{Name: "moved", Type: long, Offset: pick(192, 256)},
	}
	if after {
		members = append(members, btftest.Member{Type: union, Offset: 384}, btftest.Member{Name: "fresh", Type: b.Array(char, integer, 4), Offset: 320})
	} else {
		members = append(members, btftest.Member{Name: "gone", Type: b.Const(char), Offset: 320},
			btftest.Member{Name: "one", Type: long, Offset: 384}, btftest.Member{Name: "two", Type: inner, Offset: 384})
	}
	b.Struct("task", pick(448, 456)/8, members...)
	b.Typedef("word", pick(long, integer))
	b.Typedef("counter", b.Struct("", 8, btftest.Member{Name: "n", Type: pick(integer, long)}))
	b.Enum("color", 4, true, btftest.Value{Name: "RED", Value: -1}, btftest.Value{Name: "BLUE", Value: int64(pick(1, 2))})
	if after {
		b.Enum64("wide", 8, false, btftest.Value{Name: "MANY", Value: -1})
	} else {
		b.Enum("wide", 4, false, btftest.Value{Name: "MANY", Value: -1})
	}
	b.Enum("", 4, false, btftest.Value{Name: "LIMIT", Value: int64(pick(32, 64))}, btftest.Value{Name: "STAYS", Value: 1})
	b.Func("grown", b.FuncProto(0, btftest.Param{Name: "p", Type: pointer}, btftest.Param{Name: "n", Type: pick(integer, long)}), 0)
	b.Func([]string{"old", "new"}[pick(0, 1)], b.FuncProto(integer, btftest.Param{}), 0)
	b.Struct([]string{"before", "after"}[pick(0, 1)], 0)
	b.Fwd("after", false)
	b.Var("variable", pick(integer, long), 1)
	// Two types of a name, of which one changes; two that both change; one that gets a
	// second of its name.
	b.Struct("twin", 4, btftest.Member{Name: "a", Type: integer})
	b.Struct("twin", pick(8, 16), btftest.Member{Name: "b", Type: long})
	b.Struct("both", pick(1, 3))
	b.Struct("both", pick(2, 4))
	b.Struct("joined", 1)
	if after {
		b.Struct("joined", 2)
	}
	return b
}

// TestBlobs: the blobs in testdata, which the tests of the command read too, are those
// of release. The flag -update writes them.
func TestBlobs(t *testing.T) {
	for name, after := range map[string]bool{"before.btf": false, "after.btf": true} {
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(file, release(after).Bytes(), 0o644))
		}
		blob, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, release(after).Bytes(), blob, "%s: go test ./diff -update writes it anew", file)
	}
}

// TestSpecs compares the differences between the two blobs with a list by hand.
func TestSpecs(t *testing.T) {
	a, b := load(t, release(false).Bytes()), load(t, release(true).Bytes())
	all, err := os.ReadFile(filepath.Join("testdata", "changes.txt"))
	require.NoError(t, err)
	for _, test := range []struct {
		names []string
		want  string
		err   string
	}{
		{nil, string(all), ""},
		{[]string{"task"}, lines(all, " task"), ""},
		{[]string{"struct t*"}, lines(all, " struct t"), ""},
		{[]string{"enum color", "grown", "word"}, lines(all, " word", " color", " grown"), ""},
		{[]string{"LIMIT"}, lines(all, "LIMIT"), ""},
		{[]string{"BLUE"}, "~ enumerator BLUE: 1 → 2\n", ""},
		{[]string{"enumerator M*"}, "~ enumerator MANY: 4294967295 → 18446744073709551615\n", ""},
		{[]string{"RED"}, "", ""},
		{[]string{"STAYS"}, "", ""},
		{[]string{"STAYS", "*/*", "struct word"}, "", "btf: */* in either file: not found\nbtf: struct word in either file: not found"},
		{[]string{"task.holder.x", "task.moved", "BLUE", "task.same->x"}, "~ enumerator BLUE: 1 → 2\n~ path task.moved: offset 24 → 32\n", ""},
		{[]string{"task.moved", "nope.x"}, "~ path task.moved: offset 24 → 32\n", `btf: path "nope.x": type named "nope": not found`},
	} {
		t.Run(strings.Join(test.names, ","), func(t *testing.T) {
			filter, err := NewFilter(test.names...)
			require.NoError(t, err)
			for range 2 { // a Filter is not used up
				changes, err := collect(a, b, filter)
				require.Equal(t, test.want, text(changes))
				if test.err == "" {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, btf.ErrNotFound)
					require.EqualError(t, err, test.err)
				}
			}
			for _, same := range []*btf.Spec{a, b} {
				changes, _ := collect(same, same, filter)
				require.Empty(t, changes)
			}
		})
	}
}

// TestStop: a caller may leave the loop after any change or error.
func TestStop(t *testing.T) {
	a, b := load(t, release(false).Bytes()), load(t, release(true).Bytes())
	filter, err := NewFilter("*", "task.moved", "nosuch", "nosuch.x")
	require.NoError(t, err)
	for _, filter := range []*Filter{nil, filter} {
		n := 0
		for range Specs(a, b, filter) {
			n++
		}
		require.Greater(t, n, 20)
		for stop := 1; stop <= n; stop++ {
			i := 0
			for range Specs(a, b, filter) {
				if i++; i == stop {
					break
				}
			}
			require.Equal(t, stop, i)
		}
	}
}

// TestFacts asks for each fact of changes of each kind.
func TestFacts(t *testing.T) {
	a, b := load(t, release(false).Bytes()), load(t, release(true).Bytes())
	filter, err := NewFilter("task", "both", "BLUE", "old", "wide", "task.same->x")
	require.NoError(t, err)
	changes, err := collect(a, b, filter)
	require.NoError(t, err)
	find := func(about string) Change {
		i := slices.IndexFunc(changes, func(c Change) bool { return strings.HasPrefix(c.String(), about+":") })
		require.GreaterOrEqual(t, i, 0, about)
		return changes[i]
	}
	type said struct {
		offset   btf.Bits
		field    bool
		bitfield btf.Bits
		size     uint64
		sized    bool
		value    string
		typ      string
		types    int
	}
	says := func(f Facts) (s said) {
		s.offset, s.field = f.Offset()
		s.size, s.sized = f.Size()
		s.bitfield, s.value, s.typ, s.types = f.BitfieldSize(), f.Value(), f.Type(), f.Types()
		return s
	}
	for _, test := range []struct {
		about         string
		want          Change // without facts
		before, after said
	}{
		{"~ struct task", Change{Op: Changed, Kind: Struct, Name: "task"}, said{size: 56, sized: true}, said{size: 57, sized: true}},
		{
			"~ struct task.high", Change{Op: Changed, Kind: Struct, Name: "task", Member: "high"},
			said{offset: 67, field: true, bitfield: 5, size: 4, sized: true, typ: "int"}, said{offset: 67, field: true, bitfield: 6, size: 4, sized: true, typ: "int"},
		},
		{
			"~ struct task.two.deep", Change{Op: Changed, Kind: Struct, Name: "task", Member: "two.deep"},
			said{offset: 384, field: true, size: 4, sized: true, typ: "int"}, said{offset: 384, field: true, size: 1, sized: true, typ: "char"},
		},
		{
			"- struct task.gone", Change{Op: Vanished, Kind: Struct, Name: "task", Member: "gone"},
			said{offset: 320, field: true, size: 1, sized: true, typ: "const char"}, said{},
		},
		{
			"+ struct task.fresh", Change{Op: Appeared, Kind: Struct, Name: "task", Member: "fresh"},
			said{}, said{offset: 320, field: true, size: 4, sized: true, typ: "char[4]"},
		},
		{"? struct both", Change{Op: Ambiguous, Kind: Struct, Name: "both"}, said{types: 2}, said{types: 2}},
		{"~ enumerator BLUE", Change{Op: Changed, Kind: Enumerator, Name: "BLUE"}, said{value: "1"}, said{value: "2"}},
		{"- func old", Change{Op: Vanished, Kind: Func, Name: "old"}, said{typ: "int (...)"}, said{}},
		{"~ enum wide.MANY", Change{Op: Changed, Kind: Enum, Name: "wide", Member: "MANY"}, said{value: "4294967295"}, said{value: "18446744073709551615"}},
	} {
		t.Run(test.about, func(t *testing.T) {
			c := find(test.about)
			require.Equal(t, test.before, says(c.Before))
			require.Equal(t, test.after, says(c.After))
			require.Nil(t, c.Before.Offsets())
			c.Before, c.After = Facts{}, Facts{}
			require.Equal(t, test.want, c)
		})
	}

	moved := btftest.New(binary.LittleEndian)
	long := moved.Int("long", 8, 0)
	named := moved.Struct("named", 16, btftest.Member{Name: "x", Type: long, Offset: 64})
	moved.Struct("task", 16, btftest.Member{Name: "same", Type: moved.Pointer(named), Offset: 64})
	filter, err = NewFilter("task.same->x")
	require.NoError(t, err)
	changes, err = collect(a, load(t, moved.Bytes()), filter)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	require.Equal(t, Path, changes[0].Kind)
	require.Equal(t, []uint64{0, 0}, changes[0].Before.Offsets())
	require.Equal(t, []uint64{8, 8}, changes[0].After.Offsets())
	require.Equal(t, "~ path task.same->x: offset 0->0 → 8->8, unsigned long → long", changes[0].String())
}

// TestTrouble: an error says which Spec is broken, and what in it.
func TestTrouble(t *testing.T) {
	good := load(t, release(false).Bytes())
	broken := btftest.New(binary.LittleEndian)
	broken.Typedef("broken", 1<<20)
	closed, err := btf.LoadRawSpec(release(true).Bytes())
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, test := range []struct {
		name          string
		before, after *btf.Spec
		text          string
		is            error
	}{
		{"broken", good, load(t, broken.Bytes()), "btf: second Spec: typedef broken: types section at offset", nil},
		{"closed", closed, good, "btf: first Spec: ", btf.ErrClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := collect(test.before, test.after, nil)
			require.ErrorContains(t, err, test.text)
			var side *SideError
			require.ErrorAs(t, err, &side)
			require.Equal(t, test.after != good, side.After)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}
	_, err = NewFilter("ok", "struct [")
	require.ErrorIs(t, err, path.ErrBadPattern)
	require.EqualError(t, err, `btf: "struct [" is not a glob: syntax error in pattern`)
}

// lines returns the lines that contain one of the marks.
func lines(all []byte, marks ...string) string {
	var some strings.Builder
	for line := range strings.Lines(string(all)) {
		if slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(line, mark) }) {
			some.WriteString(line)
		}
	}
	return some.String()
}

// TestHostile: a comparison ends soon, also if a few bytes declare more than fits into
// memory.
func TestHostile(t *testing.T) {
	repeated := btftest.New(binary.LittleEndian)
	inner := repeated.Int("int", 4, btftest.Signed)
	for range maxDepth - 2 {
		inner = repeated.Struct("", 4, btftest.Member{Name: "a", Type: inner}, btftest.Member{Type: inner}, btftest.Member{Name: "b", Type: inner})
	}
	repeated.Struct("repeated", 4, btftest.Member{Type: inner})
	nested := btftest.New(binary.LittleEndian)
	nested.Struct("nested", 4, btftest.Member{Type: 2})
	nested.Struct("", 4, btftest.Member{Type: 2})
	arrays := btftest.New(binary.LittleEndian)
	arrays.Struct("arrays", 4, btftest.Member{Name: "a", Type: 2})
	arrays.Array(2, 2, 1)
	// The enum is spelled inside 30 prototypes, for each of 2000 members.
	deep := btftest.New(binary.LittleEndian)
	spelled := deep.Enum("", 4, false, slices.Repeat([]btftest.Value{{Name: strings.Repeat("e", 100)}}, 2000)...)
	for range maxDepth - 4 {
		spelled = deep.Pointer(deep.FuncProto(0, btftest.Param{Type: spelled}))
	}
	deep.Struct("deep", 4, slices.Repeat([]btftest.Member{{Name: "m", Type: spelled}}, 2000)...)
	same := btftest.New(binary.LittleEndian)
	for i := range uint32(200_000) {
		same.Struct("same", i)
	}
	long := btftest.New(binary.LittleEndian)
	name := long.String(strings.Repeat("n", 1<<18))
	for i := range uint32(4000) {
		long.Record(name+i, btftest.Info(8, 0, false), 0)
	}
	for _, test := range []struct {
		b    *btftest.Builder
		says string
	}{
		{long, "declarations of more than"},
		{repeated, "btf: first Spec: struct repeated: fields and names of more than 33554432 bytes"},
		{deep, "btf: first Spec: struct deep: declaration of more than 1048576 bytes"},
		{nested, "anonymous types more than 32 deep"},
		{arrays, "follow each other"},
		{same, ""},
	} {
		spec := load(t, test.b.Bytes())
		began := time.Now()
		changes, err := collect(spec, spec, nil)
		require.Empty(t, changes)
		if test.says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, test.says)
			var side *SideError
			require.ErrorAs(t, err, &side)
			require.False(t, side.After)
		}
		require.Less(t, time.Since(began), time.Minute)
	}
}

// TestDottedNames: a name with a dot is that of a declaration or, if there is none, a path.
func TestDottedNames(t *testing.T) {
	for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
		program := func(after uint32) *btf.Spec {
			b := btftest.New(order)
			b.Int("int", 4, btftest.Signed)
			b.Struct("runtime.g", 8+8*after, btftest.Member{Name: "goid", Type: 1, Offset: 32 + 64*after}, btftest.Member{Name: "a|b", Type: 1, Offset: 32 * after})
			b.Enum("main.Color", 4, false, btftest.Value{Name: "main.Red", Value: int64(1 + after)})
			b.Struct("runtime.*", 4+4*after)
			b.Struct("plain", 8, btftest.Member{Name: "x", Type: 1, Offset: 32 * after})
			return load(t, b.Bytes())
		}
		for name, want := range map[string]string{
			"runtime.g":                "~ struct runtime.g: size 8 → 16\n~ struct runtime.g.goid: offset 4 → 12\n~ struct runtime.g.a|b: offset 0 → 4\n",
			"runtime.*":                "~ struct runtime.*: size 4 → 8\n~ struct runtime.g: size 8 → 16\n~ struct runtime.g.goid: offset 4 → 12\n~ struct runtime.g.a|b: offset 0 → 4\n",
			`"runtime.*"`:              "~ struct runtime.*: size 4 → 8\n",
			"struct `runtime.*`":       "~ struct runtime.*: size 4 → 8\n",
			"main.Red":                 "~ enumerator main.Red: 1 → 2\n",
			"enumerator main.*":        "~ enumerator main.Red: 1 → 2\n",
			"runtime.g.goid":           "~ path runtime.g.goid: offset 4 → 12\n",
			"struct runtime.g.goid":    "~ path struct runtime.g.goid: offset 4 → 12\n",
			`"runtime.g"."a|b"`:        `~ path "runtime.g"."a|b": offset 0 → 4` + "\n",
			"plain.x":                  "~ path plain.x: offset 0 → 4\n",
			"no_such.x|plain.x":        "~ path no_such.x|plain.x: offset 0 → 4\n",
			"no_such.y|runtime.g.goid": "~ path no_such.y|runtime.g.goid: offset 4 → 12\n",
			"runtime.h":                "",
			`"runtime.h"`:              "",
		} {
			filter, err := NewFilter(name)
			require.NoError(t, err)
			changes, err := collect(program(0), program(1), filter)
			require.Equal(t, want == "", errors.Is(err, btf.ErrNotFound), "%s: %v", name, err)
			require.Equal(t, want, text(changes), name)
		}
	}
}

// oneBad returns a few declarations, one of which has no text: a prototype that takes
// itself.
func oneBad(more ...string) *btftest.Builder {
	b := btftest.New(binary.LittleEndian)
	integer := b.Int("int", 4, btftest.Signed)
	pointer := b.Pointer(b.Next() + 1)
	proto := b.FuncProto(pointer, btftest.Param{Name: "p", Type: pointer})
	b.Func("spin", proto, 0)
	b.Func("good", b.FuncProto(integer), 0)
	for _, name := range append([]string{"fine"}, more...) {
		b.Struct(name, 4, btftest.Member{Name: "a", Type: integer})
	}
	return b
}

// TestOneBad: a declaration that cannot be compared costs itself only, and the error
// names it.
func TestOneBad(t *testing.T) {
	a, b := load(t, oneBad().Bytes()), load(t, oneBad("fine2").Bytes())
	changes, err := collect(a, b, nil)
	require.Equal(t, "+ struct fine2: size 4\n", text(changes))
	require.EqualError(t, err, "btf: first Spec: func spin: FUNC_PROTO (id 3): prototypes or anonymous types more than 32 deep\n"+
		"btf: second Spec: func spin: FUNC_PROTO (id 3): prototypes or anonymous types more than 32 deep")
	require.NotErrorIs(t, err, ErrTooLarge)
	var side *SideError
	require.ErrorAs(t, err, &side)
	require.Equal(t, "func spin", side.Declaration)
	changes, _ = collect(a, a, nil)
	require.Empty(t, changes)

	// Broken records, in types and in anonymous enums.
	broken := oneBad("fine2")
	broken.Typedef("broken\x1b", 1<<20)
	broken.Record(0, btftest.Info(6, 1, false), 4, 1<<20, 1)
	broken.Struct("last", 4)
	changes, err = collect(a, load(t, broken.Bytes()), nil)
	require.Equal(t, "+ struct fine2: size 4\n+ struct last: size 4\n", text(changes))
	require.ErrorContains(t, err, `btf: second Spec: typedef broken\x1b: types section at offset`)
	require.ErrorContains(t, err, `btf: second Spec: enum (anonymous): types section at offset`)

	// Of several types of a name, one that is broken leaves the name out.
	several := func(n uint32) *btf.Spec {
		b := oneBad()
		b.Struct("many", n)
		b.Struct("many", 1, btftest.Member{Name: "a", Type: 1 << 20})
		b.Struct("other", n)
		return load(t, b.Bytes())
	}
	changes, err = collect(several(1), several(2), nil)
	require.Equal(t, "~ struct other: size 1 → 2\n", text(changes))
	require.ErrorContains(t, err, "btf: first Spec: struct many: types section")

	// A limit says so.
	large := btftest.New(binary.LittleEndian)
	long := large.String(strings.Repeat("n", 12_000))
	var words []uint32
	for i := range uint32(12_000) {
		words = append(words, long+i, i)
	}
	large.Record(large.String("large"), btftest.Info(6, 12_000, false), 4, words...)
	large.Struct("fine3", 4)
	spec := load(t, large.Bytes())
	changes, err = collect(spec, spec, nil)
	require.Empty(t, changes)
	require.NoError(t, err, "equal enums need no copy")
	empty := btftest.New(binary.LittleEndian)
	changes, err = collect(load(t, empty.Bytes()), spec, nil)
	require.Equal(t, "+ struct fine3: size 4\n", text(changes))
	require.ErrorIs(t, err, ErrTooLarge)
}

// TestOrder: names that begin alike, or with all that a key has, keep their order.
func TestOrder(t *testing.T) {
	names := []string{"a", "abcdefghi", "abcdefgh", "abcdefg", "abcdefh", "abcdef", "\xff\xff", "z"}
	b := btftest.New(binary.LittleEndian)
	for _, name := range names {
		b.Struct(name, 1)
		b.Enum(name, 4, false)
	}
	changes, err := collect(load(t, btftest.New(binary.LittleEndian).Bytes()), load(t, b.Bytes()), nil)
	require.NoError(t, err)
	slices.Sort(names)
	var want []string
	for _, kind := range []Kind{Struct, Enum} {
		for _, name := range names {
			want = append(want, kind.String()+" "+name)
		}
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.Kind.String()+" "+c.Name)
	}
	require.Equal(t, want, got)
	require.Contains(t, text(changes), `+ struct \xff\xff: size 1`)
}
