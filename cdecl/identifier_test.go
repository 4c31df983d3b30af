// Tests that declarations have no names that are not identifiers.

package cdecl

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

func TestIdentifier(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"task_struct":       "task_struct",
		"_1$x":              "_1$x",
		"größe":             "größe",
		"foo.isra.0":        "foo_isra_0 /* foo.isra.0 */",
		"core::Option<u32>": "core__Option_u32_ /* core::Option<u32> */",
		"9p":                "_9p /* 9p */",
		"while":             "while_ /* while */",
		"_Bool":             "_Bool_ /* _Bool */", // of a struct
		"bool":              "bool",
		"caf\xe9":           `caf_ /* caf\xe9 */`,
		"x; evil()":         "x__evil__ /* x; evil() */",
		"*/ int x; /*":      `___int_x____ /* *\x2f int x; /\x2a */`,
		"w??/":              `w___ /* w?\x3f/ */`,
		"p\nforged(":        `p_forged_ /* p\x0aforged( */`,
		"long unsigned int": "long_unsigned_int /* long unsigned int */", // of a struct
	} {
		require.Equal(t, want, identifier(in), "%q", in)
	}
	for name, want := range map[string]bool{
		"long unsigned int": true, "_Complex double": true, "long  int": false, "int\n": false, "int x": false, " ": false,
	} {
		require.Equal(t, want, isNumber(name), "%q", name)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { identifier("task_struct") }))
}

// forged has a name that is not an identifier in every place that has one.
func forged(t *testing.T) *btf.Spec {
	const evil = "*/ void forged(void); /*\n\x1b[31m??/"
	b := btftest.New(binary.LittleEndian)
	integer := b.Int(evil, 4, 0)
	float := b.Float(evil, 4)
	b.Enum(evil, 4, false, btftest.Value{Name: evil, Value: 1})
	proto := b.FuncProto(integer, btftest.Param{Name: evil, Type: float})
	b.Struct("s", 8, btftest.Member{Name: evil, Type: integer}, btftest.Member{Name: "m", Type: float, Offset: 32})
	union := b.Union(evil, 4, btftest.Member{Name: "a", Type: integer})
	b.Typedef(evil, union)
	b.Fwd(evil, false)
	f := b.Func(evil, proto, 0)
	v := b.Var(evil, integer, 1)
	b.Datasec(evil, 4, btftest.Variable{Type: v, Size: 4}, btftest.Variable{Type: f, Offset: 4})
	b.DeclTag(evil, f, -1, false)
	b.DeclTag(evil, v, -1, true)
	b.DeclTag(evil, union, 0, true)
	b.Struct("tagged", 8, btftest.Member{Name: "p", Type: b.Pointer(b.TypeTag(evil, integer, true))})
	b.Struct("tagged", 8, btftest.Member{Name: "p", Type: b.Pointer(b.TypeTag(evil, integer, false))})
	return (&blob{b}).load(t)
}

// TestForged lets clang look for a declaration that only a name contains.
func TestForged(t *testing.T) {
	spec := forged(t)
	var all strings.Builder
	for typ := range spec.All() {
		for _, opts := range []Options{{PointerSize: 8}, {NoComments: true}} {
			text, err := Append(nil, typ, opts)
			require.NoError(t, err)
			require.NotContains(t, string(text), "\x1b")
			require.NotContains(t, string(text), "??/")
			for line := range strings.Lines(string(text)) {
				require.NotRegexp(t, `^(void|forged)`, line)
			}
			if opts.NoComments {
				all.Write(text)
			}
		}
	}
	clang, err := exec.LookPath("clang")
	if err != nil {
		t.Skip("no clang")
	}
	file := filepath.Join(t.TempDir(), "forged.c")
	require.NoError(t, os.WriteFile(file, []byte(all.String()), 0o644))
	out, err := exec.Command(clang, "-trigraphs", "-E", "-P", "-w", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	// Without comments and trigraphs, no name of its own is left of the forgery.
	literal := regexp.MustCompile(`"(\\.|[^"\\])*"`)
	require.NotRegexp(t, `\bforged\b`, literal.ReplaceAllString(string(out), ""))
	require.Contains(t, string(out), "struct s {")
	require.Contains(t, string(out), "struct tagged {")
}
