// Follows each type to the types it leads to, and finds loops.

package strict

import "github.com/seed-6c4a6465/btf"

// maxDepth is MAX_RESOLVE_DEPTH of kernel/bpf/btf.c.
const maxDepth = 32

// A resolver is what a checker needs to follow each type to what it leads to, as
// btf_check_all_types does. It follows in the same order and as far as the kernel, because
// the verdict depends on both. It has a stack of the types on the way, in place of
// recursion.
//
//	types by id ──► resolve ──► push, step … ──► pop: what it resolves to, its size
//
// The types of a base count as resolved.
type resolver struct {
	own   []resolution // of the types that are not in the base
	stack [maxDepth]resolving
	depth int
	mode  resolveMode

	unnamed map[btf.TypeID]int // first argument without a name of each long prototype, or -1
}

// A resolution is what is known of a type.
type resolution struct {
	state uint8
	id    btf.TypeID // what it resolves to
	size  uint32     // of an array, in bytes
}

const (
	notVisited uint8 = iota
	visited
	resolved
)

// A resolving is a type on the way, and the index of its next element.
type resolving struct {
	record
	next uint32
}

// A resolveMode says which types the resolver follows. After a pointer, it does not follow
// structs and arrays; after a struct or an array, it does not follow pointers. These have
// their own turn. So a struct may have a pointer to itself as a member. But a struct that
// is its own member is a loop, and so is a pointer that leads to itself through typedefs.
type resolveMode uint8

const (
	undecided resolveMode = iota
	overPointers
	overComposites
)

// followed are the kinds that lead to other types.
const followed = modifiers | pointers | composite | arrays | 1<<btf.KindVar | 1<<btf.KindFunc | 1<<btf.KindDeclTag | 1<<btf.KindDatasec

// followedIn are the kinds that are followed in a mode.
var followedIn = [...]kindSet{
	undecided:      followed,
	overPointers:   modifiers | pointers,
	overComposites: modifiers | arrays | composite,
}

// checkTypes resolves every type.
func (c *checker) checkTypes() error {
	c.own, c.unnamed = make([]resolution, c.spec.NumTypes()), map[btf.TypeID]int{}
	for t := range c.spec.All() {
		switch kind := t.Kind(); {
		case kind == btf.KindFuncProto:
			proto := raw(t)
			if err := c.proto(&proto); err != nil {
				return err
			}
		case followed.has(kind):
			if c.own[t.ID()-c.first].state == resolved {
				continue
			}
			start := raw(t)
			if err := c.resolve(&start); err != nil {
				return err
			}
		}
	}
	return nil
}

// of returns what is known of a type. It returns nil for void and for types of the base.
func (c *checker) of(id btf.TypeID) *resolution {
	if id >= c.first && uint64(id-c.first) < uint64(len(c.own)) {
		return &c.own[id-c.first]
	}
	return nil
}

// resolve follows t until it is resolved.
func (c *checker) resolve(t *record) error {
	if own := c.of(t.id); !followed.has(t.Kind()) || own == nil || own.state == resolved {
		return nil
	}
	c.mode, c.depth = undecided, 0
	if err := c.push(t); err != nil {
		return err
	}
	for c.depth > 0 {
		if err := c.step(&c.stack[c.depth-1]); err != nil {
			return err
		}
	}
	return nil
}

// ends reports whether the resolver need not follow t before it resolves what leads to t.
func (c *checker) ends(t *record) bool {
	if !followedIn[c.mode].has(t.Kind()) {
		return true
	}
	own := c.of(t.id)
	return own == nil || own.state == resolved
}

// push puts t on the stack: it is resolved before what leads to it.
func (c *checker) push(t *record) error {
	from := t
	if c.depth > 0 {
		from = &c.stack[0].record
	}
	own := c.of(t.id)
	switch {
	case c.depth == maxDepth:
		return from.problem(0, "exceeded max resolving depth:%d: %s lies deeper below it", maxDepth, t.String())
	case own == nil || own.state != notVisited:
		return from.problem(0, "loop detected: it leads to %s, which leads back to itself", t.String())
	}
	own.state = visited
	c.stack[c.depth] = resolving{record: *t}
	c.depth++
	if c.mode == undecided {
		switch kind := t.Kind(); {
		case kind == btf.KindPointer:
			c.mode = overPointers
		case composite.has(kind), kind == btf.KindArray:
			c.mode = overComposites
		}
	}
	return nil
}

// pop takes the last type off the stack. It resolves to the type with an id.
func (c *checker) pop(id btf.TypeID, size uint32) error {
	c.depth--
	*c.of(c.stack[c.depth].id) = resolution{resolved, id, size}
	return nil
}

// step follows the last type on the stack to the next type it leads to.
func (c *checker) step(v *resolving) error {
	switch t := &v.record; t.Kind() {
	case btf.KindArray:
		return c.array(t)
	case btf.KindStruct, btf.KindUnion:
		return c.members(v)
	case btf.KindFunc:
		return c.function(t)
	case btf.KindDatasec:
		return c.entries(v)
	case btf.KindDeclTag:
		return c.declTag(t)
	default:
		return c.reference(t)
	}
}

// target returns what a type resolves to. It returns void for a type that is not resolved
// yet.
func (c *checker) target(t *record) record {
	if own := c.of(t.id); own != nil {
		return c.at(own.id)
	}
	u, err := t.Follow(t.id).Underlying()
	if err != nil {
		return record{}
	}
	if u.Kind() == btf.KindFunc {
		return c.at(btf.TypeID(u.Record().Word(8)))
	}
	return c.at(u.ID())
}

// sized returns the type with a size that t is or resolves to, and its size in bytes. Ok is
// false if there is no such type.
func (c *checker) sized(t *record) (_ record, size uint32, ok bool) {
	to := *t
	if modifiers.has(t.Kind()) {
		to = c.target(t)
	}
	switch kind := to.Kind(); {
	case sizedKinds.has(kind):
		return to, to.third(), true
	case kind == btf.KindPointer:
		return to, c.pointer, true
	case kind == btf.KindArray:
		if own := c.of(to.id); own != nil {
			return to, own.size, true
		}
		size, err := to.Follow(to.id).Sizeof()
		return to, uint32(size), err == nil && size <= 1<<32-1
	}
	return to, 0, false
}
