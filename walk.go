// type section → where each record starts: the one pass that proves the framing

package btf

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// A framing is what the pass over a type section finds.
type framing struct {
	starts starts
	// oddInts says that an INT has bits that do not fill it or do not begin at
	// its first: a bitfield in the encoding from before kind_flag.
	oddInts bool
}

// A walker passes once over the records of a type section. It proves of each
// record that its kind is known, that its name offset is inside the strings, and
// that it ends inside the section; and of the whole that records fill it.
type walker struct {
	types  section
	shapes *shapes
	names  uint64 // name offsets are below this, or 0
	first  TypeID // id of the first record, for errors
}

// walk returns the framing, or which record breaks it.
//
// The plain form waits for each record's length to learn where the next begins:
// 4 to 5 ns a record, and nothing else to do meanwhile. The interleaved form
// walks four stretches at once, takes about half the time on a vmlinux
// (BenchmarkWalk), and gives up on whatever it does not like, so that the plain
// form is the only one that explains.
func (w *walker) walk() (framing, error) {
	if len(w.types.bytes) >= interleaveAbove {
		if f, ok := w.interleaved(); ok {
			return f, nil
		}
	}
	return w.plain()
}

func (w *walker) plain() (framing, error) {
	size := uint64(len(w.types.bytes))
	f := framing{starts: newStarts(size)}
	var off, count uint64
	for off < size {
		problem := func(format string, args ...any) (framing, error) {
			return framing{}, &FormatError{
				Section: "types", Offset: off, TypeID: w.first + TypeID(count),
				Problem: fmt.Sprintf(format, args...),
			}
		}
		if !w.types.has(off, recordSize) {
			return problem("type record needs %d bytes, %d left", recordSize, size-off)
		}
		name, info := w.types.u32(uint32(off)), w.types.u32(uint32(off)+4)
		kind := Kind(info >> kindShift & kindMask)
		s := w.shapes[kind]
		if s&shapeUnknown != 0 {
			return problem("kind %d is unknown, and no layout section says how long its records are", kind)
		}
		if uint64(name) >= w.names && name != 0 {
			return problem("%s record's name is at 0x%x, the strings end at 0x%x", kind, name, w.names)
		}
		length := uint64(s.length(info))
		if !w.types.has(off, length) {
			return problem("%s record needs %d bytes, %d left", kind, length, size-off)
		}
		if s&shapeInt != 0 && oddInt(w.types.u32(uint32(off)+8), w.types.u32(uint32(off)+recordSize)) {
			f.oddInts = true
		}
		f.starts.set(off)
		off += length
		count++
	}
	f.starts.finish()
	return f, nil
}

// interleaveAbove is the size in bytes from which four walks pay for finding
// where the other three begin.
const interleaveAbove = 64 << 10

// interleaved is plain in four stretches at once. Where the second to fourth
// begin is guessed, and proved by the stretch before, which must end exactly
// there. ok is false if the guess was wrong, or if anything else is.
func (w *walker) interleaved() (f framing, ok bool) {
	b, big, shapes := w.types.bytes, w.types.big, w.shapes
	size := uint64(len(b))

	var at, end [4]uint64
	for i := range at {
		if i > 0 {
			at[i] = w.guess(size / 4 * uint64(i))
			if at[i] <= at[i-1] {
				return framing{}, false
			}
			end[i-1] = at[i]
		}
	}
	end[3] = size

	// The first three stretches end where a record was seen, so a record's front
	// can be read wherever they stand before their end. The last must stop where
	// no record fits any more.
	f.starts = newStarts(size)
	marks := f.starts.bits
	var seen shape  // every shape met
	var high uint32 // highest name offset
	var odd bool

	// step passes over the record at off. Nothing in it depends on the step before
	// in another stretch, which is what lets the processor overlap them.
	step := func(off uint64) uint64 {
		r := b[off : off+recordSize : off+recordSize]
		name, info := binary.LittleEndian.Uint32(r), binary.LittleEndian.Uint32(r[4:])
		if big {
			name, info = bits.ReverseBytes32(name), bits.ReverseBytes32(info)
		}
		s := shapes[info>>kindShift&kindMask]
		if s&shapeInt != 0 {
			odd = odd || oddInt(w.types.u32(uint32(off)+8), w.types.u32(uint32(off)+recordSize))
		}
		seen |= s
		high = max(high, name)
		marks[off/256] |= 1 << (off / 4 % 64)
		return off + uint64(s.length(info))
	}
	stop := size - recordSize
	a0, a1, a2, a3 := at[0], at[1], at[2], at[3]
	for a0 < end[0] && a1 < end[1] && a2 < end[2] && a3 <= stop {
		a0, a1, a2, a3 = step(a0), step(a1), step(a2), step(a3)
	}
	for a0 < end[0] {
		a0 = step(a0)
	}
	for a1 < end[1] {
		a1 = step(a1)
	}
	for a2 < end[2] {
		a2 = step(a2)
	}
	for a3 <= stop {
		a3 = step(a3)
	}
	arrived := a0 == end[0] && a1 == end[1] && a2 == end[2] && a3 == end[3]
	if !arrived || seen&shapeUnknown != 0 || uint64(high) >= w.names {
		return framing{}, false
	}
	f.oddInts = odd
	f.starts.finish()
	return f, true
}

// guess returns an offset from off on at which 32 records in a row make sense,
// 0 if there is none in reach.
func (w *walker) guess(off uint64) uint64 {
	const reach, inARow = 16 << 10, 32
	off -= off % 4
tries:
	for try := off; try < off+reach; try += 4 {
		at := try
		for range inARow {
			if !w.types.has(at, recordSize) {
				continue tries
			}
			name, info := w.types.u32(uint32(at)), w.types.u32(uint32(at)+4)
			s := w.shapes[info>>kindShift&kindMask]
			if s&shapeUnknown != 0 || uint64(name) >= w.names {
				continue tries
			}
			at += uint64(s.length(info))
		}
		return try
	}
	return 0
}

// oddInt tells from an INT's size in bytes and its payload whether its bits are
// other than the size says.
func oddInt(size, payload uint32) bool {
	return payload>>16&0xff != 0 || uint64(payload&0xff) != 8*uint64(size)
}
