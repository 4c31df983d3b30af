// Checks the names and type ids by which split BTF refers to its base.

package btf

import "github.com/seed-6c4a6465/btf/internal/uapi"

// checkBaseNames proves that every name of the layer's records that is in the base begins
// where a string begins. Encoders take whole strings of the base. A name inside a string
// shows that the base is another one. Such names are legal elsewhere: see strtab.
func (l *layer) checkBaseNames() error {
	start := l.strings.start
	if start == 0 {
		return nil
	}
	types, known := l.types, l.shapes
	for i, w := range l.starts.bits {
		for ; w != 0; w &= w - 1 {
			off := place(i, w)
			if name := types.u32(off); name-1 < start-1 && !l.strings.begins(name) {
				return l.badBaseName(off, 0)
			}
			info := types.u32(off + 4)
			k := Kind(info >> kindShift & kindMask)
			e := &uapi.KindFields[k].Elements
			if e.Size == 0 || e.Name == uapi.None || known[k] != knownShapes[k] {
				continue
			}
			end := known[k].length(info)
			for at := recordSize + e.Name; at < end; at += e.Size {
				if name := types.u32(off + at); name-1 < start-1 && !l.strings.begins(name) {
					return l.badBaseName(off, at)
				}
			}
		}
	}
	return nil
}

// badBaseName returns the error for the name offset at byte offset at of the record at off.
func (l *layer) badBaseName(off, at uint32) error {
	id := l.first
	for t := range l.all() {
		if t.off == off {
			id = t.id
			break
		}
	}
	t := Type{l, id, off}
	return t.problem(uint64(at), "%s name offset must be where a string of the base begins, is %d: %s", t.Kind(), t.word(at), notItsBase)
}

// begins reports whether a string begins at off, an offset in one of the layers below.
func (t *strtab) begins(off uint32) bool {
	for t.base != nil && off < t.start {
		t = t.base
	}
	at := uint64(off - t.start)
	return at == 0 || at <= uint64(len(t.bytes)) && t.bytes[at-1] == 0
}

// The kinds that a type id may lead to, where others make no sense.
const (
	taggedKinds kindSet = 1<<KindStruct | 1<<KindUnion | 1<<KindFunc | 1<<KindVar | 1<<KindTypedef | 1<<KindEnum | 1<<KindEnum64
	placedKinds kindSet = 1<<KindVar | 1<<KindFunc
	noTypes     kindSet = 1<<KindFunc | 1<<KindVar | 1<<KindDatasec | 1<<KindDeclTag | 1<<KindLocParam | 1<<KindLocProto | 1<<KindLocsec
)

// checkBaseIDs returns an error if a type id of the record leads to a type of the base of
// a kind that makes no sense there, such as a member to a FUNC. The record must be checked.
// It does not look at ids that stay in the layer: those are not a matter of the base.
func (t Type) checkBaseIDs() error {
	l, k := t.layer, t.Kind()
	var err error
	uapi.KindFields[k].Visit(l.shapes[k].length(t.info()), func(uint32) {}, func(at uint32) {
		id := TypeID(t.word(at))
		if err != nil || id == 0 || id >= l.first {
			return
		}
		want := ^noTypes
		switch k {
		case KindFunc:
			want = 1 << KindFuncProto
		case KindDeclTag:
			want = taggedKinds
		case KindDatasec:
			want = placedKinds
		case KindLocProto:
			want = 1 << KindLocParam
		case KindLocsec:
			want = 1 << KindFunc
			if (at-recordSize)%locSiteSize == 4 {
				want = 1 << KindLocProto
			}
		}
		if to := l.typeByID(id); !want.has(to.Kind()) {
			err = t.problem(uint64(at), "%s refers to %v: %s", k, to, notItsBase)
		}
	})
	return err
}
