// layout section → how to step over kinds nobody has heard of

package btf

import (
	"fmt"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// layoutEntrySize is struct btf_layout of include/uapi/linux/btf.h, one per kind
// from 0 on:
//
//	 0         1         2
//	┌─────────┬─────────┬─────────┐
//	│ info_sz │ elem_sz │ flags   │   bytes once per record, bytes per element
//	└─────────┴─────────┴─────────┘
const layoutEntrySize = uapi.LayoutEntrySize

// layoutShapes returns below's table with what the layout section adds to it.
// The kinds of released kernels never change, those that are a draft may; a split blob, which by convention
// has no layout of its own, inherits that of its base through any number of
// layers.
func layoutShapes(layout section, below *shapes) (*shapes, error) {
	n := len(layout.bytes)
	if n == 0 {
		return below, nil
	}
	if n%layoutEntrySize != 0 {
		return nil, &FormatError{Section: "layout", Problem: fmt.Sprintf("length of a multiple of %d wanted, it is %d", layoutEntrySize, n)}
	}
	s := *below
	for k := int(KindEnum64) + 1; k < min(n/layoutEntrySize, kindCount); k++ {
		once, each := layout.bytes[k*layoutEntrySize], layout.bytes[k*layoutEntrySize+1]
		if once%4 == 0 && each%4 == 0 {
			s[k] = known(shape(once), shape(each))
		} else {
			s[k] = shapeUnknown // reported if a record of the kind turns up
		}
	}
	return &s, nil
}
