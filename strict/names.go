// Checks where a name is, and which characters are in it.

package strict

import "github.com/seed-6c4a6465/btf/internal/uapi"

// A nameRule is a rule of the kernel about a name.
type nameRule uint8

const (
	noName nameRule = iota
	identifierOrNone
	identifier
	identifierNoDotsOrNone
	identifierNoDots
	variable
	someText
	printable
)

var nameRules = [...]string{
	noName:           "be empty",
	identifierOrNone: "be an identifier or empty",
	identifier:       "be an identifier",
	someText:         "not be empty",
	printable:        "be printable text",

	identifierNoDotsOrNone: "be an identifier without dots, or empty",
	identifierNoDots:       "be an identifier without dots",
}

// nameInRange checks that the name offset at off in a record is inside the strings. The
// name is that of the type or of an element. Problem is what the kernel calls the error.
func (c *checker) nameInRange(r *record, off uint32, problem string) error {
	name, end := r.Word(off), min(c.names, uapi.MaxNameOffset+1)
	if uint64(name) >= end && name != 0 {
		return r.problem(off, "%s: name offset of %s must be below 0x%x, is 0x%x", problem, r.part(off), end, name)
	}
	return nil
}

// nameSpelled checks that the name whose offset is at off in the record obeys a rule.
func (r *record) nameSpelled(off uint32, rule nameRule, problem string) error {
	if name := r.Word(off); !r.obeys(name, rule) {
		return r.problem(off, "%s: name of %s must %s, is %s", problem, r.part(off), nameRules[rule], r.quoted(name))
	}
	return nil
}

// obeys reports whether the name at a name offset obeys a rule. It reads no more of
// the name than the kernel does.
func (r *record) obeys(nameOff uint32, rule nameRule) bool {
	if rule == noName {
		return nameOff == 0
	}
	if (rule == identifierOrNone || rule == identifierNoDotsOrNone) && nameOff == 0 {
		return true
	}
	name := r.Strings(nameOff)
	if len(name) == 0 {
		return false
	}
	switch rule {
	case someText:
		return name[0] != 0
	case printable:
		return spelled(name, &printableBytes)
	case identifierNoDots, identifierNoDotsOrNone:
		return !isDigit(name[0]) && spelled(name, &identifierBytesNoDots)
	default:
		return !isDigit(name[0]) && spelled(name, &identifierBytes)
	}
}

// spelled reports whether the name at the front of b has 1 to 512 bytes before its NUL,
// all of which are allowed.
func spelled(b []byte, allowed *[256]bool) bool {
	for i, c := range b[:min(len(b), uapi.MaxNameLen+1)] {
		if !allowed[c] {
			return c == 0 && i > 0
		}
	}
	return false
}

// The bytes in an identifier are those of __btf_name_char_ok of kernel/bpf/btf.c. The
// isalpha and isprint of the kernel are those of Latin-1, whose letters go from 0xc0 on,
// without × and ÷.
var (
	identifierBytesNoDots = bytesWhere(func(c byte) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0xc0 && c != 0xd7 && c != 0xf7
		return letter || isDigit(c) || c == '_'
	})
	identifierBytes = bytesWhere(func(c byte) bool { return identifierBytesNoDots[c] || c == '.' })
	printableBytes  = bytesWhere(func(c byte) bool { return c >= ' ' && c <= '~' || c >= 0xa0 })
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func bytesWhere(allowed func(c byte) bool) (table [256]bool) {
	for c := range table {
		table[c] = allowed(byte(c))
	}
	return table
}
