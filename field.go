// Defines the result of a path: the offset, the size and the type of a field.

package btf

import (
	"fmt"
	"iter"
)

// A Field is the result of a path: a member at any depth, an element of an array, or a
// whole type. All values except Type stay valid after Close.
type Field struct {
	typ      Type
	size     uint64
	unsized  error // ErrPointerSize or ErrNotFound if the size is unknown
	bitfield Bits
	pointers int
	offsets  [maxPointers + 1]Bits // one for each pointer, then that of the field
}

// maxPointers is the largest number of pointers in a path.
const maxPointers = 15

// Type returns the declared type of the field. The zero Field has type void.
func (f Field) Type() Type { return f.typ }

// Size returns the size of the field's type in bytes. It is 0 for a flexible array. The
// error matches [ErrPointerSize] if the field is a pointer or an array of pointers, and
// [Spec.PointerSize] was 0 when the path was resolved. It matches [ErrNotFound] if the
// type of the field is only declared. All else in the Field is known even then.
func (f Field) Size() (uint64, error) {
	switch f.unsized {
	case nil:
	case ErrNotFound:
		return 0, f.typ.hasNoSize()
	default:
		return 0, f.typ.noSize(f.unsized)
	}
	return f.size, nil
}

// BitfieldSize returns the width of a bitfield in bits. It is 0 for other fields.
func (f Field) BitfieldSize() Bits { return f.bitfield }

// Offset returns the offset of the field in bits. It counts from the start of the first
// type of the path or, if the path follows pointers, from the target of the last
// pointer. For a bitfield it is the offset that [Member.Offset] defines.
func (f Field) Offset() Bits { return f.offsets[f.pointers] }

// Offsets yields the offset of each pointer that the path follows, and then Offset, in
// bits. To read the field, a program adds the first offset to the address of the value,
// reads a pointer there, adds the next offset to that pointer, and so on.
func (f Field) Offsets() iter.Seq[Bits] {
	return func(yield func(Bits) bool) {
		for _, off := range f.offsets[:f.pointers+1] {
			if !yield(off) {
				return
			}
		}
	}
}

// NumPointers returns the number of pointers that the path follows.
func (f Field) NumPointers() int { return f.pointers }

// String returns a description for messages, such as
// "TYPEDEF pid_t (id 52) at byte 2336 -> byte 2464", with all Offsets.
func (f Field) String() string {
	s := f.typ.String()
	for i, off := range f.offsets[:f.pointers+1] {
		if i == 0 {
			s += " at " + off.describe()
		} else {
			s += " -> " + off.describe()
		}
	}
	if f.bitfield != 0 {
		s += fmt.Sprintf(", %d bits wide", uint64(f.bitfield))
	}
	return s
}

// Agrees reports whether the offsets, the size and the bitfield size of both fields are
// the same: a program that reads one can read the other. Two unknown sizes are the same.
// It does not compare the types.
func (f Field) Agrees(other Field) bool {
	f.typ, other.typ = Type{}, Type{}
	return f == other
}
