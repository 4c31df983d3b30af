// Tests the constants of enumerators and the names of integers.

package cdecl

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnumValue(t *testing.T) {
	for _, test := range []struct {
		signed bool
		value  uint64
		want   string
	}{
		{false, 0, "0"},
		{false, math.MaxUint32, "4294967295"},
		{false, math.MaxUint32 + 1, "4294967296ULL"},
		{false, math.MaxUint64, "18446744073709551615ULL"},
		{true, math.MaxUint64, "-1"},
		{true, 1 << 31, "2147483648LL"},
		{true, math.MaxInt64, "9223372036854775807LL"},
		{true, 1<<64 - 1<<31, "-2147483648"},
		{true, 1 << 63, "(-9223372036854775807LL - 1)"},
	} {
		t.Run(test.want, func(t *testing.T) {
			require.Equal(t, test.want, enumValue(test.signed, test.value))
		})
	}
}

func TestPlainInteger(t *testing.T) {
	for _, names := range [][]string{
		{"unsigned long", "long unsigned int", "unsigned long int"},
		{"unsigned int", "unsigned"},
		{"long long", "long long int"},
		{"unsigned long long", "long long unsigned int"},
		{"short", "short int", "signed short"},
		{"unsigned char"},
		{"signed char"},
		{"char"},
		{"int", "signed int", "signed"},
		{"__int128", "__int128"},
		{"unsigned __int128", "__int128 unsigned"},
		{"_Bool"},
		{"unsigned fancy"},
	} {
		for _, name := range names {
			require.Equal(t, names[0], plainInteger(name), name)
		}
	}
}
