// Finds names that are similar to a name that does not exist.

package btf

import (
	"bytes"
	"strings"
)

// near collects the names nearest to one that was asked for in vain, to be named in
// an error: what was misspelt, and what the same thing is called in another kernel.
type near struct {
	want  []byte
	names [3]string
	far   [3]int // how far each is from want, ascending
	n     int
	tried int // distances
}

// maxNear is how long a name may be to be compared, in bytes. Those of less than three
// are near to too much.
const maxNear = 64

// maxTried is how many names are compared letter by letter. Kernels have some hundreds
// that begin like any other and are about as long.
const maxTried = 10_000

// possible reports whether any name can be near.
func (n *near) possible() bool { return len(n.want) >= 3 && len(n.want) <= maxNear }

// add looks at the name at the front of b, no further than a name that is near can
// reach.
func (n *near) add(b []byte) {
	if !n.possible() {
		return
	}
	end := bytes.IndexByte(b[:min(len(b), maxNear+1)], 0)
	if end < 3 {
		return
	}
	b = b[:end]
	short, long := b, n.want
	if len(short) > len(long) {
		short, long = long, short
	}
	far := len(long) - len(short)
	// Either __state, where state was asked for, or misspelt names that begin as they
	// should, which spares comparing most.
	limit := 1 + len(n.want)/4
	switch {
	case 2*len(short) >= len(long) && bytes.Contains(long, short):
	case far > limit || b[0] != n.want[0] || n.tried == maxTried:
		return
	default:
		n.tried++
		if far = distance(b, n.want); far > limit {
			return
		}
	}
	at := n.n
	for i := range n.n {
		if n.names[i] == string(b) {
			return
		}
		if far < n.far[i] {
			at = min(at, i)
		}
	}
	if at == len(n.names) {
		return
	}
	n.n = min(n.n+1, len(n.names))
	copy(n.names[at+1:], n.names[at:])
	copy(n.far[at+1:], n.far[at:])
	n.names[at], n.far[at] = string(b), far
}

// String is a part of an error, "" if nothing is near.
func (n *near) String() string {
	if n.n == 0 {
		return ""
	}
	for i, name := range n.names[:n.n] {
		n.names[i] = shown([]byte(name))
	}
	return " (similar: " + strings.Join(n.names[:n.n], ", ") + ")"
}

// distance is how many bytes must be put in, taken out or replaced to make one name
// of the other (Levenshtein). Neither is longer than maxNear.
func distance(a, b []byte) int {
	var row [maxNear + 1]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
