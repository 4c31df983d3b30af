// Checks that the verdict does not depend on the byte order.

package strict

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
	"github.com/stretchr/testify/require"
)

// sameInOtherOrder checks that the verdict about a blob is the same in the other byte
// order.
func sameInOtherOrder(t *testing.T, from string, blob []byte, spec *btf.Spec, opts Options, verdict error) {
	t.Helper()
	h := spec.Header()
	if len(blob) > 64<<10 || h.Length != uapi.HeaderSize && h.Length != uapi.HeaderSizeLayout {
		return
	}
	other := bytes.Clone(blob)
	swap := func(b []byte) {
		for ; len(b) >= 4; b = b[4:] {
			slices.Reverse(b[:4])
		}
	}
	slices.Reverse(other[:2])
	swap(other[4:h.Length])
	swap(other[h.Length+h.TypeOffset:][:h.TypeLength])
	spec, err := btf.LoadRawSpec(other)
	if err == nil {
		err = opts.Verify(spec)
	}
	require.Equal(t, fmt.Sprint(verdict), fmt.Sprint(err), "%s, in the other byte order", from)
}
