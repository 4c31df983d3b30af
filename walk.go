// Walks once over the type section, proves its framing, and stores where records start.

package btf

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A framing is the result of the pass over a type section.
type framing struct {
	starts starts
	// oddInts reports whether an INT has a bit offset, or another number of bits than its
	// size. Such an INT is the type of a bitfield in the encoding used before kind_flag.
	oddInts bool
}

// A walker passes once over the records of a type section. It proves that the length of
// each record's kind is known, that each name offset is inside the strings, and that the
// records fill the section exactly.
type walker struct {
	types  section
	shapes *shapes
	names  uint64 // name offsets must be below this, or 0
	first  TypeID // id of the first record, for error messages
}

// walk returns the framing. The error is a [*FormatError] about the first record that
// breaks it.
//
// A plain walk must read the length of each record before it can read the next one. An
// interleaved walk reads four stretches of the section at once, which takes less than
// half the time on a vmlinux (BenchmarkWalk). It gives up at any defect or wrong guess,
// and leaves the error to a plain walk.
func (w *walker) walk() (framing, error) {
	if len(w.types.bytes) >= interleaveAbove {
		if f, ok := w.interleaved(); ok {
			return f, nil
		}
	}
	return w.plain()
}

// plain walks from the first record to the last.
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
			return problem("kind %d is unknown, and no layout section defines the length of its records", kind)
		}
		if uint64(name) >= w.names && name != 0 {
			hint := ""
			if w.first > 1 {
				hint = ": " + notItsBase
			}
			return problem("%s name offset must be below %d, is %d%s", kind, w.names, name, hint)
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

// interleaveAbove is the size in bytes from which interleaved walks are faster than a
// plain walk. They first have to find where the stretches begin.
const interleaveAbove = 64 << 10

// stretches is the number of parts that the section is cut into. Four are walked at a
// time. When one ends, the next takes its place. With 16 parts, it costs little if the
// records of one part are longer than those of another.
const stretches = 16

// A stretch is a part of the type section: the offset of its next record, the offset
// that ends the walk, and the offset where its last record must end. In the last stretch
// the walk ends where fewer than 12 bytes are left.
type stretch struct{ at, until, end uint64 }

// cut returns the stretches of the section, and their number. It guesses where each but
// the first begins.
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

// interleaved walks four stretches at once. A guess where a stretch begins is right if
// the stretch before it ends exactly there. ok is false if a guess or a record is wrong.
func (w *walker) interleaved() (f framing, ok bool) {
	b, big, shapes := w.types.bytes, w.types.big, w.shapes
	parts, n := w.cut()
	if n < 4 {
		return framing{}, false
	}
	f.starts = newStarts(uint64(len(b)))
	marks := f.starts.bits
	var seen shape  // all shapes, combined with or
	var high uint32 // highest name offset
	var odd bool

	// step returns the offset after the record at off. It does not depend on the steps
	// in other stretches, so the processor can run four of them at the same time.
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

// guess returns the first offset from off on at which 32 valid records follow each
// other. It returns 0 if there is none in the next 16 KB.
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

// oddInt reports whether an INT has a bit offset, or another number of bits than its
// size in bytes. payload is the fourth word of the record: see [Int].
func oddInt(size, payload uint32) bool {
	return payload>>16&0xff != 0 || uint64(payload&0xff) != 8*uint64(size)
}

// starts stores where the records of a type section start.
//
//	bits     │ 1 │ 0 │ 0 │ 0 │ 1 │ 0 │ 0 │ 1 │ …     one for each 4 bytes of the section
//	every    │ 0 │ 131 │ …                           the position of each 32nd 1 in bits
//
// For the 126,585 types of a vmlinux that is 100 KB and 16 KB. Finding a record does not
// read any other record.
//
// Between two entries of every lie a few words of bits, unless a record is huge. Only then
// ranks follow the entries of every, so that finding a record does not walk over the words
// of a huge one:
//
//	ranks    │ 0 │ 57 │ …                            the number of 1s before each 8th word of bits
type starts struct {
	bits  []uint64
	every []uint32
	count uint32 // of the records
	near  uint32 // count, or 0 if there are ranks
}

const (
	// stride is the number of records from one entry of every to the next.
	stride = 32

	// rankWords is the number of words of bits from one entry of ranks to the next.
	rankWords = 8

	// nearWords is the largest number of words that finding a record may walk over. 32
	// records take at most 23 words in the vmlinux of Linux 6.18.
	nearWords = 64
)

// newStarts returns the empty starts of a section of size bytes.
func newStarts(size uint64) starts {
	return starts{bits: make([]uint64, (size+255)/256)}
}

// set marks the record at byte offset off.
func (s *starts) set(off uint64) { s.bits[off/256] |= 1 << (off / 4 % 64) }

// finish computes count, every and ranks, after all records are marked.
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
	next := 0 // the 1 to store next, counted from the first 1 of the word
	last := 0 // the word with the 1 that was stored last
	far := false
	for i, w := range s.bits {
		ones := bits.OnesCount64(w)
		if next < ones {
			// A record has at least 12 bytes, so a word has at most 22 ones, and no
			// second one to store.
			s.every = append(s.every, uint32(i*64+nthOne(w, next)))
			next += stride
			far = far || i-last > nearWords
			last = i
		}
		next -= ones
	}
	if far || len(s.bits)-last > nearWords {
		s.rank()
	} else {
		s.near = s.count
	}
}

// rank appends the ranks to every.
func (s *starts) rank() {
	ranked := make([]uint32, len(s.every), len(s.every)+(len(s.bits)+rankWords-1)/rankWords)
	copy(ranked, s.every)
	before := uint32(0)
	for i, w := range s.bits {
		if i%rankWords == 0 {
			ranked = append(ranked, before)
		}
		before += uint32(bits.OnesCount64(w))
	}
	s.every = ranked
}

// offset returns the byte offset of record i, counted from 0. i must be below count.
func (s *starts) offset(i uint32) uint32 {
	if i >= s.near { // the one comparison that sound BTF pays for
		return s.ranked(i)
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

// ranked is offset if there are ranks. A search among the ranks finds where to begin.
func (s *starts) ranked(i uint32) uint32 {
	if i >= s.count {
		return 0 // only after Close
	}
	samples := (s.count + stride - 1) / stride
	ranks := s.every[samples:]
	// The record lies between two entries of every.
	from, to := s.every[i/stride]/64/rankWords, uint32(len(ranks))
	if next := i/stride + 1; next < samples {
		to = s.every[next]/64/rankWords + 1
	}
	for to-from > 1 {
		if middle := from + (to-from)/2; ranks[middle] <= i {
			from = middle
		} else {
			to = middle
		}
	}
	n := int(i - ranks[from])
	for at, w := range s.bits[from*rankWords:] {
		ones := bits.OnesCount64(w)
		if n < ones {
			return ((from*rankWords+uint32(at))*64 + uint32(nthOne(w, n))) * 4
		}
		n -= ones
	}
	return 0 // not reached
}

// nthOne returns the position of the n-th 1 in w, counted from 0. w must have more than
// n ones.
func nthOne(w uint64, n int) int {
	for ; n > 0; n-- {
		w &= w - 1
	}
	return bits.TrailingZeros64(w)
}

// all yields the byte offsets of all records in order.
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

// place returns the byte offset of the record that the lowest 1 of w marks. w is word i
// of the bits, or what is left of it.
func place(i int, w uint64) uint32 {
	return (uint32(i)*64 + uint32(bits.TrailingZeros64(w))) * 4
}

// layoutEntrySize is the size of an entry of the layout section in bytes. The section
// has an entry for each kind, from kind 0 on: struct btf_layout of
// include/uapi/linux/btf.h.
//
//	 0         1         2         4
//	┌─────────┬─────────┬─────────┐
//	│ info_sz │ elem_sz │ flags   │   bytes once in a record, bytes of each element
//	└─────────┴─────────┴─────────┘
const layoutEntrySize = uapi.LayoutEntrySize

// layoutShapes returns the shapes of the layer below, changed as the layout section says.
// The shapes of the kinds of released kernels never change, those of draft kinds may.
// Split BTF usually has no layout section, and uses the shapes of its base.
func layoutShapes(layout section, below *shapes) (*shapes, error) {
	n := len(layout.bytes)
	if n == 0 {
		return below, nil
	}
	if n%layoutEntrySize != 0 {
		return nil, &FormatError{Section: "layout", Problem: fmt.Sprintf("length must be a multiple of %d, is %d", layoutEntrySize, n)}
	}
	s := *below
	for k := int(KindEnum64) + 1; k < min(n/layoutEntrySize, kindCount); k++ {
		once, each := layout.bytes[k*layoutEntrySize], layout.bytes[k*layoutEntrySize+1]
		if once%4 == 0 && each%4 == 0 {
			s[k] = known(shape(once), shape(each))
		} else {
			s[k] = shapeUnknown // an error only if a record has the kind
		}
	}
	return &s, nil
}
