// Writes JSON, one object a line.

package main

import (
	"encoding/json"
	"io"
	"strconv"
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
