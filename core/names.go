// Compares names of the object with names of the target.

package core

import (
	"bytes"

	"github.com/seed-6c4a6465/btf"
)

// nameAt returns the name at a byte offset of a record, with all that follows it in the
// string section. The end of the name is not searched: in hostile BTF it is far away.
func nameAt(r btf.Record, off uint32) []byte { return r.Strings(r.Word(off)) }

// anonymous reports whether the name at the front of b is empty.
func anonymous(b []byte) bool { return len(b) == 0 || b[0] == 0 }

// isName reports whether the name at the front of b is name.
func isName(b, name []byte) bool {
	return len(b) > len(name) && b[len(name)] == 0 && bytes.Equal(b[:len(name)], name)
}

// sameEssential reports whether the names at the front of a and b have the same essential
// name. An anonymous type has the name of another anonymous type only.
func (w *work) sameEssential(a, b []byte) bool {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] && a[n] != 0 {
		n++
	}
	w.spend(n / 16)
	switch {
	case n == len(a) || n == len(b):
		return n == len(a) && anonymous(b[n:]) || n == len(b) && anonymous(a[n:])
	case a[n] == 0 && b[n] == 0:
		return true
	}
	// Names that differ may still have flavours of one name. The cut is before the place
	// where they differ, or just there.
	if !flavourStarts(a, n) && !flavourStarts(b, n) {
		return false
	}
	return bytes.Equal(w.essential(a), w.essential(b))
}

// flavourStarts reports whether "___" begins in b at n or before.
func flavourStarts(b []byte, n int) bool {
	return bytes.Contains(b[:min(len(b), n+3)], []byte("___"))
}

// essential returns the essential name of the name at the front of b.
func (w *work) essential(b []byte) []byte {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	w.spend(len(b) / 16)
	return btf.EssentialName(b)
}

// work limits what hostile input can ask for.
type work struct{ left int64 }

// The limit grows with each record. A kernel needs some hundred steps for a record, and
// some ten thousand for one that compares all members of task_struct. A step takes some
// nanoseconds; to look at a candidate takes as long as workCandidate steps.
const (
	workAtFirst   = 1 << 24
	workMore      = 1024
	workCandidate = 64
)

// spend takes n steps and one more. It reports whether any are left.
func (w *work) spend(n int) bool {
	w.left -= int64(n) + 1
	return w.left >= 0
}

// exhausted returns an error if too much was asked for.
func (w *work) exhausted() error {
	if w.left < 0 {
		return errExhausted
	}
	return nil
}
