// name → ids

package btf

import (
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
