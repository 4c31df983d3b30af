// Declares the sizes, masks and limits of the BTF format.

// Package uapi holds the numbers of the BTF format that more than one package of
// this module needs: those of include/uapi/linux/btf.h, a few limits of the kernel's
// own, and which words of a record refer to other types and to names.
//
// The numbers of the kinds are exported by package btf.
package uapi

// The header of a blob.
const (
	Magic            = 0xeb9f // BTF_MAGIC, in the byte order of the blob
	Version          = 1      // BTF_VERSION
	HeaderSize       = 24     // struct btf_header up to str_len: all of it until Linux 7.0
	HeaderSizeLayout = 32     // struct btf_header with layout_off and layout_len
	HeaderLenOffset  = 4      // where hdr_len is in struct btf_header, in bytes
)

// A record begins with struct btf_type: name_off, info, and size or type. Its info
// has kind_flag in bit 31, the kind in bits 24 to 30 and vlen in bits 0 to 23.
const (
	RecordSize = 12           // bytes of struct btf_type
	VlenMask   = 0x00ffffff   // BTF_INFO_VLEN
	KindShift  = 24           // BTF_INFO_KIND
	KindMask   = 0x7f         // BTF_INFO_KIND, after the shift
	KindCount  = KindMask + 1 // how many numbers of kinds there are
	KindFlag   = 1 << 31      // BTF_INFO_KFLAG
)

// Bytes of one element, which follow the record.
const (
	MemberSize       = 12 // struct btf_member: name_off, type, offset
	EnumeratorSize   = 8  // struct btf_enum: name_off, val
	Enumerator64Size = 12 // struct btf_enum64: name_off, val_lo32, val_hi32
	ParamSize        = 8  // struct btf_param: name_off, type
	VarSecinfoSize   = 12 // struct btf_var_secinfo: type, offset, size
	LocParamSize     = 4  // of a LOC_PROTO: type
	LocSiteSize      = 12 // of a LOCSEC: func, loc_proto, offset
)

// The offset of a member in a struct or union with kind_flag.
const (
	MemberOffsetMask    = 0x00ffffff // BTF_MEMBER_BIT_OFFSET
	MemberBitfieldShift = 24         // BTF_MEMBER_BITFIELD_SIZE
)

// LayoutEntrySize is the bytes of struct btf_layout: info_sz, elem_sz, flags.
const LayoutEntrySize = 4

// What the kernel accepts at most.
const (
	MaxType       = 0x000fffff // BTF_MAX_TYPE: the highest type id
	MaxNameOffset = 0x00ffffff // BTF_MAX_NAME_OFFSET
	MaxNameLen    = 512        // KSYM_NAME_LEN of include/linux/kallsyms.h: bytes of a name with its NUL
	MaxSize       = 16 << 20   // BTF_MAX_SIZE of kernel/bpf/btf.c: bytes of a blob
)
