// Defines the views of the draft kinds, which describe inlined functions.

package btf

import (
	"iter"
	"strconv"
	"strings"
)

// A LocParam is the location of a parameter of an inlined function.
//
//	│ 0 │ info │ size │ flags │ value │ value │ …
//
// LocParam, [LocProto] and [Locsec] follow a draft of include/uapi/linux/btf.h from
// September 2026 that is in no release, and change with it. If a layout section gives
// their kinds another record length, they are unknown kinds, and narrowing returns an
// error that matches [ErrNotSupported].
//
// These types are in the BTF of modules, and in split BTF of their own:
// /sys/kernel/btf/vmlinux.inline over vmlinux, MODULE.inline over the BTF of a module.
type LocParam struct {
	_ only[LocParam]
	handle
}

// Size returns the size of the parameter in bytes.
func (p LocParam) Size() uint32 { return p.sizeOrType() }

// Flags returns how to read the values.
func (p LocParam) Flags() LocFlags { return LocFlags(p.word(recordSize)) }

// NumValues returns the number of values.
func (p LocParam) NumValues() int { return int(p.vlen()) }

// Value returns the i-th value, counted from 0. It is the DWARF number of a register, an
// offset in bytes, or 32 bits of a constant or an address, lowest bits first. It returns
// 0 if there is no such value.
func (p LocParam) Value(i int) uint32 {
	if i < 0 || uint64(i) >= uint64(p.vlen()) {
		return 0
	}
	return p.word(recordSize + 4 + 4*uint32(i))
}

// LocFlags say how to read the values of a [LocParam].
type LocFlags uint32

// The flags of a [LocParam].
const (
	LocSigned LocFlags = 1 << iota // the constant is signed
	LocConst                       // the value is a constant
	LocAddr                        // the value is an address; with LocConst, it counts from the start of the kernel or module
	LocReg                         // each value is the number of a register, one or two
	LocDeref                       // the parameter is in memory, and the rest gives its address
	LocOffset                      // the second value is a signed offset from the first
)

// String returns the names of the flags, such as "REG|DEREF|OFFSET", or "0".
func (f LocFlags) String() string {
	var names []string
	for i, name := range [...]string{"SIGNED", "CONST", "ADDR", "REG", "DEREF", "OFFSET"} {
		if bit := LocFlags(1) << i; f&bit != 0 {
			names = append(names, name)
			f &^= bit
		}
	}
	if f != 0 {
		names = append(names, "0x"+strconv.FormatUint(uint64(f), 16))
	}
	if len(names) == 0 {
		return "0"
	}
	return strings.Join(names, "|")
}

// A LocProto is the locations of the parameters of an inlined function.
//
//	│ 0 │ info │ 0 │ type │ type │ …
type LocProto struct {
	_ only[LocProto]
	handle
}

// NumParams returns the number of parameters.
func (p LocProto) NumParams() int { return int(p.vlen()) }

// Param returns the [LocParam] of the i-th parameter, counted from 0. It returns void if
// the parameter has no location, or does not exist.
func (p LocProto) Param(i int) Type {
	if i < 0 || uint64(i) >= uint64(p.vlen()) {
		return Type{}
	}
	return p.follow(p.word(recordSize + locParamSize*uint32(i)))
}

// Params yields the [LocParam] of each parameter, or void, in order.
func (p LocProto) Params() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for i := range p.vlen() {
			if !yield(p.follow(p.word(recordSize + locParamSize*i))) {
				return
			}
		}
	}
}

// A Locsec is an ELF section and the inlined calls in it.
//
//	│ name_off │ info │ 0 │ func │ loc_proto │ offset │ func │ loc_proto │ offset │ …
type Locsec struct {
	_ only[Locsec]
	handle
}

// NumSites returns the number of inlined calls.
func (s Locsec) NumSites() int { return int(s.vlen()) }

// Site returns the i-th inlined call, counted from 0, or the zero LocSite if there is none.
func (s Locsec) Site(i int) LocSite {
	if i < 0 || uint64(i) >= uint64(s.vlen()) {
		return LocSite{}
	}
	return LocSite{s.handle, uint32(i)}
}

// Sites yields the inlined calls in order.
func (s Locsec) Sites() iter.Seq[LocSite] {
	return func(yield func(LocSite) bool) {
		for i := range s.vlen() {
			if !yield(LocSite{s.handle, i}) {
				return
			}
		}
	}
}

// A LocSite is an inlined call of a function.
type LocSite struct {
	sec   Type
	index uint32
}

// at returns the byte offset of the call in the record.
func (s LocSite) at() uint32 { return recordSize + s.index*locSiteSize }

// Func returns the inlined function, a [Func].
func (s LocSite) Func() Type { return s.sec.follow(s.sec.word(s.at())) }

// Proto returns the locations of the parameters, a [LocProto], or void.
func (s LocSite) Proto() Type { return s.sec.follow(s.sec.word(s.at() + 4)) }

// Offset returns the offset of the call in the section, in bytes.
func (s LocSite) Offset() uint32 { return s.sec.word(s.at() + 8) }
