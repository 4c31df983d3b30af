// Finds the types of a name by a scan, by bisection, or with an index.

package btf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
)

// names finds the own types of a layer by name. The first look-up scans the records and
// the second builds the index, so a program that needs one offset does not pay for an
// index. If the records are sorted by name, look-ups bisect instead, and the index is
// built after so many of them that it would have taken less time.
type names struct {
	orderOnce once
	inOrder   bool // the result of layer.sorted

	asked   atomic.Uint32 // number of look-ups without an index
	exact   lazyIndex     // all types, by their whole name
	flavour lazyIndex     // types whose name has a flavour, by their essential name
}

// bisections is the number of look-ups that bisect before an index is built. On a
// vmlinux, a bisection takes a microsecond more than a look-up in the index, which takes
// 2 ms to build (BenchmarkSorted).
const bisections = 2048

// sorted returns l.sorted(), which it computes once.
func (n *names) sorted(l *layer) bool {
	n.orderOnce.do(func() { n.inOrder = l.sorted() })
	return n.inOrder
}

// A lazyIndex is an index that is built on its first use.
type lazyIndex struct {
	once  once
	built atomic.Pointer[nameIndex]
}

// of returns the index of l. expected is the number of entries that newNameIndex makes
// room for.
func (x *lazyIndex) of(l *layer, expected int, hash nameHash) *nameIndex {
	x.once.do(func() { x.built.Store(newNameIndex(l, expected, hash)) })
	return x.built.Load()
}

// A nameHash returns the hash of the name at off, and whether the index includes the name.
type nameHash func(l *layer, off uint32) (uint32, bool)

// exactly returns the index by the whole name.
func (n *names) exactly(l *layer) *nameIndex {
	return n.exact.of(l, int(l.starts.count), hashExact)
}

// hashExact is the nameHash of the whole name.
func hashExact(l *layer, off uint32) (uint32, bool) { return hashName(l.strings.at(off)), true }

// hashFlavoured is the nameHash of the essential name. It includes only names that have a
// flavour.
func hashFlavoured(l *layer, off uint32) (uint32, bool) {
	essential, ok := l.essential(off)
	return hashString(essential), ok
}

// named yields the types of a name, in order of their ids.
func (n *names) named(l *layer, name string, yield func(Type) bool) {
	index := n.exact.built.Load()
	if index == nil {
		if n.bisects(l) {
			for i, to := l.bisect(name); i < to && l.first != 0 && yield(l.record(i)); i++ {
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

// bisects reports whether a look-up bisects instead of building the index. It counts the
// look-up.
func (n *names) bisects(l *layer) bool {
	return n.sorted(l) && n.asked.Add(1) <= bisections
}

// flavours yields the types whose essential name is name, in order of their ids. If name
// has a flavour itself, it is the essential name of types with two flavours.
func (n *names) flavours(l *layer, name string, yield func(Type) bool) {
	hash := hashString(name)
	var plain matches
	if essentialLen(name) == len(name) { // else types of this name have a shorter essential name
		if n.exact.built.Load() == nil && n.bisects(l) {
			plain.layer = l
			plain.from, plain.to = l.bisect(name)
		} else {
			plain = n.exactly(l).lookup(l, hash)
		}
	}
	flavoured := n.flavour.of(l, 0, hashFlavoured).lookup(l, hash)

	// Merge the two by id.
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

// A batch holds the next named records of a layer. They are collected before their names
// are read, because a branch on whether a record has a name is mispredicted half of the
// time, which costs more than the rest.
type batch struct {
	names   [batchSize]uint32 // name offsets
	numbers [batchSize]uint32 // numbers of the records, from 0
	n       int

	word   int    // index in starts.bits of the next element to read
	number uint32 // number of the record that its first 1 marks
}

const (
	batchSize   = 256
	onesPerWord = 22 // at most: 64 bits stand for 256 bytes, and a record has 12 or more
)

// next replaces the records in b with the named records that follow them. It reports
// whether there are any.
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

// A nameIndex maps the hash of a name to numbers of records, with 5 bytes for each record.
// The entries of a bucket are in order of their numbers. An entry has as many bits of the
// hash as the number leaves free, so a look-up compares few names that do not match.
//
//	bounds   │ 0 │ 4 │ 7 │ …                       first entry of each bucket, and the end
//	entries  │ hash:number │ hash:number │ …
//
// It is built in time proportional to the number of types, whatever their names are.
// Names in hostile BTF can only make look-ups slow.
type nameIndex struct {
	bounds  []uint32
	entries []uint32
	bits    int // number of low bits of an entry that hold the record number
}

// inBucket is the average number of entries of a bucket. More of them make look-ups
// slower, fewer make bounds larger.
const inBucket = 4

// newNameIndex returns an index of the records that hash includes. It makes room for the
// expected number of them.
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

	// Count the entries of each bucket, then add up: bounds[b+1] is now where bucket b
	// begins. Filling a bucket moves it to where the bucket ends and the next begins.
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

// bucket returns the bucket of a hash. It uses the high bits, because entries hold the low
// ones.
func (x *nameIndex) bucket(hash uint32) uint32 {
	return uint32(uint64(hash) * uint64(len(x.bounds)-1) >> 32)
}

// lookup returns the records whose names may have a hash.
func (x *nameIndex) lookup(l *layer, hash uint32) matches {
	b := x.bucket(hash)
	return matches{layer: l, entries: x.entries[x.bounds[b]:x.bounds[b+1]], tag: hash << x.bits, number: 1<<x.bits - 1}
}

// matches are the candidates for a name that are left: entries of a bucket, or records
// from one number to another.
type matches struct {
	layer    *layer
	entries  []uint32
	tag      uint32 // the hash bits that a matching entry has
	number   uint32 // mask of the bits of an entry that hold the record number
	from, to uint32
}

// next returns the next candidate, or false if none is left.
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

// scan yields the types of a name. It reads all records, which takes a small part of the
// time to build an index on a vmlinux (BenchmarkFirstLookup, BenchmarkIndex).
//
// It compares the first 8 bytes of each name as one integer, which rules out nearly all
// names. scanPlain is the same without that. A test checks that both agree.
func (l *layer) scan(name string, yield func(Type) bool) {
	var front [8]byte
	n := min(copy(front[:], name)+1, len(front)) // with the NUL if it fits
	want, mask := binary.LittleEndian.Uint64(front[:]), ^uint64(0)>>(8*(8-n))

	own, start := l.strings.bytes, l.strings.start
	types := l.types
	id := l.first
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := types.u32(place(i, w))
			at := uint64(off - start)
			near := at+8 > uint64(len(own)) // near the end of the strings, or in those of the base
			if near || binary.LittleEndian.Uint64(own[at:])&mask == want {
				// The loop may close the Spec. The bytes must not be read then.
				if l.strings.is(off, name) && (!yield(Type{l, id, place(i, w)}) || l.first == 0) {
					return
				}
			}
			id++
		}
	}
}

// scanPlain is what scan is compared with.
func (l *layer) scanPlain(name string, yield func(Type) bool) {
	for t := range l.all() {
		if l.strings.is(t.nameOff(), name) && !yield(t) {
			return
		}
	}
}

// sorted reports whether the records of the layer are in order of their names, compared
// byte by byte, with empty names first. This is the order that libbpf's btf_check_sorted
// requires. sorted reads names up to the first that is out of order, which it meets soon
// in a blob that is not sorted. Different name offsets are out of order if the first
// longestName bytes of their names are equal.
//
// Branches cannot predict the byte where two neighbours differ. Their first 32 bytes are
// therefore compared as one integer, without a branch. That includes bytes after a NUL,
// which matter only if the names are equal, and equal names are in order.
func (l *layer) sorted() bool {
	own, start, types := l.strings.bytes, l.strings.start, l.types
	last := uint32(0)
	var p0, p1, p2, p3 uint64 // the first 32 bytes of the last name
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

// ordered reports whether the name at a is less than or equal to the name at b. It is
// false if they have longestName equal bytes.
func (l *layer) ordered(a, b uint32) bool {
	first, second := l.strings.at(a), l.strings.at(b)
	first = upToNUL(first[:min(len(first), longestName)])
	second = upToNUL(second[:min(len(second), longestName)])
	order := bytes.Compare(first, second)
	return order < 0 || order == 0 && len(first) < longestName
}

// bisect returns the number of the first record of a name, and the number after the last
// one. Both are equal if there is no such record. The layer must be sorted.
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

// nameOff returns the name offset of record i, counted from 0.
func (l *layer) nameOff(i uint32) uint32 { return l.types.u32(l.starts.offset(i)) }
