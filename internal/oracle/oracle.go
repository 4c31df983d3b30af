// machine → the second opinions that are on it

// Package oracle finds what tests compare with: other readers of BTF, compilers,
// the kernel. Where one is missing the test is skipped and says so, or fails if
// BTF_REQUIRE_ORACLES=1 says that it must be there.
package oracle

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Missing ends a test for want of an oracle.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("BTF_REQUIRE_ORACLES") == "1" {
		t.Fatalf("%s, and BTF_REQUIRE_ORACLES=1", why)
	}
	t.Skipf("%s: nothing to compare with", why)
}

// Tool returns the path of a program.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		Missing(t, name+" is not installed")
	}
	return path
}

// Output runs a program and returns what it prints.
func Output(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", program, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// Corpus returns the directory of real blobs that BTF_CORPUS names, or the one
// beside the repository at root; "" if there is none.
func Corpus(root string) string {
	dir := os.Getenv("BTF_CORPUS")
	if dir == "" {
		dir = filepath.Join(root, "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		return ""
	}
	return dir
}

// Objects returns the paths of BPF objects with BTF: those in the corpus, if there
// is one, and the sources in testdata of the repository at root, compiled by clang
// for the byte order, "el" or "eb".
func Objects(t testing.TB, root, order string) []string {
	t.Helper()
	clang := Tool(t, "clang")
	sources, err := filepath.Glob(filepath.Join(root, "testdata", "bpf", "*.bpf.c"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources of BPF objects below %s: %v", root, err)
	}
	dir := t.TempDir()
	var objects []string
	for _, source := range sources {
		object := filepath.Join(dir, strings.TrimSuffix(filepath.Base(source), ".c")+"."+order+".o")
		Output(t, clang, "-target", "bpf"+order, "-g", "-O2", "-c", source, "-o", object)
		objects = append(objects, object)
	}
	if corpus := Corpus(root); corpus != "" {
		more, err := filepath.Glob(filepath.Join(corpus, "bpf", "*."+order+".o"))
		if err != nil || len(more) == 0 {
			t.Fatalf("no BPF objects in the corpus at %s: %v", corpus, err)
		}
		for _, path := range more {
			if !strings.HasPrefix(filepath.Base(path), "nobtf.") { // on purpose
				objects = append(objects, path)
			}
		}
	}
	return objects
}
