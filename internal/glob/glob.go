// Matches names with glob patterns in bounded time.

// Package glob matches names with the patterns of [path.Match], in bounded time whatever
// the pattern and the name are.
//
// It differs from path.Match in two points: "/" is a character like others, because names
// of Go and Rust contain it, and a star never takes a part of a UTF-8 sequence.
package glob

import (
	"path"
	"strings"
	"unicode/utf8"
)

// MaxName is the length in bytes of the longest name that can match a pattern. The
// longest names of a kernel have 512 bytes. In hostile BTF, a hundred thousand names can
// overlap in one long string.
const MaxName = 4 << 10

// maxRetried is the number of characters that Match compares again after a star before it
// uses a machine. Honest patterns and names need none.
const maxRetried = 1 << 10

// Check returns [path.ErrBadPattern] if a pattern is malformed.
func Check(pattern string) error {
	_, err := path.Match(pattern, "")
	return err
}

// A Pattern is a pattern in use by one goroutine. Its zero value matches the empty name.
type Pattern struct {
	text    string
	prefix  string   // what a name must begin with: nearly all names do not
	machine *machine // nil until it is needed
}

// New returns the Pattern of a text that Check accepts.
func New(text string) Pattern {
	prefix := text
	if i := strings.IndexAny(text, `*?[\`); i >= 0 {
		prefix = text[:i]
	}
	return Pattern{text: text, prefix: prefix}
}

// Match reports whether a name matches.
func (p *Pattern) Match(name []byte) bool {
	return len(name) <= MaxName && p.match(name, false)
}

// MatchNUL reports whether the name at the start of b, which ends at a NUL, matches. It
// reads no more of the name than it needs. The result is false if b has no NUL.
func (p *Pattern) MatchNUL(b []byte) bool {
	return p.match(b[:min(len(b), MaxName+1)], true)
}

// match looks for the shortest text that each star can take, which needs no memory. Only
// the last star is retried, with one more character each time. That may take as long as
// the product of pattern and name, so after some retries the machine takes over.
func (p *Pattern) match(b []byte, nul bool) bool {
	if len(b) < len(p.prefix) || string(b[:len(p.prefix)]) != p.prefix {
		return false
	}
	at, n := 0, 0
	star, taken, retried := -1, 0, 0
	for {
		switch {
		case n == len(b) && nul:
			return false
		case at < len(p.text) && p.text[at] == '*':
			star, taken = at, n
			at++
			continue
		case n == len(b) || nul && b[n] == 0:
			return at == len(p.text)
		}
		r, size := decode(b[n:])
		if length, ok := one(p.text[at:], r); ok {
			at, n = at+length, n+size
			continue
		}
		if star < 0 {
			return false
		}
		if retried += n - taken; retried > maxRetried {
			if p.machine == nil {
				p.machine = newMachine(p.text)
			}
			return p.machine.match(b, nul)
		}
		_, size = decode(b[taken:])
		taken += size
		at, n = star+1, taken
	}
}

// decode returns the first character of b and its length in bytes. A byte that is not
// UTF-8 is a character of its own, above all others.
func decode(b []byte) (rune, int) {
	if b[0] < utf8.RuneSelf {
		return rune(b[0]), 1
	}
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError && size == 1 {
		r = utf8.MaxRune + 1 + rune(b[0])
	}
	return r, size
}

// decodeString is decode for a string.
func decodeString(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	return decode([]byte(s[:min(len(s), utf8.UTFMax)]))
}

// one reports whether the first element of a pattern, which is not a star, matches c.
// length is the length of the element, 0 if there is none.
func one(pattern string, c rune) (length int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) < 2 {
			return 1, false
		}
		r, size := decodeString(pattern[1:])
		return 1 + size, r == c
	case '[':
		return class(pattern, c)
	}
	r, size := decodeString(pattern)
	return size, r == c
}

// class is one for a class such as [a-z_] or [^0-9].
func class(pattern string, c rune) (length int, ok bool) {
	at := 1
	negated := at < len(pattern) && pattern[at] == '^'
	if negated {
		at++
	}
	next := func() (r rune) {
		if at < len(pattern) && pattern[at] == '\\' {
			at++
		}
		size := 1
		if at < len(pattern) {
			r, size = decodeString(pattern[at:])
		}
		at += size
		return r
	}
	in := false
	for first := true; first || at < len(pattern) && pattern[at] != ']'; first = false {
		low := next()
		high := low
		if at < len(pattern) && pattern[at] == '-' {
			at++
			high = next()
		}
		in = in || low <= c && c <= high
	}
	return min(at+1, len(pattern)), in != negated
}
