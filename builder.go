// Builds a new blob from types.

package btf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A Builder collects types for a new blob of BTF: such as the key and value of a
// map, what is left of a kernel's types for an agent that asks for five of them, or
// a test. Strings are kept once.
//
//	var b btf.Builder
//	u64 := b.Int("u64", 8, btf.Unsigned)
//	b.Struct("event", 16, btf.StructMember{Name: "time", Type: u64}, btf.StructMember{Name: "bytes", Type: u64, Offset: 64})
//	blob, err := b.Marshal(btf.MarshalOptions{Order: binary.NativeEndian})
//
// Types get the ids from 1 on in the order in which they are added, and keep them.
// They may refer to types that are added later: see [Builder.Next]. What is wrong
// with them is said by Spec and Marshal, not before.
//
// The zero Builder is empty and ready to use. A Builder must not be used from
// several goroutines at once.
type Builder struct {
	types   encoder // little-endian
	count   uint32
	strings []byte
	offsets map[string]uint32
	added   map[Type]TypeID
	err     error
}

// A StructMember is a member of a struct or union to be built.
type StructMember struct {
	Name         string
	Type         TypeID
	Offset       Bits // from the start of the struct, 0 in a union
	BitfieldSize Bits // 0 if it is no bitfield
}

// A EnumValue is an enumerator to be built. It is meant as int64 if the enum is
// signed.
type EnumValue struct {
	Name  string
	Value uint64
}

// A ProtoParam is a parameter to be built. The zero ProtoParam in last place stands
// for "...".
type ProtoParam struct {
	Name string
	Type TypeID
}

// A SectionVar is an entry of a DATASEC to be built: a [Var], and its offset and size
// in bytes.
type SectionVar struct {
	Var          TypeID
	Offset, Size uint32
}

// Next returns the id of the type that is added next, so that a struct can have
// pointers to itself.
func (b *Builder) Next() TypeID { return TypeID(b.count) + 1 }

// Int adds an INT that takes that many bytes and uses all their bits.
func (b *Builder) Int(name string, size uint32, encoding IntEncoding) TypeID {
	if size > 16 || encoding > 15 {
		b.fail("INT %q of at most 16 bytes with an encoding of 4 bits wanted, it has %d and is %v", name, size, encoding)
	}
	return b.add(name, KindInt, 0, false, size, uint32(encoding)<<24|size*8&0xff)
}

// Float adds a FLOAT that takes that many bytes.
func (b *Builder) Float(name string, size uint32) TypeID {
	return b.add(name, KindFloat, 0, false, size)
}

// Pointer adds a PTR to a type, 0 being void.
func (b *Builder) Pointer(target TypeID) TypeID { return b.reference("", KindPointer, target) }

// Array adds an ARRAY of n elements; index is an integer type.
func (b *Builder) Array(element, index TypeID, n uint32) TypeID {
	return b.add("", KindArray, 0, false, 0, uint32(element), uint32(index), n)
}

// Struct adds a STRUCT that takes size bytes.
func (b *Builder) Struct(name string, size uint32, fields ...StructMember) TypeID {
	return b.composite(KindStruct, name, size, fields)
}

// Union adds a UNION that takes size bytes.
func (b *Builder) Union(name string, size uint32, fields ...StructMember) TypeID {
	return b.composite(KindUnion, name, size, fields)
}

func (b *Builder) composite(k Kind, name string, size uint32, fields []StructMember) TypeID {
	bitfields := slices.ContainsFunc(fields, func(f StructMember) bool { return f.BitfieldSize != 0 })
	words := make([]uint32, 0, 3*len(fields))
	for _, f := range fields {
		limit := Bits(1<<32 - 1)
		if bitfields {
			limit = uapi.MemberOffsetMask
		}
		if f.Offset > limit || f.BitfieldSize > 255 {
			b.fail("member %q of %s %q at offset %d with %d bits: at most %d and 255 can be written", f.Name, k, name, uint64(f.Offset), uint64(f.BitfieldSize), uint64(limit))
		}
		words = append(words, b.string(f.Name), uint32(f.Type), uint32(f.BitfieldSize)<<uapi.MemberBitfieldShift|uint32(f.Offset))
	}
	return b.add(name, k, len(fields), bitfields, size, words...)
}

// Enum adds an ENUM that takes size bytes, or an ENUM64 if size is 8.
func (b *Builder) Enum(name string, size uint32, signed bool, values ...EnumValue) TypeID {
	k, words := KindEnum, make([]uint32, 0, 3*len(values))
	if size == 8 {
		k = KindEnum64
	}
	// The bits above those that a value has room for.
	above := 64 - 8*min(size, 8)
	if size != 8 {
		above = max(above, 32)
	}
	for _, v := range values {
		low, high := uint32(v.Value), uint32(v.Value>>32)
		words = append(words, b.string(v.Name), low)
		if k == KindEnum64 {
			words = append(words, high)
		}
		if signed && int64(v.Value)<<above>>above != int64(v.Value) || !signed && v.Value<<above>>above != v.Value {
			b.fail("enumerator %q of %v %q: %d bits do not hold 0x%x", v.Name, k, name, 64-above, v.Value)
		}
	}
	return b.add(name, k, len(values), signed, size, words...)
}

// Fwd adds a FWD of a union or else of a struct.
func (b *Builder) Fwd(name string, union bool) TypeID {
	return b.add(name, KindFwd, 0, union, 0)
}

// Typedef adds a TYPEDEF.
func (b *Builder) Typedef(name string, target TypeID) TypeID {
	return b.reference(name, KindTypedef, target)
}

// Volatile adds a VOLATILE.
func (b *Builder) Volatile(target TypeID) TypeID { return b.reference("", KindVolatile, target) }

// Const adds a CONST.
func (b *Builder) Const(target TypeID) TypeID { return b.reference("", KindConst, target) }

// Restrict adds a RESTRICT.
func (b *Builder) Restrict(target TypeID) TypeID { return b.reference("", KindRestrict, target) }

// TypeTag adds a TYPE_TAG with that text.
func (b *Builder) TypeTag(text string, target TypeID) TypeID {
	return b.reference(text, KindTypeTag, target)
}

// DeclTag adds a DECL_TAG with that text, of a member or parameter of target counted
// from 0, or of target itself if component is -1.
func (b *Builder) DeclTag(text string, target TypeID, component int) TypeID {
	return b.add(text, KindDeclTag, 0, false, uint32(target), uint32(int32(component)))
}

// Func adds a FUNC with a FUNC_PROTO.
func (b *Builder) Func(name string, prototype TypeID, linkage FuncLinkage) TypeID {
	return b.add(name, KindFunc, int(linkage), false, uint32(prototype))
}

// FuncProto adds a FUNC_PROTO, with void as result if that is 0.
func (b *Builder) FuncProto(result TypeID, params ...ProtoParam) TypeID {
	words := make([]uint32, 0, 2*len(params))
	for _, p := range params {
		words = append(words, b.string(p.Name), uint32(p.Type))
	}
	return b.add("", KindFuncProto, len(params), false, uint32(result), words...)
}

// Var adds a VAR.
func (b *Builder) Var(name string, target TypeID, linkage VarLinkage) TypeID {
	return b.add(name, KindVar, 0, false, uint32(target), uint32(linkage))
}

// Datasec adds a DATASEC that takes size bytes.
func (b *Builder) Datasec(name string, size uint32, vars ...SectionVar) TypeID {
	words := make([]uint32, 0, 3*len(vars))
	for _, v := range vars {
		words = append(words, uint32(v.Var), v.Offset, v.Size)
	}
	return b.add(name, KindDatasec, len(vars), false, size, words...)
}

// Add copies t and all that it refers to, and returns the new id of t. What was
// added before, alone or on the way from another type, is not added again. Decl
// tags refer to what they tag, not the reverse: those that are wanted are added
// themselves.
//
// The error is a [*FormatError] if a record is broken, and matches
// [ErrNotSupported] for a kind that only a layout section describes; the types
// added are undone. It says so if something added before cannot be written, which no
// more is then added to. It takes time and memory for what is copied, and none for the
// rest of the Spec.
func (b *Builder) Add(t Type) (TypeID, error) {
	if t.layer == nil {
		return 0, nil
	}
	if t.Kind() == KindVoid {
		return 0, fmt.Errorf("btf: adding %v: %w", t, ErrClosed)
	}
	if id, ok := b.added[t]; ok {
		return id, nil
	}
	if b.added == nil {
		b.added = map[Type]TypeID{}
	}
	types, count := len(b.types.bytes), b.count
	wanted := []Type{}
	id := func(t Type) uint32 {
		if t == (Type{}) {
			return 0
		}
		id, ok := b.added[t]
		if !ok {
			id = TypeID(count) + TypeID(len(wanted)) + 1
			b.added[t] = id
			wanted = append(wanted, t)
		}
		return uint32(id)
	}
	id(t)
	for i := 0; i < len(wanted); i++ {
		if err := b.copy(wanted[i], id); err != nil {
			for _, t := range wanted {
				delete(b.added, t)
			}
			b.types.bytes, b.count = b.types.bytes[:types], count
			return 0, err
		}
	}
	return b.added[t], nil
}

// copy adds the record of t as it is, but for the ids in it, which id gives, and the
// names.
func (b *Builder) copy(t Type, id func(Type) uint32) error {
	k := t.Kind()
	if !t.layer.understands(k) {
		return fmt.Errorf("btf: adding %v: %w", t, ErrNotSupported)
	}
	if err := t.check(); err != nil {
		return err
	}
	words := t.Record().AppendWords(nil)
	if len(words) == 0 {
		return t.problem(0, "%s record was rewritten while it was read", k)
	}
	k = Kind(words[1] >> kindShift & kindMask)
	if k == KindDatasec {
		placeVars(Datasec{handle: t}, words)
	}
	uapi.KindFields[k].Visit(uint32(len(words))*4,
		func(at uint32) { words[at/4] = b.string(string(t.layer.strings.name(words[at/4]))) },
		func(at uint32) { words[at/4] = id(t.follow(words[at/4])) })
	if b.err != nil {
		return b.err
	}
	b.types.words(words)
	b.count++
	return nil
}

func (b *Builder) reference(name string, k Kind, target TypeID) TypeID {
	return b.add(name, k, 0, false, uint32(target))
}

// add appends a record.
func (b *Builder) add(name string, k Kind, vlen int, flag bool, third uint32, rest ...uint32) TypeID {
	if uint64(vlen) > vlenMask {
		b.fail("%s %q of at most %d elements wanted, it has %d", k, name, vlenMask, vlen)
	}
	info := uint32(k)<<kindShift | uint32(vlen)&vlenMask
	if flag {
		info |= kindFlag
	}
	b.types.words([]uint32{b.string(name), info, third})
	b.types.words(rest)
	b.count++
	return TypeID(b.count)
}

// maxBuilderStrings is four times what a kernel takes. In hostile BTF each name may
// be the end of the one before, and all of them many times what they were copied from.
const maxBuilderStrings = 1 << 26

// string returns the offset of a name.
func (b *Builder) string(name string) uint32 {
	if name == "" {
		return 0
	}
	if strings.IndexByte(name, 0) >= 0 {
		b.fail("name without NUL wanted, it is %q", name)
	}
	if off, ok := b.offsets[name]; ok {
		return off
	}
	if b.offsets == nil {
		b.offsets = map[string]uint32{}
	}
	if len(b.strings) == 0 {
		b.strings = []byte{0}
	}
	if len(b.strings)+len(name) >= maxBuilderStrings {
		b.fail("strings of less than %d bytes wanted", maxBuilderStrings)
		return 0
	}
	off := uint32(len(b.strings))
	b.strings = append(append(b.strings, name...), 0)
	b.offsets[name] = off
	return off
}

// fail remembers the first thing that cannot be written.
func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("btf: building type %d: "+format, append([]any{b.Next()}, args...)...)
	}
}

// Spec returns what was added as a Spec of its own, little-endian and in memory.
// The Builder can be used further without changing it. The error says what cannot
// be written, and is a [*FormatError] if a type refers to one that is not there.
func (b *Builder) Spec() (*Spec, error) {
	if b.err != nil {
		return nil, b.err
	}
	strings := b.strings
	if len(strings) == 0 {
		strings = []byte{0}
	}
	if uint64(len(b.types.bytes))+uint64(len(strings)) > 1<<32-1-headerSize {
		return nil, errors.New("btf: more than 4 GiB of types and strings")
	}
	var out encoder
	out.header(headerSize, uint32(len(b.types.bytes)), 0, uint32(len(strings)))
	s, err := newSpec(slices.Concat(out.bytes, b.types.bytes, strings), nil)
	if err == nil {
		err = s.Verify()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Marshal returns what was added as a blob: of the machine's byte order, if the
// options name none. The errors are those of [Builder.Spec].
func (b *Builder) Marshal(opts MarshalOptions) ([]byte, error) {
	s, err := b.Spec()
	if err != nil {
		return nil, err
	}
	if opts.Order == nil {
		opts.Order = binary.NativeEndian
	}
	return s.Marshal(opts)
}
