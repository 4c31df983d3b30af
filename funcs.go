// Finds the functions that a FuncFilter selects, and matches names with patterns.

package btf

import (
	"errors"
	"fmt"
	"iter"

	"github.com/seed-6c4a6465/btf/internal/glob"
)

// A FuncFilter selects functions. A function must match all fields that are set. The
// zero FuncFilter selects all functions.
type FuncFilter struct {
	// Name is a pattern of [path.Match] for the name of the function, such as "tcp_*".
	// "/" is a character like others. A name of more than 4 KB never matches.
	Name string

	// Tag is the text of a decl tag of the function. Kfuncs have "bpf_kfunc".
	Tag string

	// PointerTo is the name of a type that a parameter must point to, such as a struct,
	// union or typedef. Typedefs, qualifiers and type tags on both sides of the pointer
	// are looked through.
	PointerTo string

	// FirstParams limits PointerTo to that many first parameters. 0 means no limit.
	FirstParams int
}

// Funcs yields the Spec's own functions that the filter selects, by id:
//
//	for f, err := range spec.Funcs(btf.FuncFilter{PointerTo: "sk_buff", FirstParams: 5}) {
//
// A function with a broken record comes with a [*FormatError], and Funcs continues. If
// the filter is not valid or the Spec is closed, Funcs yields one error and no function.
//
// Funcs makes one pass over all records and does not allocate. If Tag is set, it reads the
// table of decl tags instead (see [Type.Tags]).
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
	// each also stops when the loop closed the Spec. The bytes must not be read then.
	each := func(f Func, err error) bool { return yield(f, err) && s.layer.first != 0 }
	// consider yields t if it matches the rest of the filter. If takes is set, the
	// parameters are known to match. It returns false if the loop must stop.
	var memo protoMemo
	var take takeMemo
	pattern := glob.New(filter.Name)
	consider := func(t Type, takes bool) bool {
		if filter.Name != "" && !pattern.MatchNUL(s.layer.strings.at(t.nameOff())) {
			return true
		}
		f, err := memo.narrow(t)
		if err != nil {
			return each(Func{handle: t}, err)
		}
		if !takes && !take.of(f, filter) {
			return true
		}
		return each(f, nil)
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
	if err := glob.Check(f.Name); err != nil {
		return fmt.Errorf("btf: FuncFilter.Name: pattern %s: %w", quoted(f.Name), err)
	}
	if f.FirstParams < 0 {
		return fmt.Errorf("btf: FuncFilter.FirstParams must be at least 0, is %d", f.FirstParams)
	}
	if f.FirstParams > 0 && f.PointerTo == "" {
		return errors.New("btf: FuncFilter.FirstParams needs FuncFilter.PointerTo")
	}
	return nil
}

// taggedFuncs calls consider with each of the layer's own functions that has a decl tag
// of that text, in the order of their ids, until consider returns false.
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

// A takeMemo remembers which prototypes match a filter. It is empty until more
// parameters were examined than fit into the blob. That happens in hostile BTF, where
// many functions share a prototype whose parameters have long chains of typedefs.
type takeMemo struct {
	asked uint64 // parameters examined
	known map[TypeID]bool
}

// of reports whether f takes what the filter asks for.
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

// takes reports whether one of the parameters matches PointerTo and FirstParams.
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

// pointsTo reports whether t is a pointer to a type of that name.
func (t Type) pointsTo(name string) bool {
	p, err := t.Underlying()
	if err != nil || p.Kind() != KindPointer {
		return false
	}
	target, err := p.target()
	return err == nil && target.leadsTo(name)
}

// pointedTo are the kinds that PointerTo can name. The name of a type tag is the text of
// an attribute and does not count.
const pointedTo = fieldKinds &^ (1 << KindTypeTag)

// leadsTo reports whether t has that name, or a type under its typedefs, qualifiers and
// type tags.
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

// markedFuncs calls consider with each function that may have a parameter that matches
// PointerTo, in the order of their ids, until consider returns false. takes says that
// it has one, if its record is sound.
//
// It sets marks in one pass over the records. Records nearly always refer to records
// before them, whose marks are complete. So the pass does not follow type ids, which
// would take several times as long. It follows only ids of the base and of later
// records.
//
// If the layer has more types than there are marks, several types share a mark. A mark
// then means "maybe", and all functions are considered.
//
// It is one loop with a branch for each kind, because a call for each record would cost
// more than the work on it.
func (s *Spec) markedFuncs(filter *FuncFilter, consider func(t Type, takes bool) bool) {
	// leads: types that are the named type, or typedefs or qualifiers of it. points:
	// pointers to those. without: sound prototypes without such a parameter.
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
			// For most records no case holds, whatever their kind. The third word may be
			// no type id; a mark decides before the kind is examined, which keeps the
			// branches predictable.
			switch kind := Kind(info >> kindShift & kindMask); {
			case kind == KindFunc:
				if marked && without.has(to) {
					break
				}
				if !consider(Type{l, first + number, off}, marked && exact) {
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

// marks has one bit for each type of a layer. It has enough for the types of a kernel,
// and is small enough for the stack.
type marks [marksLen / 64]uint64

const marksLen = 1 << 18

func (m *marks) add(number TypeID) { m[number%marksLen/64] |= 1 << (number % 64) }

func (m *marks) has(number TypeID) bool { return m[number%marksLen/64]>>(number%64)&1 != 0 }
