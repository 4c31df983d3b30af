// Resolves a path to the offset, size and type of a field.

package btf

import (
	"cmp"
	"fmt"
	"strings"
)

// Field resolves a path that begins with the name of a type or variable:
//
//	task_struct.thread.fsbase       a member; anonymous members are looked through
//	task_struct.mm->owner->pid      a member behind pointers, as in C
//	sk_buff.cb[8]                   an element of an array
//	fdtable.fd[3]->f_flags          an element behind a pointer, as in C
//	vm_area_struct.vm_flags|__vm_flags
//	task_struct.thread.fsbase|thread.uw.tp_value
//	folio.flags|page.flags
//	inode                           the whole type, for its size
//	struct inode                    likewise, and not a typedef or variable
//	"runtime.g".goid                a name with special characters
//
// "|" separates alternatives, and the first that exists is taken. Each has all steps that
// follow the type. If none exists, those whose first step is no member of the type are
// tried as paths of their own, if they have steps or begin with a word for a kind.
//
// A path looks through typedefs, qualifiers and type tags. It follows a pointer only at
// "->" and "[". As in C, "[3]" after a pointer reads the pointer and leads to the fourth
// of the elements that begin there. The index of an element of an array must be in range,
// unless the array is flexible.
//
// The type is a struct, union, typedef or another named type with a size, or a variable.
// It is one of the Spec's own types or, if none has the name, of its base. If several
// types have the name, all must give a Field that agrees, and the result is that of the
// first. If they do not, the error matches [ErrMultipleMatches]. One of the words
// "struct", "union", "enum", "typedef" and "var" before the name chooses a kind, and
// [Type.Field] resolves the path in one type of [Spec.TypesByName]. Variables count only
// if the path does not exist in a type of the name.
//
// A name ends at ".", "->", "[", "]" or "|". A name with these characters, as those of Go
// and Rust, stands in double quotes or in backquotes, and has no escapes. The quotes may
// be left out around the name of the type if it has fewer than 512 bytes and the path
// does not exist in a type of the name that ends at the first of these characters. Field
// then takes the longest name that a type has. In a shell, the path with its quotes
// stands in single quotes.
//
// The error matches [ErrNotFound] if a type, member or element does not exist, and
// [ErrWrongKind] if a step does not fit the kind of its type. It names the step, the type
// and similar names; later errors of a program that has asked for many missing names do
// not name similar ones, because each search takes about a millisecond. It is a
// [*FormatError] if a record on the way is broken. Field does not allocate if it finds
// the field. In hostile BTF it examines at most 32 times as many members as fit into the
// blob.
func (s *Spec) Field(path string) (Field, error) {
	f, err := s.field(path)
	return f, onPath(path, err)
}

func (s *Spec) field(path string) (f Field, err error) {
	miss, err := s.search(&f, path, true)
	if err == nil && miss.why != 0 {
		err = s.explain(miss)
	}
	if err != nil {
		return Field{}, err
	}
	return f, nil
}

// onPath adds the path to an error.
func onPath(path string, err error) error {
	if err == nil {
		return nil
	}
	return &located{"path " + quoted(path), err}
}

// Fields resolves several paths, as [Spec.Field] does, and returns their Fields in the
// same order. The Field of a path that fails is zero. The error joins the failures. If
// their text has more than 16 KB, it ends with the number of the others.
func (s *Spec) Fields(paths ...string) ([]Field, error) {
	fields := make([]Field, len(paths))
	var failed errorList
	for i, path := range paths {
		var err error
		if fields[i], err = s.Field(path); err != nil {
			failed.add(err)
		}
	}
	return fields, failed.join("paths")
}

// Field resolves a path that begins in t, with a member, ".", "->" or "[". All its
// alternatives begin in t. Otherwise it is like [Spec.Field].
func (t Type) Field(path string) (Field, error) {
	err := checkSteps(path)
	if err != nil {
		return Field{}, onPath(path, err)
	}
	w := newResolver(t.layer)
	var f Field
	missed, err := w.resolve(&f, t, path)
	if missed {
		err = t.explain(path)
	}
	if err != nil {
		return Field{}, onPath(path, err)
	}
	return f, nil
}

// namesakes is the largest number of types of one name in which a path is resolved. No
// kernel has ten. A hostile blob could have a hundred thousand, each with members as
// long as the blob.
const namesakes = 64

// A pathMiss says why a path does not exist.
type pathMiss struct {
	why   missReason // 0 if the path exists
	of    Type       // the type that the steps fail on, void if there is none
	start start
	steps string
}

// A missReason orders misses: an error is about the largest.
type missReason uint8

const (
	missesType  missReason = iota + 1 // no type has the name
	missesKind                        // the kind of the type cannot have the steps
	missesSteps                       // the steps do not exist in the type
)

// search resolves a path in the Spec's own types and, if bases is set, in those of its
// bases. The order is that of the documentation of Field: types of the name, variables
// of the name, longer names, alternatives that name another type. The miss is that of
// the first which got as far as any. f is valid if there is neither a miss nor an error.
func (s *Spec) search(f *Field, path string, bases bool) (pathMiss, error) {
	first, problem := cutStart(path)
	if problem != "" {
		return pathMiss{}, badPath(path, problem)
	}
	steps := path[first.end:]
	bad := checkFirst(steps)
	if err := s.usable(); err != nil {
		return pathMiss{}, cmp.Or(bad, err)
	}
	w := newResolver(&s.layer)
	var miss pathMiss
	if bad == nil {
		var err error
		miss, err = s.begin(&w, f, &first, steps, bases)
		if err != nil || miss.why == 0 {
			return miss, err
		}
	}
	return s.searchOn(&w, f, path, &first, bad, miss, bases)
}

// searchOn continues search after the first attempt. bad is the error in the syntax of
// the steps after the first name.
func (s *Spec) searchOn(w *resolver, f *Field, path string, first *start, bad error, miss pathMiss, bases bool) (pathMiss, error) {
	long, err := s.beginLonger(w, f, path, first, bases)
	switch {
	case err != nil || long.why == 0:
		return long, err
	case bad != nil && long.of.id == 0:
		return pathMiss{}, bad
	}
	miss = miss.or(long)
	_, rest, more := cutAlternative(path[first.end:])
	for more {
		var alternative string
		alternative, rest, more = cutAlternative(rest)
		next, problem := cutStart(alternative)
		if problem != "" || next.word == "" && (next.end == len(alternative) || miss.of.hasMember(w, next)) {
			continue
		}
		other, err := s.begin(w, f, &next, alternative[next.end:], bases)
		if err == nil && other.why != 0 {
			miss = miss.or(other)
			other, err = s.beginLonger(w, f, alternative, &next, bases)
		}
		if err != nil || other.why == 0 {
			return other, err
		}
		miss = miss.or(other)
	}
	return miss, nil
}

// beginLonger resolves a path whose name is longer than in from. Of several such names it
// takes the longest that a type or variable has.
func (s *Spec) beginLonger(w *resolver, f *Field, path string, from *start, bases bool) (pathMiss, error) {
	for long := range from.longer(path) {
		steps := path[long.end:]
		found, err := s.any(w, &long, bases)
		if err != nil {
			return pathMiss{}, err
		}
		if found && checkFirst(steps) == nil {
			return s.begin(w, f, &long, steps, bases)
		}
	}
	return pathMiss{why: missesType}, nil
}

// or returns the miss that an error is about.
func (m pathMiss) or(other pathMiss) pathMiss {
	if other.why > m.why {
		return other
	}
	return m
}

// any reports whether a type or variable has the name of a start.
func (s *Spec) any(w *resolver, from *start, bases bool) (bool, error) {
	for ; s != nil; s = s.base {
		for t := range s.TypesByName(from.name) {
			if err := w.pass(t); err != nil {
				return false, err
			}
			if from.mayBe(t, from.kinds|1<<KindVar) {
				return true, nil
			}
		}
		if !bases {
			break
		}
	}
	return false, nil
}

// mayBe reports whether t is of one of the kinds, and not of another than the path asks
// for.
func (s *start) mayBe(t Type, kinds kindSet) bool {
	k := t.Kind()
	if !kinds.has(k) {
		return false
	}
	return s.word == "" || s.kinds.has(k) && (k != KindFwd || t.flag() == (s.word == "union"))
}

// begin resolves steps in the types, and then in the variables, of one name.
func (s *Spec) begin(w *resolver, f *Field, from *start, steps string, bases bool) (pathMiss, error) {
	var miss pathMiss
	for _, kinds := range [...]kindSet{from.kinds, 1 << KindVar} {
		for s := s; s != nil; s = s.base {
			why, of, err := s.ownField(w, f, from, kinds, steps)
			if err != nil || why == 0 {
				return pathMiss{}, err
			}
			if why > miss.why {
				miss = pathMiss{why, of, *from, steps}
			}
			if why == missesSteps || !bases {
				break
			}
		}
		if from.word != "" {
			break
		}
	}
	return miss, nil
}

// ownField resolves steps in the Spec's own types of the kinds and of one name. A type
// fits if its kind can have such steps. A miss is about the first type that fits. If none
// fits, it is about the first of the name.
func (s *Spec) ownField(w *resolver, f *Field, from *start, kinds kindSet, steps string) (why missReason, of Type, err error) {
	var first Type
	why = missesType
	asked := 0
	for t := range s.TypesByName(from.name) {
		if err := w.pass(t); err != nil {
			return 0, t, err
		}
		if !from.mayBe(t, kinds) {
			continue
		}
		under, err := t.valueType()
		if err != nil {
			return 0, t, err
		}
		switch {
		case !under.has(steps):
			if why == missesType {
				why, of = missesKind, t
			}
			continue
		case asked > 0 && under == first:
			continue // a typedef of the first type
		case asked == 0:
			missed, err := w.resolve(f, t, steps)
			if err != nil {
				return 0, t, err
			}
			if why = 0; missed {
				why = missesSteps
			}
			of, first, asked = t, under, 1
			continue
		case asked == namesakes:
			return 0, t, fmt.Errorf("more than %d types named %s: %w", namesakes, quoted(from.name), ErrMultipleMatches)
		}
		asked++
		var other Field
		missed, err := w.resolve(&other, t, steps)
		if err != nil {
			return 0, t, err
		}
		if missed != (why != 0) || !missed && !f.Agrees(other) {
			return 0, t, fmt.Errorf("%v and %v do not agree: %w", of, t, ErrMultipleMatches)
		}
	}
	return why, of, nil
}

// valueType is Underlying that begins at the type of a variable.
func (t Type) valueType() (Type, error) {
	if t.Kind() == KindVar {
		var err error
		if t, err = t.target(); err != nil {
			return Type{}, err
		}
	}
	return t.Underlying()
}

// hasMember reports whether t has the member that a path of its own would begin with.
func (t Type) hasMember(w *resolver, from start) bool {
	under, err := t.valueType()
	if err != nil {
		return false
	}
	c, err := As[Composite](under)
	if err != nil {
		return false
	}
	_, ok, _ := c.find(from.name, &w.left)
	return ok
}

// has reports whether steps fit the kind of t, which is not a typedef. Steps need a type
// with members, elements or a target; no steps need a type with a size.
func (t Type) has(steps string) bool {
	if steps == "" {
		return t.id != 0 && t.Kind() != KindFwd
	}
	return (compositeKinds | 1<<KindArray | 1<<KindPointer).has(t.Kind())
}

// maxAlternatives is the number of alternatives that an error is about.
const maxAlternatives = 8

// explain returns the error for steps that exist in no alternative.
func (t Type) explain(steps string) error {
	if steps == "" {
		return fmt.Errorf("size of %v: the type has no size: %w", t, ErrNotFound)
	}
	why := ErrWrongKind
	var texts []string
	left := 0
	w := newResolver(t.layer)
	var f Field
	for more := true; more; {
		var alternative string
		alternative, steps, more = cutAlternative(steps)
		m, err := w.walk(&f, t, alternative)
		switch {
		case err != nil:
			return err
		case m.why == nil:
			continue // the bytes are being rewritten
		case m.why == ErrNotFound || m.on.Kind() == KindFwd:
			why = ErrNotFound
		}
		if len(texts) == maxAlternatives {
			left++
			continue
		}
		texts = append(texts, fmt.Sprintf("at %s: %s", quoted(m.step.text), m.text()))
	}
	if left > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", left))
	}
	return fmt.Errorf("%s: %w", strings.Join(texts, "; "), why)
}

// text says what the step needs and what it found.
func (m miss) text() string {
	c, err := As[Composite](m.on)
	switch k := m.on.Kind(); {
	case m.why == ErrNotFound && err == nil:
		l := m.on.layer
		n := l.near(m.step.name)
		left := c.layer.members()
		_ = c.eachNamed(&left, func(m Member, off uint32) bool { // walk returned any error already
			return n.add(m.parent.layer.strings.at(off))
		})
		l.nearWork.Add(n.work)
		return fmt.Sprintf("%v has no member %s%v", m.on, quoted(m.step.name), &n)
	case m.why == ErrNotFound && k == KindPointer:
		target, _ := m.on.target()
		return fmt.Sprintf("%v has a target without a size, %v", m.on, target)
	case m.why == ErrNotFound:
		a, _ := As[Array](m.on)
		return fmt.Sprintf("%v has %d elements", m.on, a.Nelems())
	case k == KindFwd:
		return fmt.Sprintf("%v is only declared", m.on)
	case m.step.name == "":
		return fmt.Sprintf("needs an ARRAY or PTR, has %v", m.on)
	case k == KindPointer && !m.step.through:
		return fmt.Sprintf(`%v must be followed with "->"`, m.on)
	case m.step.through:
		return fmt.Sprintf("needs a PTR to a STRUCT or UNION, has %v", m.on)
	}
	return fmt.Sprintf("needs a STRUCT or UNION, has %v", m.on)
}

// explain returns the error for a path that does not exist.
func (s *Spec) explain(m pathMiss) error {
	if m.why == missesType {
		return s.noTypeNear(m.start)
	}
	return m.of.explain(m.steps)
}

// noTypeNear returns the error for a path whose type does not exist. It has similar names
// or, if the path asks for a kind, a type of another kind with that name.
func (s *Spec) noTypeNear(from start) error {
	what := "type"
	if from.word != "" {
		what = from.word
		for s := s; s != nil; s = s.base {
			for t := range s.TypesByName(from.name) {
				return fmt.Errorf("%s named %s (it is the name of %v): %w", what, quoted(from.name), t, ErrNotFound)
			}
		}
	}
	n := s.layer.near(from.name)
	for s := s; s != nil && n.possible(); s = s.base {
		for t := range s.All() {
			if from.mayBe(t, from.kinds) && !n.add(s.layer.strings.at(t.nameOff())) {
				break
			}
		}
		n.work += int64(s.layer.starts.count) / 16 // types of other kinds cost less
	}
	s.layer.nearWork.Add(n.work)
	return fmt.Errorf("%s named %s%v: %w", what, quoted(from.name), &n, ErrNotFound)
}
