// Holds one blob of BTF: parses it, copies it, relocates it, closes it.

package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Spec is a blob of BTF, ready to be asked. It holds a mapping of the file or
// the bytes it was given, and no copy of what is in them.
//
// Every method but Close may be called from many goroutines at once. The zero
// Spec is a closed one.
type Spec struct {
	layer   layer
	names   names
	header  Header
	base    *Spec
	mapping mapping
	blob    section
	size    uint64 // of what the blob was found in, in bytes
	shared  bool   // it belongs to a Kernel
}

// newSpec is the one parser behind all doors. It proves the framing of every
// record, and looks at nothing that a record refers to.
func newSpec(blob []byte, base *Spec) (*Spec, error) {
	header, raw, err := parseHeader(blob)
	if err != nil {
		return nil, err
	}
	types, strs, layout, err := header.sections(raw)
	if err != nil {
		return nil, err
	}
	s := &Spec{
		header: header, base: base, blob: raw, size: uint64(len(blob)),
		layer: layer{types: types, shapes: knownShapes, first: 1},
	}
	l := &s.layer
	var under *strtab
	if base != nil {
		if base.layer.types.big != types.big {
			return nil, &FormatError{Section: "header", Problem: fmt.Sprintf("split BTF is %s, its base %s", order(types.big), order(!types.big))}
		}
		l.base, l.shapes, l.first, under = &base.layer, base.layer.shapes, base.layer.end(), &base.layer.strings
	}
	if l.strings, err = newStrtab(strs, under); err != nil {
		return nil, err
	}
	if l.shapes, err = layoutShapes(layout, l.shapes); err != nil {
		return nil, err
	}
	w := walker{types: types, shapes: l.shapes, names: l.strings.end(), first: l.first}
	if l.framing, err = w.walk(); err != nil {
		return nil, err
	}
	if uint64(l.first)+uint64(l.starts.count) > 1<<32-1 {
		return nil, &FormatError{Section: "types", Problem: fmt.Sprintf("%d types over %d, ids have 32 bits", l.starts.count, l.first)}
	}
	l.oddInts = l.oddInts || l.base != nil && l.base.oddInts
	return s, nil
}

func order(big bool) string {
	if big {
		return "big-endian"
	}
	return "little-endian"
}

// Close gives back what the Spec holds. It must not run while another call on the
// Spec, on a Spec split from it, or on their types is under way. After it, types
// and views have no kind, no name and nothing in them; look-ups that return an
// error return one that matches [ErrClosed], and those that yield types yield
// none; and bytes got from NameBytes must not be touched. Closing again does
// nothing.
//
// There is no finalizer: a mapping that is never closed stays for the life of the
// process, which costs address space and no heap.
//
// A Spec that belongs to a [Kernel] is closed by the Kernel alone: Close returns an
// error and does nothing.
func (s *Spec) Close() error {
	if s.shared && s.layer.first != 0 {
		return errors.New("btf: this Spec belongs to a Kernel, and is closed by the Kernel's Close")
	}
	return s.close()
}

func (s *Spec) close() error {
	s.layer.close()
	s.names, s.blob, s.size = names{}, section{}, 0
	return s.mapping.close()
}

// usable reports why the Spec cannot be asked.
func (s *Spec) usable() error {
	for l := &s.layer; l != nil; l = l.base {
		if l.first == 0 {
			return fmt.Errorf("btf: %w", ErrClosed)
		}
	}
	return nil
}

func (s *Spec) usableBase() error {
	if s == nil {
		return errors.New("btf: split BTF needs a base")
	}
	return s.usable()
}

// Bytes returns the blob: the header, the sections, and what follows them if
// [LoadRawSpec] was given more. The bytes alias the file, as those of [Type.NameBytes]
// do. It returns nil after Close.
func (s *Spec) Bytes() []byte { return s.blob.bytes }

// Size returns the size in bytes of the file, ELF section or slice that holds the
// blob. If that cannot be told, as of a pipe, it is the length of the blob. It is 0
// after Close.
func (s *Spec) Size() uint64 { return s.size }

// Base returns the Spec this one was split from, nil if it stands alone.
func (s *Spec) Base() *Spec { return s.base }

// Header returns the header of the blob.
func (s *Spec) Header() Header { return s.header }

// ByteOrder returns the order of the blob's integers.
func (s *Spec) ByteOrder() binary.ByteOrder {
	if s.layer.types.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// NumTypes returns how many types the Spec has of its own, without void. Their
// ids follow those of the base, or 0.
func (s *Spec) NumTypes() int { return int(s.layer.starts.count) }

// PointerSize returns the bytes of a pointer: by the class of the ELF file, or by
// the size of the type long in the blob or its base. It is 0 if neither tells.
func (s *Spec) PointerSize() int { return int(s.layer.pointerSize()) }

// WriteTo writes the blob as it was opened, with no copy. Sizes and offsets of a
// DATASEC that the ELF file has are not in it. Marshal of package write writes them.
func (s *Spec) WriteTo(w io.Writer) (int64, error) {
	if err := s.usable(); err != nil {
		return 0, err
	}
	n, err := w.Write(s.blob.bytes)
	return int64(n), err
}

// Copy returns a Spec of the same bytes in private memory, which outlives the file,
// its truncation and the Close of s. Split BTF shares the base of s, which must
// stay open.
func (s *Spec) Copy() (*Spec, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	c, err := newSpec(bytes.Clone(s.blob.bytes), s.base)
	if err != nil {
		return nil, err
	}
	c.size = s.size
	c.layer.pointer = s.layer.ownPointerSize()
	if p := s.layer.placements; p != nil {
		p.of(0, 0) // what it reads may be gone when it is asked for
		c.layer.placements = &placements{resolve: func() (map[TypeID]*placement, error) { return p.byID, p.err }}
	}
	return c, nil
}

// Relocate returns split BTF that stands on a distilled base as split BTF over base,
// which stands alone. Modules that are built outside of the kernel's tree have such a
// distilled base in their .BTF.base section; base is then the BTF of the kernel that
// the module is for. The result is in memory of its own, and s stays as it is.
// [LoadSplitSpec] relocates a file with a .BTF.base section itself.
//
// The rules are those of libbpf's btf_relocate. Each type of the distilled base must
// have exactly one match in base. Integers, floats and enums match by name and size.
// Structs and unions match by name; by size too, if several in base have the name, or
// if they are embedded in a struct of s. Forward declarations match by name a type of
// the declared kind, or another forward declaration if several types have the name.
//
// The error matches [ErrNotFound] if a type has no match, and [ErrMultipleMatches] if it
// has several. It matches [ErrNotSupported] if s has a kind that only its layout section
// describes. It is a [*FormatError] if a record is broken.
func (s *Spec) Relocate(base *Spec) (*Spec, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	if s.base == nil || s.base.base != nil || base.base != nil {
		return nil, errors.New("btf: Relocate needs split BTF over one distilled base, and a base that stands alone")
	}
	// A copy, because the file may be rewritten meanwhile.
	c, err := newSpec(bytes.Clone(s.blob.bytes), s.base)
	if err != nil {
		return nil, err
	}
	_, _, layout, err := c.header.sections(c.blob)
	if err != nil {
		return nil, err
	}
	blob, err := relocate(&c.layer, &base.layer, layout)
	if err != nil {
		return nil, err
	}
	r, err := newSpec(blob, base)
	if err != nil {
		return nil, err
	}
	if r.layer.starts.count != c.layer.starts.count {
		return nil, fmt.Errorf("btf: the layout section of the base disagrees with that of the relocated BTF: %w", ErrNotSupported)
	}
	r.layer.pointer = s.layer.ownPointerSize()
	return r, nil
}
