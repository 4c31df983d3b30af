// Finds the functions that a filter selects.

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

	// FirstParams limits PointerTo to the first so many parameters. 0 stands for all.
	FirstParams int
}

// Funcs yields the Spec's own functions that a filter lets through, by id:
//
//	for f, err := range spec.Funcs(btf.FuncFilter{PointerTo: "sk_buff", FirstParams: 5}) {
//
// With a function whose record is broken comes a [*FormatError], and the next one is
// looked for. A filter that makes no sense, and a Spec that is closed, yield one
// error and no function.
//
// It is one pass over the records, however many there are to be found, without an
// allocation; for a Tag, a look at the table of tags (see [Type.Tags]).
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
	// What is left to ask of a FUNC, which may be known to have the parameter, and
	// whether to go on.
	var memo protoMemo
	var take takeMemo
	consider := func(t Type, takes bool) bool {
		if filter.Name != "" && !glob(filter.Name, s.layer.strings.at(t.nameOff())) {
			return true
		}
		f, err := memo.narrow(t)
		if err != nil {
			return yield(Func{handle: t}, err)
		}
		if !takes && !take.of(f, filter) {
			return true
		}
		return yield(f, nil)
	}
	switch {
	case filter.Tag != "":
		s.layer.taggedFuncs(filter.Tag, func(t Type) bool { return consider(t, filter.PointerTo == "") })
	case filter.PointerTo != "":
		s.markedFuncs(filter, consider)
	default:
		for t := range s.layer.all() {
			if t.Kind() == KindFunc && !consider(t, true) {
				return
			}
		}
	}
}

func (f *FuncFilter) check() error {
	if _, err := path.Match(f.Name, ""); err != nil {
		return fmt.Errorf("btf: pattern %q for names of functions: %w", f.Name, err)
	}
	if f.FirstParams < 0 {
		return fmt.Errorf("btf: the first %d parameters of a function make no sense", f.FirstParams)
	}
	if f.FirstParams > 0 && f.PointerTo == "" {
		return errors.New("btf: how many parameters of a function are looked at is said, and not for what")
	}
	return nil
}

// taggedFuncs calls consider with the layer's own functions that have a decl tag of
// that text, by id, until it returns false.
func (l *layer) taggedFuncs(text string, consider func(Type) bool) {
	last := TypeID(0)
	for _, tag := range l.declTags() {
		to := l.tagged(tag)
		if to.component != -1 || to.target == last || to.target < l.first || !l.strings.is(l.typeByID(tag).nameOff(), text) {
			continue
		}
		last = to.target
		if t := l.typeByID(last); t.Kind() == KindFunc && !consider(t) {
			return
		}
	}
}

// A takeMemo is whether prototypes take what is asked for. It is kept only after more
// parameters were looked at than there is room for in the blob: in hostile BTF, where
// many functions share a prototype whose parameters are each far from what they are.
type takeMemo struct {
	asked uint64 // parameters
	known map[TypeID]bool
}

func (m *takeMemo) of(f Func, filter *FuncFilter) bool {
	m.asked += uint64(f.proto.vlen())
	if m.asked <= uint64(len(f.layer.types.bytes)/paramSize) {
		return f.takes(filter)
	}
	takes, known := m.known[f.proto.id]
	if !known {
		takes = f.takes(filter)
		if m.known == nil {
			m.known = map[TypeID]bool{}
		}
		m.known[f.proto.id] = takes
	}
	return takes
}

// takes reports whether one of the parameters is what the filter asks for.
func (f Func) takes(filter *FuncFilter) bool {
	p := f.Type()
	n := p.typed()
	if filter.FirstParams > 0 {
		n = min(n, uint32(filter.FirstParams))
	}
	for i := range n {
		if (Param{p.handle, i}).Type().pointsTo(filter.PointerTo) {
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

// pointedTo are the kinds by whose names a pointer is asked for: not by the text of a
// type tag, which is its name.
const pointedTo = fieldKinds &^ (1 << KindTypeTag)

// leadsTo reports whether t or what it is a typedef or a qualified form of is called
// name.
func (t Type) leadsTo(name string) bool {
	c := chain{from: t, at: t}
	for {
		k := c.at.Kind()
		if pointedTo.has(k) && c.at.layer.strings.is(c.at.nameOff(), name) {
			return true
		}
		if !modifiers.has(k) || c.next(8) != nil {
			return false
		}
	}
}

// markedFuncs calls consider with the functions that may have a pointer to what the
// filter says, and whether they are known to if they are sound, by id, until it returns
// false.
//
// It marks, in one pass by id, what may lead to such functions. Records nearly always
// refer to those before them, whose marks are known: so no id is followed, which would
// take several times as long. Those of the base and those that are still to come are.
//
// Of more types than there are marks, some share one, which then says no more than
// maybe, and all functions are considered.
func (s *Spec) markedFuncs(filter *FuncFilter, consider func(t Type, takes bool) bool) {
	// What leads to a type of the name; what points to what leads there; prototypes that
	// are sound and have no such parameter.
	var leads, points, without marks
	l, name := &s.layer, filter.PointerTo
	for t := range s.TypesByName(name) {
		if pointedTo.has(t.Kind()) {
			leads.add(t.id - l.first)
		}
	}
	most := uint32(vlenMask)
	if filter.FirstParams > 0 {
		most = uint32(min(filter.FirstParams, vlenMask))
	}
	types, first, exact := l.types, l.first, l.starts.count <= marksLen
	end, names := l.end(), l.strings.end()
	number := TypeID(0) // of the record, from 0
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := place(i, w)
			info, id := types.u32(off+4), TypeID(types.u32(off+8))
			to := id - first
			marked := to < number
			// Hardly any branch but the first is ever taken, whatever the kinds of the
			// records: what is no id is taken for one until there is a mark on it.
			switch kind := Kind(info >> kindShift & kindMask); {
			case kind == KindFunc:
				if !(marked && without.has(to)) && !consider(Type{l, first + number, off}, marked && exact) {
					return
				}
			case kind == KindFuncProto:
				sound, takes := id < end, false
				for i := range info & vlenMask {
					param := off + recordSize + i*paramSize
					id := TypeID(types.u32(param + 4))
					sound = sound && id < end && uint64(types.u32(param)) < names
					if i >= most {
						continue
					}
					if to := id - first; to < number && points.has(to) || to >= number && l.typeByID(id).pointsTo(name) {
						takes = true
						break
					}
				}
				if sound && !takes && exact {
					without.add(number)
				}
			case marked && !leads.has(to) && !points.has(to):
			case kind == KindPointer:
				if marked && leads.has(to) || !marked && l.typeByID(id).leadsTo(name) {
					points.add(number)
				}
			case modifiers.has(kind):
				if marked && leads.has(to) || !marked && l.typeByID(id).leadsTo(name) {
					leads.add(number)
				}
				if marked && points.has(to) || !marked && l.typeByID(id).pointsTo(name) {
					points.add(number)
				}
			}
			number++
		}
	}
}

// marks has a bit for each of a layer's types, as many as kernels have. It is small
// enough for the stack.
type marks [marksLen / 64]uint64

const marksLen = 1 << 18

func (m *marks) add(number TypeID) { m[number%marksLen/64] |= 1 << (number % 64) }

func (m *marks) has(number TypeID) bool { return m[number%marksLen/64]>>(number%64)&1 != 0 }

// maxGlobbed is how long a name may be to match a pattern, in bytes. The longest of a
// kernel have 512; a blob could have a hundred thousand types whose names are the
// end of one long string.
const maxGlobbed = 4 << 10

// glob reports whether the name at the front of b, which ends at a NUL, matches a
// pattern, as path.Match does with a name of ASCII that has no slash. Path.Match
// itself needs a string, and so an allocation for each name.
func glob(pattern string, b []byte) bool {
	// Only the last star met is ever gone back to, to let it take one byte more.
	p, n := 0, 0
	star, taken := -1, 0
	for {
		switch {
		case n >= len(b) || n > maxGlobbed:
			return false
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, n
			p++
			continue
		case b[n] == 0:
			return p == len(pattern)
		}
		if length, ok := globOne(pattern[p:], b[n]); ok {
			p, n = p+length, n+1
			continue
		}
		if star < 0 {
			return false
		}
		taken++
		p, n = star+1, taken
	}
}

// globOne reports whether the first element of a pattern, which is no star, takes c,
// and how long it is.
func globOne(pattern string, c byte) (length int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) < 2 {
			return 0, false
		}
		return 2, pattern[1] == c
	case '[':
		return globClass(pattern, c)
	}
	return 1, pattern[0] == c
}

// globClass is globOne of a class such as [a-z_] or [^0-9].
func globClass(pattern string, c byte) (length int, ok bool) {
	at := 1
	negated := at < len(pattern) && pattern[at] == '^'
	if negated {
		at++
	}
	next := func() (b byte) {
		if at < len(pattern) && pattern[at] == '\\' {
			at++
		}
		if at < len(pattern) {
			b = pattern[at]
		}
		at++
		return b
	}
	in := false
	for first := true; first || at < len(pattern) && pattern[at] != ']'; first = false {
		low := next()
		high := low
		if at < len(pattern) && pattern[at] == '-' {
			at++
			high = next()
		}
		in = in || low <= c && c <= high
	}
	return min(at+1, len(pattern)), in != negated
}
