// Tests what Apply does to instructions, and what it refuses.

package core_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/stretchr/testify/require"
)

// insn encodes an instruction. The registers are r1 and r2.
func insn(order binary.ByteOrder, opcode byte, offset int16, value int32) []byte {
	b := []byte{opcode, 0x21, 7: 0}
	if order == binary.BigEndian {
		b[1] = 0x12
	}
	order.PutUint16(b[2:], uint16(offset))
	order.PutUint32(b[4:], uint32(value))
	return b
}

// ldimm64 encodes a load of a 64-bit value into r1.
func ldimm64(order binary.ByteOrder, value uint64) []byte {
	low, high := insn(order, 0x18, 0, int32(value)), insn(order, 0, 0, int32(value>>32))
	low[1], high[1] = 1, 0
	if order == binary.BigEndian {
		low[1] = 0x10
	}
	return append(low, high...)
}

func TestApply(t *testing.T) {
	resized := core.Fixup{Local: 8, Target: 44, Validate: true, LocalSize: 4, TargetSize: 8, Access: core.AccessResized}
	shrunk := core.Fixup{Local: 8, Target: 44, Validate: true, LocalSize: 8, TargetSize: 1, Access: core.AccessResized}
	refused := core.Fixup{Local: 8, Target: 44, Validate: true, LocalSize: 4, TargetSize: 8, Access: core.AccessRefused}
	value := func(local, target int64) core.Fixup {
		return core.Fixup{Kind: btf.CORETypeSize, Local: uint64(local), Target: uint64(target), Validate: true}
	}
	gone := core.Fixup{Local: 8, Validate: true, Missing: true, Poisoned: true}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		op := func(opcode byte, offset int16, value int32) []byte { return insn(order, opcode, offset, value) }
		call := []byte{0x85, 0, 0, 0, 0, 0, 0, 0}
		order.PutUint32(call[4:], 195896080)
		for _, test := range []struct {
			name     string
			f        core.Fixup
			was, is  []byte // is is nil if Apply poisons
			problem  string
			poisoned bool
		}{
			{"load u32 to u64", resized, op(0x61, 8, 0), op(0x79, 44, 0), "", false},
			{"store", resized, op(0x63, 8, 0), op(0x7b, 44, 0), "", false},
			{"store of a number", resized, op(0x62, 8, -1), op(0x7a, 44, -1), "", false},
			{"atomic", resized, op(0xc3, 8, 0), op(0xdb, 44, 0), "", false},
			{"to a byte", shrunk, op(0x79, 8, 0), op(0x71, 44, 0), "", false},
			{"atomic of a byte", shrunk, op(0xdb, 8, 0), nil, "", true},
			{"load that extends the sign", resized, op(0x81, 8, 0), nil, "", true},
			{"sign lost", refused, op(0x61, 8, 0), nil, "", true},
			{"sign lost, but no load", refused, op(0xb7, 0, 8), op(0xb7, 0, 44), "", false},
			{"not the width of the field", resized, op(0x79, 8, 0), nil, "must have the width", false},
			{"other offset", resized, op(0x61, 9, 0), nil, "must have the value 8 that the compiler computed, has 9", false},
			{"poisoned load", gone, op(0x61, 8, 0), nil, "", true},
			{"poisoned move", gone, op(0xb7, 0, 8), nil, "", true},
			{"mov64", value(1, 1<<31-1), op(0xb7, 0, 1), op(0xb7, 0, 1<<31-1), "", false},
			{"mov64 too large", value(1, 1<<31), op(0xb7, 0, 1), nil, "does not fit", false},
			{"mov32", value(1, 1<<32-1), op(0xb4, 0, 1), op(0xb4, 0, -1), "", false},
			{"mov32 too large", value(1, 1<<32), op(0xb4, 0, 1), nil, "does not fit", false},
			{"mov64 negative", value(-1, -2), op(0xb7, 0, -1), op(0xb7, 0, -2), "", false},
			{"other value", value(1, 2), op(0xb7, 0, 3), nil, "must have the value 1", false},
			{"register", value(1, 2), op(0xbf, 0, 1), nil, "no immediate value", false},
			{"jump", value(1, 2), op(0x05, 0, 1), nil, "cannot be relocated", false},
			{"jump 32", value(1, 2), op(0x16, 0, 1), nil, "cannot be relocated", false},
			{"packet load", value(1, 2), op(0x20, 0, 1), nil, "not a load of a 64-bit value", false},
			{"load by an old mode", value(1, 2), op(0x41, 1, 0), nil, "cannot be relocated", false},
			{"offset too large", core.Fixup{Local: 8, Target: 1 << 15, Validate: true}, op(0x61, 8, 0), nil, "does not fit", false},
			{"ldimm64", value(1<<40, -3), ldimm64(order, 1<<40), ldimm64(order, 1<<64-3), "", false},
			{"ldimm64 of a map", value(1, 2), append(insn(order, 0x18, 0, 1), make([]byte, 8)...), nil, "not a load of a 64-bit value", false},
			{"half of ldimm64", value(1, 2), ldimm64(order, 1)[:8], nil, "not a load of a 64-bit value", false},
			{"poisoned ldimm64", gone, ldimm64(order, 8), nil, "", true},
			{"no bytes", value(1, 2), nil, nil, "section has 0 instructions", false},
		} {
			t.Run(fmt.Sprintf("%v %s", order, test.name), func(t *testing.T) {
				b := append([]byte(nil), test.was...)
				poisoned, err := test.f.Apply(b, order)
				require.Equal(t, test.poisoned, poisoned)
				switch {
				case test.problem != "":
					require.ErrorContains(t, err, test.problem)
					require.Equal(t, test.was, b[:len(test.was):len(test.was)], "bytes of a refused instruction must stay")
				case test.poisoned:
					require.NoError(t, err)
					for ; len(b) > 0; b = b[8:] {
						require.Equal(t, call, b[:8])
					}
				default:
					require.NoError(t, err)
					require.Equal(t, test.is, b)
				}
			})
		}
	}
}

// TestApplyFailed: a fixup without an answer patches nothing.
func TestApplyFailed(t *testing.T) {
	_, infos := open(t, program(t, "el", twice))
	all, errs := resolve(infos, target(t, kernel(t, "el")))
	require.Len(t, all, 1)
	require.ErrorIs(t, errs[0], btf.ErrMultipleMatches)
	b := insn(binary.LittleEndian, 0x61, 0, 0)
	_, err := all[0].Apply(b, binary.LittleEndian)
	require.Equal(t, errs[0], err)
	require.Equal(t, insn(binary.LittleEndian, 0x61, 0, 0), b)
	for _, at := range []int{-1, 1, math.MaxInt} {
		_, err = core.Fixup{Insn: at}.Apply(b, binary.LittleEndian)
		require.ErrorContains(t, err, "section has 1 instructions")
	}
}

// TestBothOrders: a big-endian object becomes on a big-endian kernel what the little-endian
// one becomes, but for shifts to the left.
func TestBothOrders(t *testing.T) {
	little, big := target(t, kernel(t, "el")), target(t, kernel(t, "eb"))
	for set := 1; set <= cases; set++ {
		_, infos := open(t, program(t, "el", set))
		_, other := open(t, program(t, "eb", set))
		el, _ := resolve(infos, little)
		eb, _ := resolve(other, big)
		require.Equal(t, len(el), len(eb))
		for i, f := range el {
			g := eb[i]
			if f.Kind != btf.COREFieldLShiftU64 && set != bits {
				require.Equal(t, f.String(), g.String())
			}
		}
		_, err := resolve(infos, big)
		require.Len(t, err, 1)
		require.ErrorContains(t, err[0], "program is LittleEndian, BTF of the target is BigEndian")
	}
}
