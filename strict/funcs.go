// Checks functions and their prototypes.

package strict

import (
	"cmp"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// function resolves a FUNC: btf_func_check.
func (c *checker) function(t *record) error {
	proto, ok := c.to(t, 8)
	if !ok || proto.Kind() != btf.KindFuncProto {
		return c.wrongID(t, 8, "invalid type_id", "a FUNC_PROTO", &proto)
	}
	if i := c.unnamedArg(&proto); i >= 0 {
		return t.problem(8, "invalid arg#%d: must have a name in %s, has none", i+1, proto.String())
	}
	return c.pop(proto.id, 0)
}

// unnamedArg returns the first argument of a prototype that has a type and no name. It
// returns -1 if all have a name. It keeps the answer for long prototypes, because many
// functions may share one.
func (c *checker) unnamedArg(proto *record) int {
	const long = 16
	if proto.Vlen() > long {
		if i, ok := c.unnamed[proto.id]; ok {
			return i
		}
	}
	found := -1
	for i := range proto.Vlen() {
		at := uapi.RecordSize + i*uapi.ParamSize
		if proto.Word(at) == 0 && proto.Word(at+4) != 0 {
			found = int(i)
			break
		}
	}
	if proto.Vlen() > long {
		c.unnamed[proto.id] = found
	}
	return found
}

// proto checks what a prototype takes and returns: btf_func_proto_check.
func (c *checker) proto(t *record) error {
	if t.third() != 0 {
		if err := c.passed(t, 8); err != nil {
			return err
		}
	}
	n := t.Vlen()
	// The kernel checks the "..." before the other arguments.
	if at := uapi.RecordSize + (n-1)*uapi.ParamSize; n > 0 && t.Word(at+4) == 0 {
		if name := t.Word(at); name != 0 {
			return t.problem(at, "%s: \"...\" must have no name, has %s", t.passing(at), t.quoted(name))
		}
		n--
	}
	for i := range n {
		at := uapi.RecordSize + i*uapi.ParamSize
		if rule := c.kernel.rule(identifierOrNone); !t.obeys(t.Word(at), rule) {
			return cmp.Or(c.nameInRange(t, at, t.passing(at)), t.nameSpelled(at, rule, t.passing(at)))
		}
		if err := c.passed(t, at+4); err != nil {
			return err
		}
	}
	return nil
}

// passed checks the type with the id at off in t, which a function takes or returns.
func (c *checker) passed(t *record, off uint32) error {
	next, ok := c.to(t, off)
	if !ok || declarationKinds.has(next.Kind()) {
		return c.wrongID(t, off, t.passing(off), anyType, &next)
	}
	if err := c.resolve(&next); err != nil {
		return err
	}
	if _, _, ok := c.sized(&next); !ok {
		return c.wrongID(t, off, t.passing(off), typeWithSize, &next)
	}
	return nil
}

// passing returns the kernel's words for an error about what is at off in a prototype.
func (r *record) passing(off uint32) string {
	if off < uapi.RecordSize {
		return "invalid return type"
	}
	return "invalid " + r.part(off)
}
