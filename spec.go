// Parses, copies, relocates and closes a blob of BTF.

package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Spec is an open blob of BTF. Its methods read the names and types of the blob in
// place, in the mapped file or in memory.
//
// Every method except Close and SetPointerSize may be called from many goroutines at once.
// The zero Spec is closed.
type Spec struct {
	layer   layer
	names   names
	header  Header
	base    *Spec
	mapping mapping
	blob    section
	size    uint64 // see Size
	shared  bool   // it belongs to a Kernel
}

// newSpec parses a blob. Every function that opens BTF calls it. It checks the header,
// the bounds of the sections, the framing of all records, and where names of split BTF
// lead in the base. It does not check the type ids in the records.
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
			return nil, &FormatError{Section: "header", Problem: fmt.Sprintf("split BTF is %s, its base is %s", order(types.big), order(!types.big))}
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
	if err := l.checkBaseNames(); err != nil {
		return nil, err
	}
	if uint64(l.first)+uint64(l.starts.count) > 1<<32-1 {
		return nil, &FormatError{Section: "types", Problem: fmt.Sprintf("%d types on a base of %d ids exceed the 32 bits of a type id", l.starts.count, l.first)}
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

// Close releases the mapping of the file. It must not run beside other calls on the
// Spec, on split BTF that stands on it, or on their types. After Close, types and views
// are empty, look-ups yield nothing or return an error that matches [ErrClosed], and the
// results of NameBytes and [Spec.Bytes] must not be read. A second Close does nothing.
//
// There is no finalizer: a Spec that is not closed keeps its mapping, which costs address
// space but no heap. A Spec that belongs to a [Kernel] is closed by [Kernel.Close] only:
// Close returns an error and does nothing.
func (s *Spec) Close() error {
	if s.shared && s.layer.first != 0 {
		return errors.New("btf: this Spec belongs to a Kernel: only the Kernel's Close closes it")
	}
	return s.close()
}

func (s *Spec) close() error {
	s.layer.close()
	s.names, s.blob, s.size = names{}, section{}, 0
	return s.mapping.close()
}

// usable returns an error that matches ErrClosed if the Spec, or a base below it, was
// closed.
func (s *Spec) usable() error {
	if s.layer.closed() {
		return fmt.Errorf("btf: %w", ErrClosed)
	}
	return nil
}

func (s *Spec) usableBase() error {
	if s == nil {
		return errors.New("btf: split BTF needs a base")
	}
	return s.usable()
}

// Bytes returns the blob without a copy, as [Type.NameBytes] does: the bytes must not be
// changed, nor read after Close. After [LoadRawSpec], bytes behind the last section are
// included. It returns nil after Close.
func (s *Spec) Bytes() []byte { return s.blob.bytes }

// Size returns the size in bytes of the file, ELF section or slice that holds the blob.
// If that is unknown, as for a pipe, it is the length of the blob. It is 0 after Close.
func (s *Spec) Size() uint64 { return s.size }

// Base returns the Spec that split BTF stands on. It is nil for other BTF.
func (s *Spec) Base() *Spec { return s.base }

// Header returns the header of the blob.
func (s *Spec) Header() Header { return s.header }

// ByteOrder returns the byte order of the integers in the blob.
func (s *Spec) ByteOrder() binary.ByteOrder {
	if s.layer.types.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// NumTypes returns the number of the Spec's own types. Their ids follow the last id of
// the base. Without a base, they begin at 1.
func (s *Spec) NumTypes() int { return int(s.layer.starts.count) }

// PointerSize returns the size of a pointer in bytes, 4 or 8, or 0 if it is unknown. The
// size comes from the first of these that tells it:
//
//   - [Spec.SetPointerSize]
//   - the class of the ELF file
//   - the size of the type long, as in libbpf's btf__pointer_size
//   - types that can only be as they are with pointers of one size: usize of Rust and Zig,
//     uintptr of Go, structs in which a pointer has no room for 8 bytes, variables whose
//     size a DATASEC has, and structs of Linux that are nothing but pointers, such as
//     list_head. Types that contradict each other tell nothing.
//
// For split BTF, the base is asked first.
func (s *Spec) PointerSize() int { return int(s.layer.pointerSize()) }

// SetPointerSize sets the size of a pointer in bytes, which must be 4 or 8, for BTF that
// does not tell it, such as minimised BTF. It holds for split BTF on this Spec too.
//
// It must be called before other goroutines use the Spec or split BTF on it, and before
// views of a DATASEC are made. A Type or Field that was computed before does not change.
func (s *Spec) SetPointerSize(size int) error {
	if err := s.usable(); err != nil {
		return err
	}
	if size != 4 && size != 8 {
		return fmt.Errorf("btf: size of a pointer must be 4 or 8 bytes, is %d", size)
	}
	s.layer.setPointerSize(uint32(size))
	return nil
}

// WriteTo writes the unchanged blob to w, without a copy. The sizes and offsets that a
// [Datasec] takes from the ELF file are not in it; Marshal of package write writes them.
func (s *Spec) WriteTo(w io.Writer) (int64, error) {
	if err := s.usable(); err != nil {
		return 0, err
	}
	n, err := w.Write(s.blob.bytes)
	return int64(n), err
}

// Copy returns a Spec with a copy of the bytes in memory. It does not depend on the
// file nor on s. A copy of split BTF stands on the base of s, which must stay open.
func (s *Spec) Copy() (*Spec, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	c, err := newSpec(bytes.Clone(s.blob.bytes), s.base)
	if err != nil {
		return nil, err
	}
	c.size = s.size
	c.layer.inheritPointerSize(&s.layer)
	if p := s.layer.placements; p != nil {
		p.of(0, 0) // resolves all now: the ELF file may be closed later
		c.layer.placements = &placements{resolve: func() (map[TypeID]*placement, error) { return p.byID, p.err }}
	}
	return c, nil
}

// Relocate returns the split BTF of s, which stands on a distilled base, as split BTF
// that stands on base. base must not be split BTF. Modules built outside the kernel tree
// have a distilled base, in their .BTF.base section; base is then the BTF of the kernel.
// [LoadSplitSpec] calls Relocate for such files. The result is in memory of its own, and
// s does not change.
//
// The rules are those of libbpf's btf_relocate, except for forward declarations. Each
// type of the distilled base must have exactly one match in base, with the same name.
// Integers, floats and enums must have the same size. Structs and unions must have the
// same size if several in base have the name, or if s embeds them in a struct. A forward
// declaration matches a type of the declared kind, or another forward declaration if
// several types have the name.
//
// The error matches [ErrNotFound] if a type has no match, [ErrMultipleMatches] if it has
// several, and [ErrNotSupported] if s has a kind that only its layout section describes.
// It is a [*FormatError] if a record is broken.
func (s *Spec) Relocate(base *Spec) (*Spec, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	if s.base == nil || s.base.base != nil || base.base != nil {
		return nil, errors.New("btf: Relocate needs split BTF on one distilled base, and a base that is not split BTF")
	}
	// The file may be rewritten during the relocation. The copy is not.
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
	r.layer.inheritPointerSize(&s.layer)
	return r, nil
}
