// Tests the flag for the size of a pointer, and that for the release of the kernel.

package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// writeBlob writes a blob to a file.
func writeBlob(t *testing.T, name string, build func(b *btftest.Builder)) string {
	b := btftest.New(binary.LittleEndian)
	build(b)
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

// files builds what a tool leaves of two structs for a program that reads
// files_struct.fd_array and task_struct.files: no type tells the size of a pointer.
func files(b *btftest.Builder) {
	b.Int("int", 4, btftest.Signed)
	b.Pointer(4)
	b.Array(2, 1, 64)
	b.Struct("file", 184)
	b.Struct("files_struct", 704, btftest.Member{Name: "fd_array", Type: 3, Offset: 160 * 8})
	b.Pointer(5)
	b.Struct("task_struct", 9792, btftest.Member{Name: "files", Type: 6, Offset: 1824 * 8})
}

// TestPointerFlag: commands that need the size of a pointer say how to give it, and take
// it from the flag.
func TestPointerFlag(t *testing.T) {
	minimised := writeBlob(t, "min.btf", files)
	full := writeBlob(t, "full.btf", func(b *btftest.Builder) { files(b); b.Int("long", 8, btftest.Signed) })

	stdout, stderr, status := btfRun("offset", "--btf", minimised, "task_struct.files", "files_struct.fd_array[3]")
	require.Equal(t, statusFailed, status)
	require.Regexp(t, `\ntask_struct\.files +14592 +1824 +\? +struct files_struct \*\n$`, stdout)
	require.Contains(t, stderr, `files_struct.fd_array[3]: size of PTR (id 2): the size of a pointer is unknown: --pointer 4 or --pointer 8 sets it`)
	require.Contains(t, stderr, "\nbtf: the size of a pointer is unknown: --pointer 4 or --pointer 8 sets it\n")

	for _, pointer := range []struct{ size, at, each string }{{"8", "184", "8"}, {"4", "172", "4"}} {
		stdout, stderr, status = btfRun("offset", "--pointer", pointer.size, "--btf", minimised, "task_struct.files", "files_struct.fd_array[3]", "files_struct.fd_array")
		require.Empty(t, stderr)
		require.Zero(t, status)
		require.Regexp(t, `task_struct\.files +14592 +1824 +`+pointer.each+` `, stdout)
		require.Regexp(t, `fd_array\[3\] +\d+ +`+pointer.at+` +`+pointer.each+` `, stdout)
	}
	stdout, _, _ = btfRun("offset", "--pointer", "4", "--btf", full, "files_struct.fd_array[3]")
	require.Regexp(t, `fd_array\[3\] +\d+ +184 +8 `, stdout, "the flag is for BTF that does not tell it")
	for _, bad := range []string{"0", "16", "x", "-8"} {
		_, stderr, status = btfRun("offset", "--pointer", bad, "--btf", full, "task_struct.files")
		require.Equal(t, statusUsage, status)
		require.Contains(t, stderr, "must be 4 or 8")
	}

	stdout, stderr, status = btfRun("diff", minimised, full, "task_struct.files")
	require.Empty(t, stdout+stderr, "a size that one side does not know is no difference")
	require.Zero(t, status)
	stdout, stderr, status = btfRun("diff", minimised, full, "struct task_struct", "files_struct")
	require.Empty(t, stdout+stderr, "nor is one of a member")
	require.Zero(t, status)
	stdout, stderr, status = btfRun("diff", minimised, minimised)
	require.Empty(t, stdout+stderr)
	require.Zero(t, status)
	stdout, stderr, status = btfRun("show", "--btf", minimised, "task_struct")
	require.Empty(t, stderr)
	require.Zero(t, status)
	require.Contains(t, stdout, "struct files_struct *")
	stdout, stderr, _ = btfRun("diff", minimised, full, "files_struct.fd_array[3]")
	require.Empty(t, stdout)
	require.Contains(t, stderr, "--pointer 4 or --pointer 8 sets it")
	stdout, stderr, status = btfRun("diff", "--pointer", "8", minimised, full, "files_struct.fd_array[3]", "task_struct.files")
	require.Empty(t, stdout+stderr)
	require.Zero(t, status)
	stdout, _, status = btfRun("diff", "--pointer", "4", minimised, full, "files_struct.fd_array[3]")
	require.Equal(t, "~ path files_struct.fd_array[3]: offset 172 → 184, size 4 → 8\n", stdout)
	require.Equal(t, statusFailed, status)

	for _, command := range []string{"show", "func", "funcs", "find", "enum", "dump", "stat", "verify", "diff", "offset"} {
		stdout, _, _ := btfRun(command, "-h")
		require.Contains(t, stdout, "--pointer N", command)
	}
	stdout, _, status = btfRun("stat", "--pointer", "8", "--btf", minimised)
	require.Zero(t, status)
	require.Regexp(t, `pointer.* 8`, stdout)
}

// TestVerifyKernel checks by the rules of several releases.
func TestVerifyKernel(t *testing.T) {
	float := writeBlob(t, "float.btf", func(b *btftest.Builder) { b.Float("double", 8) })
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"--strict", float}, ": ok\n"},
		{[]string{"--strict", "--kernel", "6.18", float}, ": ok\n"},
		{[]string{"--strict", "--kernel", "5.13", float}, ": ok\n"},
		{[]string{"--strict", "--kernel", "5.12.7", float}, ": types section at offset 0x4 (type 1): invalid kind: must be 1 to 15, is 16\n"},
		{[]string{"--strict", "--kernel", "4.19", float}, ": rules of Linux 4.19: the first known are those of 5.2: not supported\n"},
		{[]string{"--strict", "--kernel", "six", float}, `: release of a kernel must begin with two numbers, such as 6.18, is "six"` + "\n"},
		{[]string{float}, ": ok\n"},
	} {
		stdout, _, status := btfRun(append([]string{"verify"}, row.args...)...)
		require.Equal(t, float+row.want, stdout)
		require.Equal(t, row.want == ": ok\n", status == statusOK)
	}
	_, stderr, status := btfRun("verify", "--kernel", "6.18", float)
	require.Equal(t, statusUsage, status)
	require.Contains(t, stderr, "--kernel needs --strict")
}
