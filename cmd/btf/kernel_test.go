// Tests list and ext with BTF inside the running kernel and with objects.

package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// TestList: the ids, sizes and names are those that bpftool lists.
func TestList(t *testing.T) {
	if _, err := handle.MarshalOptions(); err != nil {
		btftest.Missing(t, fmt.Sprintf("the running kernel takes no BTF from this process (%v)", err))
	}
	var b write.Builder
	integer := b.Int("only_here", 4, btf.Signed)
	b.Struct("of_a_program", 4, write.Member{Name: "it", Type: integer})
	spec, err := b.Spec()
	require.NoError(t, err)
	h, err := handle.New(spec)
	require.NoError(t, err)
	defer h.Close()
	info, err := h.Info()
	require.NoError(t, err)

	want := []string{"id bytes name"}
	line := regexp.MustCompile(`^(\d+): name \[?([^\]]*?)\]?  size (\d+)B`)
	for l := range strings.Lines(btftest.Output(t, btftest.Tool(t, "bpftool"), "btf", "list")) {
		if m := line.FindStringSubmatch(l); m != nil {
			want = append(want, strings.TrimSpace(m[1]+" "+m[3]+" "+strings.TrimPrefix(m[2], "<anon>")))
		}
	}
	require.Greater(t, len(want), 2)
	out, complaints, status := btfRun("list")
	require.Empty(t, complaints)
	require.Zero(t, status)
	var got []string
	for l := range strings.Lines(out) {
		got = append(got, strings.Join(strings.Fields(l), " "))
	}
	require.Equal(t, want, got)

	out, complaints, status = btfRun("show", "of_a_program", "--id", fmt.Sprint(info.ID))
	require.Empty(t, complaints)
	require.Zero(t, status)
	require.Contains(t, out, "struct of_a_program {")
	out, _, _ = btfRun("dump", "--id", fmt.Sprint(info.ID))
	require.Equal(t, btftest.Output(t, btftest.Tool(t, "bpftool"), "btf", "dump", "id", fmt.Sprint(info.ID), "format", "raw"), out)

	_, complaints, status = btfRun("show", "x", "--id", "4000000000")
	require.Equal(t, statusFailed, status)
	require.Contains(t, complaints, "not found")
	for _, args := range [][]string{{"--id", "0"}, {"--id", "x"}, {"--id", "4294967296"}, {"--id", "1", "-m", "x"}, {"--id", "1", "--btf", "x"}} {
		_, complaints, status = btfRun(append([]string{"show", "int"}, args...)...)
		require.Equal(t, statusUsage, status, args)
		require.Contains(t, complaints, "id", args)
	}
	_, complaints, status = btfRun("list", "all")
	require.Equal(t, statusUsage, status)
	require.Contains(t, complaints, `takes no arguments, has "all"`)
}

// TestExt looks for each function of the symbol table, and a line of source.
func TestExt(t *testing.T) {
	for _, path := range btftest.Objects(t, "el") {
		if !strings.HasSuffix(path, "relocations.bpf.el.o") {
			continue
		}
		out, complaints, status := btfRun("ext", path)
		require.Empty(t, complaints)
		require.Zero(t, status)
		require.Contains(t, out, "func tc+0 fields\n")
		require.Contains(t, out, "func socket+0 types\n")
		require.Regexp(t, `(?m)^line tc\+0 \S+/relocations\.bpf\.c:\d+:\d+ \tout\[0\] = o->inner\.a;$`, out)
		require.Regexp(t, `(?m)^core tc\+\d+ field_byte_offset struct outer___old 0:1:0:2:2$`, out)
		require.Regexp(t, `(?m)^core socket\+\d+ enumval_value enum wide 1$`, out)
	}
	raw := filepath.Join("..", "..", "testdata", "every-kind-le.btf")
	_, complaints, status := btfRun("ext", raw)
	require.Equal(t, statusFailed, status)
	require.Equal(t, "btf: "+raw+": no extended info\n", complaints)
	_, complaints, status = btfRun("ext", filepath.Join(t.TempDir(), "missing"))
	require.Equal(t, statusFailed, status)
	require.Contains(t, complaints, "no such file")
	_, _, status = btfRun("ext")
	require.Equal(t, statusUsage, status)
}
