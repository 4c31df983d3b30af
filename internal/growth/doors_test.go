// Lists every exported function and method, with how it is asked about an input.

//go:build linux && !race

package growth

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/diff"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
)

// A row is a function or method, or a way to use one.
type row struct {
	name string // package.Function or package.Type.Method, and perhaps a word more
	// prepare opens what the function needs, and returns the part that is measured. That
	// returns the number of bytes that the function wrote or returned as text.
	prepare func(c *context) func() int
}

// A context is an input, opened anew for each row.
type context struct {
	input
	dir    string // has the files "file", "base" if there is a base, and "root"
	spec   *btf.Spec
	closes []func() error
}

func (c *context) path(name string) string { return filepath.Join(c.dir, name) }

// open returns the Spec of the input, loaded once more.
func (c *context) open() *btf.Spec {
	var base *btf.Spec
	if c.base != nil {
		base = c.keep(btf.LoadSpec(c.path("base")))
		return c.keep(btf.LoadSplitSpec(c.path("file"), base))
	}
	return c.keep(btf.LoadSpec(c.path("file")))
}

// keep closes a Spec after the row. A Spec that cannot be loaded is an empty one.
func (c *context) keep(s *btf.Spec, err error) *btf.Spec {
	if err != nil {
		s, _ = new(write.Builder).Spec()
	}
	c.closes = append(c.closes, s.Close)
	return s
}

func (c *context) close() {
	for i := len(c.closes) - 1; i >= 0; i-- {
		c.closes[i]()
	}
	c.spec, c.closes = nil, nil
}

// A source has the values of an exported type that an input leads to, few for each of
// its records.
type source struct {
	typ    reflect.Type
	values func(c *context) iter.Seq[reflect.Value]
}

func from[T any](values func(c *context) iter.Seq[T]) source {
	return source{reflect.TypeFor[T](), func(c *context) iter.Seq[reflect.Value] {
		return func(yield func(reflect.Value) bool) {
			for v := range values(c) {
				if !yield(reflect.ValueOf(v)) {
					return
				}
			}
		}
	}}
}

// views has all types of the kinds, narrowed.
func views[V btf.View](kinds ...btf.Kind) func(c *context) iter.Seq[V] {
	return func(c *context) iter.Seq[V] {
		return func(yield func(V) bool) {
			for t := range c.spec.All() {
				for _, k := range kinds {
					if t.Kind() != k {
						continue
					}
					if v, err := btf.As[V](t); err == nil && !yield(v) {
						return
					}
				}
			}
		}
	}
}

// parts has the elements of all views.
func parts[V btf.View, E any](kinds []btf.Kind, elements func(V) iter.Seq[E]) func(c *context) iter.Seq[E] {
	return func(c *context) iter.Seq[E] {
		return func(yield func(E) bool) {
			for v := range views[V](kinds...)(c) {
				for e := range elements(v) {
					if !yield(e) {
						return
					}
				}
			}
		}
	}
}

// of has the elements of all values of another source.
func of[V, E any](outer func(c *context) iter.Seq[V], elements func(V) iter.Seq[E]) func(c *context) iter.Seq[E] {
	return func(c *context) iter.Seq[E] {
		return func(yield func(E) bool) {
			for v := range outer(c) {
				for e := range elements(v) {
					if !yield(e) {
						return
					}
				}
			}
		}
	}
}

func infos[E any](elements func(*btf.ExtInfos) iter.Seq[E]) func(c *context) iter.Seq[E] {
	return func(c *context) iter.Seq[E] {
		spec, infos, err := btf.LoadSpecAndExtInfos(c.path("file"))
		if err != nil {
			return func(func(E) bool) {}
		}
		c.keep(spec, nil)
		return elements(infos)
	}
}

func one[T any](value func(c *context) (T, error)) func(c *context) iter.Seq[T] {
	return func(c *context) iter.Seq[T] {
		return func(yield func(T) bool) {
			if v, err := value(c); err == nil {
				yield(v)
			}
		}
	}
}

var (
	composites = []btf.Kind{btf.KindStruct, btf.KindUnion}
	enums      = []btf.Kind{btf.KindEnum, btf.KindEnum64}

	coreInfos = infos((*btf.ExtInfos).CORERelocations)
	funcInfos = infos((*btf.ExtInfos).Funcs)
	lineInfos = infos((*btf.ExtInfos).Lines)
)

// sources are the types whose methods are all asked.
var sources = []source{
	from(one(func(c *context) (*btf.Spec, error) { return c.spec, nil })),
	from(one(openRoot)),
	from(infos(func(i *btf.ExtInfos) iter.Seq[*btf.ExtInfos] {
		return one(func(*context) (*btf.ExtInfos, error) { return i, nil })(nil)
	})),
	from(func(c *context) iter.Seq[btf.Type] { return c.spec.All() }),
	from(func(c *context) iter.Seq[btf.Record] {
		return func(yield func(btf.Record) bool) {
			for t := range c.spec.All() {
				if !yield(t.Record()) {
					return
				}
			}
		}
	}),
	from(views[btf.Int](btf.KindInt)),
	from(views[btf.Pointer](btf.KindPointer)),
	from(views[btf.Array](btf.KindArray)),
	from(views[btf.Composite](composites...)),
	from(views[btf.Struct](btf.KindStruct)),
	from(views[btf.Union](btf.KindUnion)),
	from(views[btf.Enum](enums...)),
	from(views[btf.Fwd](btf.KindFwd)),
	from(views[btf.Typedef](btf.KindTypedef)),
	from(views[btf.Volatile](btf.KindVolatile)),
	from(views[btf.Const](btf.KindConst)),
	from(views[btf.Restrict](btf.KindRestrict)),
	from(funcs),
	from(views[btf.FuncProto](btf.KindFuncProto)),
	from(views[btf.Var](btf.KindVar)),
	from(views[btf.Datasec](btf.KindDatasec)),
	from(views[btf.Float](btf.KindFloat)),
	from(views[btf.DeclTag](btf.KindDeclTag)),
	from(views[btf.TypeTag](btf.KindTypeTag)),
	from(views[btf.LocParam](btf.KindLocParam)),
	from(views[btf.LocProto](btf.KindLocProto)),
	from(views[btf.Locsec](btf.KindLocsec)),
	from(parts(composites, btf.Composite.Members)),
	from(parts(enums, btf.Enum.Enumerators)),
	from(parts([]btf.Kind{btf.KindFuncProto}, btf.FuncProto.Params)),
	from(parts([]btf.Kind{btf.KindDatasec}, btf.Datasec.Vars)),
	from(parts([]btf.Kind{btf.KindLocsec}, btf.Locsec.Sites)),
	from(func(c *context) iter.Seq[btf.Field] {
		return func(yield func(btf.Field) bool) {
			for _, path := range few(c.paths) {
				if f, err := c.spec.Field(path); err == nil && !yield(f) {
					return
				}
			}
		}
	}),
	from(coreInfos),
	from(funcInfos),
	from(lineInfos),
	from(of(coreInfos, btf.CORERelocationInfos.Records)),
	from(of(funcInfos, btf.FuncInfos.Records)),
	from(of(lineInfos, btf.LineInfos.Records)),
	from(func(*context) iter.Seq[strict.Options] {
		return slices.Values([]strict.Options{{}, {Kernel: "6.18"}})
	}),
	from(changes),
	from(func(c *context) iter.Seq[diff.Facts] {
		return func(yield func(diff.Facts) bool) {
			for change := range changes(c) {
				if !yield(change.Before) || !yield(change.After) {
					return
				}
			}
		}
	}),
	from(one(newHandle)),
}

// funcs is views[btf.Func], as a program gets them that goes through many: narrowing one
// function proves the whole record of its prototype, which many may share.
func funcs(c *context) iter.Seq[btf.Func] {
	return func(yield func(btf.Func) bool) {
		for f, err := range c.spec.Funcs(btf.FuncFilter{}) {
			if err == nil && !yield(f) {
				return
			}
		}
	}
}

func openRoot(c *context) (*btf.Kernel, error) {
	k, err := btf.OpenKernel(c.path("root"))
	if err == nil {
		c.closes = append(c.closes, k.Close)
	}
	return k, err
}

func newHandle(c *context) (*handle.Handle, error) {
	h, err := handle.New(c.spec)
	if err == nil {
		c.closes = append(c.closes, h.Close)
	}
	return h, err
}

// changes are some of the differences between the input and nothing.
func changes(c *context) iter.Seq[diff.Change] {
	return func(yield func(diff.Change) bool) {
		n := 0
		for change, err := range diff.Specs(c.spec, c.keep(new(write.Builder).Spec()), nil) {
			if n++; err == nil && !yield(change) || n == 64 {
				return
			}
		}
	}
}

// asks are the methods whose cost may follow the size of a record or of the whole input,
// each time they are called. They are asked about a few values. All others are asked
// about all values: the work of all calls together must follow the size of the input.
var asks = map[string]bool{
	"btf.Type.Field":             true,
	"btf.Composite.MemberByName": true,
	"btf.Struct.MemberByName":    true,
	"btf.Union.MemberByName":     true,
	"btf.Enum.EnumeratorByName":  true,
	"btf.Enum.EnumeratorByValue": true,
	"btf.FuncProto.ParamByName":  true,
	"btf.Record.Check":           true, // of a FUNC, the record of its prototype too
}

// packageOf returns the last element of the path of a type's package.
func packageOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return filepath.Base(t.PkgPath()) + "." + t.Name()
}

func methods(t reflect.Type) iter.Seq[reflect.Method] {
	return func(yield func(reflect.Method) bool) {
		for i := range t.NumMethod() {
			if !yield(t.Method(i)) {
				return
			}
		}
	}
}

// methodRows returns the rows of all methods of all sources. Those that a view has from
// Type are asked of Type alone.
func methodRows() (rows []row) {
	ofType := map[string]bool{}
	for m := range methods(reflect.TypeFor[btf.Type]()) {
		ofType[m.Name] = true
	}
	for _, s := range sources {
		_, isView := reflect.Zero(s.typ).Interface().(interface{ Underlying() (btf.Type, error) })
		for m := range methods(s.typ) {
			if isView && ofType[m.Name] && s.typ != reflect.TypeFor[btf.Type]() {
				continue
			}
			name := packageOf(s.typ) + "." + m.Name
			rows = append(rows, row{name, func(c *context) func() int {
				return methodRow(c, s, name, m)
			}})
		}
	}
	return rows
}

// methodRow collects the values, and returns the calls.
func methodRow(c *context, s source, name string, m reflect.Method) func() int {
	var values []reflect.Value
	for v := range s.values(c) {
		values = append(values, v)
	}
	if asks[name] {
		values = few(values)
	}
	in := m.Func.Type()
	// Each round asks all values with other arguments.
	var rounds [][]reflect.Value
	for i := 1; i < in.NumIn(); i++ {
		candidates := c.arguments(name, in.In(i), in.IsVariadic() && i == in.NumIn()-1)
		for len(rounds) < len(candidates) {
			rounds = append(rounds, make([]reflect.Value, in.NumIn()))
		}
		for r := range rounds {
			rounds[r][i] = reflect.ValueOf(candidates[r%len(candidates)])
		}
	}
	if len(rounds) == 0 {
		rounds = [][]reflect.Value{make([]reflect.Value, 1)}
	}
	call := m.Func.Call
	if in.IsVariadic() {
		call = m.Func.CallSlice
	}
	return func() (text int) {
		for _, args := range rounds {
			for _, v := range values {
				args[0] = v
				for _, result := range call(args) {
					text += use(result)
				}
			}
		}
		return text
	}
}

// few returns the first and last of a list, and some between.
func few[T any](list []T) []T {
	const most = 8
	if len(list) <= most {
		return list
	}
	var some []T
	for i := range most {
		some = append(some, list[i*(len(list)-1)/(most-1)])
	}
	return some
}

// use takes all that a result yields, and returns its length if it is a text. That of an
// error does not count: it is not asked for.
func use(v reflect.Value) (text int) {
	switch {
	case v.Kind() == reflect.String:
		return v.Len()
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return v.Len()
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		for i := range v.Len() {
			text += v.Index(i).Len()
		}
		return text
	case v.Kind() == reflect.Func && v.Type().CanSeq2():
		for a, b := range v.Seq2() {
			text += use(a) + use(b)
		}
	case v.Kind() == reflect.Func && v.Type().CanSeq():
		for a := range v.Seq() {
			text += use(a)
		}
	case v.Type().Implements(reflect.TypeFor[error]()) && !v.IsNil():
		_ = v.Interface().(error).Error()
	}
	return text
}

// arguments are what a method that wants a T is asked with.
func (c *context) arguments(method string, t reflect.Type, variadic bool) (all []any) {
	add := func(args ...any) { all = append(all, args...) }
	names := append(few(c.names), "m", "p", "x")
	switch t {
	case reflect.TypeFor[string]():
		if strings.HasSuffix(method, ".Field") {
			names = few(c.paths)
		}
		if method == "btf.Type.Field" {
			for i, path := range names {
				_, rest, _ := strings.Cut(path, ".")
				names[i] = "." + rest
			}
		}
		if method == "btf.Kernel.Module" {
			names = []string{"mod", "no_mod"}
		}
		for _, name := range names {
			add(name)
		}
	case reflect.TypeFor[[]string](): // of Fields
		add(c.paths)
	case reflect.TypeFor[int]():
		add(0, 1, 1<<30)
	case reflect.TypeFor[uint32]():
		add(uint32(0), uint32(8), uint32(1<<31))
	case reflect.TypeFor[uint64]():
		add(uint64(1), uint64(1<<40))
	case reflect.TypeFor[btf.TypeID]():
		// Type 12 stands after the gap in the families of gaps.
		add(btf.TypeID(1), btf.TypeID(12), btf.TypeID(c.spec.NumTypes()), btf.TypeID(1<<31))
	case reflect.TypeFor[btf.ViewPointer]():
		add(new(btf.Struct), new(btf.Type), new(btf.Func))
	case reflect.TypeFor[[]btf.Kind]():
		add([]btf.Kind{}, []btf.Kind{btf.KindFloat})
	case reflect.TypeFor[io.Writer]():
		add(io.Discard)
	case reflect.TypeFor[*btf.Spec]():
		add(c.open())
		if base := c.spec.Base(); base != nil {
			add(base)
		}
	case reflect.TypeFor[btf.FuncFilter]():
		add(btf.FuncFilter{})
		for _, name := range few(c.names) {
			add(btf.FuncFilter{PointerTo: name}, btf.FuncFilter{PointerTo: name, FirstParams: 5}, btf.FuncFilter{Tag: name})
		}
		add(btf.FuncFilter{Tag: "tag"})
		for _, glob := range few(c.globs) {
			add(btf.FuncFilter{Name: glob})
		}
	default:
		add(reflect.Zero(t).Interface())
	}
	if len(all) == 0 {
		add(reflect.Zero(t).Interface())
	}
	return all
}

// functionRows are the rows that no method of a value from an input is.
func functionRows() []row {
	load := func(name string, load func(c *context) (*btf.Spec, error)) row {
		return row{name, func(c *context) func() int {
			return func() int {
				if s, err := load(c); err == nil {
					c.closes = append(c.closes, s.Close)
				} else {
					_ = err.Error()
				}
				return 0
			}
		}}
	}
	over := func(c *context) *btf.Spec {
		if c.base == nil {
			return c.spec
		}
		return c.spec.Base()
	}
	onTypes := func(name string, do func(c *context, t btf.Type) int) row {
		return row{name, func(c *context) func() int {
			types := few(collect(c.spec.All()))
			for _, name := range few(c.names) {
				types = append(types, few(collect(c.spec.TypesByName(name)))...)
			}
			return func() (text int) {
				for _, t := range types {
					text += do(c, t)
				}
				return text
			}
		}}
	}
	text := func(s string, err error) int {
		if err != nil {
			_ = err.Error()
		}
		return len(s)
	}
	marshal := func(name string, opts write.Options) row {
		return row{"write.Marshal" + name, func(c *context) func() int {
			return func() int {
				blob, err := write.Marshal(c.spec, opts)
				return text(string(blob), err)
			}
		}}
	}
	add := func(name string, reverse bool) row {
		return row{"write.Builder.Add" + name, func(c *context) func() int {
			types := collect(c.spec.All())
			return func() int {
				b := new(write.Builder)
				for i := range types {
					if reverse {
						i = len(types) - 1 - i
					}
					if _, err := b.Add(types[i]); err != nil {
						_ = err.Error()
					}
				}
				blob, err := b.Marshal(write.Options{})
				return text(string(blob), err)
			}
		}}
	}
	compare := func(name string, open func(c *context) (a, b *btf.Spec, filter *diff.Filter)) row {
		return row{"diff.Specs" + name, func(c *context) func() int {
			a, b, filter := open(c)
			return func() (n int) {
				for change, err := range diff.Specs(a, b, filter) {
					n += text(change.String(), err)
				}
				return n
			}
		}}
	}
	rows := []row{
		load("btf.LoadRawSpec", func(c *context) (*btf.Spec, error) { return btf.LoadRawSpec(c.file) }),
		load("btf.LoadRawSplitSpec", func(c *context) (*btf.Spec, error) { return btf.LoadRawSplitSpec(c.file, over(c)) }),
		load("btf.LoadSpec", func(c *context) (*btf.Spec, error) { return btf.LoadSpec(c.path("file")) }),
		load("btf.LoadSplitSpec", func(c *context) (*btf.Spec, error) { return btf.LoadSplitSpec(c.path("file"), over(c)) }),
		load("btf.LoadSpecFromReader", func(c *context) (*btf.Spec, error) { return btf.LoadSpecFromReader(bytes.NewReader(c.file)) }),
		load("btf.LoadSplitSpecFromReader", func(c *context) (*btf.Spec, error) {
			return btf.LoadSplitSpecFromReader(bytes.NewReader(c.file), over(c))
		}),
		load("btf.LoadSpecAndExtInfos", func(c *context) (*btf.Spec, error) {
			s, _, err := btf.LoadSpecAndExtInfos(c.path("file"))
			return s, err
		}),
		load("btf.LoadSpecAndExtInfosFromReader", func(c *context) (*btf.Spec, error) {
			s, _, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(c.file))
			return s, err
		}),
		{"btf.OpenKernel", func(c *context) func() int {
			return func() int { openRoot(c); return 0 }
		}},
		onTypes("btf.As", func(c *context, t btf.Type) int {
			return narrowAll(t)
		}),
		{"btf.EssentialName", func(c *context) func() int {
			return func() (n int) {
				for _, name := range c.names {
					n += text(btf.EssentialName(name), nil)
				}
				return n
			}
		}},
		{"core.Resolve", func(c *context) func() int {
			all := collect(infos(func(i *btf.ExtInfos) iter.Seq[*btf.ExtInfos] {
				return one(func(*context) (*btf.ExtInfos, error) { return i, nil })(nil)
			})(c))
			return func() (n int) {
				for _, i := range all {
					for f, err := range core.Resolve(i, core.SpecTarget(c.spec)) {
						n += text(f.String(), err)
					}
				}
				return n
			}
		}},
		{"strict.Verify", func(c *context) func() int {
			return func() int { return text("", strict.Verify(c.spec)) }
		}},
		onTypes("cdecl.Append", func(c *context, t btf.Type) int {
			b, err := cdecl.Append(nil, t, cdecl.Options{})
			return text(string(b), err)
		}),
		onTypes("cdecl.Append without comments", func(c *context, t btf.Type) int {
			b, err := cdecl.Append(nil, t, cdecl.Options{NoComments: true, PointerSize: 8})
			return text(string(b), err)
		}),
		onTypes("cdecl.Write", func(c *context, t btf.Type) int {
			var b bytes.Buffer
			err := cdecl.Write(&b, t, cdecl.Options{})
			return text(b.String(), err)
		}),
		onTypes("cdecl.Canonical", func(c *context, t btf.Type) int { return text(cdecl.Canonical(t)) }),
		onTypes("cdecl.Declare", func(c *context, t btf.Type) int { return text(cdecl.Declare(t, "name")) }),
		onTypes("cdecl.Type", func(c *context, t btf.Type) int { return text(cdecl.Type(t), nil) }),
		{"cdecl.OptionsFor", func(c *context) func() int {
			return func() int { cdecl.OptionsFor(c.spec); return 0 }
		}},
		onTypes("cdecl.LayoutOf", func(c *context, t btf.Type) int {
			_, err := cdecl.LayoutOf(t, 8)
			return text("", err)
		}),
		{"cdecl.Prototype", func(c *context) func() int {
			some := few(collect(funcs(c)))
			return func() (n int) {
				for _, f := range some {
					n += text(cdecl.Prototype(f))
				}
				return n
			}
		}},
		compare(" with itself", func(c *context) (a, b *btf.Spec, filter *diff.Filter) { return c.spec, c.open(), nil }),
		compare(" with nothing", func(c *context) (a, b *btf.Spec, filter *diff.Filter) {
			return c.spec, c.keep(new(write.Builder).Spec()), nil
		}),
		compare(" of names", func(c *context) (a, b *btf.Spec, filter *diff.Filter) {
			filter, err := diff.NewFilter(append(few(c.names), append(few(c.globs), c.paths...)...)...)
			if err != nil {
				filter = nil
			}
			return c.spec, c.keep(new(write.Builder).Spec()), filter
		}),
		{"diff.NewFilter", func(c *context) func() int {
			return func() int {
				for _, questions := range [][]string{c.names, c.globs, c.paths} {
					_, err := diff.NewFilter(questions...)
					text("", err)
				}
				return 0
			}
		}},
		marshal("", write.Options{}),
		marshal(" big-endian", write.Options{Order: binary.BigEndian}),
		marshal(" for old kernels", write.Options{
			ReplaceDeclTags: true, ReplaceDeclarations: true, ReplaceEnum64: true,
			ReplaceTypeTags: true, StripFuncLinkage: true, StripLayout: true,
		}),
		marshal(" cleaned", write.Options{
			CleanDots: true, CleanNames: true, CleanSectionNames: true, FillEmpty: true,
			ReplaceAttributes: true, ReplaceFloats: true, ReplaceLocations: true, SkipTypeTags: true,
		}),
		add("", false),
		add(" reversed", true),
		{"handle.NewFromRawBTF", func(c *context) func() int {
			return func() int {
				h, err := handle.NewFromRawBTF(c.file)
				if err == nil {
					h.Close()
				}
				return text("", err)
			}
		}},
		{"handle.New", func(c *context) func() int {
			return func() int {
				_, err := newHandle(c)
				return text("", err)
			}
		}},
	}
	return rows
}

func collect[T any](list iter.Seq[T]) (all []T) {
	for v := range list {
		all = append(all, v)
	}
	return all
}

// narrowAll narrows a type to every view.
func narrowAll(t btf.Type) int {
	narrow[btf.Int](t)
	narrow[btf.Pointer](t)
	narrow[btf.Array](t)
	narrow[btf.Composite](t)
	narrow[btf.Struct](t)
	narrow[btf.Union](t)
	narrow[btf.Enum](t)
	narrow[btf.Fwd](t)
	narrow[btf.Typedef](t)
	narrow[btf.Volatile](t)
	narrow[btf.Const](t)
	narrow[btf.Restrict](t)
	narrow[btf.Func](t)
	narrow[btf.FuncProto](t)
	narrow[btf.Var](t)
	narrow[btf.Datasec](t)
	narrow[btf.Float](t)
	narrow[btf.DeclTag](t)
	narrow[btf.TypeTag](t)
	narrow[btf.LocParam](t)
	narrow[btf.LocProto](t)
	narrow[btf.Locsec](t)
	return 0
}

func narrow[V btf.View](t btf.Type) {
	if _, err := btf.As[V](t); err != nil {
		_ = err.Error()
	}
}

// builderRows calls each method that adds a type as often as the input has 8 bytes, with
// names that are partly new, and then makes a blob of them. They ask nothing about what is
// in the input.
func builderRows() (rows []row) {
	typ := reflect.TypeFor[*write.Builder]()
	for m := range methods(typ) {
		if m.Name == "Add" {
			continue
		}
		rows = append(rows, row{"write.Builder." + m.Name, func(c *context) func() int {
			return func() int {
				b := new(write.Builder)
				b.Int("int", 4, btf.Signed)
				for i := range len(c.file) / 8 {
					args := []reflect.Value{reflect.ValueOf(b)}
					for j := 1; j < m.Func.Type().NumIn(); j++ {
						args = append(args, added(m.Func.Type().In(j), i))
					}
					switch {
					case m.Name == "Marshal" || m.Name == "Spec":
						b.Struct(fmt.Sprint("s", i), 4, write.Member{Name: fmt.Sprint("m", i), Type: 1})
					case m.Func.Type().IsVariadic():
						m.Func.CallSlice(args)
					default:
						m.Func.Call(args)
					}
				}
				if m.Name == "Spec" {
					if s, err := b.Spec(); err == nil {
						s.Close()
					}
				}
				blob, _ := b.Marshal(write.Options{})
				return len(blob)
			}
		}})
	}
	return rows
}

// added is the argument of the i-th call.
func added(t reflect.Type, i int) reflect.Value {
	switch t {
	case reflect.TypeFor[string]():
		return reflect.ValueOf(fmt.Sprint("name", i))
	case reflect.TypeFor[btf.TypeID]():
		return reflect.ValueOf(btf.TypeID(1))
	case reflect.TypeFor[uint32]():
		return reflect.ValueOf(uint32(4))
	case reflect.TypeFor[int]():
		return reflect.ValueOf(-1)
	case reflect.TypeFor[[]write.Member]():
		return reflect.ValueOf([]write.Member{{Name: fmt.Sprint("m", i%64), Type: 1}, {Name: fmt.Sprint("m", i), Type: 1}})
	case reflect.TypeFor[[]write.Enumerator]():
		return reflect.ValueOf([]write.Enumerator{{Name: fmt.Sprint("e", i), Value: uint64(i)}})
	case reflect.TypeFor[[]write.Param]():
		return reflect.ValueOf([]write.Param{{Name: fmt.Sprint("p", i%64), Type: 1}})
	case reflect.TypeFor[[]write.VarSecinfo]():
		return reflect.ValueOf([]write.VarSecinfo{{Type: 1, Size: 4}})
	}
	return reflect.Zero(t)
}

// unasked are the exported names that are not asked, and why.
var unasked = map[string]string{
	"btf.LoadKernelSpec":          "reads the running kernel and no input; OpenKernel is the same below another root",
	"btf.LoadKernelModuleSpec":    "reads the running kernel and no input; Kernel.Module is the same below another root",
	"btf.FormatError.Error":       "asked of the errors of all other rows",
	"btf.FormatError.Unwrap":      "returns a field",
	"handle.NewFromID":            "reads the running kernel and no input",
	"handle.All":                  "reads the running kernel and no input",
	"handle.MarshalOptions":       "has no input",
	"handle.Info.IsModule":        "compares fields",
	"handle.Info.IsVmlinux":       "compares fields",
	"handle.KernelError.Error":    "asked of the errors of handle.New",
	"handle.KernelError.Unwrap":   "returns a field",
	"diff.SideError.Error":        "asked of the errors of diff.Specs",
	"diff.SideError.Unwrap":       "returns a field",
	"core.Fixup.Apply":            "patches one instruction",
	"core.Fixup.Path":             "a part of String, which core.Resolve asks",
	"core.Fixup.String":           "asked by core.Resolve",
	"core.Judge":                  "asked by the hostile inputs of package core",
	"core.Judgement.String":       "asked by the hostile inputs of package core",
	"core.KernelTarget":           "asked by core.Resolve of a Spec",
	"core.SpecTarget":             "asked by core.Resolve",
	"core.Target.ByteOrder":       "returns a field",
	"core.Target.Resolve":         "asked by the hostile inputs of package core",
	"core.Target.WithPointerSize": "sets a field",
}

func allRows() []row { return slices.Concat(functionRows(), methodRows(), builderRows()) }
