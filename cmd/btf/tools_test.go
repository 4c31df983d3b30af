// Finds the tools and blobs that the tests compare with.

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	encode "github.com/seed-6c4a6465/btf/internal/blob"
	"github.com/seed-6c4a6465/btf/internal/oracle"
	"github.com/stretchr/testify/require"
)

func tool(t testing.TB, name string) string { return oracle.Tool(t, name) }

func output(t testing.TB, program string, args ...string) string {
	return oracle.Output(t, program, args...)
}

// corpus returns the directory of real blobs that BTF_CORPUS names, or the one beside
// the repository.
func corpus(t testing.TB) string {
	t.Helper()
	dir := oracle.Corpus(filepath.Join("..", ".."))
	if dir == "" {
		t.Skip("no corpus of blobs: BTF_CORPUS does not name one, and there is none beside the repository")
	}
	return dir
}

// gunzipped returns the path of a file with the content of a gzip file.
func gunzipped(t testing.TB, path string) string {
	t.Helper()
	raw, err := encode.Gunzip(path)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), ".gz"))
	require.NoError(t, os.WriteFile(out, raw, 0o644))
	return out
}

func fixture(t testing.TB) string {
	t.Helper()
	return gunzipped(t, filepath.Join("..", "..", "testdata", "vmlinux-amd64-6.12.btf.gz"))
}

func corpusKernel(name string) func(testing.TB) string {
	return func(t testing.TB) string { return gunzipped(t, filepath.Join(corpus(t), name)) }
}

const kernelBTF = "/sys/kernel/btf/vmlinux"

// kernel returns the path of the running kernel's BTF.
func kernel(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(kernelBTF); err != nil {
		t.Skipf("the running kernel has no BTF: %v", err)
	}
	return kernelBTF
}

// btfRun runs the command in this process.
func btfRun(args ...string) (stdout, stderr string, status int) {
	var out, complaints bytes.Buffer
	status = run(args, nil, &out, &complaints, btf.OpenKernel)
	return out.String(), complaints.String(), status
}
