// Tests the definitions of types of each kind.

package cdecl

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// everyKind returns a Spec with a type of each kind, and a few that share a name.
func everyKind(t testing.TB) *btf.Spec {
	var b blob
	integer := b.add(btf.KindInt, false, 0, "int", 4, uint32(btf.Signed)<<24|32)
	long := b.integer("long unsigned int", 8)
	b.add(btf.KindInt, false, 0, "old", 4, 4<<16|3)
	b.add(btf.KindFloat, false, 0, "double", 8)
	page := b.composite(btf.KindStruct, "page", 16,
		b.name("flags"), long, 0,
		b.name("count"), integer, 64)
	to := b.add(btf.KindPointer, false, 0, "", page)
	proto := b.add(btf.KindFuncProto, false, 2, "", to, b.name("n"), integer, 0, 0)
	b.add(btf.KindFunc, false, int(btf.StaticFunc), "page", proto)
	found := b.add(btf.KindFunc, false, int(btf.ExternFunc), "find", proto)
	b.add(btf.KindDeclTag, false, 0, "bpf_kfunc", found, math.MaxUint32)
	b.add(btf.KindDeclTag, false, 0, "arg", found, 0)
	tagged := b.add(btf.KindTypeTag, false, 0, "rcu", page)
	b.composite(btf.KindUnion, "page", 4, b.name("i"), integer, 0, b.name("p"), b.add(btf.KindPointer, false, 0, "", tagged), 0)
	b.add(btf.KindFwd, false, 0, "hidden", 0)
	b.add(btf.KindFwd, true, 0, "hidden", 0)
	b.add(btf.KindEnum, true, 2, "sign", 4, b.name("MINUS"), math.MaxUint32, b.name("PLUS"), 1)
	b.add(btf.KindEnum64, false, 1, "wide", 8, b.name("MOST"), math.MaxUint32, math.MaxUint32)
	b.add(btf.KindEnum64, true, 1, "deep", 8, b.name("LEAST"), 0, 1<<31)
	b.add(btf.KindTypedef, false, 0, "u64", long)
	unnamed := b.composite(btf.KindStruct, "", 8, b.name("a"), integer, 0, b.name("b"), integer, 32)
	b.add(btf.KindTypedef, false, 0, "pair", unnamed)
	static := b.add(btf.KindVar, false, 0, "static_one", b.add(btf.KindConst, false, 0, "", integer), uint32(btf.StaticVar))
	global := b.add(btf.KindVar, false, 0, "map", unnamed, uint32(btf.GlobalVar))
	b.add(btf.KindVar, false, 0, "kconfig", long, uint32(btf.ExternVar))
	b.add(btf.KindDatasec, false, 3, ".maps", 16, static, 0, 4, global, 8, 8, found, 16, 0)
	b.composite(btf.KindStruct, "struct", 0)
	return b.load(t)
}

// definition returns the definitions of all types with a name, one after the other.
func definition(t testing.TB, spec *btf.Spec, name string, opts Options) string {
	t.Helper()
	var text []byte
	for typ := range spec.TypesByName(name) {
		var err error
		text, err = Append(text, typ, opts)
		require.NoError(t, err)
	}
	return string(text)
}

// TestWrite: nothing is written if there is an error, and errors of the writer are
// returned.
func TestWrite(t *testing.T) {
	spec := everyKind(t)
	page, err := spec.AnyTypeByName("u64")
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, Write(&out, page, Options{}))
	require.Equal(t, "typedef long unsigned int u64;\n", out.String())
	require.ErrorIs(t, Write(full{}, page, Options{}), errFull)

	var b blob
	b.add(btf.KindTypedef, false, 0, "bad", b.next()+1)
	b.array(b.next(), 2)
	bad, err := b.load(t).AnyTypeByName("bad")
	require.NoError(t, err)
	out.Reset()
	require.ErrorContains(t, Write(&out, bad, Options{}), "follow each other")
	require.Zero(t, out.Len())
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestNoComments: the text without comments has the same members and attributes.
func TestNoComments(t *testing.T) {
	spec := everyKind(t)
	opts := Options{PointerSize: 8, NoComments: true}
	for name, want := range map[string]string{
		"page": `struct page {
	long unsigned int flags;
	int count;
};
struct page *page(int n, ...);
union page {
	/* XXX C cannot declare this layout: a compiler comes to another */
	int i;
	struct page __attribute__((btf_type_tag("rcu"))) *p;
} __attribute__((__packed__));
`,
		"pair":   "typedef struct {\n\tint a;\n\tint b;\n} pair;\n",
		"wide":   "enum wide {\n\tMOST = 18446744073709551615ULL,\n};\n",
		"struct": "struct struct_ /* struct */ {\n};\n",
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, definition(t, spec, name, opts))
		})
	}
}

// BenchmarkAppend prints every type of a kernel that has a name.
func BenchmarkAppend(b *testing.B) {
	spec, err := btf.LoadSpec(btftest.VmlinuxFile(b))
	require.NoError(b, err)
	defer spec.Close()
	for _, opts := range []Options{{PointerSize: 8}, {PointerSize: 8, NoComments: true}} {
		b.Run(fmt.Sprintf("NoComments=%v", opts.NoComments), func(b *testing.B) {
			b.ReportAllocs()
			var text []byte
			for b.Loop() {
				n := 0
				for typ := range spec.All() {
					if len(typ.NameBytes()) == 0 {
						continue
					}
					if text, err = Append(text[:0], typ, opts); err != nil {
						b.Fatal(err)
					}
					n += len(text)
				}
				b.SetBytes(int64(n))
			}
		})
	}
}

func TestAppend(t *testing.T) {
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
	for _, test := range []struct{ name, want string }{
		{"int", "/* INT int: size 4, 32 bits, signed */\n"},
		{"long unsigned int", "/* INT long unsigned int: size 8, 64 bits, unsigned */\n"},
		{"old", "/* INT old: size 4, 3 bits from bit 4, unsigned */\n"},
		{"double", "/* FLOAT double: size 8 */\n"},
		{"page", page + "struct page *page(int n, ...);\n" + union},
		{"struct", "struct struct_ /* struct */ {\n\n\t/* size: 0, cachelines: 0, members: 0 */\n};\n"},
		{"find", `extern struct page *find(int n, ...) __attribute__((btf_decl_tag("bpf_kfunc")));` + "\n"},
		{"bpf_kfunc", `/* DECL_TAG "bpf_kfunc" of FUNC find (id 9) */` + "\n"},
		{"arg", `/* DECL_TAG "arg" of FUNC find (id 9), component 0 */` + "\n"},
		{"rcu", `/* TYPE_TAG "rcu" of struct page */` + "\n"},
		{"hidden", "struct hidden;\nunion hidden;\n"},
		{"sign", "enum sign {\n\tMINUS = -1,\n\tPLUS = 1,\n};\n"},
		{"wide", "enum wide {\n\tMOST = 18446744073709551615ULL,\n}; /* size: 8 */\n"},
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
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, definition(t, spec, test.name, Options{PointerSize: 8}))
		})
	}
}

// TestUnknownPointers: where no type says how wide a pointer is, the size of a pointer
// is unknown, and so are the holes of the struct.
func TestUnknownPointers(t *testing.T) {
	var b blob
	integer := b.integer("int", 4)
	to := b.add(btf.KindPointer, false, 0, "", integer)
	b.composite(btf.KindStruct, "s", 24, b.name("a"), integer, 0, b.name("p"), to, 64)
	spec := b.load(t)
	require.Equal(t, `struct s {
	int                        a;                    /*     0     4 */
	int *                      p;                    /*     8     ? */

	/* size: 24, cachelines: 1, members: 2 */
	/* last cacheline: 24 bytes */
};
`, definition(t, spec, "s", Options{PointerSize: spec.PointerSize()}))
	s, err := spec.AnyTypeByName("s")
	require.NoError(t, err)
	layout, err := LayoutOf(s, spec.PointerSize())
	require.NoError(t, err)
	require.True(t, layout.Incomplete)
	require.True(t, layout.Members[0].Sized)
	require.False(t, layout.Members[1].Sized)
	require.Zero(t, layout.Padding)
}

// TestPacked: on a 32-bit machine a number of 8 bytes at offset 4 is no sign of packing.
func TestPacked(t *testing.T) {
	for _, test := range []struct {
		name   string
		long   uint32
		packed bool
	}{
		{"32 bits", 4, false},
		{"64 bits", 8, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b blob
			b.integer("long unsigned int", test.long)
			wide := b.integer("long long int", 8)
			b.composite(btf.KindStruct, "s", 12, b.name("a"), b.integer("int", 4), 0, b.name("b"), wide, 32)
			spec := b.load(t)
			text := definition(t, spec, "s", Options{PointerSize: spec.PointerSize()})
			require.Equal(t, test.packed, strings.Contains(text, "__packed__"), text)
		})
	}
}

// TestAll prints every type with a name, of a kernel and of a corpus of blobs from other
// compilers, machines and years.
func TestAll(t *testing.T) {
	t.Run("6.12", func(t *testing.T) { require.Greater(t, printAll(t, btftest.VmlinuxFile(t)), 60000) })
	t.Run("corpus", func(t *testing.T) {
		dir := btftest.Corpus(t)
		kernels, err := filepath.Glob(filepath.Join(dir, "*.btf.gz"))
		require.NoError(t, err)
		for _, zipped := range kernels {
			require.Greater(t, printAll(t, btftest.GunzipFile(t, zipped)), 10000)
		}
		objects, err := filepath.Glob(filepath.Join(dir, "bpf", "*.o"))
		require.NoError(t, err)
		n := 0
		for _, object := range objects {
			n += printAll(t, object)
		}
		t.Logf("%d kernels, %d types of %d objects", len(kernels), n, len(objects))
	})
}

func printAll(t *testing.T, file string) int {
	t.Helper()
	spec, err := btf.LoadSpec(file)
	if errors.Is(err, btf.ErrNotFound) {
		return 0
	}
	require.NoError(t, err, file)
	defer spec.Close()
	n := 0
	var text []byte
	for typ := range spec.All() {
		if typ.Name() == "" {
			continue
		}
		text, err = Append(text[:0], typ, Options{PointerSize: spec.PointerSize()})
		require.NoError(t, err, "%s: %v", file, typ)
		require.True(t, bytes.HasSuffix(text, []byte("\n")), "%s: %v: %q", file, typ, text)
		n++
	}
	return n
}
