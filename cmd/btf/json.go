// Writes JSON: an object a line, with numbers that may be missing.

package main

import (
	"encoding/json"
	"io"
	"strconv"

	"github.com/seed-6c4a6465/btf"
)

// newEncoder writes objects, one a line.
func newEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

// An optional is a number, or none.
type optional struct {
	number uint64
	known  bool
}

func some[N ~int | ~uint32 | ~uint64](n N) optional { return optional{uint64(n), true} }

// MarshalJSON writes the number, or null.
func (o optional) MarshalJSON() ([]byte, error) {
	if !o.known {
		return []byte("null"), nil
	}
	return strconv.AppendUint(nil, o.number, 10), nil
}

// enumNumber returns the value of an enumerator, which may be negative.
func enumNumber(e btf.Enum, v btf.Enumerator) json.Number {
	if e.Signed() {
		return json.Number(strconv.FormatInt(int64(v.Value()), 10))
	}
	return json.Number(strconv.FormatUint(v.Value(), 10))
}
