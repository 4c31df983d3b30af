// Tests each rule that a release changed, with a blob that one release refuses and the next
// accepts, or the reverse.

package strict_test

import (
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// A releaseRow has a blob that kernels from since on accept. The kernel before refuses it
// with the problem, and so do all older ones, down to from.
type releaseRow struct {
	name, from, before, since, problem string
	build                              func(b *btftest.Builder)
}

var releaseRows = []releaseRow{
	{"a global function", "5.2", "5.5", "5.6", "0x10 (type 2): vlen != 0: FUNC must have no elements, has 1", func(b *btftest.Builder) {
		b.FuncProto(0)
		b.Func("f", 1, 1)
	}},
	{"FLOAT", "5.2", "5.12", "5.13", "0x4 (type 1): invalid kind: must be 1 to 15, is 16", func(b *btftest.Builder) { b.Float("double", 8) }},
	{"DECL_TAG", "5.2", "5.15", "5.16", "(type 2): invalid kind: must be 1 to 1", func(b *btftest.Builder) {
		b.Struct("s", 0)
		b.DeclTag("t", 1, -1, false)
	}},
	{"TYPE_TAG", "5.2", "5.16", "5.17", "(type 2): invalid kind: must be 1 to 1", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.TypeTag("user", 1, false)
		b.Pointer(2)
	}},
	{"ENUM64", "5.2", "5.19", "6.0", "0x4 (type 1): invalid kind: must be 1 to 1", func(b *btftest.Builder) { b.Enum64("e", 8, false, btftest.Value{Name: "A"}) }},
	{"a signed ENUM", "5.2", "5.19", "6.0", "0x4 (type 1): invalid btf_info kind_flag: must be 0 for ENUM, is 1", func(b *btftest.Builder) {
		b.Enum("e", 4, true, btftest.Value{Name: "A"})
	}},
	{"a dot in a struct", "5.2", "6.4", "6.5", "0x0 (type 1): invalid name: name of STRUCT must be an identifier without dots, or empty, is \"a.b\"", func(b *btftest.Builder) { b.Struct("a.b", 0) }},
	{"a dot in a member", "5.2", "6.4", "6.5", "invalid name: name of member 0 must be an identifier without dots, or empty, is \"a.b\"", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Struct("s", 4, btftest.Member{Name: "a.b", Type: 1})
	}},
	{"a dot in an enumerator", "5.2", "6.4", "6.5", "invalid name: name of enumerator 0 must be an identifier without dots, is \"a.b\"", func(b *btftest.Builder) {
		b.Enum("e", 4, false, btftest.Value{Name: "a.b"})
	}},
	{"a dot in a function", "5.2", "6.4", "6.5", "invalid name: name of FUNC must be an identifier without dots", func(b *btftest.Builder) {
		b.FuncProto(0)
		b.Func("f.cold", 1, 0)
	}},
	{"a dot in a parameter", "5.2", "6.4", "6.5", "invalid arg#1: name of arg#1 must be an identifier without dots, or empty", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.FuncProto(0, btftest.Param{Name: "a.b", Type: 1})
	}},
	{"a dot in a typedef", "5.2", "6.4", "6.5", "invalid name: name of TYPEDEF must be an identifier without dots", func(b *btftest.Builder) {
		b.Typedef("a.b", b.Int("int", 4, btftest.Signed))
	}},
	{"a section with other characters", "5.2", "6.8", "6.9", "invalid name: name of DATASEC must be an identifier, is \"?.foo bar:buz\"", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Var("x", 1, 0)
		b.Datasec("?.foo bar:buz", 4, btftest.Variable{Type: 2, Size: 4})
	}},
	{"a type tag with kind_flag", "5.17", "6.14", "6.15", "(type 2): invalid btf_info kind_flag: must be 0 for TYPE_TAG, is 1", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.TypeTag("user", 1, true)
		b.Pointer(2)
	}},
	{"a decl tag with kind_flag", "5.16", "6.14", "6.15", "(type 2): invalid btf_info kind_flag: must be 0 for DECL_TAG, is 1", func(b *btftest.Builder) {
		b.Struct("s", 0)
		b.DeclTag("t", 1, -1, true)
	}},
	{"65536 elements", "5.2", "7.1", "7.2", "0x14 (type 2): invalid btf_info: bits 0x60ff0000 must be 0, info is 0x06010000", func(b *btftest.Builder) {
		b.Int("E", 4, 0)
		b.Record(0, btftest.Info(uint32(btf.KindEnum), 1<<16, false), 4, slices.Repeat([]uint32{1, 5}, 1<<16)...)
	}},

	// The orders of type tags that the kernel's own tests have: "type_tag test #2" to "#6"
	// of tools/testing/selftests/bpf/prog_tests/btf.c.
	{"ptr -> const -> tag -> int", "5.18", "7.1", "7.2", "(type 2): type tags don't precede modifiers: TYPE_TAG", func(b *btftest.Builder) {
		b.Pointer(2)
		b.Const(3)
		b.TypeTag("tag", 4, false)
		b.Int("int", 4, btftest.Signed)
	}},
	{"ptr -> tag -> typedef -> tag -> int", "5.18", "7.1", "7.2", "(type 2): type tags don't precede modifiers: TYPE_TAG", func(b *btftest.Builder) {
		b.Pointer(2)
		b.TypeTag("tag", 3, false)
		b.Typedef("int_t", 4)
		b.TypeTag("tag", 5, false)
		b.Int("int", 4, btftest.Signed)
	}},
	{"ptr -> tag -> const -> tag -> int", "5.18", "7.1", "7.2", "(type 2): type tags don't precede modifiers: TYPE_TAG", func(b *btftest.Builder) {
		b.Pointer(2)
		b.TypeTag("tag", 3, false)
		b.Const(4)
		b.TypeTag("tag", 5, false)
		b.Int("int", 4, btftest.Signed)
	}},
	{"tags of types before them", "5.18", "7.1", "7.2", "(type 3): type tags don't precede modifiers: TYPE_TAG tag (id 2)", func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.TypeTag("tag", 1, false)
		b.Volatile(2)
		b.Const(3)
		b.Pointer(4)
	}},
}

func buildRow(o btftest.Order, build func(b *btftest.Builder)) []byte {
	b := btftest.New(o)
	build(b)
	return b.Bytes()
}

// TestReleases has the verdict of each release on each blob.
func TestReleases(t *testing.T) {
	verify := func(t *testing.T, blob []byte, release string) error {
		return strict.Options{Kernel: release}.Verify(load(t, blob))
	}
	for _, row := range releaseRows {
		for order, o := range bothOrders {
			t.Run(row.name+", "+order, func(t *testing.T) {
				blob := buildRow(o, row.build)
				require.NoError(t, verify(t, blob, row.since))
				require.NoError(t, verify(t, blob, ""))
				require.ErrorContains(t, verify(t, blob, row.before), row.problem)
				require.ErrorContains(t, verify(t, blob, row.from), row.problem)
			})
		}
	}

	// What all releases accept.
	tags := buildRow(little, func(b *btftest.Builder) { // "type_tag test #1" and "#4"
		b.Pointer(2)
		b.TypeTag("tag", 3, false)
		b.TypeTag("tag", 4, false)
		b.Const(5)
		b.Volatile(6)
		b.Int("int", 4, btftest.Signed)
	})
	require.NoError(t, verify(t, tags, "5.17"))
	require.NoError(t, verify(t, tags, "6.18"))
	dots := buildRow(little, func(b *btftest.Builder) {
		b.Int("int", 4, btftest.Signed)
		b.Var("f.x", 1, 0)
		b.Datasec(".data.x", 4, btftest.Variable{Type: 2, Size: 4})
	})
	require.NoError(t, verify(t, dots, "5.2"))
	spaces := buildRow(little, func(b *btftest.Builder) { b.Var("a b", b.Int("int", 4, btftest.Signed), 0) })
	for _, release := range []string{"5.2", "6.18", ""} {
		require.ErrorContains(t, verify(t, spaces, release), "name of VAR must be an identifier, is \"a b\"")
	}
	i := slices.IndexFunc(releaseRows, func(r releaseRow) bool { return r.name == "ptr -> const -> tag -> int" })
	unordered := buildRow(little, releaseRows[i].build)
	require.NoError(t, verify(t, unordered, "5.17"), "the order came later")
}

// TestReleasesOfHeaders has the header of Linux 7.1 and what older kernels say.
func TestReleasesOfHeaders(t *testing.T) {
	b := btftest.New(little)
	b.HeaderLen = 32
	b.Int("int128", 16, 0) // 16 bytes of types, 8 of strings
	plain := btftest.Put(little, b.Bytes(), 24, 0)
	offset := b.Bytes()
	b.Layout(0, 0, 0)
	layout := b.Arrange(0, btftest.Types, btftest.Layout, btftest.Strings)
	stringsFirst := b.Arrange(0, btftest.Strings, btftest.Types, btftest.Layout)
	noLayout := btftest.New(little)
	noLayout.HeaderLen = 32
	noLayout.Int("int128", 16, 0)
	for _, row := range []struct {
		name, problem string
		blob          []byte
	}{
		{"32 bytes of header, the last 8 zero", "", plain},
		{"the offset of no layout section", "0x18: unsupported btf_header: bytes after the known fields must be 0 before Linux 7.1, there is a layout section of 0 bytes at 0x10", offset},
		{"a layout section", "0x18: unsupported btf_header: bytes after the known fields must be 0 before Linux 7.1, there is a layout section of 4 bytes at 0x10", layout},
		{"strings first and a layout section", "0x18: unsupported btf_header", stringsFirst},
		{"strings first", "0x10: string section is not at the end: the type section is, which needs Linux 7.1", noLayout.Arrange(0, btftest.Strings, btftest.Types)},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := load(t, row.blob)
			if row.name != "strings first" {
				require.NoError(t, strict.Options{Kernel: "7.1"}.Verify(spec))
			}
			for _, release := range []string{"7.0", "6.18", "5.2"} {
				err := strict.Options{Kernel: release}.Verify(spec)
				if row.problem == "" {
					require.NoError(t, err, release)
					continue
				}
				require.ErrorContains(t, err, "btf: header at offset "+row.problem, release)
			}
		})
	}
}

// TestReleaseNames has the releases that are understood.
func TestReleaseNames(t *testing.T) {
	spec := load(t, buildRow(little, func(b *btftest.Builder) { b.Float("double", 8) }))
	for release, ok := range map[string]bool{
		"": true, "5.13": true, "5.13.0": true, "5.12.99": false, "6.18.44-fc-v657": true, "7.2-rc1": true, "99.0": true,
		"5.13+": true, "5.9": false, "10.0": true, "5.2": false, "6.1": true,
	} {
		err := strict.Options{Kernel: release}.Verify(spec)
		require.Equal(t, ok, err == nil, "%q: %v", release, err)
		if !ok {
			require.ErrorContains(t, err, "invalid kind")
		}
	}
	for _, release := range []string{"6", "6.", "v6.18", "x", "6,18", ".18", "-1.2", "6.-1", "70000.1", "99999999999999999999.1", " 6.18"} {
		require.ErrorContains(t, strict.Options{Kernel: release}.Verify(spec), "btf: release of a kernel must begin with two numbers, such as 6.18, is", release)
	}
	for _, release := range []string{"5.1", "4.19.300", "0.0", "2.6"} {
		require.ErrorIs(t, strict.Options{Kernel: release}.Verify(spec), btf.ErrNotSupported, release)
	}
}
