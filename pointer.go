// Finds the size of a pointer, which BTF does not store.

package btf

// pointerSize returns the size of a pointer in bytes, or 0 if it is unknown. A size that
// was set decides. Otherwise the lowest layer that knows the size does, because pointers
// of a module are as wide as those of its kernel.
func (l *layer) pointerSize() uint32 {
	for set := l; set != nil; set = set.base {
		if set.pointerSet {
			return set.pointer
		}
	}
	return l.foundPointerSize()
}

// foundPointerSize is pointerSize without the sizes that were set.
func (l *layer) foundPointerSize() uint32 {
	if l == nil {
		return 0
	}
	if size := l.base.foundPointerSize(); size != 0 {
		return size
	}
	return l.ownPointerSize()
}

// setPointerSize makes the layer know the size.
func (l *layer) setPointerSize(size uint32) {
	l.pointerOnce.do(func() {})
	l.pointer, l.pointerSet = size, true
}

// inheritPointerSize makes a copy of a layer know what the layer knows.
func (l *layer) inheritPointerSize(from *layer) {
	l.pointer, l.pointerSet = from.ownPointerSize(), from.pointerSet
}

// ownPointerSize returns the size of a pointer from this layer alone: from the class of
// its ELF file, or else from the integer type long, by the rule of libbpf's
// determine_ptr_size, or else from what proves it. It is found once, on demand.
func (l *layer) ownPointerSize() uint32 {
	l.pointerOnce.do(func() {
		if l.pointer != 0 {
			return
		}
		var p pointerProof
		for t := range l.all() {
			if t.Kind() == KindInt {
				if size := t.sizeOrType(); (size == 4 || size == 8) && l.isLong(t.nameOff()) {
					l.pointer = size
					return
				}
			}
			p.consider(t)
		}
		l.pointer = p.size()
	})
	return l.pointer
}

// isLong reports whether the name at off is a spelling of long or unsigned long.
func (l *layer) isLong(off uint32) bool {
	return l.named(off,
		"long", "long int", "int long",
		"unsigned long", "long unsigned",
		"unsigned long int", "unsigned int long",
		"long unsigned int", "long int unsigned",
		"int unsigned long", "int long unsigned",
	)
}

// named reports whether the name at off is one of the names.
func (l *layer) named(off uint32, names ...string) bool {
	for _, name := range names {
		if l.strings.is(off, name) {
			return true
		}
	}
	return false
}

// A pointerProof collects which sizes of a pointer types prove. It counts only what holds
// after members were removed, as tools that minimise BTF do: a gap behind a pointer proves
// nothing, but the lack of one does.
type pointerProof struct{ four, eight bool }

// size returns the size that is proved, or 0 if there is no proof or a contradiction.
func (p *pointerProof) size() uint32 {
	switch {
	case p.four && !p.eight:
		return 4
	case p.eight && !p.four:
		return 8
	}
	return 0
}

// add counts a proof of a size. Other sizes than 4 and 8 prove nothing.
func (p *pointerProof) add(size uint64) {
	p.four = p.four || size == 4
	p.eight = p.eight || size == 8
}

// consider looks for a proof in one type.
func (p *pointerProof) consider(t Type) {
	if p.four && p.eight {
		return
	}
	switch t.Kind() {
	case KindInt:
		if t.layer.named(t.nameOff(), "usize", "isize", "uintptr") {
			p.add(uint64(t.sizeOrType()))
		}
	case KindStruct:
		p.considerStruct(t)
	case KindDatasec:
		for i := range t.vlen() {
			at := recordSize + i*varSecinfoSize
			if n := t.pointersIn(at); n != 0 {
				if size := uint64(t.word(at + 8)); size%n == 0 {
					p.add(size / n)
				}
			}
		}
	}
}

// considerStruct looks for pointers that end less than 8 bytes behind their start, and
// for structs of Linux that are nothing but pointers.
func (p *pointerProof) considerStruct(t Type) {
	mask := ^uint32(0)
	if t.flag() {
		mask = 1<<24 - 1
	}
	offset := func(i uint32) uint64 { return uint64(t.word(recordSize+i*memberSize+8) & mask) }
	names := t.pointerStruct()
	width := uint64(t.sizeOrType()) / uint64(max(len(names), 1)) // of each, if all are pointers
	fits := len(names) > 0 && t.vlen() > 0 && width*uint64(len(names)) == uint64(t.sizeOrType())
	for i := range t.vlen() {
		at := recordSize + i*memberSize
		n := t.pointersIn(at + 4)
		if fits {
			slot := offset(i) / 8 / max(width, 1)
			fits = n == 1 && offset(i) == slot*width*8 && slot < uint64(len(names)) && t.layer.strings.is(t.word(at), names[slot])
		}
		if n == 0 || mask != ^uint32(0) && t.word(at+8)&^mask != 0 {
			continue
		}
		end := uint64(t.sizeOrType()) * 8
		if i+1 < t.vlen() && offset(i+1) > offset(i) && t.occupies(at+memberSize+4) {
			end = min(end, offset(i+1))
		}
		// n pointers have no room for 8 bytes each.
		if start := offset(i); end > start && (end-start)/32 >= n && (end-start)/64 < n {
			p.four = true
		}
	}
	if fits {
		p.add(width)
	}
}

// pointerStruct returns the names of the members of a struct of Linux in which all are
// pointers, and that has been so in all releases. It returns nil for other structs.
func (t Type) pointerStruct() []string {
	for _, s := range [...][]string{
		{"list_head", "next", "prev"},
		{"hlist_head", "first"},
		{"hlist_node", "next", "pprev"},
		{"callback_head", "next", "func"},
		{"llist_head", "first"},
		{"llist_node", "next"},
		{"rb_root", "rb_node"},
	} {
		if t.layer.strings.is(t.nameOff(), s[0]) {
			return s[1:]
		}
	}
	return nil
}

// pointersIn returns how many pointers a value has whose type has the id at off in t: 1
// for a pointer, more for an array. It is 0 for other types, and if the id is not valid.
func (t Type) pointersIn(off uint32) uint64 {
	if t.checkID(off) != nil {
		return 0
	}
	to := t.follow(t.word(off))
	if to.Kind() != KindPointer && !pointerPaths.has(to.Kind()) {
		return 0
	}
	single, n, err := to.single()
	if err != nil || single.Kind() != KindPointer {
		return 0
	}
	return n
}

// pointerPaths are the kinds that may lead to a pointer that is part of their values.
const pointerPaths = modifiers | 1<<KindArray | 1<<KindVar

// occupies reports whether a member has bytes for itself alone, whose type has the id at
// off in t. Empty structs and old bitfields do not.
func (t Type) occupies(off uint32) bool {
	if t.checkID(off) != nil {
		return false
	}
	to, err := t.follow(t.word(off)).Underlying()
	if err != nil {
		return false
	}
	switch to.Kind() {
	case KindInt:
		return to.word(recordSize)>>16&0xff == 0
	case KindPointer:
		return true
	case KindStruct, KindUnion, KindEnum, KindEnum64, KindFloat:
		return to.sizeOrType() != 0
	}
	return false
}
