// Checks what types lead to by the rules of the kernel.

package btf

import "cmp"

// A resolver follows every type to what it leads to, as btf_check_all_types of
// kernel/bpf/btf.c does: in the same order and no deeper, since the verdict depends
// on both. It keeps a step for each type on the way in place of recursion.
//
//	types by id ──► resolve ──► push, step … ──► pop: what it resolves to, its size
//
// The types of a base count as resolved.
type resolver struct {
	layer   *layer
	pointer uint32 // bytes of a pointer
	own     []resolution

	stack [maxDepth]resolving
	depth int
	mode  resolveMode

	unnamed map[TypeID]int // long prototypes → their first argument without a name, or -1
}

// A resolution is what is known of an own type.
type resolution struct {
	state uint8
	id    TypeID // what it resolves to
	size  uint32 // bytes, of an array
}

const (
	notVisited uint8 = iota
	visited
	resolved
)

// A resolving is a type on the way, and which of its elements is next.
type resolving struct {
	t    Type
	next uint32
}

// A resolveMode says at which types the way ends until their own turn: once there
// was a pointer, at structs and arrays, and once there was a struct or an array, at
// pointers. So a struct may hold a pointer to itself, but neither itself nor may a
// pointer lead to itself through typedefs alone.
type resolveMode uint8

const (
	undecided resolveMode = iota
	overPointers
	overComposites
)

const (
	arrayKinds      kindSet = 1 << KindArray
	pointerKinds    kindSet = 1 << KindPointer
	followedKinds           = modifiers | pointerKinds | compositeKinds | arrayKinds | 1<<KindVar | 1<<KindFunc | 1<<KindDeclTag | 1<<KindDatasec
	sourceOnlyKinds kindSet = 1<<KindVar | 1<<KindDeclTag | 1<<KindDatasec
	sizedKinds              = compositeKinds | 1<<KindInt | 1<<KindEnum | 1<<KindEnum64 | 1<<KindFloat | 1<<KindDatasec
	taggedKinds             = compositeKinds | 1<<KindFunc | 1<<KindVar | 1<<KindTypedef
	opaqueKinds     kindSet = 1<<KindVoid | 1<<KindFwd | 1<<KindFuncProto // what only modifiers and pointers may lead to
)

// follows are the kinds that a mode goes on from; it ends at all others.
var follows = [...]kindSet{
	undecided:      followedKinds,
	overPointers:   modifiers | pointerKinds,
	overComposites: modifiers | arrayKinds | compositeKinds,
}

func newResolver(l *layer, pointer uint32) *resolver {
	return &resolver{
		layer: l, pointer: pointer,
		own:     make([]resolution, l.starts.count),
		unnamed: map[TypeID]int{},
	}
}

// all resolves every type.
func (r *resolver) all() error {
	for t := range r.layer.all() {
		if err := r.resolve(t); err != nil {
			return err
		}
		if t.Kind() == KindFuncProto {
			if err := r.proto(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// typ returns the type with the id that stands at off in t, if there is one.
func (r *resolver) typ(t Type, off uint32) (Type, bool) {
	id := TypeID(t.word(off))
	return r.layer.typeByID(id), id < r.layer.end()
}

// of returns what is kept of an own type, nil for void and those of a base.
func (r *resolver) of(t Type) *resolution {
	if t.id >= r.layer.first && uint64(t.id-r.layer.first) < uint64(len(r.own)) {
		return &r.own[t.id-r.layer.first]
	}
	return nil
}

// resolve follows t until it is resolved.
func (r *resolver) resolve(t Type) error {
	if own := r.of(t); !followedKinds.has(t.Kind()) || own == nil || own.state == resolved {
		return nil
	}
	r.mode, r.depth = undecided, 0
	if err := r.push(t); err != nil {
		return err
	}
	for r.depth > 0 {
		if err := r.step(&r.stack[r.depth-1]); err != nil {
			return err
		}
	}
	return nil
}

// ends reports whether t needs no resolving before what leads to it.
func (r *resolver) ends(t Type) bool {
	own := r.of(t)
	return !follows[r.mode].has(t.Kind()) || own == nil || own.state == resolved
}

func (r *resolver) push(t Type) error {
	from := t
	if r.depth > 0 {
		from = r.stack[0].t
	}
	own := r.of(t)
	switch {
	case r.depth == maxDepth:
		return from.problem(0, "exceeded max resolving depth:%d: %v is deeper under it", maxDepth, t)
	case own == nil || own.state != notVisited:
		return from.problem(0, "loop detected: it leads to %v, and that back to itself", t)
	}
	own.state = visited
	r.stack[r.depth] = resolving{t: t}
	r.depth++
	if r.mode == undecided {
		switch kind := t.Kind(); {
		case kind == KindPointer:
			r.mode = overPointers
		case compositeKinds.has(kind), kind == KindArray:
			r.mode = overComposites
		}
	}
	return nil
}

// pop ends the last step: its type resolves to id.
func (r *resolver) pop(id TypeID, size uint32) error {
	r.depth--
	*r.of(r.stack[r.depth].t) = resolution{resolved, id, size}
	return nil
}

func (r *resolver) step(v *resolving) error {
	switch t := v.t; t.Kind() {
	case KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag, KindPointer, KindVar:
		return r.reference(t)
	case KindArray:
		return r.array(t)
	case KindStruct, KindUnion:
		return r.members(v)
	case KindFunc:
		return r.function(t)
	case KindDatasec:
		return r.datasec(v)
	case KindDeclTag:
		return r.declTag(t)
	}
	return r.pop(0, 0) // only if the bytes were rewritten after it was pushed
}

// target returns what t resolves to: void for an own type that is not resolved.
func (r *resolver) target(t Type) Type {
	if own := r.of(t); own != nil {
		return r.layer.typeByID(own.id)
	}
	u, err := t.Underlying()
	if err != nil {
		return Type{}
	}
	if u.Kind() == KindFunc {
		return u.follow(u.sizeOrType())
	}
	return u
}

// sized returns the type with a size that t is or resolves to, and the bytes.
func (r *resolver) sized(t Type) (Type, uint32, bool) {
	if modifiers.has(t.Kind()) {
		t = r.target(t)
	}
	switch kind := t.Kind(); {
	case sizedKinds.has(kind):
		return t, t.sizeOrType(), true
	case kind == KindPointer:
		return t, r.pointer, true
	case kind == KindArray:
		if own := r.of(t); own != nil {
			return t, own.size, true
		}
		size, err := t.Sizeof()
		return t, uint32(size), err == nil && size <= 1<<32-1
	}
	return t, 0, false
}

// reference resolves what has an id in its third word: a typedef, qualifier or
// type tag, a pointer, a variable.
func (r *resolver) reference(t Type) error {
	next, ok := r.typ(t, 8)
	if !ok || sourceOnlyKinds.has(next.Kind()) {
		return t.invalidID(8, "invalid type_id", "the id of a type", next)
	}
	if !r.ends(next) {
		return r.push(next)
	}
	if !modifiers.has(t.Kind()) && modifiers.has(next.Kind()) {
		// The modifier may have been resolved only to a pointer, on behalf of a
		// struct. A loop may lie behind that.
		if p := r.target(next); p.Kind() == KindPointer && !r.ends(p) {
			return r.push(p)
		}
	}
	if to, _, ok := r.sized(next); ok {
		return r.pop(to.id, 0)
	}
	if t.Kind() == KindVar {
		return t.invalidID(8, "invalid type_id", "a type with a size", next)
	}
	if own := r.of(next); own == nil && next.id != 0 || own != nil && own.state == resolved {
		next = r.target(next)
	}
	if !opaqueKinds.has(next.Kind()) {
		return t.invalidID(8, "invalid type_id", "a type that can be referred to", next)
	}
	return r.pop(next.id, 0)
}

// value returns the type at off in t that is to have a size once it is resolved.
// Ok is false if there is an error, or if it was pushed to be resolved first.
func (r *resolver) value(t Type, off uint32, problem string) (v Type, ok bool, err error) {
	v, ok = r.typ(t, off)
	if kind := v.Kind(); !ok || opaqueKinds.has(kind) || sourceOnlyKinds.has(kind) || kind == KindFunc {
		return v, false, t.invalidID(off, problem, "the id of a type with a size", v)
	}
	if !r.ends(v) {
		return v, false, r.push(v)
	}
	return v, true, nil
}

func (r *resolver) array(t Type) error {
	const elementAt, indexAt, countAt = recordSize, recordSize + 4, recordSize + 8
	index, ok, err := r.value(t, indexAt, "invalid index")
	if !ok {
		return err
	}
	i, _, _ := r.sized(index)
	if i.Kind() != KindInt || !(Int{handle: i}).regular() {
		return t.invalidID(indexAt, "invalid index", "an INT of 1, 2, 4, 8 or 16 whole bytes", index)
	}
	element, ok, err := r.value(t, elementAt, "invalid elem")
	if !ok {
		return err
	}
	e, size, ok := r.sized(element)
	if !ok {
		return t.invalidID(elementAt, "invalid elem", "a type with a size", element)
	}
	if e.Kind() == KindInt && !(Int{handle: e}).regular() {
		return t.invalidID(elementAt, "invalid array of int", "an INT of 1, 2, 4, 8 or 16 whole bytes", element)
	}
	n := t.word(countAt)
	bytes := uint64(n) * uint64(size)
	if bytes > 1<<32-1 {
		return t.problem(countAt, "array size overflows U32_MAX: %d elements of %d bytes", n, size)
	}
	return r.pop(e.id, uint32(bytes))
}

func (r *resolver) members(v *resolving) error {
	t := v.t
	if v.next > 0 { // its type was pushed, and is resolved now
		member, _ := r.typ(t, recordSize+(v.next-1)*memberSize+4)
		if err := r.member(t, v.next-1, member); err != nil {
			return err
		}
	}
	for i := v.next; i < t.vlen(); i++ {
		v.next = i + 1
		member, ok, err := r.value(t, recordSize+i*memberSize+4, "invalid member")
		if !ok {
			return err
		}
		if err := r.member(t, i, member); err != nil {
			return err
		}
	}
	return r.pop(0, 0)
}

func (r *resolver) member(t Type, i uint32, member Type) error {
	at := recordSize + i*memberSize
	of, size, ok := r.sized(member)
	if !ok {
		return t.invalidID(at+4, "invalid member", "a type with a size", member)
	}
	return memberPlace{parent: t, index: i, offset: t.word(at + 8), of: of, size: size}.fits(r.pointer)
}

func (r *resolver) datasec(v *resolving) error {
	t := v.t
	r.mode = undecided
	for i := v.next; i < t.vlen(); i++ {
		v.next = i + 1
		at := recordSize + i*varSecinfoSize
		variable, ok := r.typ(t, at)
		if !ok || variable.Kind() != KindVar {
			return t.invalidID(at, "not a VAR kind member", "a VAR", variable)
		}
		if !r.ends(variable) {
			// The kernel does not return to the size of this one.
			return r.push(variable)
		}
		of, _ := r.typ(variable, 8)
		_, size, ok := r.sized(of)
		if !ok {
			return t.invalidID(at, "invalid type", "a VAR of a type with a size", variable)
		}
		if had := t.word(at + 8); had < size {
			return t.problem(uint64(at)+8, "invalid size: %d bytes or more wanted for %v, it has %d", size, variable, had)
		}
	}
	return r.pop(0, 0)
}

func (r *resolver) function(t Type) error {
	proto, ok := r.typ(t, 8)
	if !ok || proto.Kind() != KindFuncProto {
		return t.invalidID(8, "invalid type_id", "a FUNC_PROTO", proto)
	}
	if i := r.unnamedArg(proto); i >= 0 {
		return t.problem(8, "invalid arg#%d: a name wanted, FUNC_PROTO (id %d) gives it none", i+1, proto.id)
	}
	return r.pop(proto.id, 0)
}

// unnamedArg returns the first argument of a prototype that has a type and no name,
// -1 if all have one. It remembers of long prototypes, since many functions may share
// one.
func (r *resolver) unnamedArg(proto Type) int {
	const long = 16
	if i, ok := r.unnamed[proto.id]; ok {
		return i
	}
	found := -1
	for i := range proto.vlen() {
		at := recordSize + i*paramSize
		if proto.word(at) == 0 && proto.word(at+4) != 0 {
			found = int(i)
			break
		}
	}
	if proto.vlen() > long {
		r.unnamed[proto.id] = found
	}
	return found
}

func (r *resolver) declTag(t Type) error {
	next, ok := r.typ(t, 8)
	if !ok || !taggedKinds.has(next.Kind()) {
		return t.invalidID(8, "invalid type_id", taggedKinds.String(), next)
	}
	if !r.ends(next) {
		return r.push(next)
	}
	component := int32(t.word(recordSize))
	if component == -1 {
		return r.pop(next.id, 0)
	}
	parts := uint32(0)
	switch kind := next.Kind(); {
	case compositeKinds.has(kind):
		parts = next.vlen()
	case kind == KindFunc:
		proto, _ := r.typ(next, 8)
		parts = proto.vlen()
	}
	if uint32(component) >= parts {
		return t.problem(recordSize, "invalid component_idx: -1 wanted, or below %d for %v, it is %d", parts, next, component)
	}
	return r.pop(next.id, 0)
}

// proto checks what a prototype takes and returns.
func (r *resolver) proto(t Type) error {
	if t.sizeOrType() != 0 {
		if err := r.passed(t, 8); err != nil {
			return err
		}
	}
	n := t.vlen()
	if at := recordSize + (n-1)*paramSize; n > 0 && t.word(at+4) == 0 { // "...", of which the kernel asks first
		if name := t.word(at); name != 0 {
			return t.problem(uint64(at), "%s: no name wanted for \"...\", it is %s", t.passing(at), t.layer.strings.quoted(name))
		}
		n--
	}
	for i := range n {
		at := recordSize + i*paramSize
		if !identifierOrNone.satisfied(&t.layer.strings, t.word(at)) {
			return cmp.Or(t.nameInside(at, t.passing(at)), t.nameAt(at, identifierOrNone, t.passing(at)))
		}
		if err := r.passed(t, at+4); err != nil {
			return err
		}
	}
	return nil
}

// passed checks the type, with its id at off in t, that a function is given or returns.
func (r *resolver) passed(t Type, off uint32) error {
	next, ok := r.typ(t, off)
	if !ok || sourceOnlyKinds.has(next.Kind()) {
		return t.invalidID(off, t.passing(off), "the id of a type", next)
	}
	if err := r.resolve(next); err != nil {
		return err
	}
	if _, _, ok := r.sized(next); !ok {
		return t.invalidID(off, t.passing(off), "a type with a size", next)
	}
	return nil
}

// passing is what the kernel calls an error at off in a prototype.
func (t Type) passing(off uint32) string {
	if off < recordSize {
		return "invalid return type"
	}
	return "invalid " + t.part(off)
}
