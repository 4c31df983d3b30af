// Tests which objects load, by constant branches around poisoned instructions.

package core_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/seed-6c4a6465/btf/core"
	"github.com/stretchr/testify/require"
)

// judge judges a file on a kernel.
func judge(t *testing.T, path string, kernel core.Target) ([]core.Judgement, core.Verdict) {
	t.Helper()
	_, infos := open(t, path)
	return core.Judge(infos, sections(t, path), kernel)
}

func TestJudge(t *testing.T) {
	old, fresh := target(t, "testdata/old.btf"), target(t, "testdata/new.btf")
	_, verdict := judge(t, "testdata/example.o", old)
	require.Equal(t, core.Loads, verdict)
	all, verdict := judge(t, "testdata/example.o", fresh)
	require.Equal(t, core.Loads, verdict, "a constant branch leads around the poisoned load")
	require.True(t, all[len(all)-1].Fixup.Poisoned)

	for _, order := range []string{"el", "eb"} {
		own := target(t, kernel(t, order))
		for set, want := range map[int]core.Verdict{
			fields: core.Depends, bits: core.Loads, types: core.Guarded, widths: core.Guarded, twice: core.Fails,
			6: core.Loads, 7: core.Fails, 8: core.Fails, 9: core.Fails, part: core.Depends, sizes: core.Guarded, direct: core.Depends, above: core.Depends,
		} {
			t.Run(fmt.Sprintf("%s %d", order, set), func(t *testing.T) {
				all, verdict := judge(t, program(t, order, set), own)
				require.Equal(t, want, verdict, all)
			})
		}
	}
}

// TestReach puts a poisoned load behind branches.
func TestReach(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		op := func(opcode byte, regs byte, offset int16, value int32) []byte {
			b := insn(order, opcode, offset, value)
			if b[1] = regs; order == binary.BigEndian {
				b[1] = regs>>4 | regs<<4
			}
			return b
		}
		exit := op(0x95, 0, 0, 0)
		load := op(0x61, 0x12, 0, 0) // r2 = *(u32 *)(r1 + 0): the relocation
		for _, test := range []struct {
			name string
			head [][]byte
			want core.Verdict
		}{
			{"nothing before", nil, core.Guarded},
			{"jump over it", [][]byte{op(0x05, 0, 1, 0)}, core.Loads},
			{"jump to it", [][]byte{op(0x05, 0, 0, 0)}, core.Guarded},
			{"zero is zero", [][]byte{op(0xb7, 3, 0, 0), op(0x15, 3, 1, 0)}, core.Loads},
			{"zero is not zero", [][]byte{op(0xb7, 3, 0, 0), op(0x55, 3, 1, 0)}, core.Guarded},
			{"unknown is zero", [][]byte{op(0x15, 3, 1, 0)}, core.Guarded},
			{"after a load", [][]byte{op(0xb7, 3, 0, 0), op(0x61, 0x13, 0, 0), op(0x15, 3, 1, 0)}, core.Guarded},
			{"after arithmetic", [][]byte{op(0xb7, 3, 0, 0), op(0x07, 3, 0, 1), op(0x15, 3, 1, 0)}, core.Guarded},
			{"of 32 bits", [][]byte{op(0xb4, 3, 0, -1), op(0x16, 3, 1, -1)}, core.Loads},
			{"sign was not extended", [][]byte{op(0xb4, 3, 0, -1), op(0x15, 3, 1, -1)}, core.Guarded},
			{"signed", [][]byte{op(0xb7, 3, 0, -1), op(0xc5, 3, 1, 0)}, core.Loads},
			{"unsigned", [][]byte{op(0xb7, 3, 0, -1), op(0xa5, 3, 1, 0)}, core.Guarded},
			{"registers", [][]byte{op(0xb7, 3, 0, 5), op(0xbf, 0x34, 0, 0), op(0x1d, 0x34, 1, 0)}, core.Loads},
			{"r3 after a call", [][]byte{op(0xb7, 3, 0, 0), op(0x85, 0, 0, 5), op(0x15, 3, 1, 0)}, core.Guarded},
			{"r6 after a call", [][]byte{op(0xb7, 6, 0, 0), op(0x85, 0, 0, 5), op(0x15, 6, 1, 0)}, core.Loads},
			{"two ways", [][]byte{op(0xb7, 3, 0, 0), op(0x15, 4, 1, 0), op(0xb7, 3, 0, 1), op(0x15, 3, 1, 0)}, core.Guarded},
			{"two ways with one value", [][]byte{op(0xb7, 3, 0, 0), op(0x15, 4, 1, 0), op(0xb7, 3, 0, 0), op(0x15, 3, 1, 0)}, core.Loads},
			{"may_goto", [][]byte{op(0xb7, 0, 0, 0), op(0xe5, 0, 1, 0)}, core.Guarded},
			{"behind the end", [][]byte{op(0x95, 0, 0, 0)}, core.Loads},
		} {
			t.Run(fmt.Sprintf("%v %s", order, test.name), func(t *testing.T) {
				var text []byte
				for _, b := range test.head {
					text = append(text, b...)
				}
				at := uint32(len(text))
				text = append(append(text, load...), exit...)
				infos, kernel := goneField(t, order, at)
				all, verdict := core.Judge(infos, map[string][]byte{"tc": text}, kernel)
				require.Len(t, all, 1)
				require.True(t, all[0].Fixup.Poisoned)
				require.Equal(t, test.want, verdict)
			})
		}
	}
}
