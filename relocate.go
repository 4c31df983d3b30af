// Moves split BTF from its distilled base to the BTF of a kernel.

package btf

import (
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A relocation moves split BTF from the distilled base that it was built with, of
// which only names, kinds and sizes are known, to a whole one. The rules are those of
// btf_relocate in libbpf and the kernel, but for forward declarations: these tell by
// their kind_flag whether a struct or a union is meant, and a type of that kind and
// name is the one. The original looks at the flag of the type instead, and at none
// whose name both a struct and a union have.
type relocation struct {
	split, distilled, base *layer

	embedded  map[TypeID]bool      // distilled types whose size counts
	namesakes map[string]*namesake // of distilled types, by name
	ids       []TypeID             // distilled → base
}

// A namesake is what of the base may stand for distilled types of one name.
type namesake struct {
	types      []Type
	composites int
	fits       map[trait]TypeID
	several    map[trait]TypeID // another one that fits as well
}

// A trait is what two types need to have in common.
type trait struct {
	kind     Kind
	union    bool        // of a FWD
	size     uint32      // 0 of a FWD, and of a struct or union whose name is unique
	encoding IntEncoding // of an INT
}

// relocate returns a blob of split BTF over base, which has the types of split. Split
// has a distilled base. Layout is the layout section to write.
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
	// magic, version and flags are the first word
	first := uint32(magic | 1<<16)
	if types.big {
		first = magic<<16 | 1<<8
	}
	for i, word := range [...]uint32{first, headerSizeMax, 0, n, n + m, uint32(len(strings)), n, m} {
		head.put(4*uint32(i), word)
	}
	return slices.Concat(head.bytes, types.bytes, layout.bytes, strings), nil
}

// markEmbedded finds the distilled structs and unions that are part of one in split,
// where another size would move what follows.
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

// match returns the id of the one type of the base that a distilled one stands for.
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
		return 0, t.problem(4, "INT, FLOAT, ENUM, STRUCT, UNION or FWD wanted in a distilled base, it is %s", t.Kind())
	}
	n := r.namesakes[string(r.distilled.strings.short(t.nameOff()))]
	if n == nil {
		return 0, t.problem(0, "name of 1 to %d bytes wanted in a distilled base", longestName-1)
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
		return problem(ErrNotFound, "of %d structs and unions of that name in the base, one of that kind and size", n.composites)
	case !ok:
		return problem(ErrNotFound, "one that fits in the base")
	case n.several[want] != 0:
		return problem(ErrMultipleMatches, "%v and %v of the base", fit, r.base.typeByID(n.several[want]))
	case composite && r.embedded[t.id] && fit.sizeOrType() != size:
		return problem(ErrNotFound, "it is part of a struct, and %v has %d bytes", fit, fit.sizeOrType())
	}
	return id, nil
}

// findNamesakes looks through the base once for what has the name of a distilled type.
// An index by name would do, but for hostile names that all have the same hash.
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

// sort finds what each of the types has in common with distilled ones.
func (n *namesake) sort() {
	n.fits, n.several = map[trait]TypeID{}, map[trait]TypeID{}
	declared := map[bool]bool{} // whether there is a FWD: of a struct, of a union
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
			// A FWD beside several is the one, as it is for libbpf.
			if union := k == KindUnion; n.composites == 1 || !declared[union] {
				add(t, trait{kind: KindFwd, union: union})
			}
		}
	}
}

// rewrite returns the records of split with other ids and name offsets:
//
//	strings on the distilled base  │ distilled │ split │
//	strings on the base            │ base … │ split │ distilled │
//
// Over a base without strings, the empty name comes first.
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
