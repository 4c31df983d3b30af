// Reads access strings such as "0:1:2".

package core

import (
	"errors"
	"fmt"
	"math"
)

// maxSteps is the largest number of indexes in an access string (BPF_CORE_SPEC_MAX_LEN of
// libbpf). It also limits the members and elements on the way to a field of the target.
const maxSteps = 64

// accessor is a parsed access string.
type accessor struct {
	index [maxSteps]uint32
	n     int
}

// parse reads an access string: decimal numbers below 2^31, separated by colons. libbpf
// uses sscanf, which would also take blanks and signs.
func (a *accessor) parse(text []byte) error {
	a.n = 0
	for more := true; more; {
		if a.n == maxSteps {
			return fmt.Errorf("access string must have at most %d indexes", maxSteps)
		}
		value, digits := uint64(0), 0
		for more = false; len(text) > 0; text = text[1:] {
			c := text[0]
			if more = c == ':'; more {
				text = text[1:]
				break
			}
			if c < '0' || c > '9' {
				return fmt.Errorf("access string must have digits and colons, has %q", c)
			}
			if value = value*10 + uint64(c-'0'); value > math.MaxInt32 {
				return fmt.Errorf("index in access string must be below 2^31")
			}
			digits++
		}
		if digits == 0 {
			return errors.New("access string needs a number before and after each colon")
		}
		a.index[a.n] = uint32(value)
		a.n++
	}
	return nil
}
