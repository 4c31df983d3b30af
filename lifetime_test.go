// Tests what every value says after Close.

package btf_test

import (
	"encoding/binary"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// given is what was got from a Spec, by type: up to givenLimit of each.
type given struct {
	values map[reflect.Type][]reflect.Value
	base   *btf.Spec // what arguments that want a base get
}

const givenLimit = 40

// exported returns the methods of every exported type of the package, as its source
// declares them and not as what a test has at hand does.
func exported(t *testing.T) map[string][]string {
	methods := map[string][]string{}
	paths, err := filepath.Glob("Type.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			receiver := f.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if name := receiver.(*ast.Ident).Name; ast.IsExported(name) {
				methods[name] = append(methods[name], f.Name.Name)
			}
		}
	}
	return methods
}

// nameOf returns the name that the package gives to the type of a value or of what it
// points to, "" if it is another package's.
func nameOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() != reflect.TypeFor[btf.Spec]().PkgPath() || !ast.IsExported(t.Name()) {
		return ""
	}
	return t.Name()
}

// take keeps a value, if it is one of the package's, and what can be got from it.
func (g *given) take(v reflect.Value) {
	if nameOf(v.Type()) == "" || v.Kind() == reflect.Pointer && v.IsNil() || len(g.values[v.Type()]) == givenLimit {
		return
	}
	for _, known := range g.values[v.Type()] {
		if v.Comparable() && known.Equal(v) {
			return
		}
	}
	g.values[v.Type()] = append(g.values[v.Type()], v)
	for i := range v.NumMethod() {
		if m := v.Type().Method(i); m.Name != "Close" && m.Name != "Copy" && m.Name != "Relocate" {
			g.call(v, m.Name, func(result reflect.Value) { g.take(result) })
		}
	}
	if typ, ok := v.Interface().(btf.Type); ok {
		narrowAll(typ, func(view any) { g.take(reflect.ValueOf(view)) })
	}
}

// narrowAll calls f with every view that a type narrows to.
func narrowAll(t btf.Type, f func(any)) {
	narrowed(t, func(v btf.Int) { f(v) })
	narrowed(t, func(v btf.Pointer) { f(v) })
	narrowed(t, func(v btf.Array) { f(v) })
	narrowed(t, func(v btf.Composite) { f(v) })
	narrowed(t, func(v btf.Struct) { f(v) })
	narrowed(t, func(v btf.Union) { f(v) })
	narrowed(t, func(v btf.Enum) { f(v) })
	narrowed(t, func(v btf.Fwd) { f(v) })
	narrowed(t, func(v btf.Typedef) { f(v) })
	narrowed(t, func(v btf.Volatile) { f(v) })
	narrowed(t, func(v btf.Const) { f(v) })
	narrowed(t, func(v btf.Restrict) { f(v) })
	narrowed(t, func(v btf.Func) { f(v) })
	narrowed(t, func(v btf.FuncProto) { f(v) })
	narrowed(t, func(v btf.Var) { f(v) })
	narrowed(t, func(v btf.Datasec) { f(v) })
	narrowed(t, func(v btf.Float) { f(v) })
	narrowed(t, func(v btf.DeclTag) { f(v) })
	narrowed(t, func(v btf.TypeTag) { f(v) })
	narrowed(t, func(v btf.LocParam) { f(v) })
	narrowed(t, func(v btf.LocProto) { f(v) })
	narrowed(t, func(v btf.Locsec) { f(v) })
}

// arguments are what a method that wants a T is asked with, one after the other.
func (g *given) arguments(t reflect.Type) []any {
	switch t {
	case reflect.TypeFor[string]():
		return []any{"thing", "mine", "thing.next"}
	case reflect.TypeFor[int]():
		return []any{0, -1, 1 << 30}
	case reflect.TypeFor[uint64]():
		return []any{uint64(1)}
	case reflect.TypeFor[btf.TypeID]():
		return []any{btf.TypeID(1), btf.TypeID(1 << 31)}
	case reflect.TypeFor[uint32]():
		return []any{uint32(1), uint32(1 << 31)}
	case reflect.TypeFor[btf.ViewPointer]():
		return []any{new(btf.Struct), new(btf.Type)}
	case reflect.TypeFor[io.Writer]():
		return []any{io.Discard}
	case reflect.TypeFor[*btf.Spec]():
		return []any{g.base}
	}
	return []any{reflect.Zero(t).Interface()}
}

// call calls a method with every argument, and each with all that comes back: results,
// what they yield, and errors.
func (g *given) call(v reflect.Value, method string, each func(reflect.Value)) {
	f := v.MethodByName(method)
	in := f.Type()
	rounds := 1
	for i := range in.NumIn() {
		rounds = max(rounds, len(g.arguments(argument(in, i))))
	}
	for round := range rounds {
		args := make([]reflect.Value, in.NumIn())
		for i := range args {
			candidates := g.arguments(argument(in, i))
			args[i] = reflect.ValueOf(candidates[round%len(candidates)])
		}
		for _, result := range f.Call(args) {
			switch kind := result.Kind(); {
			case kind == reflect.Func && result.Type().CanSeq2():
				for a, b := range result.Seq2() {
					each(a)
					each(b)
				}
			case kind == reflect.Func && result.Type().CanSeq():
				for a := range result.Seq() {
					each(a)
				}
			case kind == reflect.Slice && nameOf(result.Type().Elem()) != "":
				for i := range result.Len() {
					each(result.Index(i))
				}
			default:
				each(result)
			}
		}
	}
}

func argument(in reflect.Type, i int) reflect.Type {
	if in.IsVariadic() && i == in.NumIn()-1 {
		return in.In(i).Elem()
	}
	return in.In(i)
}

// outlives are the methods that may answer after Close what they answered before, and
// why: what they tell is in the value and not in the bytes. Those of Type are those of
// every view too.
var outlives = map[string]string{
	"Type.ID":             "a part of the handle",
	"Type.String":         "says that it is closed",
	"Type.Underlying":     "itself",
	"Type.AsType":         "itself",
	"Type.Composite":      "itself",
	"Member.String":       "describes a closed type",
	"Param.String":        "describes a closed type",
	"VarSecinfo.String":   "describes a closed type",
	"Field.String":        "describes a closed type",
	"Enumerator.String":   "has no name and a value",
	"Record.Kind":         "read when it was got",
	"Record.KindFlag":     "read when it was got",
	"Record.Vlen":         "read when it was got",
	"Record.Len":          "read when it was got",
	"Record.Offset":       "a part of the handle",
	"Record.Word":         "the second word was read when it was got, the others are 0",
	"Record.AppendWords":  "the second word was read when it was got, the others are 0",
	"Member.Parent":       "which is inert",
	"Param.Index":         "a part of the handle",
	"Enumerator.Value":    "worked out when it was got",
	"Field.Offset":        "worked out when it was got",
	"Field.Offsets":       "worked out when it was got",
	"Field.BitfieldSize":  "worked out when it was got",
	"Field.Size":          "worked out when it was got",
	"Field.NumPointers":   "worked out when it was got",
	"Field.Agrees":        "compares what was worked out",
	"CORERelocation.Kind": "worked out when it was got",
	"Spec.Header":         "a copy",
	"Spec.ByteOrder":      "one of two, whatever happens",
	"ExtInfos.ByteOrder":  "one of two, whatever happens",
	"Spec.Base":           "has a life of its own",
	"Kernel.Vmlinux":      "which is closed",
	"Kernel.ModuleNames":  "names of files",
}

// TestInert asks every value that a Spec ever gave away everything that it can be
// asked, after Close: it has nothing to say.
func TestInert(t *testing.T) {
	tried := map[string]bool{
		"FormatError": true, // it holds nothing of a Spec
	}
	base := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
	opened := func(value any, err error) any {
		require.NoError(t, err)
		return value
	}
	for name, open := range map[string]func() (root any, closing func() error){
		"mapped": func() (any, func() error) {
			spec := opened(btf.LoadSpec(file(t, btftest.EveryKind(binary.LittleEndian).Bytes()))).(*btf.Spec)
			return spec, spec.Close
		},
		"borrowed": func() (any, func() error) {
			spec := load(t, btftest.EveryKind(binary.BigEndian).Bytes())
			return spec, spec.Close
		},
		"inlined functions": func() (any, func() error) {
			spec := load(t, btftest.Recipes()["inline.btf"])
			return spec, spec.Close
		},
		"object": func() (any, func() error) {
			spec, infos, err := btf.LoadSpecAndExtInfos(file(t, withEveryExt()))
			require.NoError(t, err)
			return infos, spec.Close
		},
		"kernel": func() (any, func() error) {
			k := opened(btf.OpenKernel(string(smallKernel(t)))).(*btf.Kernel)
			return k, k.Close
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, closing := open()
			g := &given{values: map[reflect.Type][]reflect.Value{}, base: base}
			g.take(reflect.ValueOf(root))
			require.NoError(t, closing())
			require.NoError(t, closing())
			for typ, values := range g.values {
				name := nameOf(typ)
				tried[name] = true
				if typ.Kind() != reflect.Pointer && name != "Module" {
					values = append(values, reflect.Zero(typ))
				}
				for _, v := range values {
					for i := range v.NumMethod() {
						method := typ.Method(i).Name
						isNumber := typ.Kind() != reflect.Struct && typ.Kind() != reflect.Pointer
						tells := isNumber || outlives[name+"."+method] != ""
						if _, ok := v.Interface().(interface{ Underlying() (btf.Type, error) }); ok {
							tells = tells || outlives["Type."+method] != ""
						}
						g.call(v, method, func(result reflect.Value) {
							if !tells {
								requireInert(t, name+"."+method, result)
							}
						})
					}
				}
			}
		})
	}
	for name := range exported(t) {
		require.True(t, tried[name], "no %s was tried", name)
	}
}

// requireInert looks at what a method said after Close.
func requireInert(t *testing.T, method string, result reflect.Value) {
	if err, ok := result.Interface().(error); ok {
		require.NotContains(t, err.Error(), ": btf: ", method)
		if strings.HasPrefix(method, "Spec.") || strings.HasPrefix(method, "Kernel.") {
			require.ErrorIs(t, err, btf.ErrClosed, method)
		}
		return
	}
	if typ, ok := result.Interface().(interface {
		Kind() btf.Kind
		NameBytes() []byte
	}); ok {
		require.Equal(t, btf.KindVoid, typ.Kind(), method)
		require.Empty(t, typ.NameBytes(), method)
		return
	}
	if m, ok := result.Interface().(btf.Module); ok {
		require.Zero(t, m.Spec.NumTypes(), method)
		return
	}
	require.True(t, result.IsZero(), "%s says %v", method, result)
}
