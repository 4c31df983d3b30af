// Tests that misuse of the package does not compile.

package btf_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTraps type-checks statements that users of other readers write by habit, and
// statements that would break the promise of a view.
func TestTraps(t *testing.T) {
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "source", nil)
	compile := func(statement string) error {
		source := "package user\nimport \"" + "github.com/seed-6c4a6465/btf" + "\"\nfunc use(any) {}\nfunc f(spec *btf.Spec, t btf.Type, s btf.Struct, fn btf.Func, td btf.Typedef, arr btf.Array, m btf.Module) {\n" +
			"_, _, _, _, _, _, _ = spec, t, s, fn, td, arr, m\n" + statement + "\n}\n"
		file, err := parser.ParseFile(fset, "user.go", source, 0)
		require.NoError(t, err, statement)
		config := types.Config{Importer: from}
		_, err = config.Check("user", fset, []*ast.File{file}, nil)
		return err
	}
	for _, test := range []struct {
		name, statement string
		want            string // "" if it compiles
	}{
		{"view by name", `var v btf.Struct; _ = spec.TypeByName("task_struct", &v)`, ""},
		{"any kind by name", `var v btf.Type; _ = spec.TypeByName("task_struct", &v)`, ""},
		{"pointer to a pointer", `var v *btf.Struct; _ = spec.TypeByName("task_struct", &v)`, "does not implement btf.ViewPointer"},
		{"view by value", `var v btf.Struct; _ = spec.TypeByName("task_struct", v)`, "does not implement btf.ViewPointer"},
		{"no view", `var v string; _ = spec.TypeByName("task_struct", &v)`, "does not implement btf.ViewPointer"},

		{"view as a type", `var v btf.Type = s.AsType(); use(v)`, ""},
		{"array of a struct", `_ = btf.Array{Type: s.AsType()}`, "unknown field Type"},
		{"array of a struct, without names", `_ = btf.Array{s.AsType()}`, "implicit assignment to unexported field"},
		{"struct of a composite", `_ = btf.Struct{s.Composite()}`, "implicit assignment to unexported field"},
		{"conversion", `_ = btf.Array(s)`, "cannot convert"},
		{"conversion of a view with the same fields", `_ = btf.Array(td)`, "cannot convert"},
		{"conversion of a union", `var u btf.Union; _ = btf.Struct(u)`, "cannot convert"},
		{"assignment to the handle", `arr.handle = t`, "cannot refer to unexported field handle"},

		{"prototype", `use(fn.Type().NumParams())`, ""},
		{"target of a typedef", `var v btf.Type = td.Type(); use(v)`, ""},
		{"prototype as a field", `var v btf.Type = fn.Type; use(v)`, "cannot use fn.Type"},
		{"target of a typedef as a field", `var v btf.Type = td.Type; use(v)`, "cannot use td.Type"},
		{"element as a field", `var v btf.Type = arr.Type; use(v)`, "cannot use arr.Type"},
		{"struct as a field", `use(s.Type)`, "s.Type undefined"},
		{"type switch", `switch t.(type) {}`, "t (variable of struct type btf.Type) is not an interface"},

		{"question to a module", `use(m.Spec.NumTypes())`, ""},
		{"closing a module", `_ = m.Close()`, "m.Close undefined"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := compile(test.statement)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
		})
	}
}
