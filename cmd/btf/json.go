// Writes JSON, one object a line.

package main

import (
	"encoding/json"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed-6c4a6465/btf/internal/escape"
)

// newEncoder returns an encoder that writes one object a line and leaves "<", ">" and
// "&" as they are.
func newEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

// An optional is a number that may be unknown.
type optional struct {
	number uint64
	known  bool
}

func some[N ~int | ~uint32 | ~uint64](n N) optional { return optional{uint64(n), true} }

// MarshalJSON writes the number, or null if it is unknown.
func (o optional) MarshalJSON() ([]byte, error) {
	if !o.known {
		return []byte("null"), nil
	}
	return strconv.AppendUint(nil, o.number, 10), nil
}

// A jsonText is a string in JSON. encoding/json would replace bytes that are not UTF-8,
// and different names would become equal.
type jsonText string

// MarshalJSON writes the string as appendJSON does.
func (s jsonText) MarshalJSON() ([]byte, error) { return appendJSON(nil, s), nil }

// appendJSON appends a string in quotes. Characters that are not printable are escaped. A
// byte 0xXX that is not part of a UTF-8 character is \udcXX, a half of a surrogate pair,
// which no UTF-8 text has. Python makes the same of such bytes (surrogateescape).
func appendJSON[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c <= '~' {
			if c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendUnit(dst, 0xdc00|rune(s[i]))
		case escape.Printable(r, n):
			dst = append(dst, s[i:i+n]...)
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = appendUnit(appendUnit(dst, high), low)
		default:
			dst = appendUnit(dst, r)
		}
		i += n
	}
	return append(dst, '"')
}

func appendUnit(dst []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}
