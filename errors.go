// Defines the errors that callers can tell apart, and how they are worded.

package btf

import (
	"errors"
	"strconv"
	"strings"
)

var (
	// ErrNotFound is wrapped when what was asked for does not exist: a type, a
	// member, an element, a parameter, an enumerator, a section.
	ErrNotFound = errors.New("not found")

	// ErrMultipleMatches is wrapped when a question that wants one answer has
	// several, such as [Spec.TypeByName] on a name that two structs share.
	ErrMultipleMatches = errors.New("multiple matching types")

	// ErrNotSupported is wrapped when the running system cannot do what was
	// asked, such as offering the BTF of its kernel.
	ErrNotSupported = errors.New("not supported")

	// ErrNoExtendedInfo is wrapped when an object has no .BTF.ext section.
	ErrNoExtendedInfo = errors.New("no extended info")

	// ErrClosed is wrapped when a Spec, or the base it stands on, is used after
	// its Close.
	ErrClosed = errors.New("use of closed BTF")

	// ErrWrongKind is matched by what narrowing returns for a type of another
	// kind than the view that was asked for, and by the error for a path into a
	// type of a kind that has no such parts.
	ErrWrongKind = errors.New("wrong kind of type")
)

// A FormatError says which bytes are not BTF, and why. Every malformed input
// ends in one: when it is loaded, narrowed to a view, or measured.
type FormatError struct {
	// Section is the part of the file the offset counts from: "header",
	// "types", "strings", "layout", ".BTF.ext", or "ELF".
	Section string

	// Offset is in bytes from the start of the section, as far as a place is
	// known.
	Offset uint64

	// TypeID is the type whose record is broken, 0 if it is not about a type.
	TypeID TypeID

	// Problem is what was wanted and what was there instead.
	Problem string

	// Err is the error underneath, such as one of debug/elf, or nil.
	Err error
}

// Error reads "btf: types section at offset 0x1c4 (type 12): struct record
// needs 36 bytes, 12 left".
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("btf: ")
	b.WriteString(e.Section)
	switch e.Section {
	case "header", "ELF":
	default:
		b.WriteString(" section")
	}
	b.WriteString(" at offset 0x")
	b.WriteString(strconv.FormatUint(e.Offset, 16))
	if e.TypeID != 0 {
		b.WriteString(" (type ")
		b.WriteString(strconv.FormatUint(uint64(e.TypeID), 10))
		b.WriteByte(')')
	}
	b.WriteString(": ")
	b.WriteString(e.Problem)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the error underneath, if any.
func (e *FormatError) Unwrap() error { return e.Err }

// maxShown is the largest number of bytes of a name in a message. A name of hostile
// BTF can be as long as the file, and a message can hold many names.
const maxShown = 128

// shown returns a name for messages: cut after maxShown bytes, with bytes that are not
// printable escaped, so that a name can neither fill a terminal nor control it.
func shown(name []byte) string {
	if len(name) == 0 {
		return "(anonymous)"
	}
	s := strconv.Quote(string(name[:min(len(name), maxShown)]))
	s = s[1 : len(s)-1]
	if len(name) > maxShown {
		s += "…"
	}
	return s
}

// quoted returns a name in quotes for messages, cut and escaped as shown does.
func quoted(name string) string {
	if len(name) <= maxShown {
		return strconv.Quote(name)
	}
	return strconv.Quote(name[:maxShown]) + "…"
}

// A located error is one of this package and where it came about.
type located struct {
	where string
	err   error
}

// Error begins with "btf: " once.
func (l *located) Error() string {
	return "btf: " + l.where + ": " + strings.TrimPrefix(l.err.Error(), "btf: ")
}

func (l *located) Unwrap() error { return l.err }
