// Reads the name at an offset of the string section.

package btf

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A strtab is a string section: names, each ended by a NUL.
//
//	 0  1                       11
//	┌──┬────────────────────┬──┬───────
//	│ 0│t a s k _ s t r u c │t … 0│ …        offset 0 is the empty name
//	└──┴────────────────────┴──┴───────
//
// The offsets of split BTF count on where those of its base end, through every
// layer below. An offset into the middle of a string is a name too, as for the
// kernel and for libbpf.
type strtab struct {
	base  *strtab
	start uint32 // what the base chain holds: the offset of the first own byte
	bytes []byte
}

// newStrtab proves that every name in s ends inside s. Split BTF may have no
// strings of its own, and need not begin with the empty one.
func newStrtab(s section, base *strtab) (strtab, error) {
	t := strtab{base: base, bytes: s.bytes}
	if n := len(s.bytes); n > 0 {
		if s.bytes[n-1] != 0 {
			return strtab{}, &FormatError{Section: "strings", Offset: uint64(n - 1), Problem: fmt.Sprintf("final NUL wanted, it is 0x%02x", s.bytes[n-1])}
		}
		if base == nil && s.bytes[0] != 0 {
			return strtab{}, &FormatError{Section: "strings", Problem: fmt.Sprintf("empty name wanted first, it begins with 0x%02x: split BTF is loaded over its base", s.bytes[0])}
		}
	}
	if base != nil {
		start := base.end()
		if end := start + uint64(len(s.bytes)); end > 1<<32 {
			return strtab{}, &FormatError{Section: "strings", Problem: fmt.Sprintf("strings of all layers need %d bytes, offsets have 32 bits", end)}
		}
		t.start = uint32(start)
	}
	return t, nil
}

// end is the first offset past the strings of this layer and those below.
func (t *strtab) end() uint64 { return uint64(t.start) + uint64(len(t.bytes)) }

// at returns the bytes from off to the end of its layer's strings: the name, its
// NUL, and what follows. Nil if there is no such offset.
func (t *strtab) at(off uint32) []byte {
	if off == 0 {
		return nil
	}
	for off < t.start {
		if t = t.base; t == nil {
			return nil
		}
	}
	if off -= t.start; uint64(off) < uint64(len(t.bytes)) {
		return t.bytes[off:]
	}
	return nil
}

// longestName is how much of a name is looked at where names are compared with one
// another: KSYM_NAME_LEN, beyond which the kernel takes none. Names of hostile BTF
// may be as long as the string section, each of them.
const longestName = uapi.MaxNameLen

// short returns the name at off, nil if it is empty or not shorter than longestName.
func (t *strtab) short(off uint32) []byte { return shortName(t.at(off)) }

// shortName is the name at the front of b: see short.
func shortName(b []byte) []byte {
	if i := bytes.IndexByte(b[:min(len(b), longestName)], 0); i > 0 {
		return b[:i:i]
	}
	return nil
}

// name returns the name at off without its NUL, aliasing the section: nil at 0, not
// nil at another offset, even where that is of a NUL.
func (t *strtab) name(off uint32) []byte {
	if off == 0 {
		return nil
	}
	b := t.at(off)
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i:i]
	}
	return nil
}

// possible reports whether a name can be in BTF at all: none is empty, or has a NUL
// in it.
func possible(name string) bool { return name != "" && strings.IndexByte(name, 0) < 0 }

// none reports whether there is no name at off, or one without bytes. It reads no
// further than that, since a name may be as long as the section.
func (t *strtab) none(off uint32) bool {
	b := t.at(off)
	return len(b) == 0 || b[0] == 0
}

// is reports whether the name at off is want, reading no further than it must. Want
// has no NUL.
func (t *strtab) is(off uint32, want string) bool {
	b := t.at(off)
	return len(b) > len(want) && b[len(want)] == 0 && string(b[:len(want)]) == want
}

// before reports whether the name at off is less than want, byte by byte, reading no
// further than it must. Want has no NUL.
func (t *strtab) before(off uint32, want string) bool {
	b := t.at(off)
	n := min(len(b), len(want))
	if i := bytes.IndexByte(b[:n], 0); i >= 0 {
		n = i
	}
	// Where the name goes on after n bytes, it is want with something behind it.
	return string(b[:n]) < want
}

// essentialLen is the length of a name without its flavour: of the part before
// the last "___" that has a character other than '_' on either side. So
// "task_struct___v1" is a task_struct, and "___pskb_trim" is a plain name.
// The rule is libbpf's bpf_core_essential_name_len.
func essentialLen[T string | []byte](name T) int {
	for i := len(name) - 5; i >= 0; i-- {
		if name[i] != '_' && name[i+1] == '_' && name[i+2] == '_' && name[i+3] == '_' && name[i+4] != '_' {
			return i + 1
		}
	}
	return len(name)
}

// A cut is a string that has a flavour: the offset of its first byte, and of the
// "___" before the flavour.
//
//	 from        at
//	┌───────────┬─────┬────┬───┐
//	│task_struct│ ___ │ v1 │NUL│
//	└───────────┴─────┴────┴───┘
//
// A name that begins in the middle of the string, before at, has the same flavour.
type cut struct{ from, at uint32 }

// A cutTable is the strings of a layer that have a flavour, which are few, in order;
// and a bit for each 64 bytes of the section, 1 if a name that begins there may have
// one: nearly all of a kernel's 71,000 need then not be looked for among the cuts.
type cutTable struct {
	cuts  []cut
	parts []uint64
}

const partSize = 64

// add appends the cut of a string behind all others; start is where the section begins.
func (t *cutTable) add(c cut, start uint32) {
	t.cuts = append(t.cuts, c)
	for part := (c.from - start) / partSize; part <= (c.at-start-1)/partSize; part++ {
		t.parts[part/64] |= 1 << (part % 64)
	}
}

// none reports whether no name that begins at byte off of the section has a flavour.
func (t *cutTable) none(off uint32) bool {
	part := off / partSize
	return uint64(part/64) >= uint64(len(t.parts)) || t.parts[part/64]>>(part%64)&1 == 0
}
