// Defines the errors that callers can test for, and formats error messages.

package btf

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Errors that callers can test for with [errors.Is].
var (
	// ErrNotFound means that a type, member, array element, parameter, enumerator
	// or section does not exist.
	ErrNotFound = errors.New("not found")

	// ErrMultipleMatches means that several types match where one must, such as
	// two structs of the name given to [Spec.TypeByName].
	ErrMultipleMatches = errors.New("multiple matching types")

	// ErrNotSupported means that the running system or this package lacks
	// something, such as BTF of the running kernel or the definition of a kind.
	ErrNotSupported = errors.New("not supported")

	// ErrNoExtendedInfo means that an ELF file has no .BTF.ext section.
	ErrNoExtendedInfo = errors.New("no extended info")

	// ErrClosed means that a Spec, or a base below it, is closed.
	ErrClosed = errors.New("use of closed BTF")

	// ErrPointerSize means that the size or offset of something depends on the size
	// of a pointer, which the BTF does not tell. [Spec.SetPointerSize] sets it.
	ErrPointerSize = errors.New("the size of a pointer is unknown: Spec.SetPointerSize sets it")

	// ErrWrongKind means that a type has another kind than the requested view, or
	// that a path asks for a part that types of this kind do not have.
	ErrWrongKind = errors.New("wrong kind of type")
)

// sentinels are all of them.
var sentinels = [...]error{ErrNotFound, ErrMultipleMatches, ErrNotSupported, ErrNoExtendedInfo, ErrClosed, ErrWrongKind, ErrPointerSize}

// A FormatError describes malformed bytes. Functions that load BTF, narrow a type
// or compute a size return one, possibly wrapped: use [errors.As].
type FormatError struct {
	// Section is the part of the file that is malformed: "header", "types",
	// "strings", "layout", ".BTF.ext" or "ELF".
	Section string

	// Offset is in bytes from the start of Section. It is 0 if no place is known.
	Offset uint64

	// TypeID is the type whose record is malformed, or 0 if it is not about a type.
	TypeID TypeID

	// Problem says what the format requires and what the file has.
	Problem string

	// Err is the underlying error, such as one of debug/elf, or nil.
	Err error
}

// Error returns a message such as "btf: types section at offset 0x1c4 (type 12):
// STRUCT record needs 36 bytes, 12 left".
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

// Unwrap returns Err.
func (e *FormatError) Unwrap() error { return e.Err }

// maxShown is the number of bytes of a name after which messages cut it. A name in
// hostile BTF can be as long as the file, and a message can contain many names.
const maxShown = 128

// shown returns a name for messages, cut after maxShown bytes. Bytes that are not
// printable are escaped, because they could control a terminal. For an empty name it
// returns "(anonymous)".
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

// quoted returns a name in quotes for messages. It cuts and escapes as shown does.
func quoted(name string) string {
	if len(name) <= maxShown {
		return strconv.Quote(name)
	}
	return strconv.Quote(name[:maxShown]) + "…"
}

// A located error is an error of this package with the place where it occurred, such
// as the path of a file.
type located struct {
	where string
	err   error
}

// Error returns "btf: ", the place and the message, without its own "btf: ".
func (l *located) Error() string {
	return "btf: " + l.where + ": " + strings.TrimPrefix(l.err.Error(), "btf: ")
}

func (l *located) Unwrap() error { return l.err }

// maxListed is the number of bytes of text after which an errorList counts errors.
const maxListed = 16 << 10

// An errorList joins the errors of many questions. The text of what it returns is
// bounded, and it matches every sentinel that one of the errors matches.
type errorList struct {
	errs  []error
	bytes int
	more  moreErrors
}

// add appends an error.
func (l *errorList) add(err error) {
	if l.bytes < maxListed {
		l.bytes += len(err.Error())
		l.errs = append(l.errs, err)
		return
	}
	l.more.count++
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) && !slices.Contains(l.more.match, sentinel) {
			l.more.match = append(l.more.match, sentinel)
		}
	}
	var broken *FormatError
	if errors.As(err, &broken) && !l.more.broken {
		l.more.broken = true
		l.more.match = append(l.more.match, broken)
	}
}

// first puts an error before all others.
func (l *errorList) first(err error) { l.errs = slices.Insert(l.errs, 0, err) }

// join returns the error for all, or nil if there is none. what is what failed, in the
// plural.
func (l *errorList) join(what string) error {
	if l.more.count > 0 {
		more := l.more // a copy, so that a list without errors does not move to the heap
		more.what = what
		return errors.Join(append(l.errs, &more)...)
	}
	return errors.Join(l.errs...)
}

// moreErrors stands for errors that a message only counts.
type moreErrors struct {
	count  int
	what   string
	match  []error // one for each sentinel that they match, and one FormatError
	broken bool
}

func (m *moreErrors) Error() string { return fmt.Sprintf("btf: %d more %s failed", m.count, m.what) }

func (m *moreErrors) Unwrap() []error { return m.match }
