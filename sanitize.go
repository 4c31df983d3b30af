// Rewrites records that an older kernel does not accept.

package btf

import (
	"encoding/binary"
	"slices"
)

// MarshalOptions say what is written otherwise than it was read. The zero value
// changes nothing.
//
// Kernels refuse a blob with anything in it they do not know. What the Replace
// options write in place of a type takes the same bytes and keeps its id, so that
// references stay what they are; placeholders they need come after the last type.
type MarshalOptions struct {
	// Order is the byte order to write, nil for that of the Spec. A kernel wants
	// its own, [binary.NativeEndian].
	Order binary.ByteOrder

	// StripLayout leaves out the layout section and writes a header of 24 bytes,
	// as kernels before 7.1 want it. A blob with kinds that only the layout
	// describes cannot be written so.
	StripLayout bool

	// StripFuncLinkage makes all functions static, as they were before Linux 5.6.
	StripFuncLinkage bool

	// ReplaceDeclTags writes an integer for each DECL_TAG, which came with Linux
	// 5.16.
	ReplaceDeclTags bool

	// ReplaceTypeTags writes a CONST for each TYPE_TAG, which came with Linux 5.17.
	ReplaceTypeTags bool

	// ReplaceEnum64 writes a union with a member for each value for each ENUM64,
	// and takes from other enums the mark that they are signed: both came with Linux
	// 6.0.
	ReplaceEnum64 bool

	// ReplaceDeclarations writes definitions for what an object only declares, which
	// no kernel takes: functions and variables of others become global; variables in
	// .ksyms become integers, and functions in that section a placeholder; their
	// parameters get names; enums without a size get that of an int. Variables that
	// take no bytes are left out of their DATASEC.
	ReplaceDeclarations bool
}

// A rewriter turns the records of a layer into those that are written. Each keeps
// its id; what they need besides comes after the last of them.
type rewriter struct {
	layer *layer
	opts  *MarshalOptions

	extra   []uint32 // words of the records added
	count   uint32   // how many they are
	strings []byte   // added, too

	ints  [9]TypeID       // placeholder by bytes, 0 if there is none yet
	dummy uint32          // name of placeholders that need one, 0 if there is none yet
	what  TypeID          // the variable that stands for functions in .ksyms
	named map[TypeID]bool // prototypes whose parameters need names
	ksyms map[TypeID]bool // variables in .ksyms
}

func newRewriter(l *layer, opts *MarshalOptions) *rewriter {
	r := &rewriter{layer: l, opts: opts, named: map[TypeID]bool{}, ksyms: map[TypeID]bool{}}
	if !opts.ReplaceDeclarations {
		return r
	}
	for t := range l.all() {
		switch t.Kind() {
		case KindFunc:
			if FuncLinkage(t.vlen()) == ExternFunc {
				r.named[TypeID(t.sizeOrType())] = true
			}
		case KindDatasec:
			if r.isKsyms(t) {
				for v := range (Datasec{handle: t}).Vars() {
					r.ksyms[v.Type().ID()] = true
				}
			}
		}
	}
	return r
}

func (r *rewriter) isKsyms(t Type) bool {
	return r.layer.strings.is(t.nameOff(), ".ksyms")
}

// rewrite changes the words of t's record into those that are written. It goes by the
// words and not by t, whose bytes may have been rewritten since they were read.
func (r *rewriter) rewrite(t Type, words []uint32) []uint32 {
	info := func(k Kind, vlen uint32) uint32 { return uint32(k)<<kindShift | vlen }
	vlen, rest := words[1]&vlenMask, words[recordSize/4:]
	switch Kind(words[1] >> kindShift & kindMask) {
	case KindFunc:
		if r.opts.ReplaceDeclarations && FuncLinkage(vlen) == ExternFunc {
			words[1] = info(KindFunc, uint32(GlobalFunc))
		}
		if r.opts.StripFuncLinkage {
			words[1] = info(KindFunc, uint32(StaticFunc))
		}
	case KindFuncProto:
		if r.named[t.id] {
			for i := 0; i < len(rest); i += paramSize / 4 {
				if r.layer.strings.none(rest[i]) && rest[i+1] != 0 {
					rest[i] = r.name()
				}
			}
		}
	case KindEnum:
		if r.opts.ReplaceDeclarations && words[2] == 0 && vlen == 0 {
			words[2] = 4
		}
		if r.opts.ReplaceEnum64 {
			words[1] &^= kindFlag
		}
	case KindVar:
		if r.opts.ReplaceDeclarations && VarLinkage(rest[0]) == ExternVar {
			rest[0] = uint32(GlobalVar)
			if r.ksyms[t.id] {
				words[2] = uint32(r.int(4))
			}
		}
	case KindDatasec:
		if r.opts.ReplaceDeclarations && r.isKsyms(t) {
			words[2] = 4 * vlen
			for i := range vlen {
				e := rest[i*3:]
				if r.layer.typeByID(TypeID(e[0])).Kind() != KindVar {
					e[0] = uint32(r.variable())
				}
				e[1], e[2] = 4*i, 4
			}
			break
		}
		placeVars(Datasec{handle: t}, words)
		if r.opts.ReplaceDeclarations {
			kept := rest[:0]
			for e := range slices.Chunk(rest, varSecinfoSize/4) {
				if e[2] != 0 {
					kept = append(kept, e...)
				}
			}
			words = words[:recordSize/4+len(kept)]
			words[1] = info(KindDatasec, uint32(len(kept)*4/varSecinfoSize))
		}
	case KindDeclTag:
		if r.opts.ReplaceDeclTags {
			words[0], words[1], words[2], rest[0] = 0, info(KindInt, 0), 4, 32
		}
	case KindTypeTag:
		if r.opts.ReplaceTypeTags {
			words[0], words[1] = 0, info(KindConst, 0)
		}
	case KindEnum64:
		if r.opts.ReplaceEnum64 {
			words[1] = info(KindUnion, vlen)
			for i := 0; i < len(rest); i += enumerator64Size / 4 {
				rest[i+1], rest[i+2] = uint32(r.int(words[2])), 0
			}
		}
	}
	return words
}

// placeVars makes the words of a DATASEC's record say what its view does.
func placeVars(d Datasec, words []uint32) {
	words[2] = d.Size()
	entries := words[recordSize/4:]
	if p, _ := d.placement(); p != nil && len(p.vars)*varSecinfoSize/4 == len(entries) {
		was := slices.Clone(entries)
		for i, v := range p.vars {
			e := entries[3*i:]
			copy(e[:3], was[3*v.index:])
			e[1] = v.offset
		}
	}
}

// add appends a record, and returns its id.
func (r *rewriter) add(words ...uint32) TypeID {
	r.extra = append(r.extra, words...)
	r.count++
	return r.layer.end() + TypeID(r.count) - 1
}

// name returns the offset of a name for what has none and needs one.
func (r *rewriter) name() uint32 {
	if r.dummy == 0 {
		if r.layer.strings.end() == 0 {
			r.strings = append(r.strings, 0)
		}
		r.dummy = uint32(r.layer.strings.end()) + uint32(len(r.strings))
		r.strings = append(r.strings, "placeholder\x00"...)
	}
	return r.dummy
}

// int returns an anonymous integer that takes that many bytes, at most 8.
func (r *rewriter) int(size uint32) TypeID {
	size = min(size, 8)
	if r.ints[size] == 0 {
		r.ints[size] = r.add(0, uint32(KindInt)<<kindShift, size, size*8)
	}
	return r.ints[size]
}

// variable returns a variable that stands for what is none.
func (r *rewriter) variable() TypeID {
	if r.what == 0 {
		r.what = r.add(r.name(), uint32(KindVar)<<kindShift, uint32(r.int(4)), uint32(GlobalVar))
	}
	return r.what
}
