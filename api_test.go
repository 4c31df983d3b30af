// Tests that api.txt lists every exported name, so that none appears by accident.

package btf_test

import (
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// TestAPI compares the exported names of all public packages with api.txt. A change is
// accepted with
//
//	go test -run TestAPI . -update
func TestAPI(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{if ne .Name "main"}}{{.ImportPath}}{{end}}`, "./...").Output()
	require.NoError(t, err)
	from := importer.ForCompiler(token.NewFileSet(), "source", nil)
	var lines []string
	for path := range strings.FieldsSeq(string(out)) {
		if strings.Contains(path, "/internal/") {
			continue
		}
		pkg, err := from.Import(path)
		require.NoError(t, err)
		lines = append(lines, exportedNames(pkg)...)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile("api.txt", []byte(got), 0o644))
	}
	want, err := os.ReadFile("api.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test -run TestAPI . -update writes api.txt anew")
}

// exportedNames returns a line for each exported constant, variable, function, type,
// field and method of a package. Methods that all views have from Type are left out.
func exportedNames(pkg *types.Package) []string {
	qualify := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Name()
	}
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, pkg.Name()+": "+fmt.Sprintf(format, args...))
	}
	for _, name := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		named, ok := object.Type().(*types.Named)
		if _, isType := object.(*types.TypeName); !isType || !ok {
			add("%s", types.ObjectString(object, qualify))
			continue
		}
		switch under := named.Underlying().(type) {
		case *types.Struct:
			add("type %s struct", name)
			for field := range under.Fields() {
				if field.Exported() {
					add("type %s struct, %s", name, types.ObjectString(field, qualify))
				}
			}
		case *types.Interface:
			add("type %s interface", name)
		default:
			add("type %s %s", name, types.TypeString(under, qualify))
		}
		for method := range types.NewMethodSet(types.NewPointer(named)).Methods() {
			f := method.Obj().(*types.Func)
			if f.Exported() && !fromType(named, f) {
				signature := strings.TrimPrefix(types.TypeString(f.Type(), qualify), "func")
				add("method (%s) %s%s", name, f.Name(), signature)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// fromType reports whether a view has a method because it embeds Type.
func fromType(view *types.Named, f *types.Func) bool {
	receiver := f.Signature().Recv().Type()
	if pointer, ok := receiver.(*types.Pointer); ok {
		receiver = pointer.Elem()
	}
	named, ok := types.Unalias(receiver).(*types.Named)
	return ok && named.Obj().Name() == "Type" && named != view
}
