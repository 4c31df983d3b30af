// Reads the words of a record that is to be written, and fills in what a DATASEC lacks.

package write

import (
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// checkedWords proves that the names and type ids in the record of t are in range, and
// appends its words to words[:0]. Somebody may rewrite the file meanwhile. Whoever
// writes the words goes by them and by the Record, which read the kind and the number
// of elements once, and not by t.
func checkedWords(t btf.Type, words []uint32) ([]uint32, btf.Record, error) {
	if err := t.Record().Check(); err != nil {
		return nil, btf.Record{}, err
	}
	r := t.Record()
	if words = r.AppendWords(words[:0]); len(words) == 0 {
		return nil, r, &btf.FormatError{
			Section: "types", Offset: uint64(r.Offset()), TypeID: t.ID(),
			Problem: fmt.Sprintf("%s record was rewritten while it was read", t.Kind()),
		}
	}
	return words, r, nil
}

// placeVars puts the size and the offsets that [btf.Datasec] tells into the words of
// its record. Compilers for BPF write size 0 and offsets 0 there. The view knows better
// if the Spec was loaded from the object file.
func placeVars(t btf.Type, words []uint32) error {
	if words[2] != 0 {
		return nil
	}
	d, err := btf.As[btf.Datasec](t)
	if err != nil {
		return err
	}
	words[2] = d.Size()
	i := 0
	for e := range slices.Chunk(words[uapi.RecordSize/4:], uapi.VarSecinfoSize/4) {
		v := d.Var(i) // of void if the record was rewritten and has fewer entries now
		e[0], e[1], e[2] = uint32(v.Type().ID()), v.Offset(), v.Size()
		i++
	}
	return nil
}
