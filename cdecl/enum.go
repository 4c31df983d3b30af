// Prints the values of enums.

package cdecl

import (
	"math"
	mathbits "math/bits"
	"strconv"

	"github.com/seed-6c4a6465/btf"
)

// enumerators prints the values of an enum, one in a line.
func (p *printer) enumerators(e btf.Enum, depth int) error {
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

// enumAttribute returns the attribute, after a space, that gives an enum its size. C
// makes an enum as large as an int, or larger if a value needs that. A packed one is as
// small as the values allow.
func enumAttribute(e btf.Enum) string {
	smallest := smallestSize(e)
	switch size := e.Size(); {
	case size == max(smallest, 4) || size == 0:
		return ""
	case size == smallest:
		return " __attribute__((__packed__))"
	case size == 1:
		return " __attribute__((__mode__(__QI__)))"
	case size == 2:
		return " __attribute__((__mode__(__HI__)))"
	case size == 8:
		return " __attribute__((__mode__(__DI__)))"
	}
	return ""
}

// smallestSize returns the bytes that an enum of these values takes if it is packed. It
// is signed in C if a value is negative, whatever BTF says.
func smallestSize(e btf.Enum) uint32 {
	width, signed := 0, 0
	for v := range e.Enumerators() {
		value := v.Value()
		if e.Signed() && int64(value) < 0 {
			signed = 1
			value = ^value
		}
		width = max(width, mathbits.Len64(value))
	}
	for _, size := range []uint32{1, 2, 4} {
		if width+signed <= int(size)*8 {
			return size
		}
	}
	return 8
}
