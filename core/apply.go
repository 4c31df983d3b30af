// Patches instructions.

package core

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/seed-6c4a6465/btf"
)

// An instruction has 8 bytes: opcode, registers, 16-bit offset, 32-bit immediate value
// (struct bpf_insn of include/uapi/linux/bpf.h). LDIMM64 is two of them.
const insnSize = 8

// Numbers of include/uapi/linux/bpf.h and bpf_common.h.
const (
	classMask, classLD, classLDX, classST, classSTX = 0x07, 0, 1, 2, 3
	classALU, classALU64, classJMP, classJMP32      = 4, 7, 5, 6
	sourceRegister                                  = 0x08 // BPF_X of an ALU instruction
	sizeMask                                        = 0x18 // BPF_SIZE of a load or store
	modeMask, modeMem, modeMemSX, modeAtomic        = 0xe0, 0x60, 0x80, 0xc0
	opLDIMM64, opCall                               = 0x18, 0x85
)

// poison is the number of the helper function that a poisoned instruction calls. There is
// none of that number, so the verifier refuses the program if the call can be reached:
// "invalid func unknown#195896080" (0xbad2310).
const poison = 195896080

// Apply patches the instruction of the relocation. section has the instructions of the ELF
// section f.Section, in the byte order of the object. A caller that has cut the section
// into programs passes a program, and subtracts the index of its first instruction from
// f.Insn.
//
// Apply reports whether it has poisoned the instruction: replaced it by a call that the
// verifier refuses if it can be reached. That happens if f.Poisoned is set, and to a load
// or store if f.Access is [AccessRefused].
//
// The error is that of [Resolve] if the relocation has no answer. It is also an error if
// the instruction is not one that can be patched, if it does not have the value that the
// compiler wrote, or if the new value does not fit. The bytes are unchanged then.
func (f Fixup) Apply(section []byte, order binary.ByteOrder) (poisoned bool, err error) {
	if f.failed != nil {
		return false, f.failed
	}
	poisoned, err = f.apply(section, order)
	if err != nil {
		return false, &relocationError{f.Section, f.Insn, err}
	}
	return poisoned, nil
}

func (f Fixup) apply(section []byte, order binary.ByteOrder) (poisoned bool, err error) {
	if f.Insn < 0 || f.Insn >= len(section)/insnSize {
		return false, fmt.Errorf("section has %d instructions", len(section)/insnSize)
	}
	b := section[f.Insn*insnSize:]
	switch class := b[0] & classMask; class {
	case classLDX, classST, classSTX:
		return f.applyMemory(b[:insnSize], order)
	case classALU, classALU64:
		if b[0]&sourceRegister != 0 {
			return false, fmt.Errorf("instruction 0x%02x has no immediate value", b[0])
		}
		if f.Poisoned {
			return true, f.poison(b[:insnSize], order)
		}
		return false, f.applyImmediate(b, order, class)
	case classLD:
		if len(b) < 2*insnSize || !isLDIMM64(b, order) {
			return false, fmt.Errorf("instruction 0x%02x is not a load of a 64-bit value", b[0])
		}
		if f.Poisoned {
			return true, f.poison(b[:2*insnSize], order)
		}
		return false, f.applyLDIMM64(b, order)
	}
	return false, fmt.Errorf("instruction 0x%02x cannot be relocated", b[0])
}

// isLDIMM64 reports whether b begins with the two halves of a load of a number. With a
// source register it would be a load of a map or a variable.
func isLDIMM64(b []byte, order binary.ByteOrder) bool {
	source := b[1] >> 4
	if order == binary.BigEndian {
		source = b[1] & 0xf // the registers are swapped too
	}
	return b[0] == opLDIMM64 && source == 0 && order.Uint16(b[2:]) == 0 && order.Uint32(b[insnSize:]) == 0
}

// poison replaces the instructions in b. The second half of LDIMM64 becomes a call too,
// because alone it would be an unknown instruction (libbpf's bpf_core_poison_insn).
func (f Fixup) poison(b []byte, order binary.ByteOrder) error {
	for ; len(b) > 0; b = b[insnSize:] {
		b[0], b[1] = opCall, 0
		order.PutUint16(b[2:], 0)
		order.PutUint32(b[4:], poison)
	}
	return nil
}

// applyImmediate patches the value of an ALU instruction.
func (f Fixup) applyImmediate(b []byte, order binary.ByteOrder, class byte) error {
	old := uint64(int64(int32(order.Uint32(b[4:]))))
	if f.Validate && old != f.Local && (class == classALU64 && !f.enum32 || uint32(old) != uint32(f.Local)) {
		return f.unexpected(old)
	}
	value := f.target(old)
	if int64(value) != int64(int32(value)) && (class == classALU64 || value > math.MaxUint32) {
		return fmt.Errorf("value %d does not fit into the 32 bits of an instruction that extends the sign", int64(value))
	}
	order.PutUint32(b[4:], uint32(value))
	return nil
}

// applyLDIMM64 patches both halves of a load of a 64-bit value.
func (f Fixup) applyLDIMM64(b []byte, order binary.ByteOrder) error {
	old := uint64(order.Uint32(b[4:])) | uint64(order.Uint32(b[insnSize+4:]))<<32
	if f.Validate && old != f.Local && !(f.enum32 && old == uint64(int64(int32(f.Local)))) {
		return f.unexpected(old)
	}
	value := f.target(old)
	order.PutUint32(b[4:], uint32(value))
	order.PutUint32(b[insnSize+4:], uint32(value>>32))
	return nil
}

// target returns the value to write in place of old. BTF written before 2022 does not tell
// the sign of enums. If the compiler has extended the sign of the old value, the enum is
// signed, whatever the BTF says.
func (f Fixup) target(old uint64) uint64 {
	if f.wide32 && f.enum32 && int64(old) < 0 && uint32(old) == uint32(f.Local) {
		return uint64(int64(int32(f.Target)))
	}
	return f.Target
}

func (f Fixup) unexpected(old uint64) error {
	return fmt.Errorf("instruction must have the value %d that the compiler computed, has %d", int64(f.Local), int64(old))
}

// applyMemory patches the offset and the width of a load or store.
func (f Fixup) applyMemory(b []byte, order binary.ByteOrder) (poisoned bool, err error) {
	mode := b[0] & modeMask
	if mode != modeMem && mode != modeMemSX && mode != modeAtomic {
		return false, fmt.Errorf("instruction 0x%02x cannot be relocated", b[0])
	}
	if f.Poisoned || f.Access == AccessRefused {
		return true, f.poison(b, order)
	}
	old := uint64(int64(int16(order.Uint16(b[2:]))))
	value := f.Target
	if f.Validate && old != f.Local {
		return false, f.unexpected(old)
	}
	if f.Kind == btf.COREFieldByteOffset && !f.Validate {
		// Of a bitfield, the compiler may load another unit than we computed. The bits
		// lie at the same place in both, so the load moves by the same distance.
		value = old + f.Target - f.Local
	}
	if value > math.MaxInt16 {
		return false, fmt.Errorf("offset %d does not fit into the 16 bits of a load or store", int64(value))
	}
	if f.Access == AccessResized {
		opcode, err := f.resize(b[0])
		if errors.Is(err, errSign) {
			return true, f.poison(b, order)
		}
		if err != nil {
			return false, err
		}
		b[0] = opcode
	}
	order.PutUint16(b[2:], uint16(value))
	return false, nil
}

var errSign = errors.New("instruction would lose a sign or is not atomic in that size")

// sizeBits has BPF_SIZE for each number of bytes.
var sizeBits = map[uint32]byte{1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}

// resize returns an opcode with the width of the target's field (libbpf's
// bpf_core_patch_insn). It refuses loads that extend the sign: of 64 bits there is none.
func (f Fixup) resize(opcode byte) (byte, error) {
	local, ok := sizeBits[f.LocalSize]
	if !ok || opcode&sizeMask != local {
		return 0, fmt.Errorf("instruction 0x%02x must have the width of the field, which has %d bytes", opcode, f.LocalSize)
	}
	size, ok := sizeBits[f.TargetSize]
	switch mode := opcode & modeMask; {
	case !ok:
		return 0, fmt.Errorf("no load or store has %d bytes", f.TargetSize)
	case mode == modeMemSX, mode == modeAtomic && f.TargetSize < 4:
		return 0, errSign
	}
	return opcode&^sizeMask | size, nil
}
