// Checks the spelling of names by the rules of the kernel.

package btf

import "github.com/seed-6c4a6465/btf/internal/uapi"

// maxNameOffset is BTF_MAX_NAME_OFFSET of include/uapi/linux/btf.h.
const maxNameOffset = uapi.MaxNameOffset

// maxNameLen is KSYM_NAME_LEN: the kernel reads no further for the end of a name.
const maxNameLen = uapi.MaxNameLen

// A nameRule is what the kernel wants of a name.
type nameRule uint8

const (
	anyName nameRule = iota
	noName
	identifierOrNone
	identifier
	someText
	printable
)

var nameRuleWants = [...]string{
	noName:           "no name",
	identifierOrNone: "an identifier or no name",
	identifier:       "an identifier",
	someText:         "some text",
	printable:        "printable text",
}

// satisfied reports whether the kernel would take the name at off where the rule
// holds. It reads no more than the kernel does.
func (r nameRule) satisfied(names *strtab, off uint32) bool {
	switch r {
	case noName:
		return off == 0
	case identifierOrNone:
		return off == 0 || names.spelt(off, identifierByte)
	case identifier:
		return names.spelt(off, identifierByte)
	case someText:
		return !names.none(off)
	case printable:
		return names.spelt(off, func(c byte, _ bool) bool {
			return c >= ' ' && c <= '~' || c >= 0xa0
		})
	}
	return true
}

// spelt reports whether the name at off has a byte, maxNameLen at most, and none
// that is not allowed.
func (t *strtab) spelt(off uint32, allowed func(c byte, first bool) bool) bool {
	for i, c := range t.at(off) {
		switch {
		case c == 0:
			return i > 0
		case i == maxNameLen, !allowed(c, i == 0):
			return false
		}
	}
	return false
}

// identifierByte is __btf_name_char_ok of kernel/bpf/btf.c. The kernel's isalpha
// and isprint are those of Latin-1: its letters but × and ÷.
func identifierByte(c byte, first bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '.':
		return true
	case c >= '0' && c <= '9':
		return !first
	}
	return c >= 0xc0 && c != 0xd7 && c != 0xf7
}
