// Tests that hostile BTF does not take long.

package strict_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// TestManyOfOne checks that the time for many functions that share a long prototype is
// not the product of the two.
func TestManyOfOne(t *testing.T) {
	took := func(n int) time.Duration {
		b := btftest.New(binary.LittleEndian)
		integer := b.Int("int", 4, btftest.Signed)
		params := make([]btftest.Param, n)
		for i := range params {
			params[i] = btftest.Param{Name: "a", Type: integer}
		}
		proto := b.FuncProto(0, params...)
		for range n {
			b.Func("f", proto, 0)
		}
		spec := load(t, b.Bytes())
		least := time.Hour
		for range 3 {
			begin := time.Now()
			require.NoError(t, strict.Verify(spec))
			least = min(least, time.Since(begin))
		}
		return least
	}
	require.Less(t, took(20_000), 100*took(1000)+5*time.Millisecond)
}
