// Holds the rules of a target for the alignment of numbers, and infers them from BTF.

package cdecl

import (
	"encoding/binary"

	"github.com/seed-6c4a6465/btf"
)

// A machine is what the ABI of a machine says about alignment. Structs and unions follow
// from it: all common ABIs align them to what their members need.
type machine struct {
	pointer uint64 // bytes of a pointer
	int64   uint64 // alignment of numbers of 8 bytes, in a struct
	int128  uint64 // alignment of numbers of 16 bytes, in a struct
}

// machineOf returns the rules that options stand for.
func machineOf(opts Options) machine {
	t := machine{pointer: 4, int64: 4, int128: 16} // no machine has smaller pointers and aligns to more
	if opts.PointerSize > 0 {
		t.pointer = uint64(opts.PointerSize)
	}
	if t.pointer >= 8 {
		t.int64 = 8
	}
	if n := opts.Int64Align; n == 4 || n == 8 {
		t.int64 = uint64(n)
	}
	if n := opts.Int128Align; n == 4 || n == 8 || n == 16 {
		t.int128 = uint64(n)
	}
	return t
}

// scalar returns the alignment of a number, a pointer or an enum of a size in bytes.
func (t machine) scalar(size uint64) uint64 {
	switch size {
	case 1, 2, 4:
		return size
	case 8:
		return t.int64
	case 12: // the long double of i386 and m68k
		return 4
	case 16:
		return t.int128
	}
	return 1
}

// fillers returns the largest type for an unnamed bitfield that does not exceed an
// alignment, in bytes. A wider one would raise the alignment of the struct on ARM.
func (t machine) filler(align uint64) uint64 {
	if align >= 8 && t.pointer >= 8 {
		return 8
	}
	return min(align, 4)
}

// OptionsFor returns the options that fit the types of a Spec: the size of a pointer
// and the alignments of the machine that it describes, as far as they can be inferred.
//
// BTF names no machine. Where pointers have 4 bytes, OptionsFor looks at members of 8
// bytes until it knows how they are aligned: to 4 bytes on i386, to 8 on ARM, MIPS and
// PowerPC.
func OptionsFor(spec *btf.Spec) Options {
	opts := Options{PointerSize: spec.PointerSize()}
	switch opts.PointerSize {
	case 4:
		opts.Int64Align = int64Align(spec)
	case 8:
		// Of the 64-bit machines that Linux runs on, s390x alone aligns to less than 16
		// bytes. Of the other big-endian ones, hardly any has such numbers in structs.
		if spec.ByteOrder() == binary.ByteOrder(binary.BigEndian) {
			opts.Int128Align = 8
		}
	}
	return opts
}

// enough is how many members have to speak for one alignment more than for the other.
// Structs that were declared packed or aligned speak for the wrong one.
const enough = 64

// int64Align infers the alignment of numbers of 8 bytes on a 32-bit machine, 0 if no
// struct tells.
func int64Align(spec *btf.Spec) int {
	votes := 0 // for 8, less those for 4
	for s := spec; s != nil; s = s.Base() {
		for t := range s.All() {
			if t.Kind() != btf.KindStruct {
				continue
			}
			c, err := btf.As[btf.Composite](t)
			if err != nil {
				continue
			}
			if votes += vote(c); votes >= enough || votes <= -enough {
				break
			}
		}
	}
	switch {
	case votes > 0:
		return 8
	case votes < 0:
		return 4
	}
	return 0
}

// vote returns how many members of 8 bytes lie where an alignment of 8 would put them
// and one of 4 would not, less those of which the opposite is true.
func vote(c btf.Composite) int {
	votes := 0
	end := btf.Bits(0) // of the member before
	for m := range c.Members() {
		size, err := m.Type().Sizeof()
		if err != nil || m.BitfieldSize() != 0 {
			return votes
		}
		if size == 8 && isInteger(m.Type()) {
			switch {
			case m.Offset()%64 == 32:
				votes--
			case m.Offset()%64 == 0 && m.Offset() >= end+32 && m.Offset() < end+64:
				votes++
			}
		}
		end = m.Offset() + bits(size)
	}
	return votes
}

// isInteger reports whether a type is an integer, apart from typedefs and qualifiers.
func isInteger(t btf.Type) bool {
	t, err := t.Underlying()
	return err == nil && t.Kind() == btf.KindInt
}
