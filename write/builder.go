// Builds a new blob from types.

package write

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A Builder collects the types of a new blob: for example, the key and value of a map,
// or the types that an agent needs of a kernel's. Each name is stored once.
//
// The first type has the id 1, and each further type the next id. A type may refer to
// a type that is added later: see [Builder.Next]. The methods that add types return no
// errors, except [Builder.Add]. [Builder.Spec] and [Builder.Marshal] return the first
// error.
//
// The zero Builder is empty and ready to use. A Builder must not be used by several
// goroutines at once.
type Builder struct {
	types   encoder // little-endian
	count   uint32
	strings []byte
	offsets map[string]uint32
	added   map[btf.Type]btf.TypeID
	pointer uint64 // size of a pointer in the types that Add copied, 0 if unknown
	err     error
}

// A Member is a member of a struct or union: struct btf_member of
// include/uapi/linux/btf.h.
type Member struct {
	Name         string     // "" if it is anonymous
	Type         btf.TypeID // for a bitfield, an integer or enum
	Offset       btf.Bits   // from the start of the struct; 0 in a union
	BitfieldSize btf.Bits   // 0 if it is no bitfield, at most 255
}

// An Enumerator is a name of an enum and its value: struct btf_enum or btf_enum64 of
// include/uapi/linux/btf.h. Value is an int64 in two's complement if the enum is
// signed: uint64(x) of an int64 x.
type Enumerator struct {
	Name  string
	Value uint64
}

// A Param is a parameter of a prototype: struct btf_param of
// include/uapi/linux/btf.h. The zero Param in last place stands for "...".
type Param struct {
	Name string // "" if it has none
	Type btf.TypeID
}

// A VarSecinfo is an entry of a DATASEC: struct btf_var_secinfo of
// include/uapi/linux/btf.h.
type VarSecinfo struct {
	Type   btf.TypeID // of the VAR
	Offset uint32     // from the start of the section, in bytes
	Size   uint32     // of the variable, in bytes
}

// Next returns the id of the type that is added next. A struct can so have pointers to
// itself.
func (b *Builder) Next() btf.TypeID { return btf.TypeID(b.count) + 1 }

// Int adds an INT of size bytes, at most 16, that uses all of its bits.
func (b *Builder) Int(name string, size uint32, encoding btf.IntEncoding) btf.TypeID {
	if size > 16 {
		b.fail("INT %.128q must have at most 16 bytes, has %d", name, size)
	}
	if encoding > 15 {
		b.fail("encoding of INT %.128q must have at most 4 bits, is 0x%x", name, uint8(encoding))
	}
	return b.add(name, btf.KindInt, 0, false, size, uint32(encoding)<<24|size*8&0xff)
}

// Float adds a FLOAT of size bytes.
func (b *Builder) Float(name string, size uint32) btf.TypeID {
	return b.add(name, btf.KindFloat, 0, false, size)
}

// Pointer adds a PTR to a type. Target 0 is void.
func (b *Builder) Pointer(target btf.TypeID) btf.TypeID {
	return b.reference("", btf.KindPointer, target)
}

// Array adds an ARRAY of n elements. Index is the type of its index, an integer.
func (b *Builder) Array(element, index btf.TypeID, n uint32) btf.TypeID {
	return b.add("", btf.KindArray, 0, false, 0, uint32(element), uint32(index), n)
}

// Struct adds a STRUCT of size bytes. An offset of a member must be less than 2^32
// bits, or less than 2^24 bits if a member of the struct is a bitfield.
func (b *Builder) Struct(name string, size uint32, members ...Member) btf.TypeID {
	return b.composite(btf.KindStruct, name, size, members)
}

// Union adds a UNION of size bytes.
func (b *Builder) Union(name string, size uint32, members ...Member) btf.TypeID {
	return b.composite(btf.KindUnion, name, size, members)
}

func (b *Builder) composite(k btf.Kind, name string, size uint32, members []Member) btf.TypeID {
	bitfields := slices.ContainsFunc(members, func(m Member) bool { return m.BitfieldSize != 0 })
	limit := btf.Bits(1<<32 - 1)
	if bitfields {
		limit = uapi.MemberOffsetMask
	}
	words := make([]uint32, 0, 3*len(members))
	for _, m := range members {
		if m.Offset > limit {
			b.fail("bit offset of member %.128q of %s %.128q must be at most %d, is %d", m.Name, k, name, uint64(limit), uint64(m.Offset))
		}
		if m.BitfieldSize > 255 {
			b.fail("bitfield size of member %.128q of %s %.128q must be at most 255, is %d", m.Name, k, name, uint64(m.BitfieldSize))
		}
		words = append(words, b.string(m.Name), uint32(m.Type), uint32(m.BitfieldSize)<<uapi.MemberBitfieldShift|uint32(m.Offset))
	}
	return b.add(name, k, len(members), bitfields, size, words...)
}

// Enum adds an ENUM of size bytes, or an ENUM64 if size is 8.
func (b *Builder) Enum(name string, size uint32, signed bool, enumerators ...Enumerator) btf.TypeID {
	k, words := btf.KindEnum, make([]uint32, 0, 3*len(enumerators))
	if size == 8 {
		k = btf.KindEnum64
	}
	width := 8 * min(size, 8) // bits of a value
	if k == btf.KindEnum {
		width = min(width, 32)
	}
	unused := 64 - width
	for _, e := range enumerators {
		low, high := uint32(e.Value), uint32(e.Value>>32)
		words = append(words, b.string(e.Name), low)
		if k == btf.KindEnum64 {
			words = append(words, high)
		}
		if signed && int64(e.Value)<<unused>>unused != int64(e.Value) || !signed && e.Value<<unused>>unused != e.Value {
			b.fail("value of enumerator %.128q of %s %.128q must fit in %d bits, is 0x%x", e.Name, k, name, width, e.Value)
		}
	}
	return b.add(name, k, len(enumerators), signed, size, words...)
}

// Fwd adds a FWD, the declaration of a union or else of a struct.
func (b *Builder) Fwd(name string, union bool) btf.TypeID {
	return b.add(name, btf.KindFwd, 0, union, 0)
}

// Typedef adds a TYPEDEF.
func (b *Builder) Typedef(name string, target btf.TypeID) btf.TypeID {
	return b.reference(name, btf.KindTypedef, target)
}

// Volatile adds a VOLATILE.
func (b *Builder) Volatile(target btf.TypeID) btf.TypeID {
	return b.reference("", btf.KindVolatile, target)
}

// Const adds a CONST.
func (b *Builder) Const(target btf.TypeID) btf.TypeID {
	return b.reference("", btf.KindConst, target)
}

// Restrict adds a RESTRICT.
func (b *Builder) Restrict(target btf.TypeID) btf.TypeID {
	return b.reference("", btf.KindRestrict, target)
}

// TypeTag adds a TYPE_TAG with a text.
func (b *Builder) TypeTag(text string, target btf.TypeID) btf.TypeID {
	return b.reference(text, btf.KindTypeTag, target)
}

// DeclTag adds a DECL_TAG with a text. Component is the member or parameter of target
// that it tags, counted from 0, or -1 if it tags target itself.
func (b *Builder) DeclTag(text string, target btf.TypeID, component int) btf.TypeID {
	return b.add(text, btf.KindDeclTag, 0, false, uint32(target), uint32(int32(component)))
}

// Func adds a FUNC. Prototype is the id of its FUNC_PROTO.
func (b *Builder) Func(name string, prototype btf.TypeID, linkage btf.FuncLinkage) btf.TypeID {
	if linkage > uapi.VlenMask {
		b.fail("linkage of FUNC %.128q must be at most %d, is %d", name, uapi.VlenMask, uint32(linkage))
	}
	return b.add(name, btf.KindFunc, int(linkage&uapi.VlenMask), false, uint32(prototype))
}

// FuncProto adds a FUNC_PROTO. Result 0 is void.
func (b *Builder) FuncProto(result btf.TypeID, params ...Param) btf.TypeID {
	words := make([]uint32, 0, 2*len(params))
	for _, p := range params {
		words = append(words, b.string(p.Name), uint32(p.Type))
	}
	return b.add("", btf.KindFuncProto, len(params), false, uint32(result), words...)
}

// Var adds a VAR.
func (b *Builder) Var(name string, target btf.TypeID, linkage btf.VarLinkage) btf.TypeID {
	return b.add(name, btf.KindVar, 0, false, uint32(target), uint32(linkage))
}

// Datasec adds a DATASEC of size bytes.
func (b *Builder) Datasec(name string, size uint32, vars ...VarSecinfo) btf.TypeID {
	words := make([]uint32, 0, 3*len(vars))
	for _, v := range vars {
		words = append(words, uint32(v.Type), v.Offset, v.Size)
	}
	return b.add(name, btf.KindDatasec, len(vars), false, size, words...)
}

// reference adds a record that is nothing but the type id in its third word.
func (b *Builder) reference(name string, k btf.Kind, target btf.TypeID) btf.TypeID {
	return b.add(name, k, 0, false, uint32(target))
}

// add adds a record: its third word, and the words that follow.
func (b *Builder) add(name string, k btf.Kind, vlen int, flag bool, third uint32, rest ...uint32) btf.TypeID {
	if uint64(vlen) > uapi.VlenMask {
		b.fail("%s %.128q must have at most %d elements, has %d", k, name, uapi.VlenMask, vlen)
	}
	info := uint32(k)<<uapi.KindShift | uint32(vlen)&uapi.VlenMask
	if flag {
		info |= uapi.KindFlag
	}
	b.types.words([]uint32{b.string(name), info, third})
	b.types.words(rest)
	b.count++
	return btf.TypeID(b.count)
}

// maxStrings is four times the number of bytes that a kernel accepts. In hostile BTF
// each name can be the end of the name before it. All of them together are then far
// longer than the section that they come from.
const maxStrings = 1 << 26

// string returns the offset of a name. It adds the name if it is new.
func (b *Builder) string(name string) uint32 {
	if name == "" {
		return 0
	}
	if strings.IndexByte(name, 0) >= 0 {
		b.fail("name must have no NUL byte, is %.128q", name)
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
	if len(b.strings)+len(name) >= maxStrings {
		b.failStrings()
		return 0
	}
	off := uint32(len(b.strings))
	b.strings = append(append(b.strings, name...), 0)
	b.offsets[name] = off
	return off
}

func (b *Builder) failStrings() {
	b.fail("all names together must have less than %d bytes", maxStrings)
}

// fail remembers the first error.
func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("btf: building type %d: "+format, append([]any{b.Next()}, args...)...)
	}
}

// Spec returns the types as a little-endian Spec in memory of its own. The Builder may
// be used further, and does not change the Spec.
//
// The Spec has the pointer size of the types that [Builder.Add] copied. If nothing in it
// would tell that size, the Spec has an INT named long in addition, as its last type.
//
// The error tells the first thing that cannot be written. It is a [*btf.FormatError] if a
// type refers to a type that does not exist. It is another error if pointers have one size
// in the types that were copied, and another by the type long.
func (b *Builder) Spec() (*btf.Spec, error) {
	if b.err != nil {
		return nil, b.err
	}
	s, err := b.load(b.types.bytes, b.strings)
	if err != nil || b.pointer == 0 || uint64(s.PointerSize()) == b.pointer {
		return s, err
	}
	with := *b // a Builder of its own for the additional type
	with.types.bytes, with.strings, with.offsets = slices.Clip(b.types.bytes), slices.Clip(b.strings), maps.Clone(b.offsets)
	with.Int("long", uint32(b.pointer), btf.Signed)
	if with.err != nil {
		return nil, with.err
	}
	told := s.PointerSize()
	if s, err = b.load(with.types.bytes, with.strings); err == nil && uint64(s.PointerSize()) != b.pointer {
		return nil, fmt.Errorf("btf: pointers have %d bytes in the types that were added, but %d by the type long", b.pointer, told)
	}
	return s, err
}

// load returns types and names as a Spec.
func (*Builder) load(types, strings []byte) (*btf.Spec, error) {
	if len(strings) == 0 {
		strings = []byte{0}
	}
	if uint64(len(types))+uint64(len(strings)) > 1<<32-1-uapi.HeaderSize {
		return nil, errors.New("btf: types and strings must have less than 4 GiB")
	}
	var out encoder
	out.header(uapi.HeaderSize, uint32(len(types)), 0, uint32(len(strings)))
	s, err := btf.LoadRawSpec(slices.Concat(out.bytes, types, strings))
	if err == nil {
		err = s.Verify()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Marshal returns the types as a blob, as [Marshal] writes it. The byte order is that
// of the machine if the options name none. The errors are those of [Builder.Spec].
func (b *Builder) Marshal(opts Options) ([]byte, error) {
	s, err := b.Spec()
	if err != nil {
		return nil, err
	}
	if opts.Order == nil {
		opts.Order = binary.NativeEndian
	}
	return Marshal(s, opts)
}
