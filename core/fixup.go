// Defines the result of a relocation.

package core

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// A Fixup is what a relocation becomes on a target.
type Fixup struct {
	Section string // ELF section with the instruction, such as "tp_btf/sched_switch"
	Insn    int    // index of the instruction in its section; LDIMM64 counts twice
	Kind    btf.CORERelocationKind
	Type    btf.Type // in the object; for a field it is the outermost struct or union

	// Local is the value in the object, and Target the value on the target. Both are
	// those that Kind describes. Values of signed enums are sign-extended.
	Local, Target uint64

	// Validate says that the instruction has the value Local before it is patched.
	// [Fixup.Apply] checks that.
	Validate bool

	// Missing says that the target has no such type, field or enumerator. Target is 0
	// then. Poisoned says that the instruction must not run, because there is nothing
	// to put into it. Relocations that ask whether something exists, for the size of a
	// type or for its id are never poisoned.
	Missing, Poisoned bool

	// LocalSize and TargetSize are the bytes that a load or store of the field moves:
	// of an array, one element of the innermost array. They are 0 if Kind is not
	// COREFieldByteOffset, and for a bitfield.
	LocalSize, TargetSize uint32

	// Access says what the sizes mean for a load or store.
	Access Access

	// Matches are the types of the target that match, in the order of the search. They
	// all give the same answer. The slice must not be changed.
	Matches []Match

	// Flags are the reasons why other loaders may give another answer.
	Flags Flags

	access []byte // the access string
	enum32 bool   // the value is of an ENUM in the object, of 32 bits
	wide32 bool   // the value is of an unsigned ENUM on the target
	failed error  // why there is no answer
}

// An Access says what becomes of a load or store whose offset is patched.
type Access uint8

const (
	// AccessKept means that the instruction keeps its width.
	AccessKept Access = iota

	// AccessResized means that the field has another size, and that the instruction
	// gets that size. The fields are pointers or unsigned integers on both sides.
	AccessResized

	// AccessRefused means that the instruction is poisoned: it would lose a sign, or
	// move something else than the field. Other instructions can be patched.
	AccessRefused
)

// String returns "kept", "resized" or "refused".
func (a Access) String() string {
	return [...]string{"kept", "resized", "refused"}[min(a, AccessRefused)]
}

// Flags are reasons why other loaders may give another answer, or why a value deserves a
// look.
type Flags uint8

const (
	// Split means that several types of the target have the name, and that they satisfy
	// different relocations of this type of the object. No one type satisfies them all,
	// or a type that does not gives another answer here, which is an error. libbpf's
	// answer depends on the order of the relocations, that of cilium/ebpf on the others
	// of the program.
	Split Flags = 1 << iota

	// OffsetsDiffer means that several types of the target match and give this answer,
	// but have the field at different offsets. libbpf refuses the object.
	OffsetsDiffer

	// UnsignedEnum means that the value is 2^31 or more in an enum of 32 bits that is
	// unsigned, or whose BTF does not tell: that of clang before 15 and of pahole before
	// 1.24. libbpf takes it for negative, and may refuse the object.
	UnsignedEnum

	// OldBitfield means that the field is a bitfield in the encoding used before Linux
	// 4.20. libbpf and the kernel take it for a plain field, or miss it.
	OldBitfield

	// SignChanged means that the field is signed on one side only. The sizes are
	// equal, so that all loaders patch the instruction.
	SignChanged

	// BitsMoved means that the bits of the field lie elsewhere in their unit, so that
	// loads and stores are refused. Other loaders patch them, and they move other bits.
	BitsMoved
)

var flagNames = [...]string{"split", "offsets differ", "unsigned enum", "old bitfield", "sign changed", "bits moved"}

// String lists the flags, such as "split, sign changed".
func (f Flags) String() string {
	var names []string
	for i, name := range flagNames {
		if f>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// String returns a line for messages, such as "tc 3: field_byte_offset of
// task_struct.pid: 4 → 2464".
func (f Fixup) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d: %v of %s: ", f.Section, f.Insn, f.Kind, f.Path())
	if f.failed != nil {
		b.WriteString(message(errors.Unwrap(f.failed)))
		return b.String()
	}
	fmt.Fprintf(&b, "%d → ", int64(f.Local))
	switch {
	case f.Poisoned:
		b.WriteString("poisoned")
	case f.Missing:
		b.WriteString("0, missing")
	default:
		fmt.Fprintf(&b, "%d", int64(f.Target))
	}
	if f.LocalSize != f.TargetSize && !f.Poisoned {
		fmt.Fprintf(&b, ", width %d → %d", f.LocalSize, f.TargetSize)
	}
	if f.Access == AccessRefused {
		b.WriteString(", no loads and stores")
	}
	if f.Flags != 0 {
		fmt.Fprintf(&b, " (%v)", f.Flags)
	}
	return b.String()
}

// A relocationError adds the place of a relocation to an error.
type relocationError struct {
	section string
	insn    int
	err     error
}

func (e *relocationError) Error() string {
	return fmt.Sprintf("btf: relocation of instruction %d in %s: %s", e.insn, e.section, message(e.err))
}

func (e *relocationError) Unwrap() error { return e.err }

// message returns the message of an error without the prefix of this module.
func message(err error) string { return strings.TrimPrefix(err.Error(), "btf: ") }
