// Finds the decl tags of a declaration, member or parameter.

package btf

import (
	"cmp"
	"iter"
	"slices"
)

// Tags yields the decl tags of a struct, union, typedef, variable or function, without
// those of its members or parameters: see [Member.Tags] and [Func.ParamTags]. It does not
// find tags in split BTF over the Spec that has the record of t.
//
// The record of a tag refers to the declaration, not the reverse. The first call for a
// Spec therefore reads all its records, and stores 4 bytes for each tag. Later calls use
// a binary search.
func (t Type) Tags() iter.Seq[DeclTag] { return t.tags(-1) }

// Tags yields the decl tags of the member. For its cost see [Type.Tags].
func (m Member) Tags() iter.Seq[DeclTag] { return m.parent.tags(int(m.index)) }

// ParamTags yields the decl tags of the i-th parameter, counted from 0. For its cost see
// [Type.Tags].
func (f Func) ParamTags(i int) iter.Seq[DeclTag] {
	if i < 0 {
		return func(func(DeclTag) bool) {}
	}
	return f.tags(i)
}

// tags yields the tags of component i of t, or of t itself if i is -1. The loop is in
// eachTag, because a small function is inlined, which keeps the iterator off the heap.
func (t Type) tags(i int) iter.Seq[DeclTag] {
	return func(yield func(DeclTag) bool) { t.eachTag(i, yield) }
}

// eachTag is the loop of tags.
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
		if t.layer.tagged(id) != want || !yield(DeclTag{handle: t.layer.typeByID(id)}) {
			return
		}
	}
}

// tagged is the declaration that a decl tag refers to.
type tagged struct {
	target    TypeID
	component int // index of the member or parameter, -1 for the target itself
}

func (a tagged) compare(b tagged) int {
	return cmp.Or(cmp.Compare(a.target, b.target), cmp.Compare(a.component, b.component))
}

// tagged returns what the DECL_TAG with an id refers to.
func (l *layer) tagged(id TypeID) tagged {
	tag := DeclTag{handle: l.typeByID(id)}
	return tagged{TypeID(tag.sizeOrType()), tag.Component()}
}

// declTags returns the ids of the layer's decl tags, sorted by what they refer to, then by
// id. They are collected once, on demand.
func (l *layer) declTags() []TypeID {
	l.tagsOnce.do(func() {
		n := 0
		for t := range l.all() {
			if t.Kind() == KindDeclTag {
				n++
			}
		}
		if n == 0 {
			return
		}
		tags := make([]TypeID, 0, n)
		for t := range l.all() {
			if t.Kind() == KindDeclTag && len(tags) < n {
				tags = append(tags, t.id)
			}
		}
		slices.SortFunc(tags, func(a, b TypeID) int {
			return cmp.Or(l.tagged(a).compare(l.tagged(b)), cmp.Compare(a, b))
		})
		l.tags = tags
	})
	return l.tags
}
