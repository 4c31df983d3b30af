// Finds the sizes and offsets that a DATASEC lacks: in the ELF file, or for .kconfig by alignment.

package btf

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// place returns the placement of each DATASEC in l that has size 0. o is the object
// that holds l. An error that concerns one DATASEC is in its placement.
//
// libbpf's btf_fixup_datasec and bpf_object__collect_externs fill in the same values.
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
			continue // narrowing it returns the error
		}
		p := &placement{vars: make([]placedVar, t.vlen())}
		switch name := string(l.strings.short(t.nameOff())); name {
		case ".ksyms":
			continue // its variables are in the kernel: no size and no offsets
		case ".kconfig":
			p.err = p.align(Datasec{handle: t})
		default:
			size, ok := sizes[name]
			if !ok || name == "" {
				p.err = elfProblem(0, nil, "size of type %d needs exactly one section %s, of less than 4 GiB", t.id, name)
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

// look takes the offset of each variable from the symbols.
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
			return elfProblem(0, nil, "offset of type %d needs exactly one symbol %s in section %s", v.id, name, section)
		}
		if size := d.word(recordSize + uint32(i)*varSecinfoSize + 8); off > p.size || size > p.size-off {
			return elfProblem(0, nil, "symbol %s at offset 0x%x of section %s needs %d bytes, the section has %d in all", name, off, section, size, p.size)
		}
		p.vars[i] = placedVar{uint32(i), off}
	}
	return nil
}

// align places the variables one after the other, at the alignment that C gives them.
func (p *placement) align(d Datasec) error {
	var end uint64
	for i := range p.vars {
		v, err := variable(d, uint32(i))
		if err != nil {
			return err
		}
		// alignof comes first: it refuses a DATASEC, whose Sizeof would wait for the
		// placements that are computed here.
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
			return d.problem(8, "variables must take less than 4 GiB")
		}
		p.vars[i] = placedVar{uint32(i), uint32(off)}
	}
	p.size = uint32(end)
	return nil
}

// maxSection is the largest size of a DATASEC in bytes: its record has 32 bits for it.
const maxSection = 1<<32 - 1

// variable returns the variable of entry i.
func variable(d Datasec, i uint32) (Var, error) {
	at := recordSize + i*varSecinfoSize
	if err := d.checkID(at); err != nil {
		return Var{}, err
	}
	t := d.follow(d.word(at))
	if t.Kind() != KindVar {
		return Var{}, d.problem(uint64(at), "entry of a DATASEC must be a VAR, type %d is %s", t.ID(), t.Kind())
	}
	return As[Var](t)
}

// alignof returns the alignment in bytes of a scalar, or of an array of scalars, in C.
// The error matches [ErrNotSupported] for other types.
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
			return 0, fmt.Errorf("btf: alignment of %v: must be a number, a pointer or an array of these: %w", t, ErrNotSupported)
		}
		if err := c.next(off); err != nil {
			return 0, err
		}
	}
}
