// Walks over the type section once, proves its framing, and keeps where records start.

package btf

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"

	"github.com/seed-6c4a6465/btf/internal/uapi"
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
// The plain form waits for each record's length to learn where the next begins,
// and has nothing else to do meanwhile. The interleaved form
// walks four stretches at once, takes less than half the time on a vmlinux
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

// stretches is how many parts the section is cut into. Four are walked at a time,
// and one that is through makes place for the next, so that records being longer
// in one part than in another costs little.
const stretches = 16

// A stretch of records: where it begins, until where a record's front can be read,
// and where its last record must end.
type stretch struct{ at, until, end uint64 }

// cut returns the stretches of the section. Where they begin, but for the first,
// is guessed.
func (w *walker) cut() (parts [stretches]stretch, n int) {
	size := uint64(len(w.types.bytes))
	at := uint64(0)
	for i := range uint64(stretches - 1) {
		if end := w.guess(size / stretches * (i + 1)); end > at {
			parts[n] = stretch{at, end, end}
			at = end
			n++
		}
	}
	parts[n] = stretch{at, size - recordSize + 1, size}
	return parts, n + 1
}

// interleaved is plain in four stretches at once. Where they begin is guessed, and
// proved by the stretch before, which must end exactly there. ok is false if a
// guess was wrong, or if anything else is.
func (w *walker) interleaved() (f framing, ok bool) {
	b, big, shapes := w.types.bytes, w.types.big, w.shapes
	parts, n := w.cut()
	if n < 4 {
		return framing{}, false
	}
	f.starts = newStarts(uint64(len(b)))
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
	p0, p1, p2, p3 := parts[0], parts[1], parts[2], parts[3]
	for next := 4; ; next++ {
		a0, a1, a2, a3 := p0.at, p1.at, p2.at, p3.at
		for a0 < p0.until && a1 < p1.until && a2 < p2.until && a3 < p3.until {
			a0, a1, a2, a3 = step(a0), step(a1), step(a2), step(a3)
		}
		p0.at, p1.at, p2.at, p3.at = a0, a1, a2, a3
		if next >= n {
			break
		}
		through := &p0
		for _, p := range []*stretch{&p1, &p2, &p3} {
			if p.at >= p.until {
				through = p
			}
		}
		if through.at != through.end {
			return framing{}, false
		}
		*through = parts[next]
	}
	for _, p := range []stretch{p0, p1, p2, p3} {
		for p.at < p.until {
			p.at = step(p.at)
		}
		if p.at != p.end {
			return framing{}, false
		}
	}
	if seen&shapeUnknown != 0 || uint64(high) >= w.names {
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

// starts knows where records start: one bit for each 4 bytes of the type
// section, 1 where a record begins, and the place of every 32nd of those ones.
// For the 126,585 types of a vmlinux that is 100 KB and 16 KB. No record is
// touched to find another, so looking through all of them does not wait for one
// length after the other.
type starts struct {
	bits  []uint64
	every []uint32 // place of bit number i × stride, in bits
	count uint32
}

const stride = 32

func newStarts(size uint64) starts {
	return starts{bits: make([]uint64, (size+255)/256)}
}

func (s *starts) set(off uint64) { s.bits[off/256] |= 1 << (off / 4 % 64) }

// finish counts the bits set and remembers every 32nd.
func (s *starts) finish() {
	count := 0
	for _, w := range s.bits {
		count += bits.OnesCount64(w)
	}
	s.count = uint32(count)
	if count == 0 {
		return
	}
	s.every = make([]uint32, 0, (count+stride-1)/stride)
	next := 0 // the bit to remember, counted from the word's first
	for i, w := range s.bits {
		ones := bits.OnesCount64(w)
		if next < ones {
			// Once is enough: a record has 12 bytes, so a word has 22 ones at most.
			s.every = append(s.every, uint32(i*64+nthOne(w, next)))
			next += stride
		}
		next -= ones
	}
}

// offset returns where record i starts, counted from 0; i must be below count.
func (s *starts) offset(i uint32) uint32 {
	if i >= s.count {
		return 0 // only after Close
	}
	place := s.every[i/stride]
	n := int(i % stride)
	at := place / 64
	w := s.bits[at] &^ (1<<(place%64) - 1)
	for {
		ones := bits.OnesCount64(w)
		if n < ones {
			return (at*64 + uint32(nthOne(w, n))) * 4
		}
		n -= ones
		at++
		w = s.bits[at]
	}
}

// nthOne returns the place of the n-th one in w, which has that many.
func nthOne(w uint64, n int) int {
	for ; n > 0; n-- {
		w &= w - 1
	}
	return bits.TrailingZeros64(w)
}

// all yields the offsets of all records in order.
func (s *starts) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range s.bits {
			for ; w != 0; w &= w - 1 {
				if !yield(place(i, w)) {
					return
				}
			}
		}
	}
}

// place returns the offset that the lowest one of word i stands for.
func place(i int, w uint64) uint32 {
	return (uint32(i)*64 + uint32(bits.TrailingZeros64(w))) * 4
}

// layoutEntrySize is struct btf_layout of include/uapi/linux/btf.h, one per kind
// from 0 on:
//
//	 0         1         2
//	┌─────────┬─────────┬─────────┐
//	│ info_sz │ elem_sz │ flags   │   bytes once per record, bytes per element
//	└─────────┴─────────┴─────────┘
const layoutEntrySize = uapi.LayoutEntrySize

// layoutShapes returns below's table with what the layout section adds to it.
// The kinds of released kernels never change, those that are a draft may; a split blob, which by convention
// has no layout of its own, inherits that of its base through any number of
// layers.
func layoutShapes(layout section, below *shapes) (*shapes, error) {
	n := len(layout.bytes)
	if n == 0 {
		return below, nil
	}
	if n%layoutEntrySize != 0 {
		return nil, &FormatError{Section: "layout", Problem: fmt.Sprintf("length of a multiple of %d wanted, it is %d", layoutEntrySize, n)}
	}
	s := *below
	for k := int(KindEnum64) + 1; k < min(n/layoutEntrySize, kindCount); k++ {
		once, each := layout.bytes[k*layoutEntrySize], layout.bytes[k*layoutEntrySize+1]
		if once%4 == 0 && each%4 == 0 {
			s[k] = known(shape(once), shape(each))
		} else {
			s[k] = shapeUnknown // reported if a record of the kind turns up
		}
	}
	return &s, nil
}
