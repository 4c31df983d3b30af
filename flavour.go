// name offset → where its flavour begins

package btf

import (
	"bytes"
	"slices"
)

// cuts returns the layer's own strings that have a flavour. They are found in one pass
// over the string section, once, on demand. Looking for the flavour in the name of each
// type instead would read a long string as often as types have names inside it.
func (l *layer) cuts() *cutTable {
	l.cutsOnce.Do(func() {
		b, start := l.strings.bytes, l.strings.start
		l.flavoured.parts = make([]uint64, len(b)/partSize/64+1)
		for from := 0; from < len(b); {
			next := bytes.Index(b[from:], []byte("___"))
			if next < 0 {
				return
			}
			next += from
			from = bytes.LastIndexByte(b[from:next], 0) + from + 1
			end := bytes.IndexByte(b[next:], 0)
			if end < 0 {
				return // no NUL at the end any more: the file was rewritten
			}
			end += next
			if n := essentialLen(b[from:end]); n < end-from {
				l.flavoured.add(cut{start + uint32(from), start + uint32(from+n)}, start)
			}
			from = end
		}
	})
	return &l.flavoured
}

// essential returns the essential name at off, if that is not the whole name.
func (l *layer) essential(off uint32) ([]byte, bool) {
	for off < l.strings.start {
		if l = l.base; l == nil {
			return nil, false
		}
	}
	table := l.cuts()
	if table.none(off - l.strings.start) {
		return nil, false
	}
	cuts := table.cuts
	i, _ := slices.BinarySearchFunc(cuts, off, func(c cut, off uint32) int {
		if c.at <= off {
			return -1
		}
		return 1 // no cut is the one: the first behind off is wanted
	})
	if i == len(cuts) || cuts[i].from > off {
		return nil, false
	}
	b := l.strings.at(off)
	if n := cuts[i].at - off; uint64(n) <= uint64(len(b)) {
		return b[:n], true
	}
	return nil, false // only after Close
}
