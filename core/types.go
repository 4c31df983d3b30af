// Compares whole types: whether one exists, and whether it has all that the program needs.

package core

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// A comparison is one of the two ways to compare types. Neither recurses: frames are the
// prototypes and structs whose parts are being compared.
type comparison struct {
	*work
	strict bool // names, sizes and members count (CORETypeMatches)
	frames []frame
}

// A pair is a type of the object and one of the target.
type pair struct {
	local, target btf.Type
	behind        bool // a pointer: members do not count there
	depth         int  // links of the chain so far
}

// A frame is a pair of prototypes whose parameters are being compared, or a pair of structs
// or unions whose members are.
type frame struct {
	pair
	local, target btf.Record
	i, j          uint32 // next parameter; or next member, and where it is searched
}

// maxFrames is the number of levels of libbpf's recursion.
const maxFrames = 32

// same reports whether the types of p agree, by the rules of libbpf's
// bpf_core_types_are_compat or, if c is strict, bpf_core_types_match.
func (c *comparison) same(p pair) (bool, error) {
	c.frames = c.frames[:0]
	for {
		ok, opened, err := c.chain(p)
		switch {
		case err != nil:
			return false, err
		case c.left < 0:
			return false, errExhausted
		}
		for told := !opened; ; told = true {
			if len(c.frames) == 0 {
				return ok, nil
			}
			var more bool
			if p, more, ok = c.frames[len(c.frames)-1].next(c, told, ok); more {
				break
			}
			c.frames = c.frames[:len(c.frames)-1]
		}
	}
}

// next takes the result of the pair that it returned before, if told is set. It returns
// the next pair to compare or, when more is false, the result of the frame.
func (f *frame) next(c *comparison, told, ok bool) (p pair, more, result bool) {
	if f.local.Kind() == btf.KindFuncProto {
		if told {
			f.i++
		}
		at, depth := 12+8*f.i+4, 0
		switch n := f.local.Vlen(); {
		case told && !ok || f.i > n:
			return pair{}, false, ok
		case f.i == n: // the result of the function goes on with the chain
			at, depth = 8, f.depth
		}
		return f.pairAt(at, at, depth), true, false
	}
	switch {
	case told && ok:
		f.i, f.j = f.i+1, 0
	case told:
		f.j++
	}
	if f.i == f.local.Vlen() {
		return pair{}, false, true
	}
	// libbpf too stops at the first member that has the name and matches.
	name := nameAt(f.local, memberAt(f.i))
	for ; f.j < f.target.Vlen() && c.left >= 0; f.j++ {
		if c.sameEssential(name, nameAt(f.target, memberAt(f.j))) {
			return f.pairAt(memberAt(f.i)+4, memberAt(f.j)+4, 0), true, false
		}
	}
	return pair{}, false, false
}

// pairAt returns the types whose ids are at byte offsets of the two records.
func (f *frame) pairAt(local, target uint32, depth int) pair {
	return pair{f.local.Follow(btf.TypeID(f.local.Word(local))), f.target.Follow(btf.TypeID(f.target.Word(target))), f.behind, depth}
}

// open starts a frame for the parts of p.
func (c *comparison) open(p pair) error {
	if len(c.frames) == maxFrames {
		return fmt.Errorf("types nest more than %d deep", maxFrames)
	}
	for _, t := range [...]btf.Type{p.local, p.target} {
		if err := t.Record().Check(); err != nil {
			return err
		}
		c.spend(int(t.Record().Vlen()))
	}
	c.frames = append(c.frames, frame{pair: p, local: p.local.Record(), target: p.target.Record()})
	return nil
}

// chain compares two types up to the first that has parts, and opens a frame for those.
func (c *comparison) chain(p pair) (ok, opened bool, err error) {
	for {
		if p.depth++; p.depth > maxChain {
			return false, false, fmt.Errorf("%v has more than %d pointers and arrays in a row", p.local, maxChain)
		}
		if p.local, err = p.local.Underlying(); err != nil {
			return false, false, err
		}
		if p.target, err = p.target.Underlying(); err != nil {
			return false, false, err
		}
		c.spend(0)
		v := c.compatible(p)
		if c.strict {
			v = c.matching(p)
		}
		switch v {
		case into:
			return false, true, c.open(p)
		case along:
			off := uint32(8)
			if p.local.Kind() == btf.KindArray {
				off = 12
			}
			p.behind = p.behind || p.local.Kind() == btf.KindPointer
			p.local = p.local.Record().Follow(btf.TypeID(p.local.Record().Word(off)))
			p.target = p.target.Record().Follow(btf.TypeID(p.target.Record().Word(off)))
		default:
			return v == yes, false, nil
		}
	}
}

// A verdict says what the types themselves tell, without what they refer to.
type verdict int

const (
	no    verdict = iota
	yes           // they agree
	along         // they agree if the pointees or elements do
	into          // they agree if their parameters or members do
)

func is(ok bool) verdict {
	if ok {
		return yes
	}
	return no
}

// compatible compares types as CORETypeExists does: names and sizes do not count.
func (c *comparison) compatible(p pair) verdict {
	k := oneEnum(p.local.Kind())
	if k != oneEnum(p.target.Kind()) {
		return no
	}
	switch k {
	case btf.KindVoid, btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindFwd:
		return yes
	case btf.KindInt:
		return is(intOffset(p.local) == 0 && intOffset(p.target) == 0)
	case btf.KindPointer, btf.KindArray:
		return along
	case btf.KindFuncProto:
		if p.local.Record().Vlen() == p.target.Record().Vlen() {
			return into
		}
	}
	return no
}

// matching compares types as CORETypeMatches does.
func (c *comparison) matching(p pair) verdict {
	l, t := p.local.Record(), p.target.Record()
	k := p.local.Kind()
	if !c.sameEssential(nameAt(l, 0), nameAt(t, 0)) {
		return no
	}
	switch k {
	case btf.KindFwd:
		switch {
		case t.Kind() == btf.KindFwd:
			return is(l.KindFlag() == t.KindFlag())
		case p.behind:
			return is(t.Kind() == composite(l))
		}
		return no
	case btf.KindEnum, btf.KindEnum64:
		return is(oneEnum(t.Kind()) == btf.KindEnum && c.matchingEnums(p.local, p.target))
	case btf.KindStruct, btf.KindUnion:
		switch {
		case p.behind && t.Kind() == btf.KindFwd:
			return is(composite(t) == k)
		case t.Kind() != k:
			return no
		case p.behind:
			return yes
		case l.Vlen() > t.Vlen():
			return no
		}
		return into
	}
	switch {
	case k != t.Kind():
	case k == btf.KindVoid:
		return yes
	case k == btf.KindInt:
		return is(l.Word(8) == t.Word(8) && (l.Word(12)^t.Word(12))>>24&uint32(btf.Signed) == 0)
	case k == btf.KindPointer, k == btf.KindArray && l.Word(20) == t.Word(20):
		return along
	case k == btf.KindFuncProto && l.Vlen() == t.Vlen():
		return into
	}
	return no
}

// composite returns the kind that a forward declaration declares.
func composite(fwd btf.Record) btf.Kind {
	if fwd.KindFlag() {
		return btf.KindUnion
	}
	return btf.KindStruct
}

// matchingEnums reports whether the target has an enumerator of the same essential name
// for each of the object (libbpf's bpf_core_enums_match).
func (c *comparison) matchingEnums(local, target btf.Type) bool {
	l, errL := btf.As[btf.Enum](local)
	t, errT := btf.As[btf.Enum](target)
	if errL != nil || errT != nil || l.Size() != t.Size() || l.NumEnumerators() > t.NumEnumerators() {
		return false
	}
	lr, tr := l.Record(), t.Record()
search:
	for i := range lr.Vlen() {
		for j := range tr.Vlen() {
			if c.left < 0 {
				return false
			}
			if c.sameEssential(nameAt(lr, enumeratorAt(l, i)), nameAt(tr, enumeratorAt(t, j))) {
				continue search
			}
		}
		return false
	}
	return true
}
