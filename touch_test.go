// Asks a type every question there is.

package btf_test

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// touchLimit is how much of a list touch looks at.
const touchLimit = 64

// touch asks a type everything. It panics where a view that narrowing gave
// contradicts itself.
func touch(t btf.Type) { consistent(true).touch(t) }

// consistent is whether one answer has to agree with the next: it need not while
// somebody writes over the bytes.
type consistent bool

func (c consistent) contradiction(what string) {
	if c {
		panic(what)
	}
}

func (c consistent) touch(t btf.Type) {
	_, _, _, _ = t.ID(), t.Kind(), t.KindFlag(), t.String()
	if string(t.NameBytes()) != t.Name() {
		c.contradiction("NameBytes is not Name")
	}
	size, err := t.Sizeof()
	if err != nil && size != 0 {
		c.contradiction("a size and an error")
	}
	_, _ = t.Underlying()
	_, _ = t.Pointee()
	for _, path := range []string{"a", "->a", "[0]", "next->next", "no such member|[1]"} {
		if f, err := t.Field(path); err != nil && f != (btf.Field{}) {
			c.contradiction("a field and an error")
		}
	}
	few(t.Tags(), func(d btf.DeclTag) {
		if d.Type() != t {
			c.contradiction(fmt.Sprintf("%v is tagged by %v", d.Type(), d))
		}
	})
	narrowed(t, func(i btf.Int) { _, _, _, _ = i.Size(), i.Encoding().String(), i.Bits().Bytes(), i.Offset().String() })
	narrowed(t, func(p btf.Pointer) { _ = p.Target().Kind() })
	narrowed(t, func(a btf.Array) { _, _, _ = a.Type().Name(), a.Index().Name(), a.Nelems() })
	narrowed(t, c.composite)
	narrowed(t, func(s btf.Struct) { c.composite(s.Composite()) })
	narrowed(t, func(u btf.Union) { c.composite(u.Composite()) })
	narrowed(t, func(e btf.Enum) {
		_, _ = e.Size(), e.Signed()
		few(e.Enumerators(), func(v btf.Enumerator) { _, _ = v.Name(), v.Value() })
		last := e.Enumerator(e.NumEnumerators() - 1)
		if v, err := e.EnumeratorByValue(last.Value()); e.NumEnumerators() > 0 && (err != nil || v.Value() != last.Value()) {
			c.contradiction("an enumerator is not found by its value")
		}
		if v, err := e.EnumeratorByName(last.Name()); last.Name() != "" && (err != nil || v.Name() != last.Name()) {
			c.contradiction("an enumerator is not found by its name")
		}
		if e.Enumerator(e.NumEnumerators()) != (btf.Enumerator{}) {
			c.contradiction("an enumerator past the last")
		}
	})
	narrowed(t, func(f btf.Fwd) { _ = f.IsUnion() })
	narrowed(t, func(t btf.Typedef) { _ = t.Type().Name() })
	narrowed(t, func(v btf.Volatile) { _ = v.Type().Name() })
	narrowed(t, func(c btf.Const) { _ = c.Type().Name() })
	narrowed(t, func(r btf.Restrict) { _ = r.Type().Name() })
	narrowed(t, func(f btf.Func) {
		_ = f.Linkage().String()
		c.proto(f.Type())
		for i := range min(f.Type().NumParams(), touchLimit) {
			few(f.ParamTags(i), func(btf.DeclTag) {})
		}
	})
	narrowed(t, c.proto)
	narrowed(t, func(v btf.Var) { _, _ = v.Type().Name(), v.Linkage().String() })
	narrowed(t, func(d btf.Datasec) {
		_ = d.Size()
		few(d.Vars(), func(v btf.VarSecinfo) { _, _, _ = v.Type().Name(), v.Offset(), v.Size() })
		_ = d.Var(d.NumVars() - 1).Type().Kind()
		if d.Var(d.NumVars()) != (btf.VarSecinfo{}) {
			c.contradiction("an entry past the last")
		}
	})
	narrowed(t, func(f btf.Float) { _ = f.Size() })
	narrowed(t, func(d btf.DeclTag) { _, _, _ = d.Type().Name(), d.Component(), d.IsAttribute() })
	narrowed(t, func(t btf.TypeTag) { _, _ = t.Type().Name(), t.IsAttribute() })
	narrowed(t, func(p btf.LocParam) { _, _, _ = p.Size(), p.Flags().String(), p.Value(p.NumValues()-1) })
	narrowed(t, func(p btf.LocProto) {
		few(p.Params(), func(t btf.Type) { _ = t.Kind() })
		_ = p.Param(p.NumParams() - 1).Kind()
	})
	narrowed(t, func(s btf.Locsec) {
		few(s.Sites(), func(s btf.LocSite) { _, _, _ = s.Func().Name(), s.Proto().Kind(), s.Offset() })
		if s.Site(s.NumSites()) != (btf.LocSite{}) {
			c.contradiction("a site past the last")
		}
	})
}

func (c consistent) composite(s btf.Composite) {
	_ = s.Size()
	few(s.Members(), func(m btf.Member) {
		_, _, _ = m.Offset().Bytes(), m.BitfieldSize(), m.Type().Kind()
		few(m.Tags(), func(btf.DeclTag) {})
		if name := m.Name(); name != "" && string(m.NameBytes()) == name {
			if _, err := s.MemberByName(name); err != nil {
				// Only if an anonymous member before it is broken.
				_ = err.Error()
			}
		}
	})
	_ = s.Member(s.NumMembers() - 1).Name()
	if s.Member(s.NumMembers()) != (btf.Member{}) {
		c.contradiction("a member past the last")
	}
	_, _ = s.MemberByName("no such member")
}

func (c consistent) proto(p btf.FuncProto) {
	_, _ = p.Return().Name(), p.Variadic()
	few(p.Params(), func(param btf.Param) {
		_ = param.Type().Kind()
		if param != p.Param(param.Index()) {
			c.contradiction("a parameter of another index")
		}
		if name := param.Name(); name != "" {
			if first, err := p.ParamByName(name); err != nil || first.Name() != name || first.Index() > param.Index() {
				c.contradiction("a parameter is not found by its name")
			}
		}
	})
	if p.Param(p.NumParams()) != (btf.Param{}) {
		c.contradiction("a parameter past the last")
	}
}

// narrowed calls f if t narrows.
func narrowed[V btf.View](t btf.Type, f func(V)) {
	v, err := btf.As[V](t)
	if err == nil {
		f(v)
	} else {
		_ = err.Error()
	}
}

// few calls f with the first of a list.
func few[T any](list func(func(T) bool), f func(T)) {
	n := 0
	for v := range list {
		if n++; n > touchLimit {
			break
		}
		f(v)
	}
}
