// Resolves a path to the offset, size and type of a field.

package btf

import (
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"strings"
)

// A Field is the result of a path: a member at any depth, an element of an array, or a
// whole type. All values except Type stay valid after Close.
type Field struct {
	typ      Type
	size     uint64
	unsized  bool // size depends on that of a pointer, which is unknown
	bitfield Bits
	pointers int
	offsets  [maxPointers + 1]Bits // one for each pointer, then that of the field
}

// maxPointers is the largest number of pointers in a path.
const maxPointers = 15

// Type returns the declared type of the field. The zero Field has type void.
func (f Field) Type() Type { return f.typ }

// Size returns the size of the field's type in bytes. It is 0 for a flexible array. The
// error matches [ErrPointerSize] if the field is a pointer or an array of pointers, and
// [Spec.PointerSize] was 0 when the path was resolved. All else in the Field is known
// even then.
func (f Field) Size() (uint64, error) {
	if f.unsized {
		return 0, f.typ.noSize(ErrPointerSize)
	}
	return f.size, nil
}

// BitfieldSize returns the width of a bitfield in bits. It is 0 for other fields.
func (f Field) BitfieldSize() Bits { return f.bitfield }

// Offset returns the offset of the field in bits. It counts from the start of the first
// type of the path or, if the path follows pointers, from the target of the last
// pointer. For a bitfield it is the offset that [Member.Offset] defines.
func (f Field) Offset() Bits { return f.offsets[f.pointers] }

// Offsets yields the offset of each pointer that the path follows, and then Offset, in
// bits. To read the field, a program adds the first offset to the address of the value,
// reads a pointer there, adds the next offset to that pointer, and so on.
func (f Field) Offsets() iter.Seq[Bits] {
	return func(yield func(Bits) bool) {
		for _, off := range f.offsets[:f.pointers+1] {
			if !yield(off) {
				return
			}
		}
	}
}

// NumPointers returns the number of pointers that the path follows.
func (f Field) NumPointers() int { return f.pointers }

// String returns a description for messages, such as
// "TYPEDEF pid_t (id 52) at byte 2336 -> byte 2464", with all Offsets.
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

// Agrees reports whether the offsets, the size and the bitfield size of both fields are
// the same: a program that reads one can read the other. Two unknown sizes are the same.
// It does not compare the types.
func (f Field) Agrees(other Field) bool {
	f.typ, other.typ = Type{}, Type{}
	return f == other
}

// Field resolves a path that begins with the name of a type:
//
//	task_struct.thread.fsbase       a member; anonymous members are looked through
//	task_struct.mm->owner->pid      a member behind pointers, as in C
//	sk_buff.cb[8]                   an element of an array
//	vm_area_struct.vm_flags|__vm_flags
//	task_struct.thread.fsbase|thread.uw.tp_value
//	inode                           the whole type, for its size
//
// "|" separates alternatives. Each has all steps that follow the type, and the first
// that exists is taken. A path looks through typedefs, qualifiers and type tags. It
// follows a pointer only at "->". The index of an element must be in range, unless the
// array is flexible.
//
// The type is a struct, union, typedef or another named type with a size. It is one of
// the Spec's own types or, if none has the name, of its base. If several types have the
// name, all must give a Field that agrees, and the result is that of the first. If they
// do not, the error matches [ErrMultipleMatches]; [Type.Field] resolves the path in one
// type of [Spec.TypesByName].
//
// The error matches [ErrNotFound] if a type, member or element does not exist, and
// [ErrWrongKind] if a step does not fit the kind of its type. It names the step, the type
// and similar names. It is a [*FormatError] if a record on the way is broken. Field does
// not allocate if it finds the field.
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

// onPath adds the path to an error.
func onPath(path string, err error) error {
	if err == nil {
		return nil
	}
	return &located{"path " + quoted(path), err}
}

// Fields resolves several paths, as [Spec.Field] does, and returns their Fields in the
// same order. The Field of a path that fails is zero, and the error joins all failures.
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

// Field resolves a path that begins in t, with a member, ".", "->" or "[". Otherwise it is
// like [Spec.Field].
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

// namesakes is the largest number of types of one name in which a path is resolved. No
// kernel has ten. A hostile blob could have a hundred thousand, each with members as
// long as the blob.
const namesakes = 64

// ownField resolves steps in the Spec's own types of a name. A type fits if its kind
// can have such steps. of is the first type that fits. If none fits, it is any type of
// the name, or void if there is none.
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
			continue // a typedef of the first type
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

// fieldKinds are the kinds of the types whose names may begin a path.
const fieldKinds = modifiers | compositeKinds | 1<<KindInt | 1<<KindEnum | 1<<KindEnum64 | 1<<KindFloat | 1<<KindFwd

// has reports whether steps fit the kind of t, which is not a typedef. Steps need a type
// with members, elements or a target; no steps need a type with a size.
func (t Type) has(steps string) bool {
	if steps == "" {
		return t.id != 0 && t.Kind() != KindFwd
	}
	return (compositeKinds | 1<<KindArray | 1<<KindPointer).has(t.Kind())
}

// A miss says why an alternative does not exist. It is not an error, because the next
// alternative may exist and an error allocates.
type miss struct {
	why  error // ErrNotFound or ErrWrongKind; nil if the alternative exists
	step step
	on   Type // the type that the step fails on, without typedefs and qualifiers
}

// resolve follows the first alternative that exists. missed is set if none does. The
// steps must have passed checkSteps.
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

// walk follows one alternative and returns the Field, or a miss if it does not exist.
// The error is about a broken record.
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
			return fail(on.problem(0, "offset of %s must be below 1<<62 bits", s.text))
		}
		f.offsets[f.pointers] = off
	}
	var err error
	if f.size, err = f.typ.Sizeof(); err != nil {
		// The size of pointers may be unknown. Their offset is known even then.
		if !errors.Is(err, ErrPointerSize) {
			return fail(err)
		}
		f.unsized = true
	}
	return f, miss{}, nil
}

// enter makes f the member of on that has the name, and returns its offset in on. The
// error is ErrNotFound itself if there is no such member.
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

// index makes f the i-th element of on, and returns its offset in on. The error is
// ErrNotFound itself if there is no such element.
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
		err = on.problem(0, "offset of element %d of %d bytes must be below 1<<62 bits", i, size)
	}
	return Bits(low * 8), err
}

// maxOffset is larger than any real offset. The sum of two smaller offsets does not
// overflow.
const maxOffset Bits = 1 << 62

// explain returns the error for steps that exist in no alternative.
func (t Type) explain(steps string) error {
	if steps == "" {
		return fmt.Errorf("size of %v: the type has no size: %w", t, ErrNotFound)
	}
	why := ErrWrongKind
	var texts []string
	for alternative := range strings.SplitSeq(steps, "|") {
		_, m, err := t.walk(alternative)
		switch {
		case err != nil:
			return err
		case m.why == nil:
			continue // the bytes are being rewritten
		case m.why == ErrNotFound || m.on.Kind() == KindFwd:
			why = ErrNotFound
		}
		texts = append(texts, fmt.Sprintf("at %s: %s", quoted(m.step.text), m.text()))
	}
	return fmt.Errorf("%s: %w", strings.Join(texts, "; "), why)
}

// text says what the step needs and what it found.
func (m miss) text() string {
	c, err := As[Composite](m.on)
	switch k := m.on.Kind(); {
	case m.why == ErrNotFound && err == nil:
		n := near{want: []byte(m.step.name)}
		_ = c.eachNamed(func(m Member, off uint32) bool { // walk returned any error already
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
		return fmt.Sprintf("needs an ARRAY, has %v", m.on)
	case k == KindPointer && !m.step.through:
		return fmt.Sprintf(`%v must be followed with "->"`, m.on)
	case m.step.through:
		return fmt.Sprintf("needs a PTR to a STRUCT or UNION, has %v", m.on)
	}
	return fmt.Sprintf("needs a STRUCT or UNION, has %v", m.on)
}

// noTypeNear returns the error for a path whose type does not exist, with similar names.
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
