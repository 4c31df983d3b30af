// Tests that the Go code in README.md and in the package comments compiles.

package btf_test

import (
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// importable are the packages that code in the documentation may use, by name.
var importable = map[string]string{
	"fmt": "fmt", "os": "os", "log": "log", "binary": "encoding/binary", "errors": "errors",
	"btf": "github.com/seed-6c4a6465/btf", "write": "github.com/seed-6c4a6465/btf/write",
	"handle": "github.com/seed-6c4a6465/btf/handle", "strict": "github.com/seed-6c4a6465/btf/strict",
	"cdecl": "github.com/seed-6c4a6465/btf/cdecl", "diff": "github.com/seed-6c4a6465/btf/diff", "core": "github.com/seed-6c4a6465/btf/core",
}

// TestDocumentedCode type-checks each piece of Go code in the documentation as the body
// of a function that returns an error.
func TestDocumentedCode(t *testing.T) {
	code := map[string][]string{"README.md": nil}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		code["README.md"] = append(code["README.md"], m[1])
	}
	docs, err := filepath.Glob("*/doc.go")
	require.NoError(t, err)
	for _, path := range append(docs, "doc.go") {
		if strings.HasPrefix(path, "bench") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, block := range new(comment.Parser).Parse(file.Doc.Text()).Content {
			if block, ok := block.(*comment.Code); ok && strings.Contains(block.Text, ":=") {
				code[path] = append(code[path], block.Text)
			}
		}
	}
	require.NotEmpty(t, code["README.md"])
	require.NotEmpty(t, code["doc.go"])

	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "source", nil)
	for path, pieces := range code {
		for i, piece := range pieces {
			t.Run(fmt.Sprintf("%s %d", path, i+1), func(t *testing.T) {
				var imports strings.Builder
				for name, path := range importable {
					if regexp.MustCompile(`\b` + name + `\.`).MatchString(piece) {
						fmt.Fprintf(&imports, "import %q\n", path)
					}
				}
				parameters := ""
				if strings.Contains(piece, "btf.") || strings.Contains(piece, "spec") {
					parameters = "spec *btf.Spec"
					if !strings.Contains(imports.String(), "seed-6c4a6465/btf\"") {
						fmt.Fprintf(&imports, "import %q\n", importable["btf"])
					}
				}
				source := "package user\n" + imports.String() + "func f(" + parameters + ") error {\n{\n" + piece + "\n}\nreturn nil\n}\n"
				file, err := parser.ParseFile(fset, "user.go", source, 0)
				require.NoError(t, err, source)
				var problems []string
				config := types.Config{Importer: from, Error: func(err error) {
					if !strings.Contains(err.Error(), "declared and not used") { // it shows how to get something
						problems = append(problems, err.Error())
					}
				}}
				_, _ = config.Check("user", fset, []*ast.File{file}, nil)
				require.Empty(t, problems, source)
			})
		}
	}
}
