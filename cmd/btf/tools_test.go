// machine → the second opinions that are on it

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	encode "github.com/seed-6c4a6465/btf/internal/blob"
	"github.com/stretchr/testify/require"
)

// tool returns the path of a program to compare with. Without it the test is
// skipped, or fails where BTF_REQUIRE_ORACLES=1 says that it must be there.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		if os.Getenv("BTF_REQUIRE_ORACLES") == "1" {
			t.Fatalf("%s is not installed, and BTF_REQUIRE_ORACLES=1", name)
		}
		t.Skipf("%s is not installed: nothing to compare with", name)
	}
	return path
}

// output runs a program and returns what it prints.
func output(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %s: %s", program, strings.Join(args, " "), stderr.String())
	return string(out)
}

// corpus returns the directory of real blobs that BTF_CORPUS names, or the one
// beside the repository.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("BTF_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Skipf("no corpus of blobs: BTF_CORPUS does not name one, and there is none at %s", dir)
	}
	return dir
}

// gunzipped writes what is in a gzip file to one that can be mapped.
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
