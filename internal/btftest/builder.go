// Builds blobs of BTF record by record.

package btftest

import "encoding/binary"

// An Order is a byte order that can be appended and put.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// A Builder collects records and strings. Its methods for the kinds take ids of
// types and return the id of the new type. They write well-formed BTF;
// [Builder.Record] and [Put] write anything.
type Builder struct {
	Order     Order
	HeaderLen uint32 // 24, or 32 and more for a header that can have a layout

	first, start uint32 // the first own id and string offset
	base         *Builder
	count        uint32
	types        []byte
	strings      []byte
	offsets      map[string]uint32
	layout       []byte
}

// New returns a Builder of BTF that stands alone, with a header of 24 bytes.
func New(order Order) *Builder {
	return &Builder{Order: order, HeaderLen: 24, first: 1, strings: []byte{0}, offsets: map[string]uint32{"": 0}}
}

// Split returns a Builder of BTF that stands on b as b is now.
func (b *Builder) Split() *Builder {
	return &Builder{
		Order: b.Order, HeaderLen: 24, base: b,
		first: b.first + b.count, start: b.start + uint32(len(b.strings)),
		offsets: map[string]uint32{},
	}
}

// Over returns a Builder of split BTF over a blob made elsewhere, of that many types
// and bytes of strings.
func Over(order Order, types, strings uint32) *Builder {
	return &Builder{Order: order, HeaderLen: 24, first: types + 1, start: strings, offsets: map[string]uint32{"": 0}}
}

// String returns the offset of a name, of the base if that has it.
func (b *Builder) String(s string) uint32 {
	for l := b; l != nil; l = l.base {
		if off, ok := l.offsets[s]; ok && (l == b || off < b.start) {
			return off
		}
	}
	return b.NewString(s)
}

// NewString returns the offset of a name that is written anew.
func (b *Builder) NewString(s string) uint32 {
	off := b.start + uint32(len(b.strings))
	b.strings = append(append(b.strings, s...), 0)
	b.offsets[s] = off
	return off
}

// Info returns the second word of a record.
func Info(kind, vlen uint32, flag bool) uint32 {
	info := kind<<24 | vlen
	if flag {
		info |= 1 << 31
	}
	return info
}

// Next returns the id that the next record will have.
func (b *Builder) Next() uint32 { return b.first + b.count }

// Record adds a record of any kind: name offset, info, the third word, and what
// follows.
func (b *Builder) Record(name, info, third uint32, rest ...uint32) uint32 {
	for _, word := range append([]uint32{name, info, third}, rest...) {
		b.types = b.Order.AppendUint32(b.types, word)
	}
	b.count++
	return b.first + b.count - 1
}

func (b *Builder) record(name string, kind, vlen uint32, flag bool, third uint32, rest ...uint32) uint32 {
	return b.Record(b.String(name), Info(kind, vlen, flag), third, rest...)
}

// Encodings of integers.
const (
	Signed = 1
	Char   = 2
	Bool   = 4
)

// Int adds an INT whose bits fill it.
func (b *Builder) Int(name string, size, encoding uint32) uint32 {
	return b.OldInt(name, size, encoding, 0, size*8)
}

// OldInt adds an INT that says where in it a bitfield lies.
func (b *Builder) OldInt(name string, size, encoding, offset, bits uint32) uint32 {
	return b.record(name, 1, 0, false, size, encoding<<24|offset<<16|bits)
}

// Pointer adds a PTR.
func (b *Builder) Pointer(target uint32) uint32 { return b.record("", 2, 0, false, target) }

// Array adds an ARRAY.
func (b *Builder) Array(element, index, n uint32) uint32 {
	return b.record("", 3, 0, false, 0, element, index, n)
}

// A Member of a struct or union. Any Bitfield makes that one with kind_flag.
type Member struct {
	Name     string
	Type     uint32
	Offset   uint32 // bits
	Bitfield uint32 // bits
}

// Struct adds a STRUCT.
func (b *Builder) Struct(name string, size uint32, members ...Member) uint32 {
	return b.composite(4, name, size, members)
}

// Union adds a UNION.
func (b *Builder) Union(name string, size uint32, members ...Member) uint32 {
	return b.composite(5, name, size, members)
}

func (b *Builder) composite(kind uint32, name string, size uint32, members []Member) uint32 {
	flag := false
	for _, m := range members {
		flag = flag || m.Bitfield != 0
	}
	var words []uint32
	for _, m := range members {
		offset := m.Offset
		if flag {
			offset |= m.Bitfield << 24
		}
		words = append(words, b.String(m.Name), m.Type, offset)
	}
	return b.record(name, kind, uint32(len(members)), flag, size, words...)
}

// A Value of an enum.
type Value struct {
	Name  string
	Value int64
}

// Enum adds an ENUM.
func (b *Builder) Enum(name string, size uint32, signed bool, values ...Value) uint32 {
	var words []uint32
	for _, v := range values {
		words = append(words, b.String(v.Name), uint32(v.Value))
	}
	return b.record(name, 6, uint32(len(values)), signed, size, words...)
}

// Enum64 adds an ENUM64.
func (b *Builder) Enum64(name string, size uint32, signed bool, values ...Value) uint32 {
	var words []uint32
	for _, v := range values {
		words = append(words, b.String(v.Name), uint32(v.Value), uint32(uint64(v.Value)>>32))
	}
	return b.record(name, 19, uint32(len(values)), signed, size, words...)
}

// Fwd adds a FWD.
func (b *Builder) Fwd(name string, union bool) uint32 { return b.record(name, 7, 0, union, 0) }

// Typedef adds a TYPEDEF.
func (b *Builder) Typedef(name string, target uint32) uint32 {
	return b.record(name, 8, 0, false, target)
}

// Volatile adds a VOLATILE.
func (b *Builder) Volatile(target uint32) uint32 { return b.record("", 9, 0, false, target) }

// Const adds a CONST.
func (b *Builder) Const(target uint32) uint32 { return b.record("", 10, 0, false, target) }

// Restrict adds a RESTRICT.
func (b *Builder) Restrict(target uint32) uint32 { return b.record("", 11, 0, false, target) }

// Func adds a FUNC.
func (b *Builder) Func(name string, proto, linkage uint32) uint32 {
	return b.record(name, 12, linkage, false, proto)
}

// A Param of a prototype. The zero Param at the end makes it variadic.
type Param struct {
	Name string
	Type uint32
}

// FuncProto adds a FUNC_PROTO.
func (b *Builder) FuncProto(result uint32, params ...Param) uint32 {
	var words []uint32
	for _, p := range params {
		words = append(words, b.String(p.Name), p.Type)
	}
	return b.record("", 13, uint32(len(params)), false, result, words...)
}

// Var adds a VAR.
func (b *Builder) Var(name string, typ, linkage uint32) uint32 {
	return b.record(name, 14, 0, false, typ, linkage)
}

// A Variable of a section.
type Variable struct{ Type, Offset, Size uint32 }

// Datasec adds a DATASEC.
func (b *Builder) Datasec(name string, size uint32, vars ...Variable) uint32 {
	var words []uint32
	for _, v := range vars {
		words = append(words, v.Type, v.Offset, v.Size)
	}
	return b.record(name, 15, uint32(len(vars)), false, size, words...)
}

// Float adds a FLOAT.
func (b *Builder) Float(name string, size uint32) uint32 { return b.record(name, 16, 0, false, size) }

// DeclTag adds a DECL_TAG of component, or of target itself with -1.
func (b *Builder) DeclTag(text string, target uint32, component int32, attribute bool) uint32 {
	return b.record(text, 17, 0, attribute, target, uint32(component))
}

// TypeTag adds a TYPE_TAG.
func (b *Builder) TypeTag(text string, target uint32, attribute bool) uint32 {
	return b.record(text, 18, 0, attribute, target)
}

// Flags of a LOC_PARAM.
const (
	LocSigned = 1 << iota
	LocConst
	LocAddr
	LocReg
	LocDeref
	LocOffset
)

// LocParam adds a LOC_PARAM.
func (b *Builder) LocParam(size, flags uint32, values ...uint32) uint32 {
	return b.record("", 20, uint32(len(values)), false, size, append([]uint32{flags}, values...)...)
}

// LocProto adds a LOC_PROTO.
func (b *Builder) LocProto(params ...uint32) uint32 {
	return b.record("", 21, uint32(len(params)), false, 0, params...)
}

// A Site of an inlined call.
type Site struct{ Func, Proto, Offset uint32 }

// Locsec adds a LOCSEC.
func (b *Builder) Locsec(name string, sites ...Site) uint32 {
	var words []uint32
	for _, s := range sites {
		words = append(words, s.Func, s.Proto, s.Offset)
	}
	return b.record(name, 22, uint32(len(sites)), false, 0, words...)
}

// Layout says how long records of a kind are, and makes the header one that has a
// layout section.
func (b *Builder) Layout(kind int, once, each uint8) {
	b.HeaderLen = max(b.HeaderLen, 32)
	for len(b.layout) <= kind*4 {
		b.layout = append(b.layout, 0, 0, 0, 0)
	}
	b.layout[kind*4], b.layout[kind*4+1] = once, each
}

// Bytes returns the blob: header, types, layout, strings.
func (b *Builder) Bytes() []byte {
	blob := b.Order.AppendUint16(nil, 0xeb9f)
	blob = append(blob, 1, 0)
	types, layout, strings := uint32(len(b.types)), uint32(len(b.layout)), uint32(len(b.strings))
	for _, word := range []uint32{b.HeaderLen, 0, types, types + layout, strings, types, layout} {
		blob = b.Order.AppendUint32(blob, word)
	}
	for uint32(len(blob)) < b.HeaderLen {
		blob = append(blob, 0)
	}
	blob = blob[:b.HeaderLen]
	blob = append(blob, b.types...)
	blob = append(blob, b.layout...)
	return append(blob, b.strings...)
}

// Put overwrites the word at off of a copy of a blob.
func Put(order Order, blob []byte, off int, word uint32) []byte {
	blob = append([]byte(nil), blob...)
	order.PutUint32(blob[off:], word)
	return blob
}
