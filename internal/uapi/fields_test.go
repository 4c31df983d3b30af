// Compares KindFields with the records that the test helpers write.

package uapi_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/uapi"
	"github.com/stretchr/testify/require"
)

// TestKindFields compares the table with that of btftest, which was written
// separately, on records of every kind.
func TestKindFields(t *testing.T) {
	order := binary.LittleEndian
	seen := map[uint32]bool{}
	for _, b := range []*btftest.Builder{btftest.EveryKind(order), btftest.Inline(order)} {
		records, _ := btftest.Records(order, b.Bytes())
		for i, r := range records {
			kind := r[1] >> uapi.KindShift & uapi.KindMask
			seen[kind] = true
			var names, ids []int
			uapi.KindFields[kind].Visit(uint32(4*len(r)),
				func(at uint32) { names = append(names, int(at/4)) },
				func(at uint32) { ids = append(ids, int(at/4)) })
			wantNames, wantIDs := btftest.Refs(r)
			slices.Sort(ids)
			slices.Sort(wantIDs)
			require.Equal(t, wantNames, names, "names in record %d, of kind %d", i, kind)
			require.Equal(t, wantIDs, ids, "type ids in record %d, of kind %d", i, kind)
		}
	}
	require.Len(t, seen, 22, "a record of each kind from 1 to 22")
}
