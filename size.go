// Computes the size of a type, and of a pointer.

package btf

import (
	"fmt"
	"math"
)

// Sizeof returns the bytes a value of the type takes, as C's sizeof does: through
// typedefs, qualifiers, variables and arrays. A flexible array takes 0.
//
// The error is a [*FormatError] if the record or one it leads to is broken, and
// matches [ErrNotFound] where there is no size: for void, functions, forward
// declarations, unknown kinds, and pointers of a blob that does not tell how
// wide they are (see [Spec.PointerSize]). A result that 64 bits cannot hold is a
// [*FormatError] too.
func (t Type) Sizeof() (uint64, error) {
	single, elements, err := t.single()
	if err != nil {
		return 0, err
	}
	var size uint64
	switch single.Kind() {
	case KindInt, KindStruct, KindUnion, KindEnum, KindEnum64, KindFloat:
		size = uint64(single.sizeOrType())
	case KindDatasec:
		if _, err := single.placement(); err != nil {
			return 0, err
		}
		size = uint64(Datasec{single}.Size())
	case KindPointer:
		if size = uint64(single.layer.pointerSize()); size == 0 {
			return 0, single.noSize("nothing says how wide a pointer is")
		}
	default:
		return 0, single.noSize("no value has this type")
	}
	if size != 0 && elements > math.MaxUint64/size {
		return 0, single.problem(8, "%d elements of %d bytes are more than 64 bits can count", elements, size)
	}
	return elements * size, nil
}

// single returns the type under typedefs, qualifiers, variables and arrays, and how
// many of it there are.
func (t Type) single() (single Type, elements uint64, err error) {
	elements = 1
	c := chain{from: t, at: t}
	for {
		off := uint32(8)
		switch t := c.at; t.Kind() {
		case KindArray:
			n := uint64(t.word(recordSize + 8))
			if n != 0 && elements > math.MaxUint64/n {
				return Type{}, 0, t.problem(recordSize+8, "nested arrays have more elements than 64 bits can count")
			}
			elements *= n
			off = recordSize
		case KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag, KindVar, KindDeclTag:
		default:
			return t, elements, nil
		}
		if err := c.next(off); err != nil {
			return Type{}, 0, err
		}
	}
}

func (t Type) noSize(why string) error {
	return fmt.Errorf("btf: size of %v: %s: %w", t, why, ErrNotFound)
}

// pointerSize returns the bytes of a pointer, 0 if unknown: what the lowest layer
// that knows says, since a module is as wide as its kernel.
func (l *layer) pointerSize() (size uint32) {
	for ; l != nil; l = l.base {
		if own := l.ownPointerSize(); own != 0 {
			size = own
		}
	}
	return size
}

// ownPointerSize returns what this layer alone says about pointers: the class of
// the ELF file it came from, else the size of the integer that is C's long. It is
// looked for once, on demand, by the rule of libbpf's determine_ptr_size.
func (l *layer) ownPointerSize() uint32 {
	l.pointerOnce.Do(func() {
		if l.pointer != 0 {
			return
		}
		for t := range l.all() {
			if t.Kind() != KindInt {
				continue
			}
			size := t.sizeOrType()
			if (size == 4 || size == 8) && l.isLong(t.nameOff()) {
				l.pointer = size
				return
			}
		}
	})
	return l.pointer
}

// isLong reports whether the name at off is a spelling of long or unsigned long. It
// reads no more of the name than of those.
func (l *layer) isLong(off uint32) bool {
	for _, long := range [...]string{
		"long", "long int", "int long",
		"unsigned long", "long unsigned",
		"unsigned long int", "unsigned int long",
		"long unsigned int", "long int unsigned",
		"int unsigned long", "int long unsigned",
	} {
		if l.strings.is(off, long) {
			return true
		}
	}
	return false
}
