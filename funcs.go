// filter → the functions it lets through

package btf

import (
	"errors"
	"fmt"
	"iter"
	"path"
)

// A FuncFilter says which functions are asked for: those that match all that is set.
// The zero FuncFilter lets all through.
type FuncFilter struct {
	// Name is a pattern of [path.Match] for the function's name, such as "tcp_*".
	// No name of more than 4 KB matches any.
	Name string

	// Tag is the text of a decl tag of the function: kfuncs have "bpf_kfunc".
	Tag string

	// PointerTo is the name of a type that a parameter must point to: a struct,
	// a union, a typedef or any other, all there are of that name. The pointer and
	// its target may be behind typedefs, qualifiers and type tags.
	PointerTo string

	// Params is how many of the first parameters PointerTo is about, 0 for all.
	// The arguments of a kprobe on x86 are in registers up to the sixth.
	Params int
}

// Funcs yields the Spec's own functions that a filter lets through, by id:
//
//	for f, err := range spec.Funcs(btf.FuncFilter{PointerTo: "sk_buff", Params: 5}) {
//
// With a function whose record is broken comes a [*FormatError], and the next one is
// looked for. A filter that makes no sense, and a Spec that is closed, yield one
// error and no function.
//
// It is one pass over the records, however many there are to be found, without an
// allocation.
func (s *Spec) Funcs(filter FuncFilter) iter.Seq2[Func, error] {
	return func(yield func(Func, error) bool) { s.funcs(&filter, yield) }
}

func (s *Spec) funcs(filter *FuncFilter, yield func(Func, error) bool) {
	err := s.usable()
	if err == nil {
		err = filter.check()
	}
	if err != nil {
		yield(Func{}, err)
		return
	}
	l := &s.layer
	var tags []TypeID
	if filter.Tag != "" {
		tags = l.declTags()
	}
	scan := funcScan{layer: l, filter: filter}
	if filter.PointerTo != "" {
		for t := range s.TypesByName(filter.PointerTo) {
			scan.leads.add(t.id)
		}
	}
	id := l.first
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			t := Type{l, id, place(i, w)}
			id++
			if t.Kind() != KindFunc {
				if filter.PointerTo != "" {
					scan.mark(t)
				}
				continue
			}
			if filter.PointerTo != "" && !scan.may(t) {
				continue
			}
			if filter.Name != "" && !glob(filter.Name, l.strings.at(t.nameOff())) {
				continue
			}
			if filter.Tag != "" {
				for len(tags) > 0 && l.tagged(tags[0]).target < t.id {
					tags = tags[1:]
				}
				if !l.anyTagged(tags, t.id, filter.Tag) {
					continue
				}
			}
			var f Func
			if err := narrow(&f, t); err != nil {
				if !yield(Func{Type: t}, err) {
					return
				}
				continue
			}
			if filter.PointerTo != "" && !f.takes(filter) {
				continue
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (f *FuncFilter) check() error {
	if _, err := path.Match(f.Name, ""); err != nil {
		return fmt.Errorf("btf: pattern %q for names of functions: %w", f.Name, err)
	}
	if f.Params < 0 {
		return fmt.Errorf("btf: the first %d parameters of a function make no sense", f.Params)
	}
	if f.Params > 0 && f.PointerTo == "" {
		return errors.New("btf: how many parameters of a function are looked at is said, and not for what")
	}
	return nil
}

// anyTagged reports whether one of the first tags is that text on the declaration
// itself.
func (l *layer) anyTagged(tags []TypeID, id TypeID, text string) bool {
	for _, tag := range tags {
		if l.tagged(tag) != (tagged{id, -1}) {
			return false
		}
		if l.strings.is(l.typeByID(tag).nameOff(), text) {
			return true
		}
	}
	return false
}

// takes reports whether one of the parameters is what the filter asks for.
func (f Func) takes(filter *FuncFilter) bool {
	p := f.Prototype()
	n := p.named()
	if filter.Params > 0 {
		n = min(n, uint32(filter.Params))
	}
	for i := range n {
		if (Param{p.Type, i}).Type().pointsTo(filter.PointerTo) {
			return true
		}
	}
	return false
}

// pointsTo reports whether t is a pointer to a type called name.
func (t Type) pointsTo(name string) bool {
	p, err := t.Underlying()
	if err != nil || p.Kind() != KindPointer {
		return false
	}
	target, err := p.target()
	return err == nil && target.leadsTo(name)
}

// leadsTo reports whether t or what it is a typedef or a qualified form of is called
// name.
func (t Type) leadsTo(name string) bool {
	for range maxDepth + 1 {
		k := t.Kind()
		if k != KindTypeTag && fieldKinds.has(k) && t.layer.strings.is(t.nameOff(), name) {
			return true
		}
		if !modifiers.has(k) {
			return false
		}
		var err error
		if t, err = t.target(); err != nil {
			return false
		}
	}
	return false
}

// A funcScan marks, in one pass by id, what may lead to functions with a pointer to
// a type. Records nearly always refer to those before them, whose marks are known:
// so no id is followed, which would take several times as long. Those of the base and
// those that are still to come are followed.
//
// A mark says maybe: two ids that are far apart may share one. Func.takes knows.
type funcScan struct {
	layer  *layer
	filter *FuncFilter
	leads  marks // to a type of the name
	points marks // to what leads there
	takes  marks // of prototypes: a parameter that points there
}

// marks has a bit for each id modulo its length: few kernels have more prototypes in
// all. It is small enough for the stack.
type marks [1 << 10]uint64

func (m *marks) add(id TypeID)      { m[id/64%1024] |= 1 << (id % 64) }
func (m *marks) has(id TypeID) bool { return m[id/64%1024]>>(id%64)&1 != 0 }

// known reports whether the marks of what t refers to were set.
func (s *funcScan) known(t Type, id TypeID) bool { return id < t.id && id >= s.layer.first }

// mark looks at a type that is no function.
func (s *funcScan) mark(t Type) {
	switch k := t.Kind(); {
	case k == KindFuncProto:
		n := t.vlen()
		if s.filter.Params > 0 {
			n = min(n, uint32(s.filter.Params))
		}
		for i := range n {
			id := TypeID(t.word(recordSize + i*paramSize + 4))
			if s.known(t, id) && s.points.has(id) || !s.known(t, id) && s.layer.typeByID(id).pointsTo(s.filter.PointerTo) {
				s.takes.add(t.id)
				return
			}
		}
	case k == KindPointer:
		id := TypeID(t.sizeOrType())
		if s.known(t, id) && s.leads.has(id) || !s.known(t, id) && s.layer.typeByID(id).leadsTo(s.filter.PointerTo) {
			s.points.add(t.id)
		}
	case modifiers.has(k):
		id := TypeID(t.sizeOrType())
		if s.known(t, id) && s.leads.has(id) || !s.known(t, id) && s.layer.typeByID(id).leadsTo(s.filter.PointerTo) {
			s.leads.add(t.id)
		}
		if s.known(t, id) && s.points.has(id) || !s.known(t, id) && s.layer.typeByID(id).pointsTo(s.filter.PointerTo) {
			s.points.add(t.id)
		}
	}
}

// may reports whether a function may be one that is asked for.
func (s *funcScan) may(t Type) bool {
	id := TypeID(t.sizeOrType())
	return !s.known(t, id) || s.takes.has(id)
}
