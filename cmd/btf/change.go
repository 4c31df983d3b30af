// a difference → a line of text, or of JSON

package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A change is a line of what diff prints. The tags are what scripts rely on.
type change struct {
	Change string `json:"change"`
	declared
	Member string `json:"member,omitempty"`
	Before *facts `json:"before,omitempty"`
	After  *facts `json:"after,omitempty"`
}

// facts is what diff compares of a declaration or a part of one. Which of them are
// known depends on the kind.
type facts struct {
	BitOffset    optional    `json:"bit_offset,omitzero"`
	ByteOffset   optional    `json:"byte_offset,omitzero"`
	Offsets      numbers     `json:"offsets,omitempty"`      // bytes, if there are pointers in a path
	BitfieldSize optional    `json:"bitfield_size,omitzero"` // bits, 0 if it is no bitfield
	Size         optional    `json:"size,omitzero"`          // bytes
	Value        json.Number `json:"value,omitempty"`
	Type         string      `json:"type,omitempty"`
	Types        optional    `json:"types,omitzero"` // that share the name, if it is not the only one
}

// An optional is a number, or none.
type optional struct {
	number uint64
	known  bool
}

func some[N ~int | ~uint32 | ~uint64](n N) optional { return optional{uint64(n), true} }

// MarshalJSON writes the number; none is left out or null.
func (o optional) MarshalJSON() ([]byte, error) {
	if !o.known {
		return []byte("null"), nil
	}
	return strconv.AppendUint(nil, o.number, 10), nil
}

func (o optional) String() string {
	if !o.known {
		return "?"
	}
	return strconv.FormatUint(o.number, 10)
}

// numbers are a list of numbers that can be compared with ==.
type numbers string

func (n numbers) with(one uint64) numbers {
	if n != "" {
		n += ","
	}
	return n + numbers(strconv.FormatUint(one, 10))
}

// MarshalJSON writes a list.
func (n numbers) MarshalJSON() ([]byte, error) { return []byte("[" + n + "]"), nil }

// String returns the line: a mark, what it is about, what it was → what it is.
func (c change) String() string {
	mark := map[string]string{"changed": "~", "appeared": "+", "vanished": "-", "ambiguous": "?"}[c.Change]
	about := c.Kind + " " + c.Name
	if c.Member != "" {
		about += "." + c.Member
	}
	before, after := c.Before, c.After
	if before == nil {
		before = after
	}
	if after == nil {
		after = before
	}
	return mark + " " + about + ": " + before.to(*after)
}

// to says what changed from a to b, and where it lies in any case. If both are the
// same, it says all.
func (a facts) to(b facts) string {
	var parts []string
	add := func(always bool, format, from, to string) {
		switch {
		case from != to:
			from += " → " + to
		case !always && a != b:
			return
		}
		parts = append(parts, fmt.Sprintf(format, from))
	}
	if a.BitOffset.known {
		add(true, "offset %s", a.offset(), b.offset())
		if a.BitfieldSize.number != 0 || b.BitfieldSize.number != 0 {
			add(false, "bits %s", a.BitfieldSize.String(), b.BitfieldSize.String())
		}
	}
	if a.Size.known || b.Size.known {
		add(false, "size %s", a.Size.String(), b.Size.String())
	}
	if a.Value != "" {
		add(false, "%s", a.Value.String(), b.Value.String())
	}
	if a.Type != "" || b.Type != "" {
		add(false, "%s", a.Type, b.Type)
	}
	if a.Types.known {
		format := "%s of that name"
		if len(parts) > 0 {
			format = "one of " + format
		}
		add(true, format, a.Types.String(), b.Types.String())
	}
	return strings.Join(parts, ", ")
}

// offset returns the byte, and of a bitfield or what lies like one the bit in it;
// before that, those of the pointers that lead there.
func (f facts) offset() string {
	through := ""
	if last := strings.LastIndexByte(string(f.Offsets), ','); last >= 0 {
		through = strings.ReplaceAll(string(f.Offsets[:last+1]), ",", "->")
	}
	bit := f.BitOffset.number % 8
	if f.BitfieldSize.number == 0 && bit == 0 {
		return through + f.ByteOffset.String()
	}
	return fmt.Sprintf("%s%v:%d", through, f.ByteOffset, bit)
}
