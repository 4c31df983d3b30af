// Reads the name at an offset of the string section, and cuts the flavour off a name.

package btf

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A strtab is a string section: names that each end in a NUL.
//
//	 0  1                       11
//	┌──┬────────────────────┬──┬───────
//	│ 0│t a s k _ s t r u c │t … 0│ …        offset 0 is the empty name
//	└──┴────────────────────┴──┴───────
//
// The offsets of split BTF continue where those of its base end. An offset into the
// middle of a string is a name too, as in the kernel and in libbpf.
type strtab struct {
	base  *strtab
	start uint32 // offset of the first own byte: the length of all layers below
	bytes []byte
}

// notItsBase ends messages about split BTF whose names or ids lead nowhere in its base.
// Split BTF has nothing that says which base it was split from. Over another base, even
// that of another build of the same kernel, they lead to something else.
const notItsBase = "the base is probably not the one that the BTF was split from"

// newStrtab returns the strings of s over those of base, which may be nil. It proves
// that every name in s ends inside s. Without a base, s must begin with the empty name.
// Split BTF need not, and may have no strings of its own.
func newStrtab(s section, base *strtab) (strtab, error) {
	t := strtab{base: base, bytes: s.bytes}
	if n := len(s.bytes); n > 0 {
		if s.bytes[n-1] != 0 {
			return strtab{}, &FormatError{Section: "strings", Offset: uint64(n - 1), Problem: fmt.Sprintf("last byte must be NUL, is 0x%02x", s.bytes[n-1])}
		}
		if base == nil && s.bytes[0] != 0 {
			return strtab{}, &FormatError{Section: "strings", Problem: fmt.Sprintf("first byte must be NUL, is 0x%02x (split BTF must be loaded over its base)", s.bytes[0])}
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

// end returns the first offset after the strings of this layer.
func (t *strtab) end() uint64 { return uint64(t.start) + uint64(len(t.bytes)) }

// at returns the bytes from off to the end of the layer that off is in: the name, its
// NUL and what follows. It returns nil if off is 0 or out of range.
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

// longestName is the number of bytes that are read of a name when names of the file are
// compared with each other. It is KSYM_NAME_LEN: the kernel accepts no longer names. In
// hostile BTF each name can be as long as the string section.
const longestName = uapi.MaxNameLen

// short returns the name at off. It returns nil if the name is empty or has
// longestName bytes or more.
func (t *strtab) short(off uint32) []byte { return shortName(t.at(off)) }

// shortName returns the name at the front of b, as short does.
func shortName(b []byte) []byte {
	if i := bytes.IndexByte(b[:min(len(b), longestName)], 0); i > 0 {
		return b[:i:i]
	}
	return nil
}

// name returns the name at off without its NUL. It aliases the section. It is nil if
// off is 0 or out of range, and empty but not nil if the byte at another off is NUL.
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

// shown returns the name at off for messages, as the function shown does. It reads no
// more than the part that is shown.
func (t *strtab) shown(off uint32) string {
	b := t.at(off)
	b = b[:min(len(b), maxShown+1)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return shown(b)
}

// possible reports whether BTF can have a name: it must not be empty or contain a NUL.
func possible(name string) bool { return name != "" && strings.IndexByte(name, 0) < 0 }

// none reports whether the name at off is missing or empty. It reads one byte, because
// a name can be as long as the section.
func (t *strtab) none(off uint32) bool {
	b := t.at(off)
	return len(b) == 0 || b[0] == 0
}

// is reports whether the name at off is want, which must not contain a NUL. It reads no
// more than len(want)+1 bytes.
func (t *strtab) is(off uint32, want string) bool {
	b := t.at(off)
	return len(b) > len(want) && b[len(want)] == 0 && string(b[:len(want)]) == want
}

// before reports whether the name at off is less than want, compared byte by byte. want
// must not contain a NUL. It reads no more than len(want) bytes.
func (t *strtab) before(off uint32, want string) bool {
	b := t.at(off)
	n := min(len(b), len(want))
	if i := bytes.IndexByte(b[:n], 0); i >= 0 {
		n = i
	}
	// If the name is longer than n bytes and equal up to there, it begins with want,
	// and is not less.
	return string(b[:n]) < want
}

// essentialLen returns the length of the essential name: of the part before the last
// "___" that has a character other than '_' on both sides. The essential name of
// "task_struct___v1" is "task_struct", and "___pskb_trim" has no flavour. The rule is
// that of libbpf's bpf_core_essential_name_len.
func essentialLen[T string | []byte](name T) int {
	for i := len(name) - 5; i >= 0; i-- {
		if name[i] != '_' && name[i+1] == '_' && name[i+2] == '_' && name[i+3] == '_' && name[i+4] != '_' {
			return i + 1
		}
	}
	return len(name)
}

// EssentialName returns a name without its flavour: "task_struct" for "task_struct___v1".
// The flavour follows the last "___" between characters other than '_', by the rule of
// libbpf's bpf_core_essential_name_len: ___pskb_trim has none. The result shares the
// memory of name.
func EssentialName[T string | []byte](name T) T { return name[:essentialLen(name)] }

// A cut describes a string that has a flavour: the offset of its first byte, and the
// offset of the "___" before the flavour.
//
//	 from        at
//	┌───────────┬─────┬────┬───┐
//	│task_struct│ ___ │ v1 │NUL│
//	└───────────┴─────┴────┴───┘
//
// A name that begins inside the string, before at, has the same flavour.
type cut struct{ from, at uint32 }

// A cutTable has a cut for each string of a layer that has a flavour. A kernel has few
// of them. For nearly all of its 71,000 names, the bits of parts spare the search.
type cutTable struct {
	cuts  []cut    // in order of their offsets
	parts []uint64 // a bit for each 64 bytes of the section: 1 if a name that begins there may have a flavour
}

const partSize = 64

// add appends a cut, which must be after all others. start is the offset of the first
// byte of the section.
func (t *cutTable) add(c cut, start uint32) {
	t.cuts = append(t.cuts, c)
	for part := (c.from - start) / partSize; part <= (c.at-start-1)/partSize; part++ {
		t.parts[part/64] |= 1 << (part % 64)
	}
}

// none reports whether a name that begins at byte off of the section has no flavour. If
// it returns false, the name may have one.
func (t *cutTable) none(off uint32) bool {
	part := off / partSize
	return uint64(part/64) >= uint64(len(t.parts)) || t.parts[part/64]>>(part%64)&1 == 0
}
