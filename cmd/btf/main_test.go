// Tests argument lines: what they print, where, and the exit status.

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args  []string
		says  string
		usage string
	}{
		{nil, "needs a command", "btf show|"},
		{[]string{"frobnicate"}, `"frobnicate" is not a command`, "btf show|"},
		{[]string{"show"}, "needs a name", "btf show [flags] NAME…"},
		{[]string{"offset"}, "needs a path", "btf offset [flags] PATH…"},
		{[]string{"verify"}, "needs a file", "btf verify [flags] FILE…"},
		{[]string{"offset", "--json", "-c", "a.b"}, "at most one of --json, -c and --go can be given", "btf offset [flags] PATH…"},
		{[]string{"enum"}, "needs a name", "btf enum [flags] NAME…"},
		{[]string{"func"}, "needs a name", "btf func [flags] NAME…"},
		{[]string{"funcs", "tcp_*"}, "takes no arguments", "btf funcs [flags]"},
		{[]string{"funcs", "--glob", "["}, `"[" is not a glob`, "btf funcs [flags]"},
		{[]string{"funcs", "--first", "5"}, "--first needs --param", "btf funcs [flags]"},
		{[]string{"find"}, "needs a glob", "btf find [flags] GLOB…"},
		{[]string{"modules", "nf"}, "takes no arguments", "btf modules [flags]"},
		{[]string{"diff", "a"}, "needs two files", "btf diff [flags] A B [NAME…]"},
		{[]string{"dump", "a", "b"}, `needs at most one file, also has "b"`, "btf dump [flags] [FILE]"},
		{[]string{"dump", "a", "--btf", "b"}, "has one as an argument and one after --btf", "btf dump [flags] [FILE]"},
		{[]string{"stat", "--base", "a"}, "--base needs a file with split BTF", "btf stat [flags] [FILE]"},
		{[]string{"stat", "-m", "a", "--btf", "b"}, "-m cannot be given together with --btf", "btf stat [flags] [FILE]"},
		{[]string{"stat", "--nonsense"}, "btf: stat: flag provided but not defined: --nonsense", "btf stat [flags] [FILE]"},
		{[]string{"help", "frobnicate"}, `"frobnicate" is not a command`, "btf show|"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			stdout, stderr, status := btfRun(test.args...)
			require.Equal(t, statusUsage, status)
			require.Empty(t, stdout)
			require.True(t, strings.HasPrefix(stderr, "btf: "), stderr)
			require.Contains(t, stderr, test.says)
			require.Contains(t, stderr, "\nusage: "+test.usage)
		})
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr, status := btfRun("help")
	require.Zero(t, status)
	require.Empty(t, stderr)
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help", "help"}, {"help", "-h"}, {"-h", "-h"}} {
		again, stderr, status := btfRun(args...)
		require.Zero(t, status, args)
		require.Empty(t, stderr, args)
		require.Equal(t, stdout, again, args)
	}
	for _, c := range commands {
		require.Contains(t, stdout, "btf "+c.name)
		for _, args := range [][]string{{c.name, "-h"}, {c.name, "--help"}, {"help", c.name}} {
			stdout, stderr, status := btfRun(args...)
			require.Zero(t, status)
			require.Empty(t, stderr)
			require.Contains(t, stdout, c.details)
		}
	}
}

func TestErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		args   []string
		stderr string
	}{
		{[]string{"dump", missing}, "btf: " + missing + ": no such file or directory\n"},
		{[]string{"stat", "--base", missing, "main.go"}, "btf: " + missing + ": no such file or directory\n"},
		{[]string{"dump", "main.go"}, "btf: main.go: header at offset 0x0: begins with 2f 2f, not with the magic number 0xeb9f in either byte order\n"},
		{[]string{"stat", "--base", "main.go", "--btf", "input.go"}, "btf: main.go: header at offset 0x0: begins with 2f 2f, not with the magic number 0xeb9f in either byte order\n"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			stdout, stderr, status := btfRun(test.args...)
			require.Equal(t, statusFailed, status)
			require.Empty(t, stdout)
			require.Equal(t, test.stderr, stderr)
		})
	}
}

// TestSample: where there is no BTF of a kernel, show reads the sample and says so. The
// other commands fail, unless --sample asks for it: offsets and constants of another
// kernel are wrong answers.
func TestSample(t *testing.T) {
	var stdout, stderr bytes.Buffer
	none := func(string) (*btf.Kernel, error) { return nil, btf.ErrNotSupported }
	status := run([]string{"show", "pid_type"}, nil, &stdout, &stderr, none)
	require.Zero(t, status)
	require.Equal(t, "btf: no BTF of the running kernel here; this is the sample of Linux 6.12 for amd64\n", stderr.String())
	require.Contains(t, stdout.String(), "PIDTYPE_PGID")

	for _, args := range []string{
		"offset task_struct.mm", "offset --json task_struct.mm", "offset --go task_struct.mm", "offset -c task_struct.mm",
		"enum pid_type", "enum --json pid_type", "func vfs_open", "funcs --glob vfs_open", "find pid_type", "stat", "dump",
	} {
		t.Run(args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, statusFailed, run(strings.Fields(args), nil, &stdout, &stderr, none))
			require.Empty(t, stdout.String())
			require.Equal(t, "btf: not supported; --sample reads the sample of Linux 6.12 for amd64\n", stderr.String())

			stderr.Reset()
			require.Zero(t, run(append(strings.Fields(args), "--sample"), nil, &stdout, &stderr, none))
			require.Empty(t, stderr.String())
			require.NotEmpty(t, stdout.String())
			if strings.Contains(args, "-go") || strings.Contains(args, "-c") {
				require.Contains(t, stdout.String(), ", of the sample of Linux 6.12 for amd64.\n")
			}
		})
	}
	// It is read though the running kernel has BTF, and with no other input.
	stdout.Reset()
	require.Zero(t, run([]string{"show", "--sample", "pid_type"}, nil, &stdout, &stderr, btf.OpenKernel))
	require.Contains(t, stdout.String(), "PIDTYPE_PGID")
	for _, flag := range []string{"--btf=x", "-m=x", "--root=/x", "--id=1", "--base=x"} {
		_, stderr, status := btfRun("show", "--sample", flag, "int")
		require.Equal(t, statusUsage, status)
		require.Contains(t, stderr, "--sample cannot be given together")
	}
}

func TestVerify(t *testing.T) {
	good := btftest.VmlinuxFile(t)
	blob, err := os.ReadFile(good)
	require.NoError(t, err)
	// Break the target of the first pointer, which is not checked before narrowing.
	spec, err := btf.LoadRawSpec(blob)
	require.NoError(t, err)
	broken := filepath.Join(t.TempDir(), "broken.btf")
	off := spec.Header().Length + spec.Header().TypeOffset
	for t := range spec.All() {
		if t.Kind() == btf.KindInt {
			off += 16
			continue
		}
		break // a record of 12 bytes with a type id in the third word
	}
	blob = bytes.Clone(blob)
	copy(blob[off+8:], "\xff\xff\xff\x7f")
	require.NoError(t, os.WriteFile(broken, blob, 0o644))

	stdout, stderr, status := btfRun("verify", good)
	require.Equal(t, good+": ok\n", stdout)
	require.Empty(t, stderr)
	require.Zero(t, status)

	stdout, stderr, status = btfRun("verify", broken, good, "main.go", "missing")
	lines := strings.Split(stdout, "\n")
	require.Len(t, lines, 5)
	require.Regexp(t, `: types section at offset 0x\w+ \(type \d+\): .* must be below \d+, is 2147483647$`, lines[0])
	require.Equal(t, good+": ok", lines[1])
	require.Regexp(t, `^main.go: header at offset 0x0: `, lines[2])
	require.Equal(t, "missing: no such file or directory", lines[3])
	require.Empty(t, stderr)
	require.Equal(t, statusFailed, status)

	// Only the kernel minds bytes after the end.
	long := filepath.Join(t.TempDir(), "long.btf")
	whole, err := os.ReadFile(good)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(long, append(whole, 0, 0, 0, 0), 0o644))
	stdout, _, status = btfRun("verify", good, long)
	require.Equal(t, good+": ok\n"+long+": ok\n", stdout)
	require.Zero(t, status)
	stdout, _, status = btfRun("verify", "--strict", good, long)
	require.Regexp(t, "^"+regexp.QuoteMeta(good)+": ok\n"+regexp.QuoteMeta(long)+": header at offset 0x\\w+: unsupported section found: .* 4 bytes follow it\n$", stdout)
	require.Equal(t, statusFailed, status)
}

func TestStat(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	stdout, stderr, status := btfRun("stat", path)
	require.Zero(t, status)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "little-endian, header of 24 bytes, not sorted, pointers of 8 bytes\n")
	// The counts are bpftool's.
	dump := btftest.Output(t, btftest.Tool(t, "bpftool"), "btf", "dump", "file", path, "format", "raw")
	count := map[string]int{}
	for line := range strings.Lines(dump) {
		if fields := strings.Fields(line); line[0] == '[' {
			count[fields[1]]++
		}
	}
	require.NotEmpty(t, count)
	for kind, n := range count {
		require.Regexp(t, `(?m)^ +`+kind+` +`+strconv.Itoa(n)+`$`, stdout)
	}
}

// TestClosedPipe: a pipe that its reader has closed is no failure.
func TestClosedPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has another error for this")
	}
	path := btftest.VmlinuxFile(t)
	for _, args := range [][]string{{"help"}, {"dump", path}, {"stat", path}, {"offset", "--json", "--btf", path, "page.flags"}} {
		t.Run(args[0], func(t *testing.T) {
			r, w, err := os.Pipe()
			require.NoError(t, err)
			defer w.Close()
			require.NoError(t, r.Close())
			var stderr bytes.Buffer
			require.Zero(t, run(args, nil, w, &stderr, btf.OpenKernel))
			require.Empty(t, stderr.String())
		})
	}
}

// TestFullDisk: other errors of writing are failures.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no device that is always full: %v", err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	require.Equal(t, statusFailed, run([]string{"help"}, nil, full, &stderr, btf.OpenKernel))
	require.Equal(t, "btf: write /dev/full: no space left on device\n", stderr.String())
}

// TestHead runs the command in a shell, where a signal may end it.
func TestHead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sh on Windows")
	}
	btf := filepath.Join(t.TempDir(), "btf")
	btftest.Output(t, "go", "build", "-o", btf, ".")
	cmd := exec.Command("sh", "-c", `"$1" dump "$2" | head -n 1`, "sh", btf, btftest.VmlinuxFile(t))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run())
	require.Equal(t, 1, strings.Count(stdout.String(), "\n"))
	require.Empty(t, stderr.String())
}
