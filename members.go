// member → where it lies; struct or union → the member with a name

package btf

import (
	"fmt"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// Offset returns the bits from the start of the composite that was asked for the
// member. For a bitfield they lead to its first bit as the ABI of the target
// counts: the lowest on little-endian machines, the highest on big-endian ones.
func (m Member) Offset() Bits {
	word := m.parent.word(m.at() + 8)
	if m.parent.flag() {
		return m.outer + Bits(word&uapi.MemberOffsetMask)
	}
	if i, odd := m.oddInt(); odd {
		return m.outer + Bits(word) + i.Offset()
	}
	return m.outer + Bits(word)
}

// BitfieldSize returns the width of a bitfield, 0 for a member that is none.
func (m Member) BitfieldSize() Bits {
	if m.parent.flag() {
		return Bits(m.parent.word(m.at()+8) >> uapi.MemberBitfieldShift)
	}
	if i, odd := m.oddInt(); odd {
		return i.Bits()
	}
	return 0
}

// oddInt returns the member's integer if that says where and how wide a bitfield
// is: the encoding from before kind_flag, which the kernel still reads in
// btf_int_check_member. Blobs without such an integer are known from loading.
func (m Member) oddInt() (Int, bool) {
	if m.parent.layer == nil || !m.parent.layer.oddInts {
		return Int{}, false
	}
	i, err := As[Int](m.Type())
	if err != nil || !oddInt(i.Size(), i.word(recordSize)) {
		return Int{}, false
	}
	return i, true
}

// MemberByName returns the member with a name, looking into anonymous structs and
// unions as C does. Its Offset counts from c. For members of members, see
// [Type.Field].
//
// The error matches [ErrNotFound] if there is none. It is a [*FormatError] if an
// anonymous member on the way is broken, or if they nest without end.
func (c Composite) MemberByName(name string) (Member, error) {
	m, ok, err := c.find(name)
	if err == nil && !ok {
		err = fmt.Errorf("btf: member %q of %v: %w", name, c.Type, ErrNotFound)
	}
	return m, err
}

// find is MemberByName for those to whom a missing member is no error: saying so
// takes no allocation.
func (c Composite) find(name string) (found Member, ok bool, err error) {
	if !possible(name) {
		return Member{}, false, nil
	}
	err = c.eachNamed(func(m Member, off uint32) bool {
		if m.parent.layer.strings.is(off, name) {
			found, ok = m, true
		}
		return !ok
	})
	return found, ok, err
}

// eachNamed calls visit with each member that has a name, and where that is, until
// it returns false. Those of anonymous structs and unions are among them, in the
// order of the declaration.
func (c Composite) eachNamed(visit func(m Member, off uint32) bool) error {
	if c.layer == nil {
		return nil
	}
	// The path of anonymous composites down to the one being looked through, in
	// place of recursion.
	type frame struct {
		in    Composite
		next  uint32
		outer Bits
	}
	var path [maxDepth]frame
	path[0] = frame{in: c}

	// A blob of a few bytes can nest anonymous members 2^32 times over. An honest
	// one is through before it has seen each of its bytes once.
	budget := c.budget()

	for depth := 0; depth >= 0; {
		f := &path[depth]
		if f.next >= f.in.vlen() {
			depth--
			continue
		}
		if budget--; budget < 0 {
			return c.problem(0, "anonymous members repeat without end")
		}
		m := Member{f.in, f.next, f.outer}
		f.next++
		if off := m.nameOff(); !f.in.layer.strings.none(off) {
			if !visit(m, off) {
				return nil
			}
			continue
		}
		inner, err := As[Composite](m.Type())
		if err != nil {
			if _, ok := err.(kindError); ok {
				continue // an unnamed bitfield
			}
			return err
		}
		if depth++; depth == maxDepth {
			return c.problem(0, "anonymous members more than %d deep", maxDepth)
		}
		path[depth] = frame{in: inner, outer: m.Offset()}
	}
	return nil
}

// budget is how many members the layers under c have room for.
func (c Composite) budget() int64 {
	n := int64(0)
	for l := c.layer; l != nil; l = l.base {
		n += int64(len(l.types.bytes)) / memberSize
	}
	return n
}
