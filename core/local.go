// Follows an access string through the types of the object.

package core

import (
	"errors"
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// A step is a part of the way to a field: a named member, or an element of an array.
// Anonymous members are no steps of their own.
type step struct {
	typ    btf.Type   // of the member or element, with its typedefs and qualifiers
	member btf.Member // of a named member
	named  bool
	last   bool // the member is the last of its struct or union
	index  uint32
}

// A place is a field in a type of the object or of the target.
type place struct {
	step
	offset uint64 // bits from the start of the type of the relocation
}

// A question is what a relocation asks for, in terms of the object.
type question struct {
	kind  btf.CORERelocationKind
	root  btf.Type // with its typedefs and qualifiers: they have the name
	under btf.Type // root without them
	path  [maxSteps]step
	n     int
	place          // of a field
	enum  btf.Enum // of an enumerator
	index uint32
	text  accessor
}

// read sets q to what a relocation asks for (libbpf's bpf_core_parse_spec).
func (q *question) read(kind btf.CORERelocationKind, root btf.Type, access []byte) error {
	q.kind, q.root, q.n, q.place = kind, root, 0, place{}
	if kind > btf.CORETypeMatches {
		return fmt.Errorf("kind of relocation must be at most %d, is %d: %w", btf.CORETypeMatches, kind, btf.ErrNotSupported)
	}
	if kind != btf.CORETypeIDLocal && len(root.NameBytes()) == 0 {
		return errors.New("type must have a name")
	}
	if err := q.text.parse(access); err != nil {
		return err
	}
	under, err := root.Underlying()
	if err != nil {
		return err
	}
	q.under = under
	switch {
	case isField(kind):
		return q.readField()
	case isEnumerator(kind):
		return q.readEnumerator()
	case string(access) != "0":
		return fmt.Errorf(`access string of a type must be "0", is %q`, access)
	}
	return nil
}

func isField(k btf.CORERelocationKind) bool { return k <= btf.COREFieldRShiftU64 }

func isEnumerator(k btf.CORERelocationKind) bool {
	return k == btf.COREEnumvalExists || k == btf.COREEnumvalValue
}

func (q *question) readEnumerator() error {
	e, err := btf.As[btf.Enum](q.under)
	if err != nil {
		return fmt.Errorf("%v is not an enum: %w", q.under, err)
	}
	if q.text.n != 1 || uint64(q.text.index[0]) >= uint64(e.NumEnumerators()) {
		return fmt.Errorf("access string must be the index of one of %d enumerators", e.NumEnumerators())
	}
	q.enum, q.index = e, q.text.index[0]
	return nil
}

func (q *question) readField() error {
	size, err := local.sizeof(q.under)
	if err != nil {
		return err
	}
	// The first index counts whole values, as if the type were the element of an array.
	first := q.text.index[0]
	q.add(step{typ: q.under, index: first})
	q.offset = uint64(first) * size * 8
	t, nameless := q.under, false
	for _, i := range q.text.index[1:q.text.n] {
		if t, err = t.Underlying(); err != nil {
			return err
		}
		switch t.Kind() {
		case btf.KindStruct, btf.KindUnion:
			c, err := btf.As[btf.Composite](t)
			if err != nil {
				return err
			}
			if uint64(i) >= uint64(c.NumMembers()) {
				return fmt.Errorf("%v has %d members, access string asks for number %d", t, c.NumMembers(), i)
			}
			m := c.Member(int(i))
			q.offset += uint64(m.Offset())
			t = m.Type()
			if nameless = anonymous(nameAt(c.Record(), memberAt(i))); !nameless {
				q.add(step{typ: t, member: m, named: true, last: int(i) == c.NumMembers()-1, index: i})
			}
		case btf.KindArray:
			a, err := btf.As[btf.Array](t)
			if err != nil {
				return err
			}
			if i >= a.Nelems() && !q.path[q.n-1].flexible(a) {
				return fmt.Errorf("%v has %d elements, access string asks for number %d", t, a.Nelems(), i)
			}
			t = a.Type()
			size, err := local.sizeof(t)
			if err != nil {
				return err
			}
			q.offset += uint64(i) * size * 8
			q.add(step{typ: t, index: i})
			nameless = false
		default:
			return fmt.Errorf("access string leads into %v, which has no members and no elements", t)
		}
	}
	switch {
	case q.offset >= 8<<32:
		return errors.New("offset must be below 2^32 bytes")
	case nameless:
		// libbpf adds the offset of that member on the side of the object only.
		return errors.New("access string must not end in an anonymous member, which no name finds")
	}
	q.step = q.path[q.n-1]
	return nil
}

func (q *question) add(s step) {
	q.path[q.n] = s
	q.n++
}

// memberAt returns the byte offset of a member in a record, where its name offset is.
func memberAt(i uint32) uint32 { return 12 + 12*i }

// flexible reports whether an array may have any index: it has no length and is the last
// member of its struct (libbpf's is_flex_arr). s leads to the array.
func (s step) flexible(a btf.Array) bool { return s.named && s.last && a.Nelems() == 0 }
