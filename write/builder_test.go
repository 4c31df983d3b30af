// Tests building types, and copying types of a Spec.

package write_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// TestBuilder compares the bytes with those of the encoder in btftest.
func TestBuilder(t *testing.T) {
	want := btftest.New(binary.LittleEndian)
	var b write.Builder
	id := func(got btf.TypeID, want uint32) btf.TypeID {
		t.Helper()
		require.EqualValues(t, want, got)
		return got
	}
	i := id(b.Int("int", 4, btf.Signed), want.Int("int", 4, btftest.Signed))
	id(b.Int("bool", 1, btf.Bool), want.Int("bool", 1, btftest.Bool))
	id(b.Int("u128", 16, btf.Unsigned), want.Int("u128", 16, 0))
	id(b.Float("double", 8), want.Float("double", 8))
	p := id(b.Pointer(b.Next()+1), want.Pointer(want.Next()+1))
	s := id(b.Struct("s", 16, write.Member{Name: "self", Type: p}, write.Member{Name: "x", Type: i, Offset: 64}),
		want.Struct("s", 16, btftest.Member{Name: "self", Type: uint32(p)}, btftest.Member{Name: "x", Type: uint32(i), Offset: 64}))
	id(b.Struct("bits", 4, write.Member{Name: "a", Type: i, BitfieldSize: 3}, write.Member{Name: "b", Type: i, Offset: 3, BitfieldSize: 29}),
		want.Struct("bits", 4, btftest.Member{Name: "a", Type: uint32(i), Bitfield: 3}, btftest.Member{Name: "b", Type: uint32(i), Offset: 3, Bitfield: 29}))
	id(b.Union("", 4, write.Member{Name: "x", Type: i}, write.Member{Type: i}), want.Union("", 4, btftest.Member{Name: "x", Type: uint32(i)}, btftest.Member{Type: uint32(i)}))
	id(b.Array(i, i, 7), want.Array(uint32(i), uint32(i), 7))
	id(b.Enum("e", 4, true, write.Enumerator{Name: "A", Value: 1<<64 - 5}, write.Enumerator{Name: "B", Value: 7}), want.Enum("e", 4, true, btftest.Value{Name: "A", Value: -5}, btftest.Value{Name: "B", Value: 7}))
	id(b.Enum("u", 4, false, write.Enumerator{Name: "C", Value: 1<<32 - 1}), want.Enum("u", 4, false, btftest.Value{Name: "C", Value: 1<<32 - 1}))
	id(b.Enum("byte", 1, true, write.Enumerator{Name: "D", Value: 1<<64 - 128}), want.Enum("byte", 1, true, btftest.Value{Name: "D", Value: -128}))
	id(b.Enum("w", 8, false, write.Enumerator{Name: "D", Value: 1 << 63}), want.Enum64("w", 8, false, btftest.Value{Name: "D", Value: -1 << 63}))
	id(b.Fwd("f", false), want.Fwd("f", false))
	id(b.Fwd("g", true), want.Fwd("g", true))
	id(b.Typedef("t", s), want.Typedef("t", uint32(s)))
	id(b.Volatile(i), want.Volatile(uint32(i)))
	id(b.Const(0), want.Const(0))
	id(b.Restrict(p), want.Restrict(uint32(p)))
	id(b.TypeTag("user", i), want.TypeTag("user", uint32(i), false))
	id(b.DeclTag("tag", s, -1), want.DeclTag("tag", uint32(s), -1, false))
	id(b.DeclTag("tag", s, 1), want.DeclTag("tag", uint32(s), 1, false))
	proto := id(b.FuncProto(0, write.Param{Name: "x", Type: i}, write.Param{}), want.FuncProto(0, btftest.Param{Name: "x", Type: uint32(i)}, btftest.Param{}))
	id(b.Func("f", proto, btf.ExternFunc), want.Func("f", uint32(proto), 2))
	v := id(b.Var("v", i, btf.GlobalVar), want.Var("v", uint32(i), 1))
	id(b.Datasec(".data", 8, write.VarSecinfo{Type: v, Offset: 4, Size: 4}), want.Datasec(".data", 8, btftest.Variable{Type: uint32(v), Offset: 4, Size: 4}))

	got, err := b.Marshal(write.Options{Order: binary.LittleEndian})
	require.NoError(t, err)
	require.Equal(t, want.Bytes(), got)
	big, err := b.Marshal(write.Options{Order: binary.BigEndian})
	require.NoError(t, err)
	require.Equal(t, binary.BigEndian.String(), spectest.Load(t, big).ByteOrder().String())
	spectest.RequireSame(t, spectest.Load(t, got), spectest.Load(t, big))
	native, err := b.Marshal(write.Options{})
	require.NoError(t, err)
	require.Equal(t, binary.NativeEndian.Uint16([]byte{0, 1}), spectest.Load(t, native).ByteOrder().Uint16([]byte{0, 1}))

	spec, err := b.Spec()
	require.NoError(t, err)
	before := spectest.Written(t, spec)
	b.Int("later", 8, btf.Unsigned)
	require.Equal(t, before, spectest.Written(t, spec), "a Spec must not change with its Builder")
}

// TestBuilderErrors checks the errors of Spec and Marshal for types that cannot be written.
func TestBuilderErrors(t *testing.T) {
	for name, c := range map[string]struct {
		build func(b *write.Builder)
		want  string
	}{
		"int of 17 bytes": {func(b *write.Builder) { b.Int("i", 17, 0) }, `btf: building type 1: INT "i" must have at most 16 bytes, has 17`},
		"encoding":        {func(b *write.Builder) { b.Int("i", 4, 0x11) }, `encoding of INT "i" must have at most 4 bits, is 0x11`},
		"NUL in a name":   {func(b *write.Builder) { b.Fwd("a\x00b", false) }, `name must have no NUL byte, is "a\x00b"`},
		"offset":          {func(b *write.Builder) { b.Struct("s", 1, write.Member{Name: "m", Offset: 1 << 32}) }, `bit offset of member "m" of STRUCT "s" must be at most 4294967295, is 4294967296`},
		"bitfield offset": {func(b *write.Builder) {
			b.Struct("s", 1, write.Member{Offset: 1 << 24}, write.Member{BitfieldSize: 1})
		}, `bit offset of member "" of STRUCT "s" must be at most 16777215, is 16777216`},
		"bitfield":         {func(b *write.Builder) { b.Struct("s", 1, write.Member{BitfieldSize: 256}) }, `bitfield size of member "" of STRUCT "s" must be at most 255, is 256`},
		"value":            {func(b *write.Builder) { b.Enum("e", 4, false, write.Enumerator{Name: "V", Value: 1 << 32}) }, `value of enumerator "V" of ENUM "e" must fit in 32 bits, is 0x100000000`},
		"signed value":     {func(b *write.Builder) { b.Enum("e", 4, true, write.Enumerator{Name: "V", Value: 1 << 31}) }, `must fit in 32 bits, is 0x80000000`},
		"value of a byte":  {func(b *write.Builder) { b.Enum("e", 1, false, write.Enumerator{Name: "V", Value: 256}) }, `must fit in 8 bits, is 0x100`},
		"signed byte":      {func(b *write.Builder) { b.Enum("e", 1, true, write.Enumerator{Name: "V", Value: 128}) }, `must fit in 8 bits, is 0x80`},
		"value of nothing": {func(b *write.Builder) { b.Enum("e", 0, false, write.Enumerator{Name: "V", Value: 1}) }, `must fit in 0 bits, is 0x1`},
		"first thing":      {func(b *write.Builder) { b.Int("i", 20, 0); b.Int("j", 30, 0) }, `"i"`},
		"id of nothing":    {func(b *write.Builder) { b.Pointer(2) }, "btf: types section at offset 0x8 (type 1): PTR type id must be below 2, is 2"},
		"func of no proto": {func(b *write.Builder) { b.Func("f", b.Int("i", 4, 0), 0) }, "FUNC needs a FUNC_PROTO"},
		"linkage":          {func(b *write.Builder) { b.Func("f", b.FuncProto(0), 1<<24) }, `linkage of FUNC "f" must be at most 16777215, is 16777216`},
	} {
		t.Run(name, func(t *testing.T) {
			var b write.Builder
			c.build(&b)
			spec, err := b.Spec()
			require.ErrorContains(t, err, c.want)
			require.True(t, spec == nil)
			_, err = b.Marshal(write.Options{})
			require.ErrorContains(t, err, c.want)
		})
	}
	t.Run("nothing", func(t *testing.T) {
		var b write.Builder
		spec, err := b.Spec()
		require.NoError(t, err)
		require.Zero(t, spec.NumTypes())
	})
}

// TestAdd copies types of a kernel. bpftool and clang read the result.
func TestAdd(t *testing.T) {
	bpftool, clang := btftest.Tool(t, "bpftool"), btftest.Tool(t, "clang")
	spec := spectest.LoadVmlinux(t)
	var b write.Builder
	names := []string{"task_struct", "inet_sock", "sk_buff"}
	ids := map[string]btf.TypeID{}
	for _, name := range names {
		var s btf.Struct
		require.NoError(t, spec.TypeByName(name, &s))
		id, err := b.Add(s.AsType())
		require.NoError(t, err)
		again, err := b.Add(s.AsType())
		require.NoError(t, err)
		require.Equal(t, id, again)
		ids[name] = id
	}
	var f btf.Func
	require.NoError(t, spec.TypeByName("tcp_sendmsg", &f))
	_, err := b.Add(f.AsType())
	require.NoError(t, err)
	count := b.Next()
	small, err := b.Spec()
	require.NoError(t, err)
	require.EqualValues(t, count-1, small.NumTypes())
	require.Less(t, small.NumTypes(), spec.NumTypes())
	for _, name := range names {
		var s btf.Struct
		require.NoError(t, small.TypeByName(name, &s))
		require.Equal(t, ids[name], s.ID())
	}

	// Each string is stored once.
	raw := spectest.Written(t, small)
	h := small.Header()
	seen := map[string]bool{}
	for s := range strings.SplitSeq(string(raw[h.Length+h.StringOffset:][1:h.StringLength-1]), "\x00") {
		require.False(t, seen[s], s)
		seen[s] = true
	}

	// bpftool prints it as C, and clang finds the members at the kernel's offsets.
	var source strings.Builder
	source.WriteString(btftest.Output(t, bpftool, "btf", "dump", "file", writeFile(t, raw), "format", "c"))
	asserts := 0
	for _, name := range names {
		var s btf.Struct
		require.NoError(t, spec.TypeByName(name, &s))
		fmt.Fprintf(&source, "_Static_assert(sizeof(struct %s) == %d, \"\");\n", name, s.Size())
		for m := range s.Members() {
			if m.Name() != "" && m.BitfieldSize() == 0 {
				fmt.Fprintf(&source, "_Static_assert(__builtin_offsetof(struct %s, %s) == %d, \"\");\n", name, m.Name(), m.Offset().Bytes())
				asserts++
			}
		}
	}
	require.Greater(t, asserts, 200)
	path := filepath.Join(t.TempDir(), "small.c")
	require.NoError(t, os.WriteFile(path, []byte(source.String()), 0o644))
	btftest.Output(t, clang, "-fsyntax-only", "-w", path)
}

// TestAddAll copies all types of a Spec, one by one, and compares each copy with the
// original. The ids differ.
func TestAddAll(t *testing.T) {
	for name, spec := range map[string]*btf.Spec{
		"little-endian": spectest.Load(t, btftest.EveryKind(binary.LittleEndian).Bytes()),
		"big-endian":    spectest.Load(t, btftest.EveryKind(binary.BigEndian).Bytes()),
		"fixture":       spectest.LoadVmlinux(t),
	} {
		t.Run(name, func(t *testing.T) {
			var b write.Builder
			to := map[btf.TypeID]btf.TypeID{0: 0}
			for typ := range spec.All() {
				id, err := b.Add(typ)
				require.NoError(t, err)
				to[typ.ID()] = id
			}
			got, err := b.Spec()
			require.NoError(t, err)
			require.Equal(t, spec.NumTypes(), got.NumTypes())
			for typ := range spec.All() {
				other, err := got.TypeByID(to[typ.ID()])
				require.NoError(t, err)
				if want, got := renumbered(t, typ, to), spectest.Describe(t, other); want != got {
					require.Equal(t, want, got)
				}
			}
			again, err := b.Marshal(write.Options{Order: binary.LittleEndian})
			require.NoError(t, err)
			require.Equal(t, spectest.Written(t, got), again)
		})
	}
}

// renumbered describes a type with the ids of the copies.
func renumbered(t *testing.T, typ btf.Type, to map[btf.TypeID]btf.TypeID) string {
	t.Helper()
	return spectest.DescribeBy(t, typ, func(t btf.Type) btf.TypeID { return to[t.ID()] })
}

// TestAddObjects checks that copies of DATASECs have the sizes and offsets that only the
// ELF file gives.
func TestAddObjects(t *testing.T) {
	for _, path := range btftest.Objects(t, "el") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			spec, err := btf.LoadSpec(path)
			require.NoError(t, err)
			defer spec.Close()
			var b write.Builder
			for typ := range spec.All() {
				_, err := b.Add(typ)
				require.NoError(t, err)
			}
			got, err := b.Spec()
			require.NoError(t, err)
			require.Equal(t, spectest.Variables(t, spec), spectest.Variables(t, got))
		})
	}
}

func TestAddErrors(t *testing.T) {
	var b write.Builder
	id, err := b.Add(btf.Type{})
	require.NoError(t, err)
	require.Zero(t, id)

	spec := spectest.Load(t, victim(func(b *btftest.Builder) {
		b.Struct("victim", 8, btftest.Member{Name: "good", Type: 1}, btftest.Member{Name: "bad", Type: 3})
		b.Pointer(99)
	}))
	good, err := spec.TypeByID(1)
	require.NoError(t, err)
	bad, err := spec.TypeByID(2)
	require.NoError(t, err)
	for range 2 {
		_, err = b.Add(bad)
		var format *btf.FormatError
		require.ErrorAs(t, err, &format)
		require.EqualValues(t, 1, b.Next(), "the types that were added before the error must be removed")
	}
	id, err = b.Add(good)
	require.NoError(t, err)
	require.EqualValues(t, 1, id)
	small, err := b.Spec()
	require.NoError(t, err)
	require.Equal(t, 1, small.NumTypes())

	unknown, err := btf.LoadSpec(btftest.Testdata("layout.btf"))
	require.NoError(t, err)
	typ, err := unknown.TypeByID(2)
	require.NoError(t, err)
	_, err = b.Add(typ)
	require.ErrorIs(t, err, btf.ErrNotSupported)
	require.NoError(t, unknown.Close())
	_, err = b.Add(typ)
	require.ErrorIs(t, err, btf.ErrClosed)
}

// TestAddOverClosedBase: types and names of a closed base are not taken for void and for
// the empty name.
func TestAddOverClosedBase(t *testing.T) {
	for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
		under := btftest.New(order)
		i := under.Int("int", 4, btftest.Signed)
		over := under.Split()
		pointer := over.Pointer(i)
		named := over.Struct("int", 4) // a name of the base
		base := spectest.Load(t, under.Bytes())
		split := spectest.LoadSplit(t, over.Bytes(), base)
		types := map[uint32]btf.Type{}
		for _, id := range []uint32{i, pointer, named} {
			typ, err := split.TypeByID(btf.TypeID(id))
			require.NoError(t, err)
			types[id] = typ
		}
		require.NoError(t, base.Close())
		var b write.Builder
		for _, typ := range types {
			_, err := b.Add(typ)
			require.ErrorIs(t, err, btf.ErrClosed, typ)
			_, err = b.Add(typ)
			require.ErrorIs(t, err, btf.ErrClosed, "a second time")
		}
		require.Equal(t, btf.TypeID(1), b.Next(), "nothing was added")
		_, err := write.Marshal(split, write.Options{Order: order})
		require.ErrorIs(t, err, btf.ErrClosed)
		require.ErrorIs(t, split.Verify(), btf.ErrClosed)
	}
}

// TestAddLongNames copies a struct whose member names are all ends of one long string.
// Copying them must stop at a limit and remove what was added.
func TestAddLongNames(t *testing.T) {
	from := btftest.New(binary.LittleEndian)
	long := from.String(strings.Repeat("n", 1<<18))
	words := make([]uint32, 0, 3*4000)
	for i := range uint32(4000) {
		words = append(words, long+i, 1, 32*i)
	}
	from.Int("int", 4, 0)
	from.Record(0, btftest.Info(4, 4000, false), 16000, words...)
	var b write.Builder
	_, err := b.Add(spectest.As[btf.Struct](t, spectest.Load(t, from.Bytes()), 2).AsType())
	require.ErrorContains(t, err, "all names together must have less than 67108864 bytes")
	require.Equal(t, btf.TypeID(1), b.Next())
	_, err = b.Spec()
	require.ErrorContains(t, err, "all names together must have less than")
}

// TestAddSharedLongName checks that a long name that many members share is copied once.
func TestAddSharedLongName(t *testing.T) {
	const length, members = 1 << 18, 4000
	from := btftest.New(binary.LittleEndian)
	name := from.String(strings.Repeat("n", length))
	words := make([]uint32, 0, 3*members)
	for i := range uint32(members) {
		words = append(words, name, 1, 32*i)
	}
	from.Int("int", 4, 0)
	from.Record(0, btftest.Info(4, members, false), 4*members, words...)
	s := spectest.As[btf.Struct](t, spectest.Load(t, from.Bytes()), 2)
	var b write.Builder
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := b.Add(s.AsType())
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16*length))
	got, err := b.Spec()
	require.NoError(t, err)
	require.EqualValues(t, 1+length+1+len("int")+1, got.Header().StringLength)
	require.Equal(t, s.Member(members-1).Name(), spectest.As[btf.Struct](t, got, 1).Member(members-1).Name())
}

// TestAddSplit copies types of split BTF and of its base into one blob.
func TestAddSplit(t *testing.T) {
	base, err := btf.LoadSpec(btftest.Testdata("split-base.btf"))
	require.NoError(t, err)
	defer base.Close()
	raw, err := os.ReadFile(btftest.Testdata("split-mid.btf"))
	require.NoError(t, err)
	mid, err := btf.LoadSplitSpecFromReader(bytes.NewReader(raw), base)
	require.NoError(t, err)
	var s btf.Struct
	require.NoError(t, mid.TypeByName("middle", &s))
	var b write.Builder
	_, err = b.Add(s.AsType())
	require.NoError(t, err)
	got, err := b.Spec()
	require.NoError(t, err)
	var names []string
	for typ := range got.All() {
		names = append(names, typ.String())
	}
	require.Equal(t, []string{"STRUCT middle (id 1)", "PTR (id 2)", "STRUCT shared (id 3)", "INT int (id 4)"}, names)
}

// victim returns a blob with an int, followed by the types that build adds.
func victim(build func(b *btftest.Builder)) []byte {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	build(b)
	return b.Bytes()
}

// writeFile writes a blob to a file and returns its path.
func writeFile(t testing.TB, blob []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blob.btf")
	require.NoError(t, os.WriteFile(path, blob, 0o644))
	return path
}
