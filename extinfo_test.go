// Tests reading .BTF.ext.

package btf_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// everyExtDoor opens the bytes by path and by reader.
func everyExtDoor(t *testing.T, b []byte, check func(t *testing.T, spec *btf.Spec, ext *btf.ExtInfos, err error)) {
	t.Helper()
	t.Run("path", func(t *testing.T) {
		spec, ext, err := btf.LoadSpecAndExtInfos(file(t, b))
		check(t, spec, ext, err)
		if err == nil {
			require.NoError(t, spec.Close())
			for range ext.Funcs() {
				t.Fatal("functions after Close")
			}
		}
	})
	t.Run("reader", func(t *testing.T) {
		spec, ext, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(b))
		check(t, spec, ext, err)
	})
}

// listed is everything in .BTF.ext, as text.
func listed(ext *btf.ExtInfos) (funcs, lines, relocations []string) {
	for s := range ext.Funcs() {
		for f := range s.Records() {
			funcs = append(funcs, fmt.Sprintf("%s+%d %s", s.Name(), f.Offset(), f.Func().Name()))
		}
	}
	for s := range ext.Lines() {
		for l := range s.Records() {
			lines = append(lines, fmt.Sprintf("%s+%d %s:%d:%d %s", s.Name(), l.Offset(), filepath.Base(l.FileName()), l.LineNumber(), l.LineColumn(), l.Line()))
		}
	}
	for s := range ext.CORERelocations() {
		for r := range s.Records() {
			relocations = append(relocations, fmt.Sprintf("%s+%d %s %s %v", s.Name(), r.Offset(), r.Type().Name(), r.Accessor(), r.Kind()))
		}
	}
	return funcs, lines, relocations
}

// TestExtInfos: functions begin where the symbols say, and lines are those of the
// source.
func TestExtInfos(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		for _, path := range btftest.Objects(t, order) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				f, err := elf.NewFile(bytes.NewReader(b))
				require.NoError(t, err)
				symbols, err := f.Symbols()
				require.NoError(t, err)
				var want []string
				for _, s := range symbols {
					if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
						want = append(want, fmt.Sprintf("%s+%d %s", f.Sections[s.Section].Name, s.Value, s.Name))
					}
				}
				everyExtDoor(t, b, func(t *testing.T, spec *btf.Spec, ext *btf.ExtInfos, err error) {
					require.NoError(t, err)
					require.Equal(t, f.ByteOrder, ext.ByteOrder())
					funcs, lines, _ := listed(ext)
					require.ElementsMatch(t, want, funcs)
					require.NotEmpty(t, lines)
					for s := range ext.Funcs() {
						require.Positive(t, s.Len())
						require.Equal(t, s.Name(), string(s.NameBytes()))
					}
					if !strings.Contains(path, ".bpf.") {
						return // its source is elsewhere
					}
					source, err := os.ReadFile(filepath.Join("testdata", "bpf", filepath.Base(path[:len(path)-len(".el.o")])+".c"))
					require.NoError(t, err)
					text := strings.Split(string(source), "\n")
					for s := range ext.Lines() {
						for l := range s.Records() {
							require.Equal(t, text[l.LineNumber()-1], l.Line())
							require.LessOrEqual(t, int(l.LineColumn()), len(l.Line()))
							require.Equal(t, l.FileName(), string(l.FileNameBytes()))
						}
					}
				})
			})
		}
	}
}

// TestCORERelocations: those that the source asks for, in its order.
func TestCORERelocations(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		for _, path := range btftest.Objects(t, order) {
			if !strings.Contains(path, "relocations.bpf") {
				continue
			}
			spec, ext, err := btf.LoadSpecAndExtInfos(path)
			require.NoError(t, err)
			defer spec.Close()
			_, _, relocations := listed(ext)
			var got []string
			for _, r := range relocations {
				section, what, _ := strings.Cut(r, "+")
				_, what, _ = strings.Cut(what, " ")
				got = append(got, section+" "+what)
			}
			// What each statement of the source asks, by its builtin.
			require.Equal(t, []string{
				"tc outer___old 0:1:0:0 field_byte_offset",
				"tc outer___old 0:1:0:2:2 field_byte_offset",
				"tc outer___old 0:1:0:1 field_byte_offset",
				"tc outer___old 0:1:0:1 field_byte_size",
				"tc outer___old 0:1:0:1 field_exists",
				"tc outer___old 0:1:0:1 field_signed",
				"tc outer___old 0:1:0:1 field_lshift_u64",
				"tc outer___old 0:1:0:1 field_rshift_u64",
				"socket inner 0 type_id_local",
				"socket inner 0 type_id_target",
				"socket inner 0 type_exists",
				"socket outer___old 0 type_size",
				"socket state 1 enumval_exists",
				"socket wide 1 enumval_value",
			}, got)
		}
	}
	require.Equal(t, "type_matches", btf.CORETypeMatches.String())
	require.Equal(t, "relocation(99)", btf.CORERelocationKind(99).String())
}

// ext is a .BTF.ext section, word by word: the parts of the header are put in by the
// test.
func ext(order btftest.Order, words ...uint32) []byte {
	b := order.AppendUint16(nil, 0xeb9f)
	b = append(b, 1, 0)
	for _, w := range words {
		b = order.AppendUint32(b, w)
	}
	return b
}

// withExt is a BPF object with a FUNC, id 3, the name "text" at offset 1, and that
// .BTF.ext.
func withExt(order btftest.Order, ext []byte) []byte {
	b := btftest.New(order)
	b.NewString("text")
	b.Func("main", b.FuncProto(b.Int("int", 4, 0)), 1)
	return btftest.ELF(elf.ELFCLASS64, order, btftest.Section{Name: ".BTF", Data: b.Bytes()}, btftest.Section{Name: ".BTF.ext", Data: ext})
}

// withEveryExt is a BPF object with a function, a line and a relocation.
func withEveryExt() []byte {
	return withExt(little, ext(little,
		32, 0, 20, 20, 28, 48, 28,
		8, 1, 1, 16, 3,
		16, 1, 1, 16, 1, 1, 5<<10|7,
		16, 1, 1, 16, 1, 1, 5,
	))
}

// TestExtForms reads headers and parts that other readers do not.
func TestExtForms(t *testing.T) {
	for name, order := range bothOrders {
		for _, c := range []struct {
			name                      string
			words                     []uint32
			funcs, lines, relocations []string
		}{
			{name: "header of 24 bytes", words: []uint32{24, 0, 20, 20, 28 + 0, 8, 1, 1, 16, 3, 16, 1, 1, 8, 1, 1, 7<<10 | 3},
				funcs: []string{"text+16 main"}, lines: []string{"text+8 text:7:3 text"}},
			{name: "longer header", words: []uint32{40, 0, 20, 0, 0, 0, 0, 99, 99, 8, 1, 1, 16, 3}, funcs: []string{"text+16 main"}},
			{name: "header of 28 bytes", words: []uint32{28, 0, 20, 0, 0, 99, 8, 1, 1, 16, 3}, funcs: []string{"text+16 main"}},
			{name: "nothing", words: []uint32{24, 0, 0, 0, 0}},
			{name: "nothing at the end of the world", words: []uint32{32, 0xfffffff0, 0, 0xffffffff, 0, 3, 0}},
			{name: "relocations only", words: []uint32{32, 0, 0, 0, 0, 0, 28, 16, 1, 1, 8, 1, 1, 12}, relocations: []string{"text+8 int text type_matches"}},
			{name: "longer records", words: []uint32{24, 0, 36, 0, 0, 12, 1, 2, 0, 3, 99, 8, 3, 99}, funcs: []string{"text+0 main", "text+8 main"}},
			{name: "a section twice", words: []uint32{24, 0, 36, 0, 0, 8, 1, 1, 0, 3, 1, 1, 8, 3}, funcs: []string{"text+0 main", "text+8 main"}},
			{name: "parts in another order", words: []uint32{24, 28, 20, 0, 28, 16, 1, 1, 0, 1, 1, 1 << 10, 8, 1, 1, 0, 3}, funcs: []string{"text+0 main"},
				lines: []string{"text+0 text:1:0 text"}},
		} {
			if c.name == "header of 24 bytes" {
				c.words[4] = 28
			}
			t.Run(c.name+"/"+name, func(t *testing.T) {
				everyExtDoor(t, withExt(order, ext(order, c.words...)), func(t *testing.T, _ *btf.Spec, ext *btf.ExtInfos, err error) {
					require.NoError(t, err)
					funcs, lines, relocations := listed(ext)
					require.Equal(t, c.funcs, funcs)
					require.Equal(t, c.lines, lines)
					require.Equal(t, c.relocations, relocations)
				})
			})
		}
	}
	t.Run("orders differ", func(t *testing.T) {
		everyExtDoor(t, withExt(binary.BigEndian, ext(binary.LittleEndian, 24, 0, 20, 0, 0, 8, 1, 1, 16, 3)), func(t *testing.T, _ *btf.Spec, ext *btf.ExtInfos, err error) {
			require.NoError(t, err)
			funcs, _, _ := listed(ext)
			require.Equal(t, []string{"text+16 main"}, funcs)
		})
	})
}

// TestBadExt: one thing is wrong with each.
func TestBadExt(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes []byte
		words []uint32
		want  string
	}{
		{name: "no bytes", bytes: []byte{}, want: "at offset 0x0: begins with , not with the magic"},
		{name: "other magic", bytes: []byte{1, 2, 3, 4}, want: "at offset 0x0: begins with 01 02"},
		{name: "short", words: []uint32{24, 0}, want: "at offset 0x0: header needs 24 bytes, the section has 12"},
		{name: "version", bytes: append([]byte{0x9f, 0xeb, 2, 0}, make([]byte, 20)...), want: "at offset 0x2: version must be 1, is 2"},
		{name: "flags", bytes: append([]byte{0x9f, 0xeb, 1, 7}, make([]byte, 20)...), want: "at offset 0x3: flags must be 0, are 0x7"},
		{name: "header of 20 bytes", words: []uint32{20, 0, 0, 0, 0}, want: "at offset 0x4: header length must be at least 24, is 20"},
		{name: "header past the end", words: []uint32{28, 0, 0, 0, 0}, want: "at offset 0x4: header needs 28 bytes, the section has 24"},
		{name: "header of 4 GB", words: []uint32{0xffffffff, 0, 0, 0, 0}, want: "at offset 0x4: header needs 4294967295"},
		{name: "part not aligned", words: []uint32{24, 2, 20, 0, 0, 8, 1, 1, 0, 3, 0}, want: "at offset 0x8: part must start at a multiple of 4, starts at 0x1a"},
		{name: "part past the end", words: []uint32{24, 0, 24, 0, 0, 8, 1, 1, 0, 3}, want: "at offset 0x8: part at 0x18 needs 24 bytes, the section has 44 in all"},
		{name: "part of 4 GB", words: []uint32{24, 0, 0xfffffffc, 0, 0, 8, 1, 1, 0, 3}, want: "at offset 0x8: part at 0x18 needs 4294967292"},
		{name: "part at 4 GB", words: []uint32{24, 0xfffffffc, 20, 0, 0, 8, 1, 1, 0, 3}, want: "at offset 0x8: part at 0x100000014"},
		{name: "part without a list", words: []uint32{24, 0, 4, 0, 0, 8}, want: "at offset 0x18: part with a list needs 12 bytes, has 4"},
		{name: "small records", words: []uint32{24, 0, 16, 0, 0, 4, 1, 1, 0}, want: "at offset 0x18: record size must be a multiple of 4 and at least 8, is 4"},
		{name: "odd records", words: []uint32{24, 0, 24, 0, 0, 10, 1, 1, 0, 3, 0}, want: "at offset 0x18: record size must be a multiple of 4 and at least 8, is 10"},
		{name: "small line records", words: []uint32{24, 0, 0, 0, 24, 12, 1, 1, 0, 1, 1}, want: "at offset 0x18: record size must be a multiple of 4 and at least 16, is 12"},
		{name: "half a list", words: []uint32{24, 0, 24, 0, 0, 8, 1, 1, 0, 3, 1}, want: "at offset 0x2c: list needs 8 bytes, 4 left"},
		{name: "list of none", words: []uint32{24, 0, 12, 0, 0, 8, 1, 0}, want: "at offset 0x1c: list needs at least 1 record, has 0"},
		{name: "too many records", words: []uint32{24, 0, 20, 0, 0, 8, 1, 2, 0, 3}, want: "at offset 0x24: 2 records of 8 bytes need 16, 8 left"},
		{name: "4 G records", words: []uint32{24, 0, 20, 0, 0, 8, 1, 0xffffffff, 0, 3}, want: "at offset 0x24: 4294967295 records of 8 bytes need"},
		{name: "records of 4 GB", words: []uint32{24, 0, 20, 0, 0, 0xfffffffc, 1, 0xffffffff, 0, 3}, want: "at offset 0x24: 4294967295 records"},
		{name: "section name", words: []uint32{24, 0, 20, 0, 0, 8, 99, 1, 0, 3}, want: "at offset 0x1c: name offset must be below 15, is 99"},
		{name: "id out of range", words: []uint32{24, 0, 20, 0, 0, 8, 1, 1, 0, 4}, want: "at offset 0x28: type id must be below 4, is 4"},
		{name: "no function", words: []uint32{24, 0, 20, 0, 0, 8, 1, 1, 0, 2}, want: "at offset 0x28: type must be a FUNC, type 2 is FUNC_PROTO"},
		{name: "void function", words: []uint32{24, 0, 20, 0, 0, 8, 1, 1, 0, 0}, want: "at offset 0x28: type must be a FUNC, type 0 is VOID"},
		{name: "file name", words: []uint32{24, 0, 0, 0, 28, 16, 1, 1, 0, 15, 1, 0}, want: "at offset 0x28: name offset must be below 15, is 15"},
		{name: "line", words: []uint32{24, 0, 0, 0, 28, 16, 1, 1, 0, 1, 0xffffffff, 0}, want: "at offset 0x2c: name offset must be below 15"},
		{name: "relocated type", words: []uint32{32, 0, 0, 0, 0, 0, 28, 16, 1, 1, 0, 9, 1, 0}, want: "at offset 0x30: type id must be below 4, is 9"},
		{name: "accessor", words: []uint32{32, 0, 0, 0, 0, 0, 28, 16, 1, 1, 0, 1, 99, 0}, want: "at offset 0x34: name offset must be below 15, is 99"},
		{name: "relocations past the end", words: []uint32{32, 0, 0, 0, 0, 0, 32, 16, 1, 1, 0, 1, 1, 0}, want: "at offset 0x18: part at 0x20 needs 32 bytes, the section has 60 in all"},
	} {
		for name, order := range bothOrders {
			b := c.bytes
			if b == nil {
				b = ext(order, c.words...)
			}
			t.Run(c.name+"/"+name, func(t *testing.T) {
				everyExtDoor(t, withExt(order, b), func(t *testing.T, spec *btf.Spec, ext *btf.ExtInfos, err error) {
					var format *btf.FormatError
					require.ErrorAs(t, err, &format)
					require.ErrorContains(t, format, "btf: .BTF.ext section "+c.want)
					require.True(t, spec == nil && ext == nil)
				})
				spec, err := btf.LoadSpec(file(t, withExt(order, b)))
				require.NoError(t, err, "the types can be read all the same")
				require.NoError(t, spec.Close())
			})
		}
	}
	t.Run("broken function", func(t *testing.T) {
		b := btftest.New(binary.LittleEndian)
		b.Func("main", 1, 1)
		everyExtDoor(t, btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: b.Bytes()},
			btftest.Section{Name: ".BTF.ext", Data: ext(binary.LittleEndian, 24, 0, 20, 0, 0, 8, 1, 1, 0, 1)}), func(t *testing.T, _ *btf.Spec, _ *btf.ExtInfos, err error) {
			require.ErrorContains(t, err, "FUNC needs a FUNC_PROTO")
		})
	})
	t.Run("none", func(t *testing.T) {
		raw := btftest.EveryKind(binary.LittleEndian).Bytes()
		for _, b := range [][]byte{raw, btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: raw})} {
			everyExtDoor(t, b, func(t *testing.T, spec *btf.Spec, ext *btf.ExtInfos, err error) {
				require.ErrorIs(t, err, btf.ErrNoExtendedInfo)
				require.True(t, spec == nil && ext == nil)
			})
		}
	})
	t.Run("no bytes in the file", func(t *testing.T) {
		raw := btftest.EveryKind(binary.LittleEndian).Bytes()
		everyExtDoor(t, btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: raw}, btftest.Section{Name: ".BTF.ext", Size: 1 << 30}),
			func(t *testing.T, _ *btf.Spec, _ *btf.ExtInfos, err error) {
				require.ErrorContains(t, err, "section .BTF.ext needs")
			})
	})
}

// TestExtAllocations: reading all of it costs nothing.
func TestExtAllocations(t *testing.T) {
	b := withExt(binary.LittleEndian, ext(binary.LittleEndian, 32, 0, 20, 20, 28, 48, 28,
		8, 1, 1, 16, 3, 16, 1, 1, 8, 1, 1, 7<<10|3, 16, 1, 1, 8, 1, 1, 12))
	_, ext, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(b))
	require.NoError(t, err)
	n := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for s := range ext.Funcs() {
			for f := range s.Records() {
				n += len(s.NameBytes()) + int(f.Offset()) + f.Func().Type().NumParams()
			}
		}
		for s := range ext.Lines() {
			for l := range s.Records() {
				n += len(l.FileNameBytes()) + len(l.LineBytes()) + int(l.LineNumber()+l.LineColumn())
			}
		}
		for s := range ext.CORERelocations() {
			for r := range s.Records() {
				n += len(r.AccessorBytes()) + int(r.Kind()) + int(r.Type().ID())
			}
		}
	}))
	require.NotZero(t, n)
}
