// Tests which bytes are escaped, and how.

package escape

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"task_struct":         "task_struct",
		"a b~":                "a b~",
		"\x1b[31mred\nrow\tx": `\x1b[31mred\x0arow\x09x`,
		"caf\xe9":             `caf\xe9`,
		"café Größe 名":        "café Größe 名",
		"\x7f\u009b5m":        `\x7f\xc2\x9b5m`,
		"\u202egnp\u200b":     `\xe2\x80\xaegnp\xe2\x80\x8b`,
		"\u00a0\u2028":        `\xc2\xa0\xe2\x80\xa8`,
		"\xe2\x80":            `\xe2\x80`,
		"\ufffd":              "\ufffd",
		`a\x1b`:               `a\x1b`,
		"\xed\xb3\xa9":        `\xed\xb3\xa9`,
	} {
		require.Equal(t, want, Text(in), "%q", in)
		require.Equal(t, "> "+want, string(AppendText([]byte("> "), []byte(in))))
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { Text("task_struct"); Comment("task_struct") }))
	dst := make([]byte, 0, 100)
	name := []byte("task_struct")
	require.Zero(t, testing.AllocsPerRun(100, func() { AppendText(dst, name) }))
}

func TestComment(t *testing.T) {
	for in, want := range map[string]string{
		"core::Option<u32>": "core::Option<u32>",
		"*/ int x; /*":      `*\x2f int x; /\x2a`,
		"/*/":               `/\x2a/`,
		"**/":               `**\x2f`,
		"w??/":              `w?\x3f/`,
		"???":               `?\x3f?`,
		`end\`:              `end\x5c`,
		"a\nb":              `a\x0ab`,
		"char *":            "char *",
	} {
		require.Equal(t, want, Comment(in), "%q", in)
	}
}

// TestQuote lets a compiler that knows trigraphs read the literals.
func TestQuote(t *testing.T) {
	clang, err := exec.LookPath("clang")
	if err != nil {
		t.Skip("no clang")
	}
	texts := []string{"bpf_kfunc", `say "x" \n`, "t??/", "????/\"", "\x1b5\n\x7f\xff0", "café"}
	source := ""
	for _, text := range texts {
		source += "static_assert(1"
		for i := range len(text) {
			source += fmt.Sprintf(" && (unsigned char)%s[%d] == %d", Quote(text), i, text[i])
		}
		source += ", \"\");\n"
	}
	file := filepath.Join(t.TempDir(), "a.cc")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o644))
	out, err := exec.Command(clang, "-std=c++14", "-trigraphs", "-w", "-fsyntax-only", file).CombinedOutput()
	require.NoError(t, err, "%s\n%s", source, out)
}
