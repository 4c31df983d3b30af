// source files → proof that they depend on each other in one direction only

package btf

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// roomImports says which imports only some rooms may have.
var roomImports = map[string][]string{
	"golang.org/x/sys/unix": {"mmap_unix.go", "bpf_linux.go"},
	"golang.org/x/exp/mmap": {"mmap_other.go"},
	"debug/elf":             {"elf_names.go", "elf.go"},
	"unsafe":                {"bpf_linux.go"},
	"reflect":               {},
}

// otherSystems are files that are not compiled on Linux: what they declare, others
// declare too.
var otherSystems = []string{"mmap_other.go", "bpf_other.go"}

// TestRooms holds the shape of the package: the order of files that doc.go lists
// is complete, every file uses only what files before it declare, and what needs
// care is imported in one place.
func TestRooms(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("type-checks the files of Linux")
	}
	fset := token.NewFileSet()
	var files []*ast.File
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || slices.Contains(otherSystems, path) {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, f)
	}

	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var order []string
	for _, m := range regexp.MustCompile(`(?m)^//\t(\w+\.go)  `).FindAllStringSubmatch(string(doc), -1) {
		order = append(order, m[1])
	}
	place := func(file string) int {
		if file == "mmap_unix.go" {
			file = "mmap.go" // the platform's half of that room
		}
		return slices.Index(order, file)
	}

	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := config.Check("btf", fset, files, &info)
	require.NoError(t, err)

	checkImports := func(name string, f *ast.File) {
		for _, spec := range f.Imports {
			if allowed, ok := roomImports[strings.Trim(spec.Path.Value, `"`)]; ok {
				require.Contains(t, allowed, name, "%s imports %s", name, spec.Path.Value)
			}
		}
	}
	for _, name := range otherSystems {
		f, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		checkImports(name, f)
	}
	for _, f := range files {
		name := filepath.Base(fset.Position(f.Pos()).Filename)
		require.Regexp(t, `^.+ [→↔] .+$`, f.Comments[0].Text()[:strings.IndexByte(f.Comments[0].Text(), '\n')],
			"%s: its first line is to be its arrow", name)
		if name != "doc.go" {
			require.GreaterOrEqual(t, place(name), 0, "doc.go does not list %s", name)
		}
		checkImports(name, f)
	}
	var backwards []string
	for ident, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			continue
		}
		user := fset.Position(ident.Pos())
		declared := filepath.Base(fset.Position(object.Pos()).Filename)
		if place(declared) > place(filepath.Base(user.Filename)) {
			backwards = append(backwards, user.String()+" uses "+ident.Name+" of "+declared)
		}
	}
	require.Empty(t, backwards, "a file may use only what files before it declare")
}
