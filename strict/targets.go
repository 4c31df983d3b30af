// Checks what a type leads to: the target of a pointer, an element, a member, a variable.

package strict

import (
	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// What a type id must be that of.
const (
	typeWithSize = "a type with a size"
	anyType      = "a type other than VAR, DATASEC and DECL_TAG"
	plainInt     = "an INT of 8, 16, 32, 64 or 128 bits at offset 0"
)

// reference resolves a type with an id in its third word: a typedef, qualifier or type
// tag, a pointer, a variable.
func (c *checker) reference(t *record) error {
	next, ok := c.to(t, 8)
	if !ok || declarationKinds.has(next.Kind()) {
		return c.wrongID(t, 8, "invalid type_id", anyType, &next)
	}
	if !c.ends(&next) {
		return c.push(&next)
	}
	if !modifiers.has(t.Kind()) && modifiers.has(next.Kind()) {
		// The modifier may have been resolved only as far as a pointer, for a struct.
		// There may be a loop behind that pointer.
		if p := c.target(&next); p.Kind() == btf.KindPointer && !c.ends(&p) {
			return c.push(&p)
		}
	}
	if to, _, ok := c.sized(&next); ok {
		return c.pop(to.id, 0)
	}
	if t.Kind() == btf.KindVar {
		return c.wrongID(t, 8, "invalid type_id", typeWithSize, &next)
	}
	if own := c.of(next.id); own == nil && next.id != 0 || own != nil && own.state == resolved {
		next = c.target(&next)
	}
	if !sizelessKinds.has(next.Kind()) {
		return c.wrongID(t, 8, "invalid type_id", "a type with a size, void, a FWD or a FUNC_PROTO", &next)
	}
	return c.pop(next.id, 0)
}

// value returns the type with the id at off in t, which must have a size. Ok is false if
// there is an error, or if the type was pushed to be resolved first.
func (c *checker) value(t *record, off uint32, problem string) (v record, ok bool, err error) {
	v, ok = c.to(t, off)
	if kind := v.Kind(); !ok || sizelessKinds.has(kind) || declarationKinds.has(kind) || kind == btf.KindFunc {
		return v, false, c.wrongID(t, off, problem, typeWithSize, &v)
	}
	if !c.ends(&v) {
		return v, false, c.push(&v)
	}
	return v, true, nil
}

func (c *checker) array(t *record) error {
	const elementAt, indexAt, countAt = uapi.RecordSize, uapi.RecordSize + 4, uapi.RecordSize + 8
	index, ok, err := c.value(t, indexAt, "invalid index")
	if !ok {
		return err
	}
	if i, _, _ := c.sized(&index); i.Kind() != btf.KindInt || !i.regularInt() {
		return c.wrongID(t, indexAt, "invalid index", plainInt, &index)
	}
	element, ok, err := c.value(t, elementAt, "invalid elem")
	if !ok {
		return err
	}
	e, size, ok := c.sized(&element)
	if !ok {
		return c.wrongID(t, elementAt, "invalid elem", typeWithSize, &element)
	}
	if e.Kind() == btf.KindInt && !e.regularInt() {
		return c.wrongID(t, elementAt, "invalid array of int", plainInt, &element)
	}
	n := t.Word(countAt)
	bytes := uint64(n) * uint64(size)
	if bytes > 1<<32-1 {
		return t.problem(countAt, "array size overflows U32_MAX: has %d elements of %d bytes", n, size)
	}
	return c.pop(e.id, uint32(bytes))
}

// members resolves a struct or union.
func (c *checker) members(v *resolving) error {
	t := &v.record
	if v.next > 0 { // the type of this member was pushed, and is resolved now
		typ, _ := c.to(t, uapi.RecordSize+(v.next-1)*uapi.MemberSize+4)
		if err := c.member(t, v.next-1, &typ); err != nil {
			return err
		}
	}
	for i := v.next; i < t.Vlen(); i++ {
		v.next = i + 1
		typ, ok, err := c.value(t, uapi.RecordSize+i*uapi.MemberSize+4, "invalid member")
		if !ok {
			return err
		}
		if err := c.member(t, i, &typ); err != nil {
			return err
		}
	}
	return c.pop(0, 0)
}

func (c *checker) member(t *record, i uint32, typ *record) error {
	at := uapi.RecordSize + i*uapi.MemberSize
	of, size, ok := c.sized(typ)
	if !ok {
		return c.wrongID(t, at+4, "invalid member", typeWithSize, typ)
	}
	p := placed{parent: t, index: i, offset: t.Word(at + 8), typ: &of, size: size}
	return p.check(c.pointer)
}

// entries resolves a DATASEC.
func (c *checker) entries(v *resolving) error {
	t := &v.record
	c.mode = undecided
	for i := v.next; i < t.Vlen(); i++ {
		v.next = i + 1
		at := uapi.RecordSize + i*uapi.VarSecinfoSize
		variable, ok := c.to(t, at)
		if !ok || variable.Kind() != btf.KindVar {
			return c.wrongID(t, at, "not a VAR kind member", "a VAR", &variable)
		}
		if !c.ends(&variable) {
			// The kernel does not come back to the size of this variable.
			return c.push(&variable)
		}
		typ, _ := c.to(&variable, 8)
		_, size, ok := c.sized(&typ)
		if !ok {
			return c.wrongID(t, at, "invalid type", "a VAR of "+typeWithSize, &variable)
		}
		if had := t.Word(at + 8); had < size {
			return t.problem(at+8, "invalid size: entry %d needs %d bytes for %s, has %d", i, size, variable.String(), had)
		}
	}
	return c.pop(0, 0)
}

func (c *checker) declTag(t *record) error {
	next, ok := c.to(t, 8)
	if !ok || !taggable.has(next.Kind()) {
		return c.wrongID(t, 8, "invalid type_id", "a STRUCT, UNION, TYPEDEF, FUNC or VAR", &next)
	}
	if !c.ends(&next) {
		return c.push(&next)
	}
	component := int32(t.Word(uapi.RecordSize))
	if component == -1 {
		return c.pop(next.id, 0)
	}
	parts := uint32(0)
	switch kind := next.Kind(); {
	case composite.has(kind):
		parts = next.Vlen()
	case kind == btf.KindFunc:
		proto, _ := c.to(&next, 8)
		parts = proto.Vlen()
	}
	if uint32(component) >= parts {
		return t.problem(uapi.RecordSize, "invalid component_idx: must be -1, or below %d for %s, is %d", parts, next.String(), component)
	}
	return c.pop(next.id, 0)
}
