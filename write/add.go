// Copies types of a Spec into a Builder, with all types that they refer to.

package write

import (
	"bytes"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// Add copies t and all types that it refers to, and returns the new id of t. A type
// that was added before is not added again. Decl tags refer to the type that they tag,
// not the reverse: the caller adds those that it needs, see [btf.Type.Tags].
//
// The error is a [*btf.FormatError] if a record is broken. It matches
// [btf.ErrNotSupported] for a kind that only a layout section describes, and
// [btf.ErrClosed] for a type of a closed Spec. After an error the Builder has the types
// that it had before. If an earlier type cannot be written, Add returns the error that
// [Builder.Spec] returns.
//
// It is another error if pointers have one size in the Spec of t, and another in the Spec
// of a type that was added before: sizes and offsets of both are not for one machine.
//
// Time and memory grow with the types that are copied, not with the Spec.
func (b *Builder) Add(t btf.Type) (btf.TypeID, error) {
	if t == (btf.Type{}) {
		return 0, nil
	}
	if t.Kind() == btf.KindVoid {
		return 0, fmt.Errorf("btf: adding %v: %w", t, btf.ErrClosed)
	}
	if id, ok := b.added[t]; ok {
		return id, nil
	}
	if b.added == nil {
		b.added = map[btf.Type]btf.TypeID{}
	}
	c := copier{builder: b, types: len(b.types.bytes), count: b.count, pointer: b.pointer}
	id := c.id(t)
	for i := 0; i < len(c.queue); i++ {
		if err := c.copy(c.queue[i]); err != nil {
			c.undo()
			return 0, err
		}
	}
	return id, nil
}

// A copier copies one type and all types that it refers to.
type copier struct {
	builder *Builder
	types   int    // length of the Builder's types before
	count   uint32 // number of the Builder's types before
	pointer uint64 // the Builder's pointer size before
	queue   []btf.Type
	long    map[uint32]uint32 // name offset → offset in the Builder, of long names
}

// id returns the new id of a type. It appends the type to the queue if it has none.
func (c *copier) id(t btf.Type) btf.TypeID {
	if t == (btf.Type{}) {
		return 0
	}
	id, ok := c.builder.added[t]
	if !ok {
		c.queue = append(c.queue, t)
		id = btf.TypeID(c.count) + btf.TypeID(len(c.queue))
		c.builder.added[t] = id
	}
	return id
}

// copy appends the record of t, with new type ids and name offsets.
func (c *copier) copy(t btf.Type) error {
	b := c.builder
	if k := t.Kind(); k > btf.KindLocsec {
		return fmt.Errorf("btf: adding %v: %w", t, btf.ErrNotSupported)
	}
	words, r, err := checkedWords(t, nil)
	if err != nil {
		return err
	}
	if r.Kind() == btf.KindDatasec {
		if err := placeVars(t, words); err != nil {
			return err
		}
	}
	if r.Kind() == btf.KindPointer {
		if err := b.pointerOf(t); err != nil {
			return err
		}
	}
	uapi.KindFields[r.Kind()].Visit(r.Len(),
		func(at uint32) { words[at/4] = c.name(r, words[at/4]) },
		func(at uint32) { words[at/4] = uint32(c.id(r.Follow(btf.TypeID(words[at/4])))) })
	if b.err != nil {
		return b.err
	}
	b.types.words(words)
	b.count++
	return nil
}

// pointerOf remembers the size of a pointer, which a copied PTR has in its Spec.
func (b *Builder) pointerOf(t btf.Type) error {
	size, err := t.Sizeof()
	if err != nil {
		return nil // it is unknown
	}
	if b.pointer != 0 && b.pointer != size {
		return fmt.Errorf("btf: adding %v: pointers must have %d bytes, as in the types that were added before, have %d", t, b.pointer, size)
	}
	b.pointer = size
	return nil
}

// name returns the offset in the Builder of the name at an offset. In hostile BTF a
// million records can share a name as long as the section. It is copied once.
func (c *copier) name(r btf.Record, off uint32) uint32 {
	b := c.builder
	if b.err != nil {
		return 0
	}
	if at, ok := c.long[off]; ok {
		return at
	}
	s := r.Strings(off)
	n := bytes.IndexByte(s[:min(len(s), maxStrings)], 0)
	if n < 0 {
		if len(s) >= maxStrings {
			b.failStrings()
		}
		return 0
	}
	at := b.string(string(s[:n]))
	if n >= uapi.MaxNameLen {
		if c.long == nil {
			c.long = map[uint32]uint32{}
		}
		c.long[off] = at
	}
	return at
}

// undo takes back all that was added.
func (c *copier) undo() {
	for _, t := range c.queue {
		delete(c.builder.added, t)
	}
	c.builder.types.bytes, c.builder.count = c.builder.types.bytes[:c.types], c.count
	c.builder.pointer = c.pointer
}
