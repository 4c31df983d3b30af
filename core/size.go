// Computes sizes by the rules for relocations, on either side.

package core

import (
	"fmt"
	"math"

	"github.com/seed-6c4a6465/btf"
)

// maxChain is the largest number of typedefs, qualifiers, pointers and arrays that may
// follow each other (MAX_RESOLVE_DEPTH of libbpf).
const maxChain = 32

// A side says how wide pointers are: on the side of the program, or on a target.
type side struct {
	pointer int       // bytes, 0 to ask spec
	spec    *btf.Spec // may be nil if pointer is not 0
}

// local is the side of BPF programs, whose pointers have 8 bytes.
var local = side{pointer: 8}

// sizeof returns the size of a type in bytes (libbpf's btf__resolve_size). It is below
// 2^32, as in libbpf.
func (s side) sizeof(t btf.Type) (uint64, error) {
	elements, from := uint64(1), t
	for range maxChain {
		size, r := uint64(0), t.Record()
		switch t.Kind() {
		case btf.KindInt, btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindFloat, btf.KindDatasec:
			size = uint64(r.Word(8))
			if t.Kind() == btf.KindDatasec {
				d, err := btf.As[btf.Datasec](t)
				if err != nil {
					return 0, err
				}
				size = uint64(d.Size())
			}
		case btf.KindPointer:
			n, err := s.pointerSize()
			if err != nil {
				return 0, err
			}
			size = n
		case btf.KindArray:
			if elements *= uint64(r.Word(20)); elements > math.MaxUint32 {
				return 0, fmt.Errorf("size of %v must be below 2^32", from)
			}
			t = r.Follow(btf.TypeID(r.Word(12)))
			continue
		case btf.KindTypedef, btf.KindConst, btf.KindVolatile, btf.KindRestrict, btf.KindTypeTag, btf.KindVar, btf.KindDeclTag:
			t = r.Follow(btf.TypeID(r.Word(8)))
			continue
		default:
			return 0, fmt.Errorf("%v has no size", t)
		}
		if size *= elements; size > math.MaxUint32 {
			return 0, fmt.Errorf("size of %v must be below 2^32", from)
		}
		return size, nil
	}
	return 0, fmt.Errorf("%v has more than %d typedefs, qualifiers and arrays in a row", from, maxChain)
}

func (s side) pointerSize() (uint64, error) {
	n := s.pointer
	if n == 0 {
		n = s.spec.PointerSize()
	}
	if n != 4 && n != 8 {
		return 0, btf.ErrPointerSize
	}
	return uint64(n), nil
}
