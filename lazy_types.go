// Finds the record of a type id, and defines Type, the handle on a record.

package btf

import (
	"iter"
	"strconv"
	"sync/atomic"
)

// A layer is one blob in a chain of split and base BTF: its sections, what the pass over
// its types found, and the layer below.
type layer struct {
	base    *layer
	types   section
	strings strtab
	shapes  *shapes
	first   TypeID // id of the first record: 1 if there is no base, 0 after Close
	framing

	tagsOnce once
	tags     []TypeID // ids of the DECL_TAGs, sorted by what they tag: see declTags

	cutsOnce  once
	flavoured cutTable // own strings that have a flavour: see cuts

	placements *placements // of the DATASECs; nil if the blob is not from a BPF object

	pointerOnce once
	pointer     uint32 // size of a pointer in bytes, 0 if unknown: see ownPointerSize

	nearWork   atomic.Int64 // work done to find similar names: see maxNearWork
	pointerSet bool         // by SetPointerSize
}

// end returns the first id after the types of this layer.
func (l *layer) end() TypeID { return l.first + TypeID(l.starts.count) }

// close drops all bytes. Handles that are still in use then read empty sections.
func (l *layer) close() {
	l.base, l.types, l.strings, l.shapes, l.first, l.framing = nil, section{}, strtab{}, nil, 0, framing{}
	l.tags, l.flavoured, l.placements, l.pointer, l.pointerSet = nil, cutTable{}, nil, 0, false
}

// closed reports whether the layer, or one below, was closed.
func (l *layer) closed() bool {
	for ; l != nil; l = l.base {
		if l.first == 0 {
			return true
		}
	}
	return false
}

// typeByID returns the type with an id of this layer or one below, or void if there is
// no such type.
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

// understands reports whether records of a kind have the shape that this package defines
// for it. Of other records only the length is known, from the layout section.
func (l *layer) understands(k Kind) bool { return l.shapes[k] == knownShapes[k] }

// record returns the type of the layer's record i, counted from 0. i must be below count.
func (l *layer) record(i uint32) Type { return Type{l, l.first + TypeID(i), l.starts.offset(i)} }

// all yields the own types of the layer in order of their ids. It repeats the loop of
// starts.all, which saves a call for each type.
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

// A Type is a type of a Spec. It is a value of 16 bytes, on 64-bit machines, that refers to
// the record of the type in the bytes of the file. Two Types are equal (==) if they are
// the same record of the same Spec.
//
// The zero Type is void, the type with id 0. After Close of the Spec that has the record,
// a Type still has its id, but no kind and no name.
//
//	 0           4           8          12
//	┌───────────┬───────────┬───────────┬──────────────────────────
//	│ name_off  │ info      │ size|type │ what the kind adds
//	└───────────┴───────────┴───────────┴──────────────────────────
//
// A view gives access to what the kind adds: see [As].
type Type struct {
	layer *layer
	id    TypeID
	off   uint32 // byte offset of the record in the type section of its layer
}

// handle is the Type that a view embeds. The name of the field is not exported, because
// other packages must not put a Type of one kind into a view of another.
type handle = Type

// only is a field of no bytes that makes each view different from all others. Without
// it, Go would convert a view of one kind to a view of another.
type only[V any] [0]*V

// word returns the 32-bit integer at byte offset off in the record.
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

// ID returns the id of the type, 0 for void. It is unique in split BTF and its base.
func (t Type) ID() TypeID { return t.id }

// Kind returns the kind of the type, [KindVoid] for void. It is above [KindLocsec] if
// only the layout section of the blob defines the kind.
func (t Type) Kind() Kind { return Kind(t.info() >> kindShift & kindMask) }

// KindFlag returns bit 31 of the record's second word. Its meaning depends on the kind,
// and views have methods for it, such as [Enum.Signed]. In a struct or union it selects
// the encoding of member offsets: see [Member].
func (t Type) KindFlag() bool { return t.flag() }

// Name returns a copy of the name, "" if the type is anonymous. A flavour is part of the
// name.
func (t Type) Name() string { return string(t.NameBytes()) }

// NameBytes returns the name without a copy, nil if the type is anonymous. The bytes are
// those of the file: they must not be changed, and must not be read after Close of the
// Spec or its base. Comparing string(t.NameBytes()) with == does not allocate.
func (t Type) NameBytes() []byte {
	if t.layer == nil {
		return nil
	}
	return t.layer.strings.name(t.nameOff())
}

// AsType returns t. Views have this method too, which turns a view into a Type.
func (t Type) AsType() Type { return t }

// String returns a description for messages, such as "STRUCT task_struct (id 114)". It
// cuts a long name, and escapes bytes that are not printable.
func (t Type) String() string {
	if t.layer != nil && t.layer.first == 0 {
		return "type of closed BTF (id " + strconv.FormatUint(uint64(t.id), 10) + ")"
	}
	s := t.Kind().String()
	if t.layer != nil && !t.layer.strings.none(t.nameOff()) {
		s += " " + t.layer.shown(t.nameOff())
	}
	return s + " (id " + strconv.FormatUint(uint64(t.id), 10) + ")"
}

// shown returns the name at off for messages, as strtab.shown does. l may be nil.
func (l *layer) shown(off uint32) string {
	if l == nil {
		return shown(nil)
	}
	return l.strings.shown(off)
}

// follow returns the type with an id, or void if the id is out of range.
func (t Type) follow(id uint32) Type {
	if t.layer == nil {
		return Type{}
	}
	return t.layer.typeByID(TypeID(id))
}
