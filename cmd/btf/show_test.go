// Tests which types show prints for a name, and how it fails.

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// everyKind returns a Spec with a type of each kind, and a few that share a name.
func everyKind(t testing.TB) *btf.Spec {
	b := btftest.New(binary.LittleEndian)
	integer := b.Int("int", 4, btftest.Signed)
	long := b.Int("long unsigned int", 8, 0)
	b.OldInt("old", 4, 0, 4, 3)
	b.Float("double", 8)
	page := b.Struct("page", 16, btftest.Member{Name: "flags", Type: long}, btftest.Member{Name: "count", Type: integer, Offset: 64})
	proto := b.FuncProto(b.Pointer(page), btftest.Param{Name: "n", Type: integer}, btftest.Param{})
	b.Func("page", proto, uint32(btf.StaticFunc))
	found := b.Func("find", proto, uint32(btf.ExternFunc))
	b.DeclTag("bpf_kfunc", found, -1, false)
	b.DeclTag("arg", found, 0, false)
	tagged := b.Pointer(b.TypeTag("rcu", page, false))
	b.Union("page", 4, btftest.Member{Name: "i", Type: integer}, btftest.Member{Name: "p", Type: tagged})
	b.Fwd("hidden", false)
	b.Fwd("hidden", true)
	b.Enum("sign", 4, true, btftest.Value{Name: "MINUS", Value: -1}, btftest.Value{Name: "PLUS", Value: 1})
	b.Enum64("wide", 8, false, btftest.Value{Name: "MOST", Value: -1})
	b.Enum64("deep", 8, true, btftest.Value{Name: "LEAST", Value: math.MinInt64})
	b.Typedef("u64", long)
	unnamed := b.Struct("", 8, btftest.Member{Name: "a", Type: integer}, btftest.Member{Name: "b", Type: integer, Offset: 32})
	b.Typedef("pair", unnamed)
	static := b.Var("static_one", b.Const(integer), uint32(btf.StaticVar))
	global := b.Var("map", unnamed, uint32(btf.GlobalVar))
	b.Var("kconfig", long, uint32(btf.ExternVar))
	b.Datasec(".maps", 16, btftest.Variable{Type: static, Size: 4}, btftest.Variable{Type: global, Offset: 8, Size: 8}, btftest.Variable{Type: found, Offset: 16})
	b.Struct("struct", 0)
	return blobSpec(t, b)
}

func blobSpec(t testing.TB, b *btftest.Builder) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(b.Bytes())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec
}

func TestShow(t *testing.T) {
	spec := everyKind(t)
	const page = `struct page {
	long unsigned int          flags;                /*     0     8 */
	int                        count;                /*     8     4 */

	/* size: 16, cachelines: 1, members: 2 */
	/* padding: 4 */
	/* last cacheline: 16 bytes */
};
`
	const union = `union page {
	/* XXX C cannot declare this layout: a compiler comes to another */

	int                        i;                    /*     0     4 */
	struct page __attribute__((btf_type_tag("rcu"))) * p; /*     0     8 */

	/* size: 4, cachelines: 1, members: 2 */
	/* last cacheline: 4 bytes */
} __attribute__((__packed__));
`
	const pair = ` {
	int                        a;                    /*     0     4 */
	int                        b;                    /*     4     4 */

	/* size: 8, cachelines: 1, members: 2 */
	/* last cacheline: 8 bytes */
} `
	for _, test := range []struct{ names, want string }{
		{"int", "/* INT int: size 4, 32 bits, signed */\n"},
		{"long unsigned int", "/* INT long unsigned int: size 8, 64 bits, unsigned */\n"},
		{"old", "/* INT old: size 4, 3 bits from bit 4, unsigned */\n"},
		{"double", "/* FLOAT double: size 8 */\n"},
		{"page", page + "\nstruct page *page(int n, ...);\n\n" + union},
		{"struct page", page},
		{"union page", union},
		{"struct page,u64,struct  page", page + "\ntypedef long unsigned int u64;\n\n" + page},
		{"struct", "struct struct_ /* struct */ {\n\n\t/* size: 0, cachelines: 0, members: 0 */\n};\n"},
		{"find", `extern struct page *find(int n, ...) __attribute__((btf_decl_tag("bpf_kfunc")));` + "\n"},
		{"bpf_kfunc", `/* DECL_TAG "bpf_kfunc" of FUNC find (id 9) */` + "\n"},
		{"arg", `/* DECL_TAG "arg" of FUNC find (id 9), component 0 */` + "\n"},
		{"rcu", `/* TYPE_TAG "rcu" of struct page */` + "\n"},
		{"hidden", "struct hidden;\n\nunion hidden;\n"},
		{"union hidden", "union hidden;\n"},
		{"sign", "enum sign {\n\tMINUS = -1,\n\tPLUS = 1,\n};\n"},
		{"enum wide", "enum wide {\n\tMOST = 18446744073709551615ULL,\n}; /* size: 8 */\n"},
		{"deep", "enum deep {\n\tLEAST = (-9223372036854775807LL - 1),\n}; /* size: 8 */\n"},
		{"u64", "typedef long unsigned int u64;\n"},
		{"pair", "typedef struct" + pair + "pair;\n"},
		{"map", "struct" + pair + "map;\n"},
		{"static_one", "static const int static_one;\n"},
		{"kconfig", "extern long unsigned int kconfig;\n"},
		{".maps", `/* DATASEC .maps: size 16, 3 variables
 *      0      4  const int static_one
 *      8      8  struct {...} map
 *     16      0  struct page *find(int n, ...)
 */
`},
	} {
		t.Run(test.names, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, show(&out, spec, strings.Split(test.names, ",")))
			require.Equal(t, test.want, out.String())
		})
	}
}

func TestShowMissing(t *testing.T) {
	spec := everyKind(t)
	for _, test := range []struct {
		names []string
		says  []string
	}{
		{[]string{"nosuch", "u64", "union sign"}, []string{`btf: type named "nosuch": not found`, `btf: union named "sign": not found`}},
		{[]string{"struct nosuch", "u64"}, []string{`btf: struct named "nosuch": not found`}},
		{[]string{"enum page", "u64"}, []string{`btf: enum named "page": not found`}},
		{[]string{"struct ", "u64"}, []string{`btf: type named "struct ": not found`}},
		{[]string{"", "u64"}, []string{`btf: type named "": not found`}},
	} {
		t.Run(strings.Join(test.names, ","), func(t *testing.T) {
			var out bytes.Buffer
			err := show(&out, spec, test.names)
			require.ErrorIs(t, err, btf.ErrNotFound)
			require.EqualError(t, err, strings.Join(test.says, "\n"))
			require.Equal(t, "typedef long unsigned int u64;\n", out.String())
		})
	}
}

func TestShowClosed(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	spec := blobSpec(t, b)
	require.NoError(t, spec.Close())
	require.ErrorIs(t, show(new(bytes.Buffer), spec, []string{"int"}), btf.ErrClosed)
	require.ErrorIs(t, show(new(bytes.Buffer), spec, []string{"struct int"}), btf.ErrClosed)
}

// TestShowBroken: a type that cannot be printed does not keep others from being printed.
func TestShowBroken(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	integer := b.Int("int", 4, btftest.Signed)
	b.Typedef("bad", b.Next()+1)
	b.Pointer(b.Next())
	b.Typedef("good", integer)
	var out bytes.Buffer
	err := show(&out, blobSpec(t, b), []string{"bad", "good"})
	require.EqualError(t, err, "btf: showing TYPEDEF bad (id 2): btf: PTR (id 3): more than 32 pointers, arrays and qualifiers follow each other")
	require.Equal(t, "typedef int good;\n", out.String())
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestShowWriteError(t *testing.T) {
	require.ErrorIs(t, show(full{}, everyKind(t), []string{"nosuch", "page"}), errFull)
}

// TestShowSplit: types of the base are shown too, before those of the same name in the
// split BTF.
func TestShowSplit(t *testing.T) {
	base := everyKind(t)
	var raw []byte
	for _, word := range []uint32{0x0001eb9f, 24, 0, 24, 24, 6} {
		raw = binary.LittleEndian.AppendUint32(raw, word)
	}
	// Name offsets go on where the strings of the base end.
	start := base.Header().StringLength
	for _, word := range []uint32{start, uint32(btf.KindTypedef) << 24, 1, start + 2, uint32(btf.KindTypedef) << 24, 1} {
		raw = binary.LittleEndian.AppendUint32(raw, word)
	}
	raw = append(raw, "u\x00u64\x00"...)
	file := filepath.Join(t.TempDir(), "split.btf")
	require.NoError(t, os.WriteFile(file, raw, 0o644))
	spec, err := btf.LoadSplitSpec(file, base)
	require.NoError(t, err)
	defer spec.Close()

	var out bytes.Buffer
	require.NoError(t, show(&out, spec, []string{"u", "u64", "hidden"}))
	require.Equal(t, "typedef int u;\n\ntypedef long unsigned int u64;\n\ntypedef int u64;\n\nstruct hidden;\n\nunion hidden;\n", out.String())
}
