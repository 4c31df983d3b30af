// Loads the blobs that tests check.

package strict_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

var little = binary.LittleEndian

var bothOrders = map[string]btftest.Order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian}

func load(t testing.TB, blob []byte) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadRawSpec(blob)
	require.NoError(t, err)
	return spec
}

func loadSplit(t testing.TB, blob []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(blob), base)
	require.NoError(t, err)
	return spec
}
