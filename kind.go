// Defines the kinds of types and the length of their records.

package btf

import (
	"strconv"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A TypeID is the number of a type. 0 is void, which has no record. The records of a blob
// have consecutive ids from 1 on. Those of split BTF start after the last id of its base.
type TypeID uint32

// A Kind is the kind of a type, such as struct or pointer. It is a 7-bit number, one of
// BTF_KIND_… of include/uapi/linux/btf.h.
type Kind uint8

// The kinds of Linux 6.0 and newer. A blob may have others if its layout section
// defines the length of their records.
const (
	KindVoid      Kind = iota // void, the type with id 0; it has no record
	KindInt                   // integer with size and encoding
	KindPointer               // pointer to a type
	KindArray                 // fixed-size array
	KindStruct                // struct with members
	KindUnion                 // union with members
	KindEnum                  // enum with values of 32 bits
	KindFwd                   // forward declaration of a struct or union
	KindTypedef               // name for another type
	KindVolatile              // volatile qualifier
	KindConst                 // const qualifier
	KindRestrict              // restrict qualifier
	KindFunc                  // function with a name and a prototype
	KindFuncProto             // function prototype: return type and parameters
	KindVar                   // global variable
	KindDatasec               // ELF section and the variables in it
	KindFloat                 // floating point number
	KindDeclTag               // btf_decl_tag attribute of a declaration
	KindTypeTag               // btf_type_tag attribute of the type that a pointer points to
	KindEnum64                // enum with values of 64 bits
)

// The draft kinds of inlined functions. Their numbers may change: see [LocParam].
const (
	KindLocParam = KindEnum64 + 1 + iota // location of a parameter of an inlined call
	KindLocProto                         // locations of all parameters of an inlined call
	KindLocsec                           // section of code and the calls inlined in it

	kindLast = KindLocsec
)

var kindNames = [...]string{
	"VOID", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF",
	"VOLATILE", "CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC",
	"FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64", "LOC_PARAM", "LOC_PROTO", "LOCSEC",
}

// String returns the name of the uapi constant without BTF_KIND_, such as
// "FUNC_PROTO". For a kind without a view it returns a string such as "KIND(23)".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "KIND(" + strconv.Itoa(int(k)) + ")"
}

// FuncLinkage is the linkage of a [Func].
type FuncLinkage uint32

// The values of enum btf_func_linkage. The kernel rejects ExternFunc, which compilers
// and libbpf use.
const (
	StaticFunc FuncLinkage = iota
	GlobalFunc
	ExternFunc
)

// String returns "static", "global", "extern", or a string such as "linkage(3)".
func (l FuncLinkage) String() string { return linkageName(uint32(l)) }

// VarLinkage is the linkage of a [Var].
type VarLinkage uint32

// The values of BTF_VAR_… of include/uapi/linux/btf.h.
const (
	StaticVar VarLinkage = iota
	GlobalVar
	ExternVar
)

// String returns "static", "global", "extern", or a string such as "linkage(3)".
func (l VarLinkage) String() string { return linkageName(uint32(l)) }

func linkageName(l uint32) string {
	names := [...]string{"static", "global", "extern"}
	if l < uint32(len(names)) {
		return names[l]
	}
	return "linkage(" + strconv.FormatUint(uint64(l), 10) + ")"
}

// IntEncoding says how to read the bits of an [Int].
type IntEncoding uint8

// The encodings. Signed, Char and Bool are the bits BTF_INT_… of
// include/uapi/linux/btf.h. The kernel accepts at most one of them in a type.
const (
	Unsigned IntEncoding = 0
	Signed   IntEncoding = 1
	Char     IntEncoding = 2
	Bool     IntEncoding = 4
)

// String returns "unsigned", "signed", "char", "bool", or a string such as
// "encoding(3)".
func (e IntEncoding) String() string {
	switch e {
	case Unsigned:
		return "unsigned"
	case Signed:
		return "signed"
	case Char:
		return "char"
	case Bool:
		return "bool"
	}
	return "encoding(" + strconv.Itoa(int(e)) + ")"
}

// A type record is 12 bytes, followed by bytes that depend on its kind: first those
// that the record has once, then those of each element. vlen is the number of elements.
//
//	 0           4           8          12                12+once
//	┌───────────┬───────────┬───────────┬────────────────┬───────────────────┐
//	│ name_off  │ info      │ size|type │ once           │ each × vlen       │
//	└───────────┴───────────┴───────────┴────────────────┴───────────────────┘
//	              bit 31: kind_flag, bits 24–30: kind, bits 0–23: vlen
//	              (a FUNC has its linkage in vlen, and no elements)
const (
	recordSize = uapi.RecordSize
	vlenMask   = uapi.VlenMask
	kindShift  = uapi.KindShift
	kindMask   = uapi.KindMask
	kindCount  = uapi.KindCount
	kindFlag   = uapi.KindFlag
)

// A shape defines the length of the records of a kind. Bits 0–7 are the number of bytes
// that a record has once, bits 8–15 the number of bytes of an element. The bits above
// are flags, which the pass over the records collects. A layout section gives both
// numbers as u8 (struct btf_layout), so the length of a record fits in 32 bits.
type shape uint32

const (
	shapeUnknown shape = 1 << 16 // the length of records of this kind is unknown
	shapeInt     shape = 1 << 17 // an INT, whose payload the pass reads
)

// length returns the length in bytes of a record, from its info word. It is at most
// 12 + 255 + 255 × (2^24 - 1), which is below 2^32.
func (s shape) length(info uint32) uint32 {
	return recordSize + uint32(s&0xff) + uint32(s>>8&0xff)*(info&vlenMask)
}

// shapes has the shape of each kind.
type shapes [kindCount]shape

// known returns the shape of a kind from its two numbers of bytes.
func known(once, each shape) shape { return once | each<<8 }

// knownShapes has the shapes of the kinds that this package defines.
var knownShapes = func() *shapes {
	s := shapes{
		KindInt:       known(4, 0) | shapeInt,
		KindPointer:   known(0, 0),
		KindArray:     known(12, 0),
		KindStruct:    known(0, memberSize),
		KindUnion:     known(0, memberSize),
		KindEnum:      known(0, enumeratorSize),
		KindFwd:       known(0, 0),
		KindTypedef:   known(0, 0),
		KindVolatile:  known(0, 0),
		KindConst:     known(0, 0),
		KindRestrict:  known(0, 0),
		KindFunc:      known(0, 0),
		KindFuncProto: known(0, paramSize),
		KindVar:       known(4, 0),
		KindDatasec:   known(0, varSecinfoSize),
		KindFloat:     known(0, 0),
		KindDeclTag:   known(4, 0),
		KindTypeTag:   known(0, 0),
		KindEnum64:    known(0, enumerator64Size),
		KindLocParam:  known(4, 4),
		KindLocProto:  known(0, locParamSize),
		KindLocsec:    known(0, locSiteSize),
	}
	s[KindVoid] = shapeUnknown
	for k := int(kindLast) + 1; k < kindCount; k++ {
		s[k] = shapeUnknown
	}
	return &s
}()

// The size of an element in bytes, by its type.
const (
	memberSize       = uapi.MemberSize
	enumeratorSize   = uapi.EnumeratorSize
	enumerator64Size = uapi.Enumerator64Size
	paramSize        = uapi.ParamSize
	varSecinfoSize   = uapi.VarSecinfoSize
	locParamSize     = uapi.LocParamSize
	locSiteSize      = uapi.LocSiteSize
)
