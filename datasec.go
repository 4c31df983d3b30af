// Stores the placement of DATASECs: sizes and offsets that BPF compilers leave out.

package btf

// Compilers write 0 for the size of a DATASEC and for the offsets of its variables. The
// loader of the object has to take the size from the ELF section header, and the offsets
// from the symbols, as libbpf's btf_fixup_datasec does. They are read when the first such
// DATASEC is narrowed or measured, and stored beside the bytes, which are never changed.

// placements has the placements of all DATASECs of a layer.
type placements struct {
	once    once
	resolve func() (map[TypeID]*placement, error) // nil once it was called
	byID    map[TypeID]*placement
	err     error
}

// A placement is the size of a DATASEC and the offsets of its variables, both in bytes,
// or the error that says why they are unknown.
type placement struct {
	size uint32
	vars []placedVar // in order of their offsets
	err  error
}

// A placedVar is the index of an entry in the record, and the offset of its variable in
// the section, in bytes.
type placedVar struct{ index, offset uint32 }

// of returns the placement of the DATASEC id, which has n entries. It returns nil if the
// DATASEC has none. The first call reads the ELF file.
func (p *placements) of(id TypeID, n uint32) (*placement, error) {
	p.once.do(func() {
		p.byID, p.err = p.resolve()
		p.resolve = nil // releases the bytes that it reads
	})
	found := p.byID[id]
	switch {
	case p.err != nil:
		return nil, p.err
	case found == nil || uint32(len(found.vars)) != n: // another number means that the bytes were rewritten
		return nil, nil
	}
	return found, found.err
}
