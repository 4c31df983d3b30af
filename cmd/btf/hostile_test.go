// Tests that hostile BTF does not forge output.

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// evil is a name that controls a terminal, forges rows and declarations, and joins lines.
const evil = "e\x1b[31m\x9b\xe9\n\tforged\t1\u202e;*/int forged;/*??/"

// evilBlob returns a blob that has the name in every place.
func evilBlob(t *testing.T) string {
	b := btftest.New(binary.LittleEndian)
	integer := b.Int(evil, 4, btftest.Signed)
	composite := b.Struct(evil, 8, btftest.Member{Name: evil, Type: integer}, btftest.Member{Name: "m", Type: integer, Offset: 32})
	b.Union("u", 8, btftest.Member{Name: "s", Type: composite}, btftest.Member{Name: "p", Type: b.Next() + 1})
	pointer := b.Pointer(composite)
	b.Enum(evil, 4, false, btftest.Value{Name: evil, Value: 1})
	f := b.Func(evil, b.FuncProto(integer, btftest.Param{Name: evil, Type: pointer}), 0)
	b.Typedef(evil, composite)
	b.Fwd(evil, true)
	v := b.Var(evil, integer, 1)
	b.Datasec(evil, 4, btftest.Variable{Type: v, Size: 4})
	b.DeclTag(evil, f, -1, false)
	b.DeclTag(evil, f, 0, true)
	b.DeclTag(evil, composite, 0, false)
	b.Func(evil, integer, 0) // broken
	b.Typedef("loop", b.Next()+1)
	b.Pointer(b.Next())
	return written(t, b)
}

// TestEvilNames: every command prints printable text, and begins no line with a name.
func TestEvilNames(t *testing.T) {
	file := evilBlob(t)
	empty := written(t, btftest.New(binary.LittleEndian))
	for _, args := range [][]string{
		{"show", "--btf", file, evil, "u", "loop"},
		{"offset", "--btf", file, "u.s", "u.p->m", evil + ".m", "u." + evil, "u.none"},
		{"offset", "--json", "--btf", file, "u.s", evil, "u.none" + evil},
		{"offset", "-c", "--btf", file, "u.s", "u.p->m", evil + ".m"},
		{"offset", "--go", "--btf", file, "u.s", "u.p->m", evil + ".m"},
		{"enum", "--btf", file, evil, "none" + evil},
		{"enum", "--json", "--btf", file, evil, "none" + evil},
		{"func", "--btf", file, evil, "none" + evil},
		{"func", "--json", "--btf", file, evil},
		{"funcs", "--btf", file},
		{"funcs", "--json", "--btf", file},
		{"find", "--btf", file, "*", "none" + evil},
		{"find", "--json", "--btf", file, "*"},
		{"stat", file},
		{"diff", file, empty},
		{"diff", empty, file},
		{"diff", "--json", file, empty, "*", "none" + evil},
		{"dump", file},
		{"dump", "missing" + evil},
		{"verify", file, "missing" + evil},
		{"verify", "--strict", file},
		{evil},
		{"show", "--" + evil},
		{"funcs", "--glob", "[" + evil},
	} {
		t.Run(strings.ReplaceAll(strings.Join(args[:min(2, len(args))], " "), file, ""), func(t *testing.T) {
			stdout, stderr, _ := btfRun(args...)
			require.NotEmpty(t, stdout+stderr)
			for _, text := range []string{stdout, stderr} {
				for line := range strings.Lines(text) {
					line = strings.TrimSuffix(line, "\n")
					for _, r := range strings.TrimLeft(line, "\t") {
						if !strconv.IsPrint(r) || r == '\ufffd' {
							require.Fail(t, "not printable", "%q in %q", r, line)
						}
					}
					require.False(t, strings.HasPrefix(strings.TrimSpace(line), "forged"), line)
				}
			}
			switch args[0] {
			case "show", "funcs", "func":
				if !strings.Contains(strings.Join(args, " "), "--json") {
					require.NotRegexp(t, `\bforged\b`, withoutComments(stdout))
				}
			}
			if len(args) > 1 && (args[1] == "-c" || args[1] == "--go") {
				require.NotRegexp(t, `(?m)\?\?/|\\$`, stdout)
			}
		})
	}
}

// withoutComments returns C text without comments and string literals.
func withoutComments(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		end := ""
		switch {
		case strings.HasPrefix(text, "/*"):
			end = "*/"
		case text[0] == '"':
			end = `"`
		default:
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		_, rest, _ := strings.Cut(text[len(end):], end)
		text = rest
	}
	return out.String()
}

// TestEvilTrigraph lets clang, with trigraphs, count constants behind a comment that
// ends in a trigraph for a backslash.
func TestEvilTrigraph(t *testing.T) {
	clang := btftest.Tool(t, "clang")
	b := btftest.New(binary.LittleEndian)
	odd := b.Typedef("odd??/", b.Int("int", 4, btftest.Signed))
	b.Struct("s", 8, btftest.Member{Name: "a", Type: odd, Offset: 0, Bitfield: 3}, btftest.Member{Name: "b", Type: odd, Offset: 32})
	stdout, stderr, status := btfRun("offset", "-c", "--btf", written(t, b), "s.a|??/", "s.b")
	require.Empty(t, stderr)
	require.Zero(t, status)
	file := filepath.Join(t.TempDir(), "a.c")
	require.NoError(t, os.WriteFile(file, []byte(stdout+"int x = OFFSETOF_S_B + BITOFFSETOF_S_A + BITSIZEOF_S_A;\n"), 0o644))
	btftest.Output(t, clang, "-trigraphs", "-w", "-fsyntax-only", file)
}

// TestJSONBytes: names that differ in bytes that are not UTF-8 differ in JSON too, which
// stays valid.
func TestJSONBytes(t *testing.T) {
	for in, want := range map[string]string{
		"task":           `"task"`,
		`a"b\c`:          `"a\"b\\c"`,
		"caf\xe9":        `"caf\udce9"`,
		"caf\xea":        `"caf\udcea"`,
		"café":           `"café"`,
		"\xed\xb3\xa9":   `"\udced\udcb3\udca9"`,
		"\x1b\n\t\x7f":   `"\u001b\n\t\u007f"`,
		"\u202e\u009b":   `"\u202e\u009b"`,
		"\U000e0001 <&>": `"\udb40\udc01 <&>"`,
		"\ufffd":         "\"\ufffd\"",
	} {
		got := appendJSON(nil, in)
		require.Equal(t, want, string(got), "%q", in)
		require.True(t, json.Valid(got))
		var b bytes.Buffer
		require.NoError(t, newEncoder(&b).Encode(jsonText(in)))
		require.Equal(t, want+"\n", b.String())
	}
	if python, err := exec.LookPath("python3"); err == nil {
		cmd := exec.Command(python, "-c", `import json,sys; sys.stdout.buffer.write(json.loads(sys.stdin.read()).encode("utf-8","surrogateescape"))`)
		cmd.Stdin = bytes.NewReader(appendJSON(nil, evil))
		out, err := cmd.Output()
		require.NoError(t, err)
		require.Equal(t, evil, string(out))
	}
}
