// Moves split BTF from its distilled base to the BTF of a kernel.

package btf

import (
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A relocation moves split BTF from a distilled base to a whole base. A distilled base
// has only the names, kinds and sizes of types.
//
// The rules are those of btf_relocate in libbpf and the kernel, with one exception. Here
// the kind_flag of a FWD says whether it matches a struct or a union. btf_relocate
// looks at the flag of the type in the base instead, and finds no match if a struct and
// a union share the name.
type relocation struct {
	split, distilled, base *layer

	embedded  map[TypeID]bool      // distilled types whose size must match
	namesakes map[string]*namesake // types of the base, by the name of a distilled type
	ids       []TypeID             // distilled id → id in the base
}

// A namesake is all types of the base that have the name of a distilled type.
type namesake struct {
	types      []Type
	composites int              // number of structs and unions among them
	fits       map[trait]TypeID // the first type with a trait
	several    map[trait]TypeID // another type with the same trait
}

// A trait is what a distilled type and its match in the base have in common, beside the
// name.
type trait struct {
	kind     Kind
	union    bool        // kind_flag of a FWD
	size     uint32      // in bytes; 0 for a FWD, and for a struct or union whose name is unique
	encoding IntEncoding // of an INT
}

// relocate returns a blob with the types of split that stands on base. Split stands on
// a distilled base. layout is the layout section of the result.
//
//	┌────────┬───────┬────────┬─────────────────┬─────────────────────┐
//	│ header │ types │ layout │ strings of split│ distilled strings   │
//	└────────┴───────┴────────┴─────────────────┴─────────────────────┘
func relocate(split, base *layer, layout section) ([]byte, error) {
	r := relocation{
		split: split, distilled: split.base, base: base,
		embedded: map[TypeID]bool{}, namesakes: map[string]*namesake{},
		ids: make([]TypeID, split.first),
	}
	if err := r.markEmbedded(); err != nil {
		return nil, err
	}
	r.findNamesakes()
	for t := range r.distilled.all() {
		id, err := r.match(t)
		if err != nil {
			return nil, err
		}
		r.ids[t.id] = id
	}
	types, err := r.rewrite()
	if err != nil {
		return nil, err
	}
	strings := slices.Concat(split.strings.bytes, split.base.strings.bytes)
	if base.strings.end() == 0 {
		strings = slices.Insert(strings, 0, 0)
	}
	head := section{make([]byte, headerSizeMax), types.big}
	n, m := uint32(len(types.bytes)), uint32(len(layout.bytes))
	// The first word holds magic, version and flags.
	first := uint32(magic | 1<<16)
	if types.big {
		first = magic<<16 | 1<<8
	}
	for i, word := range [...]uint32{first, headerSizeMax, 0, n, n + m, uint32(len(strings)), n, m} {
		head.put(4*uint32(i), word)
	}
	return slices.Concat(head.bytes, types.bytes, layout.bytes, strings), nil
}

// markEmbedded finds the distilled structs and unions that are members of a struct or
// union of split. Their size must match, because the offsets of the members after them
// depend on it.
func (r *relocation) markEmbedded() error {
	for t := range r.split.all() {
		if !compositeKinds.has(t.Kind()) {
			continue
		}
		if err := t.check(); err != nil {
			return err
		}
		for m := range (composite{t}).Members() {
			part, err := m.Type().element()
			if err != nil {
				return err
			}
			if part.id < r.split.first && compositeKinds.has(part.Kind()) {
				r.embedded[part.id] = true
			}
		}
	}
	return nil
}

// element returns the type under any typedefs, qualifiers, type tags and arrays.
func (t Type) element() (Type, error) {
	c := chain{from: t, at: t}
	for {
		off := uint32(8)
		switch k := c.at.Kind(); {
		case k == KindArray:
			off = recordSize
		case !modifiers.has(k):
			return c.at, nil
		}
		if err := c.next(off); err != nil {
			return Type{}, err
		}
	}
}

// match returns the id of the only type of the base that matches a distilled type.
func (r *relocation) match(t Type) (TypeID, error) {
	size := t.sizeOrType()
	want := trait{kind: t.Kind(), size: size}
	switch t.Kind() {
	case KindInt:
		want.encoding = Int{handle: t}.Encoding()
	case KindFloat, KindEnum, KindStruct, KindUnion:
	case KindFwd:
		want.size, want.union = 0, t.flag()
	default:
		return 0, t.problem(4, "type of a distilled base must be INT, FLOAT, ENUM, STRUCT, UNION or FWD, is %s", t.Kind())
	}
	n := r.namesakes[string(r.distilled.strings.short(t.nameOff()))]
	if n == nil {
		return 0, t.problem(0, "type of a distilled base needs a name of 1 to %d bytes", longestName-1)
	}
	composite := compositeKinds.has(want.kind)
	if composite && n.composites == 1 {
		want.size = 0
	}
	id, ok := n.fits[want]
	fit := r.base.typeByID(id)
	problem := func(err error, format string, args ...any) (TypeID, error) {
		return 0, fmt.Errorf("btf: relocating %v of %d bytes from the distilled base: %s: %w", t, size, fmt.Sprintf(format, args...), err)
	}
	switch {
	case !ok && n.composites > 1 && composite:
		return problem(ErrNotFound, "match of kind and size among the %d structs and unions of that name in the base", n.composites)
	case !ok:
		return problem(ErrNotFound, "match in the base")
	case n.several[want] != 0:
		return problem(ErrMultipleMatches, "%v and %v of the base both match", fit, r.base.typeByID(n.several[want]))
	case composite && r.embedded[t.id] && fit.sizeOrType() != size:
		return problem(ErrNotFound, "size of a type embedded in a struct must match, %v has %d bytes", fit, fit.sizeOrType())
	}
	return id, nil
}

// findNamesakes finds all types of the base that have the name of a distilled type, in
// one pass. The index by name would be slow for hostile names that share a hash.
func (r *relocation) findNamesakes() {
	for t := range r.distilled.all() {
		if name := r.distilled.strings.short(t.nameOff()); name != nil && r.namesakes[string(name)] == nil {
			r.namesakes[string(name)] = new(namesake)
		}
	}
	for b := (batch{}); r.base.next(&b); {
		for i, name := range b.names[:b.n] {
			if n := r.namesakes[string(r.base.strings.short(name))]; n != nil {
				n.types = append(n.types, r.base.record(b.numbers[i]))
			}
		}
	}
	for _, n := range r.namesakes {
		n.sort()
	}
}

// sort fills fits and several.
func (n *namesake) sort() {
	n.fits, n.several = map[trait]TypeID{}, map[trait]TypeID{}
	declared := map[bool]bool{} // the base has a FWD of a struct (false), of a union (true)
	for _, t := range n.types {
		switch k := t.Kind(); {
		case compositeKinds.has(k):
			n.composites++
		case k == KindFwd:
			declared[t.flag()] = true
		}
	}
	add := func(t Type, has trait) {
		if _, ok := n.fits[has]; ok {
			n.several[has] = t.id
		} else {
			n.fits[has] = t.id
		}
	}
	for _, t := range n.types {
		switch k, size := t.Kind(), t.sizeOrType(); k {
		case KindInt:
			add(t, trait{kind: k, size: size, encoding: Int{handle: t}.Encoding()})
		case KindFloat, KindEnum:
			add(t, trait{kind: k, size: size})
		case KindEnum64:
			add(t, trait{kind: KindEnum, size: size})
		case KindFwd:
			add(t, trait{kind: k, union: t.flag()})
		case KindStruct, KindUnion:
			if n.composites > 1 {
				add(t, trait{kind: k, size: size})
			} else {
				add(t, trait{kind: k})
			}
			// If several structs and unions share the name, a FWD of the base matches a
			// distilled FWD, as in libbpf.
			if union := k == KindUnion; n.composites == 1 || !declared[union] {
				add(t, trait{kind: KindFwd, union: union})
			}
		}
	}
}

// rewrite returns the records of split with the type ids and name offsets that they
// have on the base. The name offsets change as the strings move:
//
//	strings on the distilled base  │ distilled │ split │
//	strings on the base            │ base … │ split │ distilled │
//
// On a base without strings, the empty name comes first.
func (r *relocation) rewrite() (section, error) {
	l := r.split
	out := section{slices.Clone(l.types.bytes), l.types.big}
	first, start := r.base.end(), max(r.base.strings.end(), 1)
	if start+l.strings.end() > 1<<32 {
		return section{}, fmt.Errorf("btf: relocating: strings of the base and of split BTF need %d bytes, offsets have 32 bits", start+l.strings.end())
	}
	for t := range l.all() {
		k := t.Kind()
		if !l.understands(k) {
			return section{}, fmt.Errorf("btf: relocating %v: %w", t, ErrNotSupported)
		}
		if err := t.check(); err != nil {
			return section{}, err
		}
		uapi.KindFields[k].Visit(l.shapes[k].length(t.info()),
			func(at uint32) {
				switch off := t.word(at); {
				case off >= l.strings.start:
					out.put(t.off+at, off-l.strings.start+uint32(start))
				case off != 0:
					out.put(t.off+at, off+uint32(start)+uint32(len(l.strings.bytes)))
				}
			},
			func(at uint32) {
				if id := TypeID(t.word(at)); id >= l.first {
					out.put(t.off+at, uint32(id-l.first+first))
				} else {
					out.put(t.off+at, uint32(r.ids[id]))
				}
			})
	}
	return out, nil
}
