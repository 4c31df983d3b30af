// Finds the names that are similar to a name that was not found.

package btf

import (
	"bytes"
	"strings"
)

// near collects up to three names that are similar to a name that was not found. An
// error lists them: the name may be misspelt, or different in another kernel.
type near struct {
	want  []byte
	names [3]string
	far   [3]int // distance of each name from want, ascending
	n     int
	tried int // number of names compared byte by byte
}

// maxNear is the length in bytes of the longest name that is compared. Names of less
// than three bytes are not compared either: they are similar to too many others.
const maxNear = 64

// maxTried is the largest number of names that are compared byte by byte. Kernels have
// some hundreds of names with the same first byte and about the same length.
const maxTried = 10_000

// possible reports whether want has a length that is compared.
func (n *near) possible() bool { return len(n.want) >= 3 && len(n.want) <= maxNear }

// add compares the name at the start of b, which ends at a NUL. It reads at most
// maxNear+1 bytes.
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
	// A name is similar if it contains the other, as __state contains state, or if a few
	// bytes differ. The first byte must then be the same, which excludes most names.
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

// String returns the end of an error message, such as " (similar: state, __state)". It
// is "" if no name is similar.
func (n *near) String() string {
	if n.n == 0 {
		return ""
	}
	for i, name := range n.names[:n.n] {
		n.names[i] = shown([]byte(name))
	}
	return " (similar: " + strings.Join(n.names[:n.n], ", ") + ")"
}

// distance returns the Levenshtein distance of two names: the number of bytes to insert,
// delete or replace. b must not be longer than maxNear.
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
