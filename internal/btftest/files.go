// Finds the repository and the files in its testdata.

package btftest

import (
	"bytes"
	"os"
	"path/filepath"
)

// module is the first line of the go.mod at the root of the repository.
const module = "module github.com/seed-6c4a6465/btf"

// Root returns the root directory of the repository, found upwards from the working
// directory, which is that of the package in a test. It panics outside of the
// repository.
func Root() string {
	wd, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		mod, _ := os.ReadFile(filepath.Join(dir, "go.mod"))
		if line, _, _ := bytes.Cut(mod, []byte("\n")); string(bytes.TrimSpace(line)) == module {
			return dir
		}
		if dir == filepath.Dir(dir) {
			panic("btftest: no go.mod of " + module + " above " + wd)
		}
	}
}

// Testdata returns the path of a file in the testdata directory of the repository.
func Testdata(elem ...string) string {
	return filepath.Join(append([]string{Root(), "testdata"}, elem...)...)
}
