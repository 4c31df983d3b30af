// Finds the field or enumerator of a relocation in a candidate.

package core

import (
	"errors"

	"github.com/seed-6c4a6465/btf"
)

var errExhausted = errors.New("types ask for too many comparisons")

var errTooDeep = errors.New("field is more than 64 members and elements deep")

// field finds the field of q in a candidate (libbpf's bpf_core_spec_match).
func (r *resolver) field(q *question, candidate btf.Type, on side) (found place, ok bool, err error) {
	under, err := candidate.Underlying()
	if err != nil {
		return place{}, false, err
	}
	size, err := on.sizeof(under)
	if err != nil {
		return place{}, false, err
	}
	found = place{step{typ: under, index: q.path[0].index}, uint64(q.path[0].index) * size * 8}
	raw := 1 // number of members and elements so far, with anonymous members
	for _, want := range q.path[1:q.n] {
		in, err := found.typ.Underlying()
		if err != nil {
			return place{}, false, err
		}
		if want.named {
			if !isComposite(in.Kind()) {
				return place{}, false, nil
			}
			s, offset, ok, err := r.member(want, in, &raw)
			if !ok || err != nil {
				return place{}, false, err
			}
			found = place{s, found.offset + offset}
		} else {
			if in.Kind() != btf.KindArray {
				return place{}, false, nil
			}
			a, err := btf.As[btf.Array](in)
			if err != nil {
				return place{}, false, err
			}
			if want.index >= a.Nelems() && !found.flexible(a) {
				return place{}, false, nil
			}
			if raw++; raw > maxSteps {
				return place{}, false, errTooDeep
			}
			size, err := on.sizeof(a.Type())
			if err != nil {
				return place{}, false, err
			}
			found = place{step{typ: a.Type(), index: want.index}, found.offset + uint64(want.index)*size*8}
		}
	}
	if found.offset >= 8<<32 {
		return place{}, false, errors.New("offset must be below 2^32 bytes")
	}
	return found, true, r.exhausted()
}

// A level is a struct or union that is being searched for a member.
type level struct {
	in     btf.Composite
	record btf.Record
	next   uint32
	offset uint64 // bits from the outermost level
}

// member finds the field of the target that stands for want (libbpf's
// bpf_core_match_member). A member that has the name and is of another sort is no field:
// the search ends, because members of other levels have other names.
func (r *resolver) member(want step, in btf.Type, raw *int) (found step, offset uint64, ok bool, err error) {
	found, offset, ok, err = r.named(want.member.NameBytes(), in, raw)
	if ok && err == nil {
		ok, err = r.compatibleFields(want.typ, found.typ)
	}
	return found, offset, ok, err
}

// named finds the member of a name in a struct or union and the anonymous ones inside it,
// depth first. raw counts the members on the way, whose indexes are in r.levels.
func (r *resolver) named(name []byte, in btf.Type, raw *int) (found step, offset uint64, ok bool, err error) {
	c, err := btf.As[btf.Composite](in)
	if err != nil {
		return step{}, 0, false, err
	}
	r.levels[0] = level{in: c, record: c.Record()}
	for depth := 0; depth >= 0; {
		l := &r.levels[depth]
		if l.next >= l.record.Vlen() {
			depth--
			continue
		}
		if *raw+depth >= maxSteps {
			return step{}, 0, false, errTooDeep
		}
		if !r.spend(0) {
			return step{}, 0, false, errExhausted
		}
		i := l.next
		l.next++
		switch b := nameAt(l.record, memberAt(i)); {
		case anonymous(b):
			m := l.in.Member(int(i))
			inner, err := m.Type().Underlying()
			if err != nil {
				return step{}, 0, false, err
			}
			if !isComposite(inner.Kind()) {
				continue // an unnamed bitfield
			}
			c, err := btf.As[btf.Composite](inner)
			if err != nil {
				return step{}, 0, false, err
			}
			depth++
			r.levels[depth] = level{in: c, record: c.Record(), offset: l.offset + uint64(m.Offset())}
			r.spend(c.NumMembers())
		case isName(b, name):
			m := l.in.Member(int(i))
			*raw += depth + 1
			s := step{typ: m.Type(), member: m, named: true, last: i == l.record.Vlen()-1, index: i}
			return s, l.offset + uint64(m.Offset()), true, nil
		}
	}
	return step{}, 0, false, nil
}

func isComposite(k btf.Kind) bool { return k == btf.KindStruct || k == btf.KindUnion }

// compatibleFields reports whether a field of the target can stand for one of the object
// (libbpf's bpf_core_fields_are_compat). Integers in the encoding of bitfields used before
// Linux 4.20 can too: Member.Offset has what they add to the offset.
func (r *resolver) compatibleFields(local, target btf.Type) (bool, error) {
	for inArray := false; ; inArray = true {
		l, err := local.Underlying()
		if err != nil {
			return false, err
		}
		t, err := target.Underlying()
		if err != nil {
			return false, err
		}
		k := oneEnum(l.Kind())
		switch {
		case isComposite(k) && isComposite(t.Kind()):
			return true, nil
		case k != oneEnum(t.Kind()):
			return false, nil
		}
		switch k {
		case btf.KindPointer, btf.KindFloat:
			return true, nil
		case btf.KindInt:
			return !inArray || intOffset(l) == 0 && intOffset(t) == 0, nil
		case btf.KindFwd, btf.KindEnum:
			a, b := nameAt(l.Record(), 0), nameAt(t.Record(), 0)
			return anonymous(a) || anonymous(b) || r.sameEssential(a, b), r.exhausted()
		case btf.KindArray:
			local, target = l.Record().Follow(btf.TypeID(l.Record().Word(12))), t.Record().Follow(btf.TypeID(t.Record().Word(12)))
			if !r.spend(0) {
				return false, errExhausted
			}
		default:
			return false, nil
		}
	}
}

// intOffset returns the bit offset of an INT, which is 0 in current BTF.
func intOffset(t btf.Type) uint32 { return t.Record().Word(12) >> 16 & 0xff }

// enumerator finds the enumerator of q in a candidate, by its essential name.
func (r *resolver) enumerator(q *question, candidate btf.Type) (found btf.Enumerator, ok bool, err error) {
	under, err := candidate.Underlying()
	if err != nil || oneEnum(under.Kind()) != btf.KindEnum {
		return btf.Enumerator{}, false, err
	}
	e, err := btf.As[btf.Enum](under)
	if err != nil {
		return btf.Enumerator{}, false, err
	}
	local, target := q.enum.Record(), e.Record()
	name := nameAt(local, enumeratorAt(q.enum, q.index))
	for i := range target.Vlen() {
		if r.sameEssential(name, nameAt(target, enumeratorAt(e, i))) {
			return e.Enumerator(int(i)), true, nil
		}
		if r.left < 0 {
			return btf.Enumerator{}, false, errExhausted
		}
	}
	return btf.Enumerator{}, false, nil
}

// enumeratorAt returns the byte offset of an enumerator in a record, where its name offset
// is.
func enumeratorAt(e btf.Enum, i uint32) uint32 {
	if e.Kind() == btf.KindEnum64 {
		return 12 + 12*i
	}
	return 12 + 8*i
}
