// Finds the decl tags of a declaration.

package btf

import (
	"cmp"
	"iter"
	"slices"
)

// Tags yields the decl tags of the declaration itself: a struct, union, typedef,
// variable or function. Those of members and parameters are with these.
//
// Records of tags say what they tag, not the reverse, so the first question about
// tags of a Spec makes one pass over it and keeps 4 bytes for each tag; from then
// on it is a binary search. Tags are looked for in the BTF the declaration is in,
// not in split BTF on top of it.
func (t Type) Tags() iter.Seq[DeclTag] { return t.tags(-1) }

// Tags yields the decl tags of the member. What it costs is said at [Type.Tags].
func (m Member) Tags() iter.Seq[DeclTag] { return m.parent.tags(int(m.index)) }

// ParamTags yields the decl tags of the i-th parameter, counted from 0. What it
// costs is said at [Type.Tags].
func (f Func) ParamTags(i int) iter.Seq[DeclTag] {
	if i < 0 {
		return func(func(DeclTag) bool) {}
	}
	return f.tags(i)
}

// tags yields the tags of component i of t, -1 being t itself. The loop is in
// eachTag so that this is small enough to be inlined, and the iterator stays off
// the heap.
func (t Type) tags(i int) iter.Seq[DeclTag] {
	return func(yield func(DeclTag) bool) { t.eachTag(i, yield) }
}

func (t Type) eachTag(i int, yield func(DeclTag) bool) {
	if t.layer == nil {
		return
	}
	want := tagged{t.id, i}
	tags := t.layer.declTags()
	from, _ := slices.BinarySearchFunc(tags, want, func(id TypeID, want tagged) int {
		return t.layer.tagged(id).compare(want)
	})
	for _, id := range tags[from:] {
		if t.layer.tagged(id) != want || !yield(DeclTag{t.layer.typeByID(id)}) {
			return
		}
	}
}

// tagged is what a decl tag is attached to.
type tagged struct {
	target    TypeID
	component int
}

func (a tagged) compare(b tagged) int {
	return cmp.Or(cmp.Compare(a.target, b.target), cmp.Compare(a.component, b.component))
}

func (l *layer) tagged(id TypeID) tagged {
	tag := DeclTag{l.typeByID(id)}
	return tagged{TypeID(tag.sizeOrType()), tag.Component()}
}

// declTags returns the layer's decl tags by what they are attached to, then by id.
func (l *layer) declTags() []TypeID {
	l.tagsOnce.Do(func() {
		n := 0
		for t := range l.all() {
			if t.Kind() == KindDeclTag {
				n++
			}
		}
		if n == 0 {
			return
		}
		l.tags = make([]TypeID, 0, n)
		for t := range l.all() {
			if t.Kind() == KindDeclTag && len(l.tags) < n {
				l.tags = append(l.tags, t.id)
			}
		}
		slices.SortFunc(l.tags, func(a, b TypeID) int {
			return cmp.Or(l.tagged(a).compare(l.tagged(b)), cmp.Compare(a, b))
		})
	})
	return l.tags
}
