// Computes the size of a BPF object's sections and the offsets of its variables.

package btf

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// place returns the placement of each DATASEC of size 0 in l, read from the object
// it came from.
func (o object) place(l *layer) (map[TypeID]*placement, error) {
	sizes, offsets, err := o.dataSections()
	if err != nil {
		return nil, err
	}
	placed := map[TypeID]*placement{}
	for t := range l.all() {
		if t.Kind() != KindDatasec || t.sizeOrType() != 0 || t.vlen() == 0 {
			continue
		}
		if err := t.checkElements(&uapi.KindFields[KindDatasec].Elements); err != nil {
			continue // narrowing it says so
		}
		p := &placement{vars: make([]placedVar, t.vlen())}
		switch name := string(l.strings.short(t.nameOff())); name {
		case ".ksyms":
			continue // what lies there is in the kernel: it has no size and no offsets
		case ".kconfig":
			p.err = p.align(Datasec{handle: t})
		default:
			size, ok := sizes[name]
			if !ok || name == "" {
				p.err = elfProblem(0, nil, "one section %s wanted, for the size that type %d lacks", name, t.id)
				break
			}
			p.size = size
			p.err = p.look(Datasec{handle: t}, offsets)
		}
		slices.SortStableFunc(p.vars, func(a, b placedVar) int { return cmp.Compare(a.offset, b.offset) })
		placed[t.id] = p
	}
	return placed, nil
}

// look finds the offset of each variable among those of the symbols.
func (p *placement) look(d Datasec, offsets map[symbol]uint32) error {
	names := &d.layer.strings
	section := string(names.short(d.nameOff()))
	for i := range p.vars {
		v, err := variable(d, uint32(i))
		if err != nil {
			return err
		}
		name := string(names.short(v.nameOff()))
		off, ok := offsets[symbol{section, name}]
		if !ok || name == "" {
			return elfProblem(0, nil, "one symbol %s in section %s wanted, for the offset that type %d lacks", name, section, v.id)
		}
		if size := d.word(recordSize + uint32(i)*varSecinfoSize + 8); off > p.size || size > p.size-off {
			return elfProblem(0, nil, "symbol %s at offset 0x%x of section %s needs %d bytes, the section has %d in all", name, off, section, size, p.size)
		}
		p.vars[i] = placedVar{uint32(i), off}
	}
	return nil
}

// align puts each variable behind the one before.
func (p *placement) align(d Datasec) error {
	var end uint64
	for i := range p.vars {
		v, err := variable(d, uint32(i))
		if err != nil {
			return err
		}
		// First, since the size of a DATASEC asks for what is being worked out here.
		align, err := alignof(v.Type())
		if err != nil {
			return err
		}
		size, err := v.Sizeof()
		if err != nil {
			return err
		}
		off := (end + align - 1) / align * align
		end = off + size
		if size > maxSection || end > maxSection {
			return d.problem(8, "variables of less than 4 GiB wanted")
		}
		p.vars[i] = placedVar{uint32(i), uint32(off)}
	}
	p.size = uint32(end)
	return nil
}

const maxSection = 1<<32 - 1

// variable returns entry i of the record.
func variable(d Datasec, i uint32) (Var, error) {
	at := recordSize + i*varSecinfoSize
	if err := d.checkID(at); err != nil {
		return Var{}, err
	}
	t := d.follow(d.word(at))
	if t.Kind() != KindVar {
		return Var{}, d.problem(uint64(at), "DATASEC of VARs wanted, type %d is %s", t.ID(), t.Kind())
	}
	return As[Var](t)
}

// alignof returns the bytes at a multiple of which C puts a scalar or an array of
// them.
func alignof(t Type) (uint64, error) {
	c := chain{from: t, at: t}
	for {
		off := uint32(8)
		switch t := c.at; t.Kind() {
		case KindInt, KindEnum, KindEnum64, KindFloat, KindPointer:
			size, err := t.Sizeof()
			if err == nil && (size == 0 || size > 16 || size&(size-1) != 0) {
				err = t.problem(8, "%s must have 1, 2, 4, 8 or 16 bytes, has %d", t.Kind(), size)
			}
			return size, err
		case KindArray:
			off = recordSize
		case KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag:
		default:
			return 0, fmt.Errorf("btf: alignment of %v: only of numbers and arrays of numbers: %w", t, ErrNotSupported)
		}
		if err := c.next(off); err != nil {
			return 0, err
		}
	}
}
