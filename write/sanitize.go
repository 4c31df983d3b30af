// Rewrites records that an older kernel does not accept.

package write

import (
	"encoding/binary"
	"slices"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// Options say what [Marshal] changes. The zero Options change nothing.
//
// A kernel refuses a blob with a kind or flag that it does not know. The Replace options
// write another record in place of such a record. It has the same id, so that references
// to it stay valid. Records and names that are needed in addition follow the last type
// and the last name. Where libbpf's bpf_object__sanitize_btf replaces a kind too, the
// rules are its rules.
type Options struct {
	// Order is the byte order to write, nil for that of the Spec. A kernel accepts
	// only its own, [binary.NativeEndian].
	Order binary.ByteOrder

	// StripLayout removes the layout section, and writes a header of 24 bytes: the
	// only one that kernels before 7.1 accept.
	StripLayout bool

	// StripFuncLinkage makes all functions static. Kernels before 5.6 know no other
	// linkage.
	StripFuncLinkage bool

	// ReplaceFloats writes a STRUCT without name and members for each FLOAT, of the
	// same size. Kernels before 5.13 do not know FLOAT.
	ReplaceFloats bool

	// ReplaceDeclTags writes an INT for each DECL_TAG, which kernels before 5.16 do
	// not know.
	ReplaceDeclTags bool

	// ReplaceTypeTags writes a CONST for each TYPE_TAG, which kernels before 5.17 do
	// not know.
	ReplaceTypeTags bool

	// ReplaceEnum64 writes a UNION for each ENUM64, with a member for each
	// enumerator, and removes the flag that an ENUM is signed. Kernels before 6.0
	// know neither.
	ReplaceEnum64 bool

	// ReplaceAttributes does what ReplaceDeclTags and ReplaceTypeTags do, but only for
	// tags with kind_flag: see [btf.DeclTag.IsAttribute]. Kernels before 6.15 refuse
	// them.
	ReplaceAttributes bool

	// ReplaceLocations writes an INT for each LOC_PARAM, LOC_PROTO and LOCSEC, the
	// kinds for inlined functions, which no released kernel knows.
	ReplaceLocations bool

	// SkipTypeTags makes typedefs and qualifiers refer to what is under the type tags
	// that they refer to. From 5.18 until 7.1, kernels refuse type tags there.
	SkipTypeTags bool

	// CleanNames removes names where the kernel allows none, such as those that Rust
	// gives to pointers. It shortens names to 512 bytes. In names that must be
	// identifiers, it writes "_" for each character other than letters of ASCII, digits,
	// "_" and ".". Parameters of functions, and declarations that must have a name, get
	// one if they have none. Different names may become the same.
	CleanNames bool

	// CleanDots makes CleanNames replace dots, except in names of variables and
	// sections. Kernels before 6.5 refuse them.
	CleanDots bool

	// CleanSectionNames makes CleanNames apply the rule for identifiers to names of a
	// DATASEC. Kernels before 6.9 demand it. Others accept any printable ASCII text.
	CleanSectionNames bool

	// FillEmpty writes an INT if there is no type at all, which no kernel accepts.
	FillEmpty bool

	// KeepPointerSize adds an INT named long if the Spec knows the size of a pointer
	// but the written bytes would not tell it: if it comes from the class of an ELF
	// file, or was set.
	KeepPointerSize bool

	// ReplaceDeclarations writes definitions for what a BPF object only declares. No
	// kernel accepts the declarations. Extern functions and variables become global,
	// and parameters of such functions get names. Variables in .ksyms become integers,
	// and functions in .ksyms become a variable. An ENUM without a size gets the size
	// of an int. Variables of size 0 are removed from their DATASEC.
	ReplaceDeclarations bool
}

// A rewriter changes the records of a Spec into those that are written.
type rewriter struct {
	opts *Options

	nextID  btf.TypeID // of the next record in extra
	extra   []uint32   // words of added records
	nameEnd uint64     // offset after the Spec's strings
	strings []byte     // added strings

	ints        [9]btf.TypeID       // added INTs by size in bytes, 0 if not added
	placeholder uint32              // offset of the added name, 0 if not added
	variable    btf.TypeID          // added VAR for the functions in .ksyms, 0 if not added
	unnamed     map[btf.TypeID]bool // prototypes whose parameters need names
	ksyms       map[btf.TypeID]bool // variables in .ksyms
	cleaned     map[cleanName]uint32
}

func newRewriter(s *btf.Spec, opts *Options) *rewriter {
	r := &rewriter{opts: opts, nextID: 1, unnamed: map[btf.TypeID]bool{}, ksyms: map[btf.TypeID]bool{}, cleaned: map[cleanName]uint32{}}
	for l := s; l != nil; l = l.Base() {
		r.nextID += btf.TypeID(l.NumTypes())
		r.nameEnd += uint64(l.Header().StringLength)
	}
	if !opts.ReplaceDeclarations && !opts.CleanNames {
		return r
	}
	for t := range s.All() {
		switch t.Kind() {
		case btf.KindFunc:
			if record := t.Record(); opts.CleanNames || btf.FuncLinkage(record.Vlen()) == btf.ExternFunc {
				r.unnamed[btf.TypeID(record.Word(8))] = true
			}
		case btf.KindDatasec:
			record := t.Record()
			if !opts.ReplaceDeclarations || !isKsyms(record, record.Word(0)) {
				break
			}
			for at := uint32(uapi.RecordSize); at < record.Len(); at += uapi.VarSecinfoSize {
				r.ksyms[btf.TypeID(record.Word(at))] = true
			}
		}
	}
	return r
}

// isKsyms reports whether a name is that of the section of kernel symbols.
func isKsyms(r btf.Record, nameOff uint32) bool {
	const name = ".ksyms\x00"
	s := r.Strings(nameOff)
	return string(s[:min(len(s), len(name))]) == name
}

// isNameless reports whether there is no name at an offset, or one without bytes.
func isNameless(r btf.Record, nameOff uint32) bool {
	s := r.Strings(nameOff)
	return len(s) == 0 || s[0] == 0
}

// rewrite changes the words of a record into those that are written.
func (r *rewriter) rewrite(t btf.Type, record btf.Record, words []uint32) ([]uint32, error) {
	words, err := r.replace(t, record, words)
	if err == nil && r.opts.CleanNames {
		err = r.cleanNames(record, words)
	}
	return words, err
}

// replace is rewrite without CleanNames.
//
// It is one switch with a case for each kind: what is replaced in which record can be read
// in one place.
func (r *rewriter) replace(t btf.Type, record btf.Record, words []uint32) ([]uint32, error) {
	info := func(k btf.Kind, vlen uint32) uint32 { return uint32(k)<<uapi.KindShift | vlen }
	vlen, rest := record.Vlen(), words[uapi.RecordSize/4:]
	switch record.Kind() {
	case btf.KindFunc:
		if r.opts.ReplaceDeclarations && btf.FuncLinkage(vlen) == btf.ExternFunc {
			words[1] = info(btf.KindFunc, uint32(btf.GlobalFunc))
		}
		if r.opts.StripFuncLinkage {
			words[1] = info(btf.KindFunc, uint32(btf.StaticFunc))
		}
	case btf.KindFuncProto:
		if r.unnamed[t.ID()] {
			for i := 0; i < len(rest); i += uapi.ParamSize / 4 {
				if isNameless(record, rest[i]) && rest[i+1] != 0 {
					rest[i] = r.addName()
				}
			}
		}
	case btf.KindEnum:
		if r.opts.ReplaceDeclarations && words[2] == 0 && vlen == 0 {
			words[2] = 4
		}
		if r.opts.ReplaceEnum64 {
			words[1] &^= uapi.KindFlag
		}
	case btf.KindVar:
		if r.opts.ReplaceDeclarations && btf.VarLinkage(rest[0]) == btf.ExternVar {
			rest[0] = uint32(btf.GlobalVar)
			if r.ksyms[t.ID()] {
				words[2] = uint32(r.addInt(4))
			}
		}
	case btf.KindDatasec:
		if r.opts.ReplaceDeclarations && isKsyms(record, words[0]) {
			words[2] = 4 * vlen
			for i := range vlen {
				e := rest[i*3:]
				if record.Follow(btf.TypeID(e[0])).Kind() != btf.KindVar {
					e[0] = uint32(r.addVariable())
				}
				e[1], e[2] = 4*i, 4
			}
			break
		}
		if err := placeVars(t, words); err != nil {
			return nil, err
		}
		if r.opts.ReplaceDeclarations {
			kept := rest[:0]
			for e := range slices.Chunk(rest, uapi.VarSecinfoSize/4) {
				if e[2] != 0 {
					kept = append(kept, e...)
				}
			}
			words = words[:uapi.RecordSize/4+len(kept)]
			words[1] = info(btf.KindDatasec, uint32(len(kept)*4/uapi.VarSecinfoSize))
		}
	case btf.KindDeclTag:
		if r.opts.ReplaceDeclTags || r.opts.ReplaceAttributes && record.KindFlag() {
			words[0], words[1], words[2], rest[0] = 0, info(btf.KindInt, 0), 4, 32
		}
	case btf.KindTypeTag:
		if r.replacesTag(record) {
			words[0], words[1] = 0, info(btf.KindConst, 0)
			words[2] = r.underTags(record, words[2])
		}
	case btf.KindTypedef, btf.KindVolatile, btf.KindConst, btf.KindRestrict:
		words[2] = r.underTags(record, words[2])
	case btf.KindFloat:
		if r.opts.ReplaceFloats {
			words[0], words[1] = 0, info(btf.KindStruct, 0)
		}
	case btf.KindLocParam, btf.KindLocProto, btf.KindLocsec:
		if r.opts.ReplaceLocations {
			words = append(words[:0], 0, info(btf.KindInt, 0), 4, 32)
		}
	case btf.KindEnum64:
		if r.opts.ReplaceEnum64 {
			words[1] = info(btf.KindUnion, vlen)
			for i := 0; i < len(rest); i += uapi.Enumerator64Size / 4 {
				rest[i+1], rest[i+2] = uint32(r.addInt(words[2])), 0
			}
		}
	}
	return words, nil
}

// replacesTag reports whether a TYPE_TAG becomes a CONST.
func (r *rewriter) replacesTag(tag btf.Record) bool {
	return r.opts.ReplaceTypeTags || r.opts.ReplaceAttributes && tag.KindFlag()
}

// underTags returns the id of what is under the type tags that a typedef or qualifier
// refers to by an id.
func (r *rewriter) underTags(from btf.Record, id uint32) uint32 {
	if !r.opts.SkipTypeTags {
		return id
	}
	const depth = 32 // the kernel refuses longer chains
	for range depth {
		tag := from.Follow(btf.TypeID(id)).Record()
		if tag.Kind() != btf.KindTypeTag || r.replacesTag(tag) {
			break
		}
		id = tag.Word(8)
	}
	return id
}

// complete adds the records that the options want after the last type.
func (r *rewriter) complete(s *btf.Spec) error {
	if r.opts.FillEmpty && s.Base() == nil && s.NumTypes() == 0 {
		r.addInt(4)
		if r.nameEnd == 0 && len(r.strings) == 0 {
			r.strings = append(r.strings, 0)
		}
	}
	size := s.PointerSize()
	if !r.opts.KeepPointerSize || size == 0 {
		return nil
	}
	var told *btf.Spec
	var err error
	if base := s.Base(); base != nil {
		told, err = btf.LoadRawSplitSpec(s.Bytes(), base)
	} else {
		told, err = btf.LoadRawSpec(s.Bytes())
	}
	if err != nil {
		return err
	}
	if told.PointerSize() == 0 {
		r.add(r.addString("long"), uint32(btf.KindInt)<<uapi.KindShift, uint32(size), uint32(btf.Signed)<<24|uint32(size)*8)
	}
	return nil
}

// add appends a record, and returns its id.
func (r *rewriter) add(words ...uint32) btf.TypeID {
	r.extra = append(r.extra, words...)
	r.nextID++
	return r.nextID - 1
}

// addName returns the offset of a name for a record that needs one.
func (r *rewriter) addName() uint32 {
	if r.placeholder == 0 {
		r.placeholder = r.addString("placeholder")
	}
	return r.placeholder
}

// addString appends a name, and returns its offset.
func (r *rewriter) addString(name string) uint32 {
	if r.nameEnd == 0 && len(r.strings) == 0 {
		r.strings = append(r.strings, 0)
	}
	off := uint32(r.nameEnd) + uint32(len(r.strings))
	r.strings = append(append(r.strings, name...), 0)
	return off
}

// addInt returns an anonymous INT of size bytes, at most 8.
func (r *rewriter) addInt(size uint32) btf.TypeID {
	size = min(size, 8)
	if r.ints[size] == 0 {
		r.ints[size] = r.add(0, uint32(btf.KindInt)<<uapi.KindShift, size, size*8)
	}
	return r.ints[size]
}

// addVariable returns the VAR that stands for the functions in .ksyms.
func (r *rewriter) addVariable() btf.TypeID {
	if r.variable == 0 {
		r.variable = r.add(r.addName(), uint32(btf.KindVar)<<uapi.KindShift, uint32(r.addInt(4)), uint32(btf.GlobalVar))
	}
	return r.variable
}
