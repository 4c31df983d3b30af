// Makes text from BTF safe for terminals, for comments and for string literals of C.

// Package escape makes text from BTF safe to print. Names in BTF are any bytes but NUL.
// Printed raw, they could control a terminal, forge a row of a table, or end a comment.
//
// The functions return text that needs no change as it is, without an allocation.
package escape

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text returns s with each byte that is not part of a printable UTF-8 character as \x
// and two hexadecimal digits. A space is printable; tabs, newlines, other white space
// and characters that change the direction of text are not. A backslash stays as it is.
func Text(s string) string {
	if plain(s) {
		return s
	}
	return string(AppendText(nil, s))
}

// AppendText appends Text(s) to dst.
func AppendText[T string | []byte](dst []byte, s T) []byte {
	if plain(s) {
		return append(dst, s...)
	}
	for len(s) > 0 {
		r, n := decode(s)
		if Printable(r, n) {
			dst = append(dst, s[:n]...)
		} else {
			for i := range n {
				dst = appendHex(dst, s[i])
			}
		}
		s = s[n:]
	}
	return dst
}

// plain reports whether all bytes are printable ASCII.
func plain[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// decode returns the first character of s and the number of its bytes.
func decode[T string | []byte](s T) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}

// Printable reports whether r is printable. It is the result of
// [utf8.DecodeRuneInString] with the number of bytes n.
func Printable(r rune, n int) bool {
	return (r != utf8.RuneError || n > 1) && strconv.IsPrint(r)
}

func appendHex(dst []byte, b byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[b>>4], digits[b&15])
}

// Comment returns Text(s) for a comment of C or Go, "/*" or "//". It also escapes each
// backslash, which could join the next line to the comment, the second of two question
// marks, which could begin a trigraph for a backslash, and the second character of "*/"
// and "/*". Different texts have different results.
func Comment(s string) string {
	if plain(s) && !strings.ContainsAny(s, `\?*`) {
		return s
	}
	var out []byte
	last := byte(0)
	for i := 0; i < len(s); {
		r, n := decode(s[i:])
		c := s[i]
		if !Printable(r, n) || c == '\\' || c == '?' && last == '?' || c == '/' && last == '*' || c == '*' && last == '/' {
			for j := range n {
				out = appendHex(out, s[i+j])
			}
			c = 0
		} else {
			out = append(out, s[i:i+n]...)
		}
		last, i = c, i+n
	}
	return string(out)
}

// Quote returns a string literal of C. Bytes that are not part of a printable UTF-8
// character are octal escapes of three digits: a hexadecimal escape has no end in C. The
// second of two question marks has a backslash, because it could begin a trigraph.
func Quote(s string) string {
	out := append(make([]byte, 0, len(s)+2), '"')
	for i := 0; i < len(s); {
		r, n := decode(s[i:])
		switch {
		case !Printable(r, n):
			for j := range n {
				b := s[i+j]
				out = append(out, '\\', '0'+b>>6, '0'+b>>3&7, '0'+b&7)
			}
		case s[i] == '"', s[i] == '\\', s[i] == '?' && i > 0 && s[i-1] == '?':
			out = append(out, '\\', s[i])
		default:
			out = append(out, s[i:i+n]...)
		}
		i += n
	}
	return string(append(out, '"'))
}
