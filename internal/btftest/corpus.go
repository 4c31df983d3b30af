// Finds the corpus of real blobs, and BPF objects compiled from testdata.

package btftest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Corpus returns the directory of real blobs that BTF_CORPUS names, or the one
// beside the repository. If there is none, the test is skipped.
func Corpus(t testing.TB) string {
	t.Helper()
	dir := CorpusDir()
	if dir == "" {
		t.Skip("no corpus of blobs: BTF_CORPUS does not name one, and there is none beside the repository")
	}
	return dir
}

// CorpusDir returns the directory of [Corpus], "" if there is none.
func CorpusDir() string {
	dir := os.Getenv("BTF_CORPUS")
	if dir == "" {
		dir = filepath.Join(Root(), "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		return ""
	}
	return dir
}

// Objects returns the paths of BPF objects with BTF for the byte order, "el" or
// "eb": the sources in testdata/bpf, compiled by clang, and the objects of the
// corpus, if there is one.
func Objects(t testing.TB, order string) []string {
	t.Helper()
	clang := Tool(t, "clang")
	sources, err := filepath.Glob(Testdata("bpf", "*.bpf.c"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources of BPF objects in %s: %v", Testdata("bpf"), err)
	}
	dir := t.TempDir()
	var objects []string
	for _, source := range sources {
		object := filepath.Join(dir, strings.TrimSuffix(filepath.Base(source), ".c")+"."+order+".o")
		Output(t, clang, "-target", "bpf"+order, "-g", "-O2", "-c", source, "-o", object)
		objects = append(objects, object)
	}
	if corpus := CorpusDir(); corpus != "" {
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

// CorpusKernel returns a function that decompresses a kernel of the corpus and returns
// the path of the file, for tables of kernels.
func CorpusKernel(name string) func(testing.TB) string {
	return func(t testing.TB) string { return GunzipFile(t, filepath.Join(Corpus(t), name)) }
}
