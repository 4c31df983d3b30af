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
	work  int64 // units of work done
	limit int64 // of work
}

// maxNearWork is the work for similar names in the lifetime of a layer. A unit takes some
// nanoseconds. The pass over the names of a vmlinux is about 150,000 units. A program
// that asks for 200 names that its kernel does not have needs no suggestions for all of
// them, and hostile BTF can have as many similar names as fit into it.
const maxNearWork = 1 << 21

// near returns an empty near for names of l and its bases. The caller adds the work to
// nearWork.
func (l *layer) near(want string) near {
	n := near{limit: maxNearWork}
	if l != nil {
		n.limit -= l.nearWork.Load()
	}
	if n.limit > 0 {
		n.want = []byte(want)
	}
	return n
}

// maxNear is the length in bytes of the longest name that is compared. Names of less
// than three bytes are not compared either: they are similar to too many others.
const maxNear = 64

// possible reports whether want has a length that is compared.
func (n *near) possible() bool { return len(n.want) >= 3 && len(n.want) <= maxNear }

// add compares the name at the start of b, which ends at a NUL. It reads at most
// maxNear+1 bytes. It returns false if no more names should be added.
func (n *near) add(b []byte) bool {
	if !n.possible() || n.work >= n.limit {
		return false
	}
	n.work++
	end := bytes.IndexByte(b[:min(len(b), maxNear+1)], 0)
	if end < 3 {
		return true
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
	case far > limit || b[0] != n.want[0]:
		return true
	default:
		n.work += int64(len(b) * len(n.want) / 4)
		if far = distance(b, n.want); far > limit {
			return true
		}
	}
	at := n.n
	for i := range n.n {
		if n.names[i] == string(b) {
			return true
		}
		if far < n.far[i] {
			at = min(at, i)
		}
	}
	if at == len(n.names) {
		return true
	}
	n.n = min(n.n+1, len(n.names))
	copy(n.names[at+1:], n.names[at:])
	copy(n.far[at+1:], n.far[at:])
	n.names[at], n.far[at] = string(b), far
	return true
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
