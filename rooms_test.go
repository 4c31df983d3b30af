// Checks the shape of the project: which package may import which, and which file of the root package may use which.

package btf

import (
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/seed-6c4a6465/btf"

// packageImports names the packages of the module that may import a package that needs
// care. No other package of the module may. Tests may import anything.
var packageImports = map[string][]string{
	"golang.org/x/sys/unix": {"btf", "handle"},
	"syscall":               {"cmd/btf"}, // error numbers
	"unsafe":                {"handle"},
	"reflect":               {},
	"C":                     {},
}

// fileImports names the files of the root package that may import a package that needs
// care. No other file of the root package may.
var fileImports = map[string][]string{
	"golang.org/x/sys/unix": {"mmap_unix.go"},
	"debug/elf":             {"elf.go", "placement.go"},
}

// short returns the name of a package of the module in ARCHITECTURE.md.
func short(path string) string {
	if path == module {
		return "btf"
	}
	return strings.TrimPrefix(path, module+"/")
}

// listed returns the names in the first column of the tables of ARCHITECTURE.md that
// match a pattern, in order.
func listed(t *testing.T, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	require.NoError(t, err)
	var names []string
	for _, m := range regexp.MustCompile("(?m)^\\| `("+pattern+")`").FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	require.NotEmpty(t, names)
	return names
}

// TestImportGraph checks that every package of the module stands in ARCHITECTURE.md,
// and imports only packages of the module that stand above it.
func TestImportGraph(t *testing.T) {
	order := listed(t, `[a-z/]+`)
	rank := func(path string) int { return slices.Index(order, short(path)) }
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for decoder.More() {
		var p struct {
			ImportPath string
			Imports    []string
		}
		require.NoError(t, decoder.Decode(&p))
		require.GreaterOrEqual(t, rank(p.ImportPath), 0, "ARCHITECTURE.md does not list %s", p.ImportPath)
		for _, path := range p.Imports {
			if path == module || strings.HasPrefix(path, module+"/") {
				require.Less(t, rank(path), rank(p.ImportPath), "%s imports %s", p.ImportPath, path)
			}
		}
	}
}

// TestPackageImports checks packageImports in the files for every system, which go list
// does not show. A directory with a go.mod is another module.
func TestPackageImports(t *testing.T) {
	files, used := 0, map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		name := filepath.ToSlash(filepath.Dir(path))
		if name == "." {
			name = "btf"
		}
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if allowed, ok := packageImports[imported]; ok {
				require.Contains(t, allowed, name, "%s imports %s", path, imported)
				used[imported+" "+name] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 80)
	for imported, allowed := range packageImports {
		for _, name := range allowed {
			require.True(t, used[imported+" "+name], "%s no longer imports %s", name, imported)
		}
	}
}

// TestFileOrder checks that each file of the root package stands in ARCHITECTURE.md,
// uses only what files above it declare, says in its first line what it does, and
// imports what needs care in one place only.
func TestFileOrder(t *testing.T) {
	fset := token.NewFileSet()
	var files []*ast.File
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range paths {
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		require.NotEmpty(t, f.Comments, path)
		first, _, _ := strings.Cut(f.Comments[0].Text(), "\n")
		if strings.HasPrefix(f.Comments[0].List[0].Text, "//go:build") {
			first, _, _ = strings.Cut(f.Comments[1].Text(), "\n")
		}
		require.Regexp(t, `^[A-Z].*\.$`, first, "%s: the first line must be a sentence", path)
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_other.go") {
			continue
		}
		files = append(files, f)
	}

	order := listed(t, `\w+\.go`)
	place := func(file string) int {
		if file == "mmap_unix.go" {
			file = "mmap.go" // the half of it that depends on the system
		}
		return slices.Index(order, file)
	}

	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := config.Check("btf", fset, files, &info)
	require.NoError(t, err)

	for _, f := range files {
		name := filepath.Base(fset.Position(f.Pos()).Filename)
		if name != "doc.go" {
			require.GreaterOrEqual(t, place(name), 0, "ARCHITECTURE.md does not list %s", name)
		}
		for _, spec := range f.Imports {
			if allowed, ok := fileImports[strings.Trim(spec.Path.Value, `"`)]; ok {
				require.Contains(t, allowed, name, "%s imports %s", name, spec.Path.Value)
			}
		}
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
	require.Empty(t, backwards, "a file may use only what files above it declare")
}
