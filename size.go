// Computes the size of a type and of a pointer.

package btf

import (
	"fmt"
	"math"
)

// Sizeof returns the size of a value of the type in bytes, as C's sizeof does. It looks
// through typedefs, qualifiers, variables and arrays. A flexible array has size 0.
//
// The error matches [ErrNotFound] if the type has no size: void, functions, forward
// declarations, unknown kinds, and pointers if [Spec.PointerSize] is 0. It is a
// [*FormatError] if a record on the way is broken, or if the size exceeds 64 bits.
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
		size = uint64(Datasec{handle: single}.Size())
	case KindPointer:
		if size = uint64(single.layer.pointerSize()); size == 0 {
			return 0, single.noSize("the size of a pointer is unknown")
		}
	default:
		return 0, single.noSize("the type has no size")
	}
	if size != 0 && elements > math.MaxUint64/size {
		return 0, single.problem(8, "size of %d elements of %d bytes must fit in 64 bits", elements, size)
	}
	return elements * size, nil
}

// single returns the type under the typedefs, qualifiers, variables and arrays of t, and
// the number of elements of that type that t has.
func (t Type) single() (single Type, elements uint64, err error) {
	elements = 1
	c := chain{from: t, at: t}
	for {
		off := uint32(8)
		switch t := c.at; t.Kind() {
		case KindArray:
			n := uint64(t.word(recordSize + 8))
			if n != 0 && elements > math.MaxUint64/n {
				return Type{}, 0, t.problem(recordSize+8, "number of elements of nested arrays must fit in 64 bits")
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

// noSize returns the error for a type without a size.
func (t Type) noSize(why string) error {
	return fmt.Errorf("btf: size of %v: %s: %w", t, why, ErrNotFound)
}

// pointerSize returns the size of a pointer in bytes, or 0 if it is unknown. The lowest
// layer that knows the size decides, because pointers of a module are as wide as those
// of its kernel.
func (l *layer) pointerSize() (size uint32) {
	for ; l != nil; l = l.base {
		if own := l.ownPointerSize(); own != 0 {
			size = own
		}
	}
	return size
}

// ownPointerSize returns the size of a pointer from this layer alone: from the class of
// its ELF file, or else from the integer type long. It is found once, on demand, by the
// rule of libbpf's determine_ptr_size.
func (l *layer) ownPointerSize() uint32 {
	l.pointerOnce.do(func() {
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

// isLong reports whether the name at off is a spelling of long or unsigned long.
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
