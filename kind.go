// Defines the kinds, and the length of the record of each.

package btf

import (
	"strconv"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// A TypeID is the number of a type: its place among the records, 0 being void.
// The ids of split BTF go on where those of its base end.
type TypeID uint32

// A Kind says what a type record describes. It is the number of
// BTF_KIND_… in include/uapi/linux/btf.h, 7 bits wide.
type Kind uint8

// The kinds of the BTF of Linux 6.0 and newer. A blob may hold others, if its
// layout section says how long their records are.
const (
	KindVoid      Kind = iota // no record: the type with id 0
	KindInt                   // integer, with size and encoding
	KindPointer               // pointer to a type
	KindArray                 // fixed-size array
	KindStruct                // struct with members
	KindUnion                 // union with members
	KindEnum                  // enumerators of 32 bits
	KindFwd                   // forward declaration of a struct or union
	KindTypedef               // another name for a type
	KindVolatile              // volatile qualifier
	KindConst                 // const qualifier
	KindRestrict              // restrict qualifier
	KindFunc                  // a function: a name for a prototype
	KindFuncProto             // return type and parameters
	KindVar                   // a global variable
	KindDatasec               // an ELF section and the variables in it
	KindFloat                 // floating point number
	KindDeclTag               // btf_decl_tag attribute of a declaration
	KindTypeTag               // btf_type_tag attribute of a pointer's target
	KindEnum64                // enumerators of 64 bits
)

// The kinds of inlined functions. They are a draft, which may move: see [LocParam].
const (
	KindLocParam = KindEnum64 + 1 + iota // where a parameter lies
	KindLocProto                         // where the parameters of a call lie
	KindLocsec                           // a section of code and the calls inlined in it

	kindLast = KindLocsec
)

var kindNames = [...]string{
	"VOID", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF",
	"VOLATILE", "CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC",
	"FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64", "LOC_PARAM", "LOC_PROTO", "LOCSEC",
}

// String returns the name of the uapi constant without BTF_KIND_, such as
// "FUNC_PROTO", or "KIND(23)" for a kind this package has no view of.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "KIND(" + strconv.Itoa(int(k)) + ")"
}

// FuncLinkage is the linkage of a [Func].
type FuncLinkage uint32

// The values of enum btf_func_linkage. Compilers and libbpf use all three, the
// kernel accepts the first two.
const (
	StaticFunc FuncLinkage = iota
	GlobalFunc
	ExternFunc
)

// String returns "static", "global", "extern", or the number.
func (l FuncLinkage) String() string { return linkageName(uint32(l)) }

// VarLinkage is the linkage of a [Var].
type VarLinkage uint32

// The values of BTF_VAR_….
const (
	StaticVar VarLinkage = iota
	GlobalVar
	ExternVar
)

// String returns "static", "global", "extern", or the number.
func (l VarLinkage) String() string { return linkageName(uint32(l)) }

func linkageName(l uint32) string {
	names := [...]string{"static", "global", "extern"}
	if l < uint32(len(names)) {
		return names[l]
	}
	return "linkage(" + strconv.FormatUint(uint64(l), 10) + ")"
}

// IntEncoding says how the bits of an [Int] are meant, BTF_INT_….
type IntEncoding uint8

// The encodings that exist. The kernel accepts at most one of them in a type.
const (
	Unsigned IntEncoding = 0
	Signed   IntEncoding = 1
	Char     IntEncoding = 2
	Bool     IntEncoding = 4
)

// String returns "unsigned", "signed", "char", "bool", or the number.
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

// A type record is 12 bytes, then bytes that depend on its kind: some once per
// record, some once per element, of which info counts vlen.
//
//	 0           4           8          12                12+once
//	┌───────────┬───────────┬───────────┬────────────────┬───────────────────┐
//	│ name_off  │ info      │ size|type │ once           │ each × vlen       │
//	└───────────┴───────────┴───────────┴────────────────┴───────────────────┘
//	              bit 31: kind_flag, bits 24–30: kind, bits 0–23: vlen
//	              (a FUNC keeps its linkage in vlen and has no elements)
const (
	recordSize = uapi.RecordSize
	vlenMask   = uapi.VlenMask
	kindShift  = uapi.KindShift
	kindMask   = uapi.KindMask
	kindCount  = uapi.KindCount
	kindFlag   = uapi.KindFlag
)

// shape is what a kind adds to its records: bits 0–7 the bytes once per record,
// bits 8–15 the bytes per element, and marks that the pass over the records
// collects. The numbers come from the layout section's struct btf_layout, where
// both are u8, so that a record's length always fits 32 bits.
type shape uint32

const (
	shapeUnknown shape = 1 << 16 // no record of this kind can be stepped over
	shapeInt     shape = 1 << 17 // an INT, whose payload is worth a look
)

// length returns the bytes of a record with that info: below 2^32, because
// 12 + 255 + 255 × (2^24 - 1) is.
func (s shape) length(info uint32) uint32 {
	return recordSize + uint32(s&0xff) + uint32(s>>8&0xff)*(info&vlenMask)
}

// shapes is the one table of what the kinds' records hold.
type shapes [kindCount]shape

func known(once, each shape) shape { return once | each<<8 }

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

// Bytes of one element, by kind.
const (
	memberSize       = uapi.MemberSize
	enumeratorSize   = uapi.EnumeratorSize
	enumerator64Size = uapi.Enumerator64Size
	paramSize        = uapi.ParamSize
	varSecinfoSize   = uapi.VarSecinfoSize
	locParamSize     = uapi.LocParamSize
	locSiteSize      = uapi.LocSiteSize
)
