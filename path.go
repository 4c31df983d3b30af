// Resolves a path to a field: its offset, its size, its type.

package btf

import (
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"strings"
)

// A Field is where a path leads: a member of a member, an element of an array, or
// a whole type. It is got from [Spec.Field], [Spec.Fields] or [Type.Field].
//
// All but its Type was found when the path was resolved, and stays good after
// Close.
type Field struct {
	typ      Type
	size     uint64
	bitfield Bits
	pointers int
	offsets  [maxPointers + 1]Bits // one before each pointer, and the last
}

// maxPointers is how many pointers a path may lead through.
const maxPointers = 15

// Type returns the type of the field as it was declared. It is void in the zero
// Field only.
func (f Field) Type() Type { return f.typ }

// Size returns the bytes of the field's type, which is wider than a bitfield of it.
// It is 0 for a flexible array, and for pointers where nothing says how wide they
// are (see [Spec.PointerSize]).
func (f Field) Size() uint64 { return f.size }

// BitfieldSize returns the width of a bitfield, 0 for a field that is none.
func (f Field) BitfieldSize() Bits { return f.bitfield }

// Offset returns the bits from the start of the type that the path begins with to
// the field; if it leads through pointers, from where the last of these points. In
// a bitfield it leads to what [Member.Offset] says.
func (f Field) Offset() Bits { return f.offsets[f.pointers] }

// Offsets yields an offset for each pointer that the path leads through, and then
// Offset. A program adds the first to an address, reads a pointer there, adds the
// next to that, and so on; the last one leads to the field itself.
func (f Field) Offsets() iter.Seq[Bits] {
	return func(yield func(Bits) bool) {
		for _, off := range f.offsets[:f.pointers+1] {
			if !yield(off) {
				return
			}
		}
	}
}

// NumPointers returns how many pointers the path leads through.
func (f Field) NumPointers() int { return f.pointers }

// String returns a description for messages, such as "TYPEDEF pid_t (id 52) at byte
// 2464". If the path leads through pointers, there is an offset for each.
func (f Field) String() string {
	s := f.typ.String()
	for i, off := range f.offsets[:f.pointers+1] {
		if i == 0 {
			s += " at " + off.describe()
		} else {
			s += " -> " + off.describe()
		}
	}
	if f.bitfield != 0 {
		s += fmt.Sprintf(", %d bits wide", uint64(f.bitfield))
	}
	return s
}

// Agrees reports whether both fields lie in the same place and are as wide: whether
// a program that was made for one can read the other. Their types are not compared.
func (f Field) Agrees(other Field) bool {
	f.typ, other.typ = Type{}, Type{}
	return f == other
}

// Field returns where a path leads, which begins with the name of a type:
//
//	task_struct.thread.fsbase       members, through anonymous ones, too
//	task_struct.mm->owner->pid      through pointers, as in C
//	sk_buff.cb[8]                   an element of an array
//	vm_area_struct.vm_flags|__vm_flags
//	task_struct.thread.fsbase|thread.uw.tp_value
//	inode                           the whole type, to know its size
//
// Of alternatives, each with all that follows the type, the first that exists is
// taken. A path looks through typedefs, qualifiers and type tags, and through a
// pointer only where it says so. The index of an array is checked, unless that is
// flexible.
//
// The type may be a struct, a union, a typedef, or anything else with a size, of the
// Spec's own or, if it has none of that name, of its base. Where several types have
// the name, they must agree on the answer, which then is that for the first; if they
// don't, the error matches [ErrMultipleMatches], and [Type.Field] has the answer for
// each of [Spec.TypesByName].
//
// The error matches [ErrNotFound] if a type, a member or an element doesn't exist,
// and [ErrWrongKind] if it is of a kind for which the path makes no sense; it says
// which part failed, on which type, and names what is nearly the same. It is a
// [*FormatError] if a record on the way is broken. A path that leads somewhere costs
// no allocation.
func (s *Spec) Field(path string) (Field, error) {
	f, err := s.field(path)
	return f, onPath(path, err)
}

func (s *Spec) field(path string) (Field, error) {
	name, steps, err := cutType(path)
	if err != nil {
		return Field{}, err
	}
	if err := s.usable(); err != nil {
		return Field{}, err
	}
	var unfit Type
	for s := s; s != nil; s = s.base {
		f, of, fits, err := s.ownField(name, steps)
		if fits || err != nil {
			return f, err
		}
		if unfit.id == 0 {
			unfit = of
		}
	}
	if unfit.id != 0 {
		return Field{}, unfit.explain(steps)
	}
	return Field{}, s.noTypeNear(name)
}

// onPath adds the path to the error it ended in.
func onPath(path string, err error) error {
	if err == nil {
		return nil
	}
	return &located{"path " + quoted(path), err}
}

// Fields resolves many paths, as [Spec.Field] does, and returns a Field for each, in
// the same order. The error joins those of all paths that failed; in their place is
// a zero Field, whose type is void.
func (s *Spec) Fields(paths ...string) ([]Field, error) {
	fields := make([]Field, len(paths))
	var failed []error
	for i, path := range paths {
		var err error
		if fields[i], err = s.Field(path); err != nil {
			failed = append(failed, err)
		}
	}
	return fields, errors.Join(failed...)
}

// Field returns where a path leads that begins in t: with a member, or with ".",
// "->" or "[" as it would go on behind t's name. Otherwise it is like [Spec.Field].
func (t Type) Field(path string) (Field, error) {
	err := checkSteps(path)
	if err != nil {
		return Field{}, onPath(path, err)
	}
	f, missed, err := t.resolve(path)
	if missed {
		err = t.explain(path)
	}
	return f, onPath(path, err)
}

// namesakes is how many types of one name are asked about a path. No kernel has ten;
// a blob could have a hundred thousand, each as long to look through as the blob.
const namesakes = 64

// ownField asks the Spec's own types of a name. It returns the first of them that has
// such parts as the steps begin with, or if none fits any of the name; void, if there
// is none.
func (s *Spec) ownField(name, steps string) (found Field, of Type, fits bool, err error) {
	var first Type
	missing, asked := false, 0
	for t := range s.TypesByName(name) {
		if !fieldKinds.has(t.Kind()) {
			continue
		}
		under, err := t.Underlying()
		if err != nil {
			return Field{}, t, false, err
		}
		switch {
		case !under.has(steps):
			if !fits {
				of = t
			}
			continue
		case fits && under == first:
			continue // a typedef of the same type
		}
		if asked++; asked > namesakes {
			return Field{}, of, true, fmt.Errorf("more than %d types named %s: %w", namesakes, quoted(name), ErrMultipleMatches)
		}
		f, missed, err := t.resolve(steps)
		if err != nil {
			return Field{}, t, true, err
		}
		if !fits {
			found, of, first, fits, missing = f, t, under, true, missed
		} else if missing != missed || !found.Agrees(f) {
			return Field{}, of, true, fmt.Errorf("%v and %v do not agree: %w", of, t, ErrMultipleMatches)
		}
	}
	if missing {
		err = of.explain(steps)
	}
	return found, of, fits, err
}

// fieldKinds are the kinds that a path may begin with by name.
const fieldKinds = modifiers | compositeKinds | 1<<KindInt | 1<<KindEnum | 1<<KindEnum64 | 1<<KindFloat | 1<<KindFwd

// has reports whether what is asked makes sense for t, which is no typedef: steps for
// what has parts, none for what has a size.
func (t Type) has(steps string) bool {
	if steps == "" {
		return t.id != 0 && t.Kind() != KindFwd
	}
	return (compositeKinds | 1<<KindArray | 1<<KindPointer).has(t.Kind())
}

// A miss is why an alternative leads nowhere. It is no error yet, since the next one
// may lead somewhere, and making an error takes allocations.
type miss struct {
	why  error // ErrNotFound or ErrWrongKind; nil if it is no miss
	step step
	on   Type // without typedefs and qualifiers
}

// resolve follows the first alternative that exists. The steps were checked.
func (t Type) resolve(steps string) (f Field, missed bool, err error) {
	for more := true; more; {
		var alternative string
		alternative, steps, more = strings.Cut(steps, "|")
		f, m, err := t.walk(alternative)
		if err != nil || m.why == nil {
			return f, false, err
		}
	}
	return Field{}, true, nil
}

// walk follows one alternative.
func (t Type) walk(steps string) (Field, miss, error) {
	f := Field{typ: t}
	fail := func(err error) (Field, miss, error) { return Field{}, miss{}, err }
	for steps != "" {
		var s step
		s, steps, _ = cutStep(steps)
		on, err := f.typ.Underlying()
		if err != nil {
			return fail(err)
		}
		if f.bitfield != 0 {
			return Field{}, miss{ErrWrongKind, s, on}, nil
		}
		if s.through {
			if on.Kind() != KindPointer {
				return Field{}, miss{ErrWrongKind, s, on}, nil
			}
			if on, err = on.target(); err != nil {
				return fail(err)
			}
			if on, err = on.Underlying(); err != nil {
				return fail(err)
			}
			if f.pointers++; f.pointers == len(f.offsets) {
				return fail(fmt.Errorf("more than %d pointers", maxPointers))
			}
		}
		var off Bits
		if s.name != "" {
			off, err = f.enter(on, s.name)
		} else {
			off, err = f.index(on, s.index)
		}
		switch {
		case err == ErrNotFound || errors.Is(err, ErrWrongKind):
			return Field{}, miss{err, s, on}, nil
		case err != nil:
			return fail(err)
		}
		if off += f.offsets[f.pointers]; off >= maxOffset {
			return fail(on.problem(0, "%s is further away than 64 bits can say", s.text))
		}
		f.offsets[f.pointers] = off
	}
	var err error
	if f.size, err = f.typ.Sizeof(); err != nil {
		// Where a pointer lies is known, even if it is not how wide it is.
		if single, _, _ := f.typ.single(); single.Kind() != KindPointer || single.layer.pointerSize() != 0 {
			return fail(err)
		}
	}
	return f, miss{}, nil
}

// enter makes f the member of on, and returns where in that it lies. The error is
// ErrNotFound itself if there is no such member.
func (f *Field) enter(on Type, name string) (Bits, error) {
	c, err := As[Composite](on)
	if err != nil {
		return 0, err
	}
	m, ok, err := c.find(name)
	if err == nil && !ok {
		err = ErrNotFound
	}
	f.typ, f.bitfield = m.Type(), m.BitfieldSize()
	return m.Offset(), err
}

// index makes f the element of on, as enter does with a member.
func (f *Field) index(on Type, i uint64) (Bits, error) {
	a, err := As[Array](on)
	if err != nil {
		return 0, err
	}
	if n := a.Nelems(); n != 0 && i >= uint64(n) {
		return 0, ErrNotFound
	}
	f.typ = a.Type()
	size, err := f.typ.Sizeof()
	high, low := bits.Mul64(i, size)
	if high != 0 || low >= uint64(maxOffset)/8 {
		err = on.problem(0, "element %d of %d bytes is further away than 64 bits can say", i, size)
	}
	return Bits(low * 8), err
}

// maxOffset is more bits than anything has, and few enough that the sum of two such
// numbers does not wrap.
const maxOffset Bits = 1 << 62

// explain returns the error for steps of which no alternative leads anywhere.
func (t Type) explain(steps string) error {
	if steps == "" {
		return fmt.Errorf("size of %v: no value has this type: %w", t, ErrNotFound)
	}
	why := ErrWrongKind
	var texts []string
	for alternative := range strings.SplitSeq(steps, "|") {
		_, m, err := t.walk(alternative)
		switch {
		case err != nil:
			return err
		case m.why == nil:
			continue // somebody is rewriting the file
		case m.why == ErrNotFound || m.on.Kind() == KindFwd:
			why = ErrNotFound
		}
		texts = append(texts, fmt.Sprintf("at %s: %s", quoted(m.step.text), m.text()))
	}
	return fmt.Errorf("%s: %w", strings.Join(texts, "; "), why)
}

// text says what a step met in place of what it wanted.
func (m miss) text() string {
	c, err := As[Composite](m.on)
	switch k := m.on.Kind(); {
	case m.why == ErrNotFound && err == nil:
		n := near{want: []byte(m.step.name)}
		_ = c.eachNamed(func(m Member, off uint32) bool { // what is broken was met before
			n.add(m.parent.layer.strings.at(off))
			return true
		})
		return fmt.Sprintf("%v has no member %s%v", m.on, quoted(m.step.name), &n)
	case m.why == ErrNotFound:
		a, _ := As[Array](m.on)
		return fmt.Sprintf("%v has %d elements", m.on, a.Nelems())
	case k == KindFwd:
		return fmt.Sprintf("%v is only declared", m.on)
	case m.step.name == "":
		return fmt.Sprintf("an ARRAY wanted, it is %v", m.on)
	case k == KindPointer && !m.step.through:
		return fmt.Sprintf(`%v is to be crossed with "->"`, m.on)
	case m.step.through:
		return fmt.Sprintf("a PTR to a STRUCT or UNION wanted, there is %v", m.on)
	}
	return fmt.Sprintf("a STRUCT or UNION wanted, it is %v", m.on)
}

// noTypeNear returns the error for a path whose type isn't there.
func (s *Spec) noTypeNear(name string) error {
	n := near{want: []byte(name)}
	for s := s; s != nil && n.possible(); s = s.base {
		for t := range s.All() {
			if fieldKinds.has(t.Kind()) {
				n.add(s.layer.strings.at(t.nameOff()))
			}
		}
	}
	return fmt.Errorf("type named %s%v: %w", quoted(name), &n, ErrNotFound)
}
