// Gives the raw words of a record to programs that write or check BTF.

package btf

import (
	"fmt"
	"slices"
)

// A Record is the raw form of a type: the 32-bit words of its record in the type section.
// It is for programs that write or check BTF. Other programs use a [View].
//
// The words are not checked: a name offset or a type id may be out of range. [Record.Check]
// checks them. The zero Record, the Record of void and that of a type of a closed Spec have
// no words.
type Record struct {
	typ  Type
	info uint32 // read once: the file may be rewritten
	size uint32
}

// Record returns the raw form of the type.
func (t Type) Record() Record {
	if t.layer == nil || t.layer.shapes == nil {
		return Record{}
	}
	info := t.info()
	shape := t.layer.shapes[info>>kindShift&kindMask]
	length := shape.length(info)
	if shape&shapeUnknown != 0 || !t.layer.types.has(uint64(t.off), uint64(length)) {
		return Record{typ: t} // the file was rewritten
	}
	return Record{t, info, length}
}

// Kind returns the kind of the record.
func (r Record) Kind() Kind { return Kind(r.info >> kindShift & kindMask) }

// KindFlag returns bit 31 of the second word.
func (r Record) KindFlag() bool { return r.info&kindFlag != 0 }

// Vlen returns bits 0 to 23 of the second word: the number of elements, or the linkage
// of a FUNC.
func (r Record) Vlen() uint32 { return r.info & vlenMask }

// Offset returns the offset of the record in the type section, in bytes.
func (r Record) Offset() uint32 { return r.typ.off }

// Len returns the length of the record in bytes, a multiple of 4.
func (r Record) Len() uint32 { return r.size }

// Word returns the 32-bit integer at a byte offset in the record. It returns 0 if the
// record has no such word.
func (r Record) Word(off uint32) uint32 {
	switch {
	case r.size < 4 || off > r.size-4:
		return 0
	case off == 4:
		return r.info
	}
	return r.typ.word(off)
}

// AppendWords appends all words of the record to words and returns the result.
func (r Record) AppendWords(words []uint32) []uint32 {
	words = slices.Grow(words, int(r.size/4))
	for off := uint32(0); off < r.size; off += 4 {
		words = append(words, r.Word(off))
	}
	return words
}

// Follow returns the type with an id from a word of the record. It returns void if the id
// is out of range.
func (r Record) Follow(id TypeID) Type { return r.typ.follow(uint32(id)) }

// Strings returns the string section from a name offset on, which is a word of the record:
// the name, its NUL byte, and all that follows. It returns nil for offset 0, which is the
// empty name, and for an offset that is out of range. The bytes are those of the file: see
// [Type.NameBytes]. In hostile BTF a name can be as long as the section.
func (r Record) Strings(nameOff uint32) []byte {
	if r.typ.layer == nil {
		return nil
	}
	return r.typ.layer.strings.at(nameOff)
}

// Check proves that all names and type ids in the record are in range. The error is a
// [*FormatError] if one is not. It matches [ErrNotSupported] if the layout section uses
// the number of a draft kind for another kind, and [ErrClosed] if the Spec or a base below
// it is closed.
func (r Record) Check() error {
	if r.typ.layer != nil && r.typ.layer.closed() {
		return fmt.Errorf("btf: %w", ErrClosed)
	}
	return r.typ.check()
}
