// Finds the types of a name: by a scan, by bisection, or by an index.

package btf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
)

// names answers which of a layer's own types have a name. The first question looks
// through the records, and the second builds the index: a program that wants to know
// one offset pays for no index, and one that asks on pays for it once. Where the
// names stand in order, they are bisected instead, until that has taken about as long
// as an index would have.
type names struct {
	orderOnce sync.Once
	inOrder   bool

	asked   atomic.Uint32
	exact   lazyIndex // by the whole name
	flavour lazyIndex // names that have a flavour, by their essential name
}

// bisections are how many look-ups bisect before an index is built: on a vmlinux
// each loses a microsecond by that, and the index takes 2 ms (BenchmarkSorted).
const bisections = 2048

// sorted is that of l, found out once.
func (n *names) sorted(l *layer) bool {
	n.orderOnce.Do(func() { n.inOrder = l.sorted() })
	return n.inOrder
}

// A lazyIndex is built when it is first asked for.
type lazyIndex struct {
	once  sync.Once
	built atomic.Pointer[nameIndex]
}

func (x *lazyIndex) of(l *layer, expected int, hash nameHash) *nameIndex {
	x.once.Do(func() { x.built.Store(newNameIndex(l, expected, hash)) })
	return x.built.Load()
}

// A nameHash returns the hash of the name at off, and whether the index is to have it.
type nameHash func(l *layer, off uint32) (uint32, bool)

// exactly is the index by the whole name.
func (n *names) exactly(l *layer) *nameIndex {
	return n.exact.of(l, int(l.starts.count), hashExact)
}

// hashExact hashes the name at off.
func hashExact(l *layer, off uint32) (uint32, bool) { return hashName(l.strings.at(off)), true }

// hashFlavoured hashes the essential name at off, if that is not the whole name.
func hashFlavoured(l *layer, off uint32) (uint32, bool) {
	essential, ok := l.essential(off)
	return hashString(essential), ok
}

// named yields the types called name, by id.
func (n *names) named(l *layer, name string, yield func(Type) bool) {
	index := n.exact.built.Load()
	if index == nil {
		if n.bisects(l) {
			for i, to := l.bisect(name); i < to && yield(l.record(i)); i++ {
			}
			return
		}
		if n.asked.Add(1) == 1 {
			l.scan(name, yield)
			return
		}
		index = n.exactly(l)
	}
	m := index.lookup(l, hashString(name))
	for t, ok := m.next(); ok; t, ok = m.next() {
		if l.strings.is(t.nameOff(), name) && !yield(t) {
			return
		}
	}
}

// bisects reports whether a question that finds no index is to be answered without
// one.
func (n *names) bisects(l *layer) bool {
	return n.sorted(l) && n.asked.Add(1) <= bisections
}

// flavours yields the types whose essential name is name, by id. A name that is
// itself that of a flavour is the essential name of some that have two.
func (n *names) flavours(l *layer, name string, yield func(Type) bool) {
	hash := hashString(name)
	var plain matches
	if essentialLen(name) == len(name) { // else it is a flavour of something shorter
		if n.exact.built.Load() == nil && n.bisects(l) {
			plain.layer = l
			plain.from, plain.to = l.bisect(name)
		} else {
			plain = n.exactly(l).lookup(l, hash)
		}
	}
	flavoured := n.flavour.of(l, 0, hashFlavoured).lookup(l, hash)

	// Merge the two, which are both by id.
	p, morePlain := plain.next()
	f, moreFlavoured := flavoured.next()
	for morePlain || moreFlavoured {
		var t Type
		var match bool
		if morePlain && (!moreFlavoured || p.id < f.id) {
			t, match = p, l.strings.is(p.nameOff(), name)
			p, morePlain = plain.next()
		} else {
			had, ok := l.essential(f.nameOff())
			t, match = f, ok && string(had) == name
			f, moreFlavoured = flavoured.next()
		}
		if match && !yield(t) {
			return
		}
	}
}

// A batch is a run of named records, gathered before they are looked at: whether
// the next record has a name is a coin toss, and a branch on it costs more than
// the looking.
type batch struct {
	names   [batchSize]uint32 // offsets in the strings
	numbers [batchSize]uint32 // of the records, from 0
	n       int

	word   int    // of starts.bits, the next to look at
	number uint32 // of the record that its first one stands for
}

const (
	batchSize   = 256
	onesPerWord = 22 // at most: records have 12 bytes, a word stands for 256
)

// next fills b with the named records that follow those it held. It reports
// whether there were any.
func (l *layer) next(b *batch) bool {
	names, numbers, number := &b.names, &b.numbers, b.number
	types := l.types
	n := 0
	for n == 0 && b.word < len(l.starts.bits) {
		words := l.starts.bits[b.word:]
		for i, w := range words {
			if n > batchSize-onesPerWord {
				words = words[:i]
				break
			}
			for ; w != 0; w &= w - 1 {
				name := types.u32(place(b.word+i, w))
				names[n%batchSize], numbers[n%batchSize] = name, number
				number++
				if name != 0 {
					n++
				}
			}
		}
		b.word += len(words)
	}
	b.n, b.number = n, number
	return n > 0
}

// A nameIndex holds the number of every record of a layer that has a hash, in
// buckets by that hash, by number within a bucket. Bits of an entry that the
// number does not need hold bits of the hash, so that the names that are compared
// are nearly always the right ones:
//
//	bounds   │ 0 │ 4 │ 7 │ …          where a bucket's entries begin; one more
//	entries  │ hash:number │ hash:number │ …
//
// It is built in time proportional to the number of types, whatever the names:
// those of hostile BTF can make a look-up slow, not the building. It takes 5 bytes
// for each entry.
type nameIndex struct {
	bounds  []uint32
	entries []uint32
	bits    int // low bits of an entry that are the record's number
}

// inBucket is how many entries a bucket has on average: more are slower to look
// through, fewer make more bounds.
const inBucket = 4

// newNameIndex holds the records whose name hash takes: about as many as expected.
func newNameIndex(l *layer, expected int, hash nameHash) *nameIndex {
	x := &nameIndex{bits: bits.Len32(l.starts.count)}
	type pair struct{ hash, number uint32 }
	pairs := make([]pair, 0, expected)
	for b := (batch{}); l.next(&b); {
		for i, name := range b.names[:b.n] {
			if h, ok := hash(l, name); ok {
				pairs = append(pairs, pair{h, b.numbers[i]})
			}
		}
	}
	x.bounds = make([]uint32, len(pairs)/inBucket+2)
	x.entries = make([]uint32, len(pairs))

	// Count, then add up, so that bounds[b+1] is where bucket b begins. Filling
	// moves it to where the bucket ends, which is where the next one begins.
	begin := x.bounds[1:]
	for _, p := range pairs {
		begin[x.bucket(p.hash)]++
	}
	sum := uint32(0)
	for b, n := range begin {
		begin[b] = sum
		sum += n
	}
	for _, p := range pairs {
		at := &begin[x.bucket(p.hash)]
		x.entries[*at] = p.hash<<x.bits | p.number
		*at++
	}
	return x
}

// bucket spreads hashes over the buckets by their high bits; the low ones stand
// in the entries.
func (x *nameIndex) bucket(hash uint32) uint32 {
	return uint32(uint64(hash) * uint64(len(x.bounds)-1) >> 32)
}

// lookup returns the entries that may be of a name with that hash.
func (x *nameIndex) lookup(l *layer, hash uint32) matches {
	b := x.bucket(hash)
	return matches{layer: l, entries: x.entries[x.bounds[b]:x.bounds[b+1]], tag: hash << x.bits, number: 1<<x.bits - 1}
}

// matches are what is left to look at for a name: entries of a bucket, or a run of
// records.
type matches struct {
	layer    *layer
	entries  []uint32
	tag      uint32 // what the bits outside of number are in a match
	number   uint32 // mask
	from, to uint32 // numbers of records
}

// next returns the next type whose name is probably the one.
func (m *matches) next() (Type, bool) {
	for i, e := range m.entries {
		if e&^m.number == m.tag {
			m.entries = m.entries[i+1:]
			number := e & m.number
			return m.layer.record(number), true
		}
	}
	m.entries = nil
	if m.from < m.to {
		m.from++
		return m.layer.record(m.from - 1), true
	}
	return Type{}, false
}

// scan yields the types called name, looking at every record. On a vmlinux it
// takes a small part of the time that building an index does
// (BenchmarkFirstLookup, BenchmarkIndex).
//
// Nearly all names are told from the one wanted by their first 8 bytes, compared
// as one integer; scanPlain is the same without that, and a test says they agree.
func (l *layer) scan(name string, yield func(Type) bool) {
	var front [8]byte
	n := min(copy(front[:], name)+1, len(front)) // with the NUL, where it fits
	want, mask := binary.LittleEndian.Uint64(front[:]), ^uint64(0)>>(8*(8-n))

	own, start := l.strings.bytes, l.strings.start
	types := l.types
	id := l.first
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := types.u32(place(i, w))
			at := uint64(off - start)
			near := at+8 > uint64(len(own)) // of the end of the strings, or in the base's
			if near || binary.LittleEndian.Uint64(own[at:])&mask == want {
				if l.strings.is(off, name) && !yield(Type{l, id, place(i, w)}) {
					return
				}
			}
			id++
		}
	}
}

func (l *layer) scanPlain(name string, yield func(Type) bool) {
	for t := range l.all() {
		if l.strings.is(t.nameOff(), name) && !yield(t) {
			return
		}
	}
}

// sorted reports whether the names of the layer's records ascend, byte by byte, the
// empty ones first: what btf_check_sorted of libbpf looks for. It passes over all
// names until one is out of order, which in a blob that is not sorted is nearly at
// once. Names whose first longestName bytes are equal are taken for out of order, if
// they do not stand at the same offset.
//
// Names stand close to their neighbours in order, so where they differ is anybody's
// guess. That is why their first 32 bytes are compared as one integer, without a
// branch. What follows a NUL is compared too: it decides only between names that are
// equal, and those are in order either way.
func (l *layer) sorted() bool {
	own, start, types := l.strings.bytes, l.strings.start, l.types
	last := uint32(0)
	var p0, p1, p2, p3 uint64 // the first bytes of the last name
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := types.u32(place(i, w))
			if off == last {
				continue
			}
			at := uint64(off - start)
			var front []byte
			if at+32 <= uint64(len(own)) {
				front = own[at : at+32]
			} else { // near the end of the strings, or in those of the base
				var b [32]byte
				copy(b[:], l.strings.at(off))
				front = b[:]
			}
			c0, c1 := binary.BigEndian.Uint64(front), binary.BigEndian.Uint64(front[8:])
			c2, c3 := binary.BigEndian.Uint64(front[16:]), binary.BigEndian.Uint64(front[24:])
			_, less := bits.Sub64(p3, c3, 0)
			_, less = bits.Sub64(p2, c2, less)
			_, less = bits.Sub64(p1, c1, less)
			_, less = bits.Sub64(p0, c0, less)
			if less == 0 && !l.ordered(last, off) {
				return false
			}
			last, p0, p1, p2, p3 = off, c0, c1, c2, c3
		}
	}
	return true
}

// ordered reports whether the name at a is less than that at b, or the same.
func (l *layer) ordered(a, b uint32) bool {
	first, second := l.strings.at(a), l.strings.at(b)
	first = upToNUL(first[:min(len(first), longestName)])
	second = upToNUL(second[:min(len(second), longestName)])
	order := bytes.Compare(first, second)
	return order < 0 || order == 0 && len(first) < longestName
}

// bisect returns the numbers of the first record called name, from 0 on, and of the
// first after those, in a layer that is sorted.
func (l *layer) bisect(name string) (from, to uint32) {
	to = l.starts.count
	for from < to {
		middle := from + (to-from)/2
		if l.strings.before(l.nameOff(middle), name) {
			from = middle + 1
		} else {
			to = middle
		}
	}
	for to < l.starts.count && l.strings.is(l.nameOff(to), name) {
		to++
	}
	return from, to
}

// nameOff returns where the name of record i stands, counted from 0.
func (l *layer) nameOff(i uint32) uint32 { return l.types.u32(l.starts.offset(i)) }
