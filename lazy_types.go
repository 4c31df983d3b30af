// Finds the record of a type id; a Type is a handle on it.

package btf

import (
	"iter"
	"strconv"
	"sync"
)

// A layer is one blob of BTF: the type section, what the pass over it found, and
// the layer it stands on.
type layer struct {
	base    *layer
	types   section
	strings strtab
	shapes  *shapes
	first   TypeID // of the first record; 1 if there is no base
	framing

	tagsOnce sync.Once
	tags     []TypeID // of the DECL_TAGs, by what they tag; see tags.go

	cutsOnce  sync.Once
	flavoured cutTable // own strings that have a flavour; see flavour.go

	placements *placements // of DATASECs; nil if it is not from a BPF object

	pointerOnce sync.Once
	pointer     uint32 // bytes of a pointer, 0 if unknown; see size.go
}

// end is the first id past the types of this layer and those below.
func (l *layer) end() TypeID { return l.first + TypeID(l.starts.count) }

// close forgets all bytes, so that handles on them meet empty sections.
func (l *layer) close() {
	l.base, l.types, l.strings, l.shapes, l.first, l.framing = nil, section{}, strtab{}, nil, 0, framing{}
	l.tags, l.flavoured, l.placements, l.pointer = nil, cutTable{}, nil, 0
}

// typeByID returns the type with an id, which must be below end; void for any
// other.
func (l *layer) typeByID(id TypeID) Type {
	if id == 0 {
		return Type{}
	}
	for id < l.first {
		if l = l.base; l == nil {
			return Type{}
		}
	}
	if i := uint32(id - l.first); i < l.starts.count {
		return Type{l, id, l.starts.offset(i)}
	}
	return Type{}
}

// understands reports whether the records of a kind are those this package knows: only
// their length is known of others, by the layout section.
func (l *layer) understands(k Kind) bool { return l.shapes[k] == knownShapes[k] }

// record returns the layer's own type whose record is number i, counted from 0.
func (l *layer) record(i uint32) Type { return Type{l, l.first + TypeID(i), l.starts.offset(i)} }

// all yields the layer's own types by id. It is the plain loop over starts.all,
// written out: one call less for each type.
func (l *layer) all() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		id := l.first
		for i, w := range l.starts.bits {
			for ; w != 0; w &= w - 1 {
				if !yield(Type{l, id, place(i, w)}) {
					return
				}
				id++
			}
		}
	}
}

// A Type is a handle on one type record: 16 bytes on 64-bit machines, to be
// passed and kept by value. Types are comparable with ==, and equal if they are
// the same record of the same Spec; ids are comparable within one chain of split
// and base.
//
// The zero Type is void, the type with id 0. After the Spec's Close, or that of
// the base the record lies in, a Type keeps its id and has no kind and no name.
//
//	 0           4           8          12
//	┌───────────┬───────────┬───────────┬──────────────────────────
//	│ name_off  │ info      │ size|type │ what the kind adds
//	└───────────┴───────────┴───────────┴──────────────────────────
//
// What a kind adds is read through a typed view: see [As].
type Type struct {
	layer *layer
	id    TypeID
	off   uint32 // of the record in its layer's type section
}

// handle is what a view embeds. The field has an unexported name, so that no other
// package can put the handle of one kind into a view of another.
type handle = Type

// word returns the integer off bytes into the record.
func (t Type) word(off uint32) uint32 {
	if t.layer == nil {
		return 0
	}
	return t.layer.types.u32(t.off + off)
}

func (t Type) nameOff() uint32    { return t.word(0) }
func (t Type) info() uint32       { return t.word(4) }
func (t Type) sizeOrType() uint32 { return t.word(8) }
func (t Type) vlen() uint32       { return t.info() & vlenMask }
func (t Type) flag() bool         { return t.info()&kindFlag != 0 }

// ID returns the type's id in its chain of split and base BTF, 0 for void.
func (t Type) ID() TypeID { return t.id }

// Kind returns what the record describes, [KindVoid] for void. It is above
// [KindLocsec] for a kind that only the layout section knows.
func (t Type) Kind() Kind { return Kind(t.info() >> kindShift & kindMask) }

// KindFlag returns bit 31 of the record's info, which means something else for
// each kind: the views say what, such as [Enum.Signed]. In a struct or union it
// tells which of two encodings its members' offsets have.
func (t Type) KindFlag() bool { return t.flag() }

// Name returns a copy of the type's name as the compiler spelt it, or "" if it
// is anonymous. A flavour is part of the name.
func (t Type) Name() string { return string(t.NameBytes()) }

// NameBytes returns the type's name without a copy, nil if it is anonymous. The
// bytes are those of the file: they must not be written to, nor read after the
// Close of the Spec they come from. Comparing string(t.NameBytes()) with == does
// not allocate.
func (t Type) NameBytes() []byte {
	if t.layer == nil {
		return nil
	}
	return t.layer.strings.name(t.nameOff())
}

// AsType returns t. Views have this method too: it turns a view back into a Type.
func (t Type) AsType() Type { return t }

// String returns a description for messages, such as "STRUCT task_struct (id 114)".
// A long name is cut, and bytes that are not printable are escaped.
func (t Type) String() string {
	if t.layer != nil && t.layer.first == 0 {
		return "type of closed BTF (id " + strconv.FormatUint(uint64(t.id), 10) + ")"
	}
	s := t.Kind().String()
	if name := t.NameBytes(); len(name) > 0 {
		s += " " + shown(name)
	}
	return s + " (id " + strconv.FormatUint(uint64(t.id), 10) + ")"
}

// follow returns the type with an id that was proved to be in range.
func (t Type) follow(id uint32) Type {
	if t.layer == nil {
		return Type{}
	}
	return t.layer.typeByID(TypeID(id))
}
