// Infers which structs and unions were declared packed.

package cdecl

import "github.com/seed-6c4a6465/btf"

// A packer infers what was declared packed.
//
// BTF records neither alignment nor attributes. A type whose size or members are not
// at multiples of what their types are aligned to was packed. A type that was declared
// with more alignment than its members need cannot be told from one that happens to
// lie that way.
type packer struct {
	pointer uint64 // bytes of a pointer
	depth   int    // of the types around the one that is looked at
	known   map[btf.TypeID]packing
}

// A packing is what is inferred about one type.
type packing struct {
	align  uint64 // bytes that its members need, 1 if it is packed
	packed bool
}

func newPacker(pointerSize int) packer {
	if pointerSize <= 0 {
		pointerSize = 4 // no machine has smaller pointers and aligns to more
	}
	return packer{pointer: uint64(pointerSize)}
}

// packing returns what is inferred about a struct or union. It looks at each type
// once, so that structs that contain one another many times cost no more than their
// records.
func (p *packer) packing(c btf.Composite) (packing, error) {
	if known, ok := p.known[c.ID()]; ok {
		return known, nil
	}
	if p.known == nil {
		p.known = make(map[btf.TypeID]packing)
	}
	if p.depth >= maxDepth {
		return packing{align: 1}, nil
	}
	p.depth++
	defer func() { p.depth-- }()

	// A struct that contains itself finds this.
	result := packing{align: 1}
	p.known[c.ID()] = result

	for m := range c.Members() {
		align, err := p.align(m.Type())
		if err != nil {
			return packing{}, err
		}
		place, err := placeOf(m)
		if err != nil {
			return packing{}, err
		}
		if place.BitfieldSize == 0 {
			result.packed = result.packed || place.Offset%align != 0
		} else {
			result.packed = result.packed || place.FirstBit+place.BitfieldSize > bits(place.Size)
		}
		result.align = max(result.align, align)
	}
	if uint64(c.Size())%result.align != 0 {
		result.packed = true
	}
	if result.packed {
		result.align = 1
	}
	p.known[c.ID()] = result
	return result, nil
}

// align returns the smallest alignment that any machine gives a type, in bytes: its
// size, for a number that is no wider than a pointer.
func (p *packer) align(t btf.Type) (uint64, error) {
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
			inner, err := p.packing(c)
			return inner.align, err
		case btf.KindInt, btf.KindEnum, btf.KindEnum64, btf.KindFloat, btf.KindPointer:
			size, err := t.Sizeof()
			if err != nil || size&(size-1) != 0 || size == 0 {
				return 1, nil
			}
			return min(size, p.pointer), nil
		}
		break
	}
	return 1, nil
}
