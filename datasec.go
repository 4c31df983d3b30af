// Keeps the sizes and offsets of variables that a BPF compiler leaves out.

package btf

import "sync"

// Compilers write 0 for the size of a DATASEC and for the offsets in it, and leave
// them to whoever loads the object: the size is that of the ELF section, the
// offsets are those of the symbols. They are looked up when the first such DATASEC
// is narrowed or measured, and kept beside the bytes, which are never written to.

// placements is what the ELF file adds to the DATASECs of a layer.
type placements struct {
	once    sync.Once
	resolve func() (map[TypeID]*placement, error)
	byID    map[TypeID]*placement
	err     error
}

// A placement is what a DATASEC of size 0 lacks, or why it cannot be told.
type placement struct {
	size uint32
	vars []placedVar // in the order of their offsets
	err  error
}

// A placedVar is the index of an entry in the record, and its offset in bytes.
type placedVar struct{ index, offset uint32 }

// of returns the placement of a DATASEC with n entries, nil if there is none.
func (p *placements) of(id TypeID, n uint32) (*placement, error) {
	p.once.Do(func() {
		p.byID, p.err = p.resolve()
		p.resolve = nil // and the bytes it reads
	})
	found := p.byID[id]
	switch {
	case p.err != nil:
		return nil, p.err
	case found == nil || uint32(len(found.vars)) != n: // rewritten since, if there are others
		return nil, nil
	}
	return found, found.err
}
