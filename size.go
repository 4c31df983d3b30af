// Computes the size of a type.

package btf

import (
	"fmt"
	"math"
)

// Sizeof returns the size of a value of the type in bytes, as C's sizeof does. It looks
// through typedefs, qualifiers, variables and arrays. A flexible array has size 0.
//
// The error matches [ErrNotFound] if the type has no size: void, functions, forward
// declarations and unknown kinds. It matches [ErrPointerSize] for pointers if
// [Spec.PointerSize] is 0. It is a [*FormatError] if a record on the way is broken, or if
// the size exceeds 64 bits.
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
			return 0, single.noSize(ErrPointerSize)
		}
	default:
		return 0, single.hasNoSize()
	}
	if size != 0 && elements > math.MaxUint64/size {
		return 0, single.problem(8, "size of %d elements of %d bytes must fit in 64 bits", elements, size)
	}
	return elements * size, nil
}

// noSize returns the error for a type whose size is unknown.
func (t Type) noSize(why error) error { return fmt.Errorf("btf: size of %v: %w", t, why) }

// hasNoSize returns the error for a type that has no size.
func (t Type) hasNoSize() error {
	return fmt.Errorf("btf: size of %v: the type has no size: %w", t, ErrNotFound)
}
