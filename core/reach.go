// Finds the instructions that constant branches do not lead around.

package core

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// maxInsns is the largest number of instructions of a program
// (BPF_COMPLEXITY_LIMIT_INSNS of the kernel).
const maxInsns = 1_000_000

// registers has what is known about r0 to r10 before an instruction.
type registers struct {
	value [11]uint64
	known uint16 // bits of the registers whose value is the same on all ways
	seen  bool   // the instruction can be reached
}

// reach returns the instructions of a section that can be reached from the starts of its
// functions, as far as constants in registers tell. The kernel follows more than that, so
// what is not reached here, it does not reach either. If it is unknown where functions
// start, or if there are more instructions than the kernel accepts, all are reached.
//
// Each visit of an instruction after the first forgets a register, so there are at most
// twelve.
func reach(section []byte, order binary.ByteOrder, starts []uint32) []bool {
	n := uint32(min(len(section)/insnSize, maxInsns+1))
	if len(starts) == 0 || n > maxInsns {
		return slices.Repeat([]bool{true}, len(section)/insnSize)
	}
	before := make([]registers, n)
	var todo []uint32
	arrive := func(at uint32, r registers) {
		if at >= n {
			return
		}
		if old := &before[at]; !old.seen {
			*old, old.seen = r, true
			todo = append(todo, at)
		} else if known := old.common(r); known != old.known {
			old.known = known
			todo = append(todo, at)
		}
	}
	for _, at := range starts {
		arrive(at, registers{})
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		r := before[at]
		i := decode(section[at*insnSize:], order)
		switch class := i.op & classMask; {
		case class == classJMP || class == classJMP32:
			i.branch(r, at, arrive)
			continue
		case class == classALU || class == classALU64:
			r.compute(i, class)
		case i.op == opLDIMM64:
			r.forget(i.dst)
			if at+1 < n && i.src == 0 {
				high := decode(section[(at+1)*insnSize:], order)
				r.set(i.dst, uint64(uint32(i.imm))|uint64(uint32(high.imm))<<32)
			}
			at++
		case class == classLDX, class == classLD:
			r.forget(i.dst)
			if class == classLD {
				r.known &^= 0x3f // an old packet load: a call
			}
		case class == classSTX && i.op&modeMask == modeAtomic:
			r.forget(i.src)
			r.forget(0) // BPF_CMPXCHG
		}
		arrive(at+1, r)
	}
	reached := make([]bool, n)
	for i := range before {
		reached[i] = before[i].seen
	}
	return reached
}

// An instruction is the fields of struct bpf_insn.
type instruction struct {
	op, dst, src byte
	off          int16
	imm          int32
}

func decode(b []byte, order binary.ByteOrder) instruction {
	i := instruction{b[0], b[1] & 0xf, b[1] >> 4, int16(order.Uint16(b[2:])), int32(order.Uint32(b[4:]))}
	if order == binary.BigEndian {
		i.dst, i.src = i.src, i.dst
	}
	return i
}

// common returns the registers whose known values are equal in both.
func (r *registers) common(other registers) uint16 {
	known := r.known & other.known
	for rest := known; rest != 0; rest &= rest - 1 {
		if i := bits.TrailingZeros16(rest); r.value[i] != other.value[i] {
			known &^= 1 << i
		}
	}
	return known
}

func (r *registers) forget(reg byte) { r.known &^= 1 << (reg & 0xf) }

func (r *registers) set(reg byte, value uint64) {
	if reg < 10 {
		r.value[reg], r.known = value, r.known|1<<reg
	}
}

func (r *registers) get(reg byte) (uint64, bool) {
	if reg > 10 {
		return 0, false
	}
	return r.value[reg], r.known>>reg&1 != 0
}

// compute follows moves of constants. The result of other operations is not known.
func (r *registers) compute(i instruction, class byte) {
	const opMask, mov = 0xf0, 0xb0
	value, ok := uint64(int64(i.imm)), true
	if i.op&sourceRegister != 0 {
		value, ok = r.get(i.src)
	}
	if class == classALU {
		value = uint64(uint32(value))
	}
	// A move with an offset extends the sign of a part.
	if r.forget(i.dst); i.op&opMask == mov && i.off == 0 && ok {
		r.set(i.dst, value)
	}
}

// branch arrives where a jump may lead.
func (i instruction) branch(r registers, at uint32, arrive func(uint32, registers)) {
	const ja, call, exit = 0x00, 0x80, 0x90
	wide := i.op&classMask == classJMP
	switch op := i.op & 0xf0; op {
	case exit:
	case call:
		// The poison of a relocation goes nowhere, and other calls come back.
		if !(i.op == opCall && i.imm == poison && i.src == 0) {
			r.known &^= 0x3f // r0 to r5
			arrive(at+1, r)
		}
	case ja:
		if wide {
			arrive(uint32(int64(at)+1+int64(i.off)), r)
		} else {
			arrive(uint32(int64(at)+1+int64(i.imm)), r)
		}
	default:
		a, known := r.get(i.dst)
		b := uint64(int64(i.imm))
		if i.op&sourceRegister != 0 {
			var ok bool
			b, ok = r.get(i.src)
			known = known && ok
		}
		taken, decided := compares(op, a, b, wide)
		decided = decided && known
		if taken || !decided {
			arrive(uint32(int64(at)+1+int64(i.off)), r)
		}
		if !taken || !decided {
			arrive(at+1, r)
		}
	}
}

// compares evaluates the condition of a jump. It is not decided if op is none of C's.
func compares(op byte, a, b uint64, wide bool) (taken, decided bool) {
	if !wide {
		a, b = uint64(uint32(a)), uint64(uint32(b))
	}
	x, y := int64(a), int64(b)
	if !wide {
		x, y = int64(int32(a)), int64(int32(b))
	}
	switch op {
	case 0x10:
		return a == b, true
	case 0x20:
		return a > b, true
	case 0x30:
		return a >= b, true
	case 0x40:
		return a&b != 0, true
	case 0x50:
		return a != b, true
	case 0x60:
		return x > y, true
	case 0x70:
		return x >= y, true
	case 0xa0:
		return a < b, true
	case 0xb0:
		return a <= b, true
	case 0xc0:
		return x < y, true
	case 0xd0:
		return x <= y, true
	}
	return false, false
}
