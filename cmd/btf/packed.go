// struct → whether it was declared packed

package main

import "github.com/seed-6c4a6465/btf"

// A packing is what the place of its members gives away about a type: BTF tells
// neither alignment nor attributes. A struct whose size or members are not at
// multiples of what their types are aligned to was packed; one that was declared to
// be aligned further than its members need cannot be told from one that happens to
// lie so, and nothing is said about that.
type packing struct {
	align  uint64
	packed bool
}

// packingOf infers whether a struct or union is packed. Types are looked at once
// each, so that structs that contain one another many times over cost no more than
// their records.
func (p *printer) packingOf(c btf.Composite) (packing, error) {
	if known, ok := p.packing[c.ID()]; ok {
		return known, nil
	}
	if p.packing == nil {
		p.packing = make(map[btf.TypeID]packing)
	}
	if p.depth >= maxDepth {
		return packing{align: 1}, nil
	}
	p.depth++
	defer p.leave()

	// A struct that contains itself finds this.
	result := packing{align: 1}
	p.packing[c.ID()] = result

	for m := range c.Members() {
		align, err := p.align(m.Type())
		if err != nil {
			return packing{}, err
		}
		s, err := slotOf(m)
		if err != nil {
			return packing{}, err
		}
		if s.width == 0 && s.offset%align != 0 || s.width != 0 && s.first+s.width > s.size*8 {
			result.packed = true
		}
		result.align = max(result.align, align)
	}
	if uint64(c.Size())%result.align != 0 {
		result.packed = true
	}
	if result.packed {
		result.align = 1
	}
	p.packing[c.ID()] = result
	return result, nil
}

// align returns the least that a type is aligned to on any machine: its size, for
// a number no wider than a pointer.
func (p *printer) align(t btf.Type) (uint64, error) {
	for range maxDepth {
		var err error
		if t, err = t.Underlying(); err != nil {
			return 0, err
		}
		switch t.Kind() {
		case btf.KindArray:
			a, err := btf.As[btf.Array](t)
			if err != nil {
				return 0, err
			}
			t = a.Type()
			continue
		case btf.KindStruct, btf.KindUnion:
			c, err := btf.As[btf.Composite](t)
			if err != nil {
				return 0, err
			}
			inner, err := p.packingOf(c)
			return inner.align, err
		case btf.KindInt, btf.KindEnum, btf.KindEnum64, btf.KindFloat, btf.KindPointer:
			size, err := t.Sizeof()
			if err != nil || size&(size-1) != 0 || size == 0 {
				return 1, nil
			}
			return min(size, p.word), nil
		}
		break
	}
	return 1, nil
}
