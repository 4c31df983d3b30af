// Measures what commands take for small files that describe much text.

//go:build !race

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// longEnum returns an enum of n values, whose names are the ends of one string of n bytes.
func longEnum(n int) *btftest.Builder {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	name, long := b.String("e"), b.String(strings.Repeat("v", n))
	var rest []uint32
	for i := range n {
		rest = append(rest, long+uint32(i), uint32(i))
	}
	b.Record(name, btftest.Info(6, uint32(n), false), 4, rest...)
	return b
}

// longTags returns a struct with n decl tags, whose texts are the ends of one string.
func longTags(n int) *btftest.Builder {
	b := btftest.New(binary.LittleEndian)
	s := b.Struct("s", 4, btftest.Member{Name: "a", Type: b.Int("int", 4, btftest.Signed)})
	long := b.String(strings.Repeat("t", n))
	for i := range n {
		b.Record(long+uint32(i), btftest.Info(17, 0, false), s, 1<<32-1)
	}
	return b
}

// manyTags has tags of usual length: they are text to print.
func manyTags(n int) *btftest.Builder {
	b := btftest.New(binary.LittleEndian)
	s := b.Struct("s", 4, btftest.Member{Name: "a", Type: b.Int("int", 4, btftest.Signed)})
	for range n {
		b.DeclTag("bpf_kfunc", s, -1, false)
	}
	return b
}

// wideProtos has functions whose prototype is deep times nested, with width parameters.
func wideProtos(deep, width, funcs int) *btftest.Builder {
	b := btftest.New(binary.LittleEndian)
	inner := b.Int("int", 4, btftest.Signed)
	var proto uint32
	for range deep {
		params := make([]btftest.Param, width)
		for i := range params {
			params[i] = btftest.Param{Name: "a", Type: inner}
		}
		proto = b.FuncProto(0, params...)
		inner = b.Pointer(proto)
	}
	for range funcs {
		b.Func("f", proto, 0)
	}
	return b
}

// childFile is the variable with the name of the file in which a child puts the peak of
// its memory. That of wait4 includes the memory of the parent.
const childFile = "BTF_TEST_CHILD"

// TestMain runs the command in a child.
func TestMain(m *testing.M) {
	file := os.Getenv(childFile)
	if file == "" {
		os.Exit(m.Run())
	}
	code := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, btf.OpenKernel)
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		err = os.WriteFile(file, status, 0o644)
	}
	if err != nil {
		panic(err)
	}
	os.Exit(code)
}

// child runs the command. It returns the exit status, the bytes of standard output, and
// the peak of memory in KB.
func child(t *testing.T, args ...string) (status int, n, peak int64) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "status")
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childFile+"="+file)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	n, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	if err := cmd.Wait(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "VmHWM:")
	require.True(t, found, "%s", text)
	_, err = fmt.Sscan(rest, &peak)
	require.NoError(t, err)
	return cmd.ProcessState.ExitCode(), n, peak
}

// TestCost measures the memory, time and output of commands over small hostile files.
func TestCost(t *testing.T) {
	enum := written(t, longEnum(8000))
	enum2 := written(t, longEnum(8000))
	longer := written(t, longEnum(26_000))
	tags := written(t, longTags(8000))
	many := written(t, manyTags(40_000))
	protos := written(t, wideProtos(11, 16, 16))
	unprintable := written(t, wideProtos(5, 12, 3000))
	printable := written(t, wideProtos(4, 10, 200)) // 70 KB each
	for _, test := range []struct {
		args   []string
		status int
		output int64 // at most
	}{
		{[]string{"dump", enum}, 0, 1 << 26},
		{[]string{"enum", "e", "--btf", enum}, 0, 1 << 26},
		{[]string{"enum", "e", "--json", "--btf", enum}, 0, 1 << 26},
		{[]string{"diff", enum, enum2}, 0, 0},
		{[]string{"show", "s", "--btf", tags}, 1, 0},
		{[]string{"show", "s", "--btf", many}, 0, 1 << 24},
		{[]string{"func", "f", "--btf", protos}, 1, 0},
		{[]string{"func", "f", "--json", "--btf", protos}, 1, 1 << 16},
		{[]string{"funcs", "--json", "--btf", protos}, 1, 0},
		{[]string{"diff", protos, protos}, 0, 0},
		{[]string{"funcs", "--btf", printable}, 0, 1 << 24},
		{[]string{"dump", longer}, 1, 290 << 20}, // ends at the limit
		{[]string{"enum", "e", "--btf", longer}, 1, 290 << 20},
		{[]string{"funcs", "--btf", unprintable}, 1, 0},
		{[]string{"find", "*", "--btf", printable}, 0, 1 << 20},
	} {
		t.Run(fmt.Sprint(test.args[0], filepath.Base(filepath.Dir(test.args[len(test.args)-1]))), func(t *testing.T) {
			began := time.Now()
			status, n, peak := child(t, test.args...)
			t.Logf("%d bytes, %d KB, %v", n, peak, time.Since(began).Round(time.Millisecond))
			require.Equal(t, test.status, status)
			require.LessOrEqual(t, n, test.output)
			require.Less(t, peak, int64(100<<10), "KB")
			require.Less(t, time.Since(began), time.Minute)
		})
	}
}

// TestCostDiff: two kernels are compared in little memory. The files are mapped, and
// their pages can be dropped: they do not count.
func TestCostDiff(t *testing.T) {
	a, b := btftest.VmlinuxFile(t), btftest.CorpusKernel("vmlinux-amd64-7.1-sorted-layout.btf.gz")(t)
	mapped := int64(0)
	for _, file := range []string{a, b} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		mapped += info.Size()
	}
	status, _, peak := child(t, "diff", a, b)
	require.Equal(t, 1, status)
	kept := peak - mapped>>10
	t.Logf("%d KB besides the files", kept)
	require.Less(t, kept, int64(28<<10), "KB, half of it pages of the test program")
}
