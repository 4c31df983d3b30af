// Tests that wrong paths, and paths into hostile BTF, take bounded time and memory.

package btf_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// costs fails if f takes longer than the limit or allocates more bytes. The limits are
// ten times what is needed, or more.
func costs(t *testing.T, limit time.Duration, bytes uint64, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	from := time.Now()
	f()
	took := time.Since(from)
	runtime.ReadMemStats(&after)
	t.Logf("%v, %d KB", took, (after.TotalAlloc-before.TotalAlloc)>>10)
	require.Less(t, took, limit)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, bytes)
}

// TestShortErrors: names of 16 KB, and 16,000 paths that fail, make one short error.
func TestShortErrors(t *testing.T) {
	long := strings.Repeat("x\x1b", 8000)
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	s := b.Struct(long, 4, btftest.Member{Name: long + "m", Type: 1})
	b.Typedef("s", s)
	b.Enum(long+"e", 4, false, btftest.Value{Name: long + "v", Value: 1})
	proto := b.FuncProto(0, btftest.Param{Name: long + "p", Type: s})
	b.Func(long, proto, 1)
	spec := load(t, b.Bytes())

	paths := make([]string, 16_000)
	for i := range paths {
		paths[i] = fmt.Sprintf("s.a%d|b|c", i)
	}
	paths = append(paths, "s[0]", "s..", "int")
	costs(t, 10*time.Second, 1<<30, func() {
		fields, err := spec.Fields(paths...)
		require.Len(t, fields, len(paths))
		require.Equal(t, uint64(4), must(fields[len(fields)-1].Size()))
		text := err.Error()
		require.Less(t, len(text), 24<<10)
		require.Contains(t, text, `"s.a0|b|c"`)
		lines := strings.Split(text, "\n")
		require.Equal(t, fmt.Sprintf("btf: %d more paths failed", 16_002-len(lines)+1), lines[len(lines)-1])
		require.ErrorIs(t, err, btf.ErrNotFound)
		require.ErrorIs(t, err, btf.ErrWrongKind, "of s[0], which is not in the text")
		require.NotErrorIs(t, err, btf.ErrMultipleMatches)
		require.NotErrorIs(t, err, btf.ErrClosed)
	})

	// Every message that has a name of the file or of the caller.
	var structure btf.Struct
	var enum btf.Enum
	require.NoError(t, spec.TypeByName(long, &structure))
	require.NoError(t, spec.TypeByName(long+"e", &enum))
	_, multiple := spec.AnyTypeByName(long)
	_, noMember := structure.MemberByName(long)
	_, noValue := enum.EnumeratorByName(long)
	_, noNumber := enum.EnumeratorByValue(2)
	_, noSize := must(spec.TypeByID(btf.TypeID(proto))).Sizeof()
	_, noType := spec.AnyTypeByName(long + "z")
	_, noPath := spec.Field(long + "z." + long)
	_, badPath := spec.Field("s." + long + ".")
	_, manyAlternatives := spec.Field("s.a" + strings.Repeat("|"+long, 1000))
	_, module := btf.LoadKernelModuleSpec(long+"/", spec)
	var pattern error
	for _, err := range spec.Funcs(btf.FuncFilter{Name: long + "["}) {
		pattern = err
	}
	for i, err := range []error{
		multiple, noMember, noValue, noNumber, noSize, noType, noPath, badPath, manyAlternatives, module, pattern,
		errors.New(structure.String()), errors.New(structure.Member(0).String()), errors.New(enum.Enumerator(0).String()),
		errors.New(must(btf.As[btf.FuncProto](must(spec.TypeByID(btf.TypeID(proto))))).Param(0).String()),
	} {
		require.Error(t, err, i)
		limit := 2048
		if err == manyAlternatives {
			limit *= 10
			require.ErrorContains(t, err, "; and 993 more: not found")
		}
		require.Less(t, len(err.Error()), limit, "%d: %.100s", i, err)
		require.NotContains(t, err.Error(), "\x1b", i)
	}
}

// TestShortStrings: String of a type reads only what it shows of a name that is as long
// as the section.
func TestShortStrings(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	long := b.Struct(strings.Repeat("x", 16<<20), 4)
	spec := load(t, b.Bytes())
	typ := must(spec.TypeByID(btf.TypeID(long)))
	costs(t, 3*time.Second, 1<<28, func() { // a scan of the name takes half a millisecond and more
		for range 100_000 {
			require.Len(t, typ.String(), len("STRUCT … (id 2)")+128)
		}
	})
}

// TestManySimilar: 8,000 members with names similar to one that does not exist, asked for
// by many paths and alternatives.
func TestManySimilar(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	members := make([]btftest.Member, 8000)
	for i := range members {
		members[i] = btftest.Member{Name: fmt.Sprintf("a%s%06d", strings.Repeat("b", 50), i), Type: 1}
	}
	b.Struct("s", 4, members...)
	spec := load(t, b.Bytes())
	missing := "a" + strings.Repeat("b", 50) + "cccccc"
	_, err := spec.Field("s." + missing)
	require.ErrorContains(t, err, "(similar: ab")
	costs(t, 10*time.Second, 1<<28, func() {
		for range 20 {
			_, err := spec.Field("s." + missing + strings.Repeat("|"+missing, 20))
			require.ErrorIs(t, err, btf.ErrNotFound)
		}
	})
}

// TestMissingTypes: a program asks a kernel for 200 types that it does not have.
func TestMissingTypes(t *testing.T) {
	spec := loadVmlinux(t)
	_, err := spec.Field("task_strukt.pid")
	require.ErrorContains(t, err, "similar: task_struct")
	paths := make([]string, 200)
	for i := range paths {
		paths[i] = fmt.Sprintf("task_strukt_%d.pid", i)
	}
	_, _ = spec.Fields(paths...)
	costs(t, 50*time.Millisecond, 1<<20, func() { // 200 passes over all names take 200 ms
		_, err := spec.Fields(paths...)
		require.ErrorIs(t, err, btf.ErrNotFound)
	})
}

// TestWideSelf: each step of a path searches 20,000 members of a struct that contains
// itself.
func TestWideSelf(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	members := make([]btftest.Member, 20_000)
	for i := range members {
		members[i] = btftest.Member{Name: "x", Type: 1}
	}
	members[len(members)-1] = btftest.Member{Name: "z", Type: 2}
	b.Struct("s", 4, members...)
	spec := load(t, b.Bytes())
	require.Equal(t, uint64(4), must(must(spec.Field("s"+strings.Repeat(".z", 30))).Size()))
	costs(t, 5*time.Second, 1<<23, func() { // without a bound, 100,000 steps take 10 s
		_, err := spec.Field("s" + strings.Repeat(".z", 100_000))
		require.ErrorContains(t, err, "path leads through too many members")
		_, err = spec.Field("s" + strings.Repeat(".y|z", 100_000))
		require.ErrorContains(t, err, "path leads through too many members")
	})
}

// TestManyOfOneName: a path whose alternatives all have the name of many types examines
// them a bounded number of times, and its alternatives are cut in one pass.
func TestManyOfOneName(t *testing.T) {
	b := btftest.New(little)
	i := b.Int("int", 4, btftest.Signed)
	b.Struct("s", 4, btftest.Member{Name: "a", Type: i})
	proto := b.FuncProto(i)
	for range 100_000 {
		b.Func("x", proto, 1)
	}
	spec := load(t, b.Bytes())
	for _, alternative := range []string{"|x.y", "|union x"} {
		costs(t, 3*time.Second, 32<<20, func() {
			_, err := spec.Field("s.q" + strings.Repeat(alternative, 2000))
			require.ErrorContains(t, err, "path leads through too many types")
		})
	}
	costs(t, 3*time.Second, 32<<20, func() {
		f, err := spec.Field("s.q" + strings.Repeat("|b", 100_000) + "|a")
		require.NoError(t, err)
		require.Equal(t, btf.Bits(0), f.Offset())
	})
}

// TestManyErrors: the error of many paths matches what one of them matches, counted or not.
func TestManyErrors(t *testing.T) {
	b := btftest.New(little)
	b.Struct("s", 64, btftest.Member{Name: "a", Type: b.Array(b.Pointer(0), b.Int("int", 4, btftest.Signed), 3), Offset: 64})
	spec := load(t, b.Bytes())
	paths := make([]string, 400)
	for i := range paths {
		paths[i] = strings.Repeat("x", 100) + ".y"
	}
	_, err := spec.Fields(append(paths, "s.a[2]")...)
	require.ErrorIs(t, err, btf.ErrNotFound)
	require.ErrorIs(t, err, btf.ErrPointerSize)
	require.NotErrorIs(t, err, btf.ErrMultipleMatches)
}
