// Prints the values of enums.

package cdecl

import (
	"math"
	"strconv"

	"github.com/seed-6c4a6465/btf"
)

// enumerators prints the values of an enum, one in a line.
func (p *printer) enumerators(t btf.Type, depth int) error {
	e, err := btf.As[btf.Enum](t)
	if err != nil {
		return err
	}
	for v := range e.Enumerators() {
		one := enumerator(e, v)
		if err := p.made(one); err != nil {
			return err
		}
		p.indent(depth)
		p.print(one)
		p.print(",\n")
	}
	return nil
}

// enumerator returns "NAME = value".
func enumerator(e btf.Enum, v btf.Enumerator) string {
	return identifier(v.Name()) + " = " + enumValue(e.Signed(), v.Value())
}

// enumValue returns a constant that has the value in C.
func enumValue(signed bool, value uint64) string {
	if !signed {
		s := strconv.FormatUint(value, 10)
		if value > math.MaxUint32 {
			s += "ULL"
		}
		return s
	}
	switch n := int64(value); {
	case n == math.MinInt64:
		// C has no negative literals, and no signed literal for 1<<63.
		return "(-9223372036854775807LL - 1)"
	case n < math.MinInt32 || n > math.MaxInt32:
		return strconv.FormatInt(n, 10) + "LL"
	default:
		return strconv.FormatInt(n, 10)
	}
}
