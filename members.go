// Computes the offset of a member, and finds a member by name.

package btf

import (
	"fmt"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// MemberByName returns the member of a name. As in C, it also searches anonymous members.
// The Offset of a member found there counts from c. For paths see [Type.Field]. The error
// matches [ErrNotFound] if there is no such member. It is a [*FormatError] if an anonymous
// member on the way is broken, or if anonymous members nest too deep.
func (c composite) MemberByName(name string) (Member, error) {
	left := c.layer.members()
	m, ok, err := c.find(name, &left)
	if err == nil && !ok {
		err = fmt.Errorf("btf: member %s of %v: %w", quoted(name), c.handle, ErrNotFound)
	}
	return m, err
}

// find is MemberByName without the error for a missing member, which allocates. left is
// the number of members that it may visit; see eachNamed.
func (c composite) find(name string, left *int64) (found Member, ok bool, err error) {
	if !possible(name) {
		return Member{}, false, nil
	}
	err = c.eachNamed(left, func(m Member, off uint32) bool {
		if m.parent.layer.strings.is(off, name) {
			found, ok = m, true
		}
		return !ok
	})
	return found, ok, err
}

// eachNamed calls visit with each named member and the offset of its name, until
// visit returns false. It includes the members of anonymous structs and unions, in
// declaration order. It takes the members that it visits from left, and returns an error
// if left is used up.
func (c composite) eachNamed(left *int64, visit func(m Member, off uint32) bool) error {
	if c.layer == nil {
		return nil
	}
	// In hostile BTF, a few bytes of anonymous members can stand for 2^32 visits. In
	// valid BTF no member is visited twice.
	most := c.layer.members()
	budget := min(most, *left)
	rest, err := c.visitNamed(budget, visit)
	*left -= budget - rest
	switch {
	case rest >= 0:
		return err
	case budget < most:
		return c.problem(0, "path leads through too many members")
	}
	return c.problem(0, "anonymous members repeat without end")
}

// visitNamed is eachNamed for as many members as budget says. It returns what is left of
// the budget, which is negative if it did not suffice.
func (c composite) visitNamed(budget int64, visit func(m Member, off uint32) bool) (int64, error) {
	// The anonymous composites being searched, outermost first. This replaces recursion.
	type frame struct {
		in    composite
		next  uint32
		outer Bits
	}
	var path [maxDepth]frame
	path[0] = frame{in: c}

	for depth := 0; depth >= 0; {
		f := &path[depth]
		if f.next >= f.in.vlen() {
			depth--
			continue
		}
		if budget--; budget < 0 {
			return budget, nil
		}
		m := Member{f.in, f.next, f.outer}
		f.next++
		if off := m.nameOff(); !f.in.layer.strings.none(off) {
			if !visit(m, off) {
				return budget, nil
			}
			continue
		}
		inner, err := As[Composite](m.Type())
		if err != nil {
			if _, ok := err.(kindError); ok {
				continue // an unnamed bitfield
			}
			return budget, err
		}
		if depth++; depth == maxDepth {
			return budget, c.problem(0, "anonymous members nest more than %d deep", maxDepth)
		}
		path[depth] = frame{in: inner.composite, outer: m.Offset()}
	}
	return budget, nil
}

// members returns the number of members that fit into l and the layers below it.
func (l *layer) members() int64 {
	n := int64(0)
	for ; l != nil; l = l.base {
		n += int64(len(l.types.bytes)) / memberSize
	}
	return n
}

// Offset returns the offset of the member in bits. It counts from the start of the struct
// or union that was searched for the member. For a bitfield it is the offset of the first
// bit in the ABI of the target: the lowest bit on little-endian machines, the highest bit
// on big-endian machines.
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

// BitfieldSize returns the width of a bitfield in bits, or 0 for other members.
func (m Member) BitfieldSize() Bits {
	if m.parent.flag() {
		return Bits(m.parent.word(m.at()+8) >> uapi.MemberBitfieldShift)
	}
	if i, odd := m.oddInt(); odd {
		return i.Bits()
	}
	return 0
}

// String returns a description for messages, such as
// "pid: TYPEDEF pid_t (id 52) at byte 2464".
func (m Member) String() string {
	s := m.parent.layer.shown(m.nameOff()) + ": " + m.Type().String() + " at " + m.Offset().describe()
	if width := m.BitfieldSize(); width != 0 {
		s += fmt.Sprintf(", %d bits wide", uint64(width))
	}
	return s
}

// oddInt returns the integer type of a bitfield in the encoding used before
// kind_flag, in which the INT has the bit offset and the width. The kernel still accepts
// it (btf_int_check_member). Loading a blob finds out whether it has such integers.
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
