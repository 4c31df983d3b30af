// Defines the views of inlined functions, which are a draft.

package btf

import (
	"iter"
	"strconv"
	"strings"
)

// The kinds of this file describe calls that were inlined. They follow a draft of
// include/uapi/linux/btf.h from September 2026, which no release has: what is here
// changes with it. Where a layout section gives such a record another length, it is
// stepped over as other unknown kinds are, and narrowing says that it is another.
//
// They stand in the .BTF of modules, and for the kernel in split BTF of their own:
// /sys/kernel/btf/vmlinux.inline over vmlinux, and MODULE.inline over the module's,
// which is itself over vmlinux.

// A LocParam is where a parameter of an inlined function lies.
//
//	│ 0 │ info │ size │ flags │ value │ value │ …
type LocParam struct{ handle }

// Size returns the bytes that the parameter takes.
func (p LocParam) Size() uint32 { return p.sizeOrType() }

// Flags say how the values are meant.
func (p LocParam) Flags() LocFlags { return LocFlags(p.word(recordSize)) }

// NumValues returns how many values there are.
func (p LocParam) NumValues() int { return int(p.vlen()) }

// Value returns the i-th value, counted from 0: a register by its DWARF number, an
// offset, or 32 bits of a constant or an address, the low ones first. It is 0 if
// there is none.
func (p LocParam) Value(i int) uint32 {
	if i < 0 || uint64(i) >= uint64(p.vlen()) {
		return 0
	}
	return p.word(recordSize + 4 + 4*uint32(i))
}

// LocFlags say how the values of a [LocParam] are meant.
type LocFlags uint32

// The flags of a LOC_PARAM.
const (
	LocSigned LocFlags = 1 << iota // the constant is signed
	LocConst                       // the value is a constant
	LocAddr                        // the value is an address; with LocConst, from the start of the kernel or module
	LocReg                         // the value is a register's number; two values, two registers
	LocDeref                       // the parameter is where that points to
	LocOffset                      // the second value is a signed offset from the first
)

// String returns the names of the flags, such as "REG|DEREF|OFFSET", "0" for none.
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

// A LocProto is where the parameters of an inlined function lie, one for each that
// the function has.
//
//	│ 0 │ info │ 0 │ type │ type │ …
type LocProto struct{ handle }

// NumParams returns how many parameters there are.
func (p LocProto) NumParams() int { return int(p.vlen()) }

// Param returns the i-th parameter's [LocParam], counted from 0; void if it lies
// nowhere, or if there is none.
func (p LocProto) Param(i int) Type {
	if i < 0 || uint64(i) >= uint64(p.vlen()) {
		return Type{}
	}
	return p.follow(p.word(recordSize + locParamSize*uint32(i)))
}

// Params yields what Param returns, in order.
func (p LocProto) Params() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for i := range p.vlen() {
			if !yield(p.follow(p.word(recordSize + locParamSize*i))) {
				return
			}
		}
	}
}

// A Locsec is a section of code, by its name, and the functions inlined there.
//
//	│ name_off │ info │ 0 │ func │ loc_proto │ offset │ func │ loc_proto │ offset │ …
type Locsec struct{ handle }

// NumSites returns how many inlined calls there are.
func (s Locsec) NumSites() int { return int(s.vlen()) }

// Site returns the i-th inlined call, counted from 0; one of void if there is none.
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

// A LocSite is a place where a function was inlined.
type LocSite struct {
	sec   Type
	index uint32
}

func (s LocSite) at() uint32 { return recordSize + s.index*locSiteSize }

// Func returns the function inlined, a [Func].
func (s LocSite) Func() Type { return s.sec.follow(s.sec.word(s.at())) }

// Proto returns where its parameters lie, a [LocProto], or void.
func (s LocSite) Proto() Type { return s.sec.follow(s.sec.word(s.at() + 4)) }

// Offset returns the bytes from the start of the section.
func (s LocSite) Offset() uint32 { return s.sec.word(s.at() + 8) }
