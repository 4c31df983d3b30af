// Tests which file, module and base the flags select.

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestModuleName: modprobe and users write dashes where the kernel has underscores.
func TestModuleName(t *testing.T) {
	root, _, _ := loaded(t)
	dir := filepath.Join(root, "sys", "kernel", "btf")
	require.NoError(t, os.Rename(filepath.Join(dir, "nf"), filepath.Join(dir, "nf_flow_table")))
	for _, name := range []string{"nf-flow-table", "nf_flow_table", "nf-flow_table"} {
		stdout, stderr, status := btfRun("func", "--root", root, "-m", name, "filter")
		require.Empty(t, stderr)
		require.Zero(t, status)
		require.Equal(t, "void filter(struct sk_buff *skb); /* nf_flow_table */\n", stdout)
	}
}

// TestModuleBase: the BTF of a module in a directory sys/kernel/btf stands on vmlinux
// beside it.
func TestModuleBase(t *testing.T) {
	root, _, _ := loaded(t)
	dir := filepath.Join(root, "sys", "kernel", "btf")
	module, vmlinux := filepath.Join(dir, "nf"), filepath.Join(dir, "vmlinux")
	want, stderr, status := btfRun("dump", "--base", vmlinux, module)
	require.Empty(t, stderr)
	require.Zero(t, status)
	require.Contains(t, want, "'filter'")
	t.Chdir(dir)
	for _, file := range []string{module, "nf", filepath.Join("..", "btf", "nf")} {
		got, stderr, status := btfRun("dump", file)
		require.Empty(t, stderr)
		require.Zero(t, status)
		require.Equal(t, want, got)
	}
	stdout, _, status := btfRun("verify", "nf", "vmlinux")
	require.Equal(t, "nf: ok\nvmlinux: ok\n", stdout)
	require.Zero(t, status)
	stdout, stderr, status = btfRun("show", "--btf", "nf", "own")
	require.Empty(t, stderr)
	require.Zero(t, status)
	require.Contains(t, stdout, "struct sk_buff *           skb;")
	_, stderr, status = btfRun("diff", "nf", module)
	require.Empty(t, stderr)
	require.Zero(t, status)

	// Elsewhere, and for a file that is not there, nothing is guessed.
	alone := filepath.Join(t.TempDir(), "nf")
	blob, err := os.ReadFile(module)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(alone, blob, 0o644))
	_, stderr, status = btfRun("dump", alone)
	require.Equal(t, statusFailed, status)
	require.Contains(t, stderr, "split BTF must be loaded over its base")
	_, stderr, status = btfRun("dump", "missing")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "btf: missing: no such file or directory\n", stderr)
}

// TestFlagErrors: an error names the flag as the user typed it.
func TestFlagErrors(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--jsno", "f"}, "flag provided but not defined: --jsno"},
		{[]string{"-jsno"}, "flag provided but not defined: -jsno"},
		{[]string{"f", "--jsno=1"}, "flag provided but not defined: --jsno"},
		{[]string{"--btf"}, "flag needs an argument: --btf"},
		{[]string{"--id", "x"}, `invalid value "x" for flag --id: `},
		{[]string{"--id", "-5"}, `invalid value "-5" for flag --id: `},
		{[]string{"--id=0"}, `invalid value "0" for flag --id: ids begin at 1`},
		{[]string{"-id=0"}, `invalid value "0" for flag -id: ids begin at 1`},
		{[]string{"--json=x"}, `invalid boolean value "x" for --json: `},
	} {
		_, stderr, status := btfRun(append([]string{"func"}, test.args...)...)
		require.Equal(t, statusUsage, status)
		require.Contains(t, stderr, "btf: func: "+test.want, test.args)
	}
}

// TestJoinedErrors: a newline in a path begins no line.
func TestJoinedErrors(t *testing.T) {
	_, stderr, status := btfRun("dump", "missing\nbtf: forged")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "btf: missing\\x0abtf: forged: no such file or directory\n", stderr)
	_, stderr, _ = btfRun("show", "--btf", beforeFile, "a\nb", "c")
	require.Equal(t, "btf: type named \"a\\nb\": not found\nbtf: type named \"c\": not found\n", stderr)
}
