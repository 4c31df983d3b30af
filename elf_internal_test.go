// Compares the reading of symbol tables with debug/elf.

package btf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestSymbols compares with the reader that copies all names.
func TestSymbols(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(class, order), func(t *testing.T) {
				size := map[elf.Class]int{elf.ELFCLASS32: elf.Sym32Size, elf.ELFCLASS64: elf.Sym64Size}[class]
				table, names := make([]byte, 100*size), []byte("\x00zero\x00one\x00two\x00")
				for i := range table {
					table[i] = byte(random.Uint32())
				}
				for i := range 100 {
					order.PutUint32(table[i*size:], random.Uint32N(uint32(len(names)))) // debug/elf wants them in range
				}
				o, err := openObject(bytes.NewReader(btftest.ELF(class, order,
					btftest.Section{Name: ".symtab", Type: elf.SHT_SYMTAB, Data: table, Link: 2},
					btftest.Section{Name: ".strtab", Type: elf.SHT_STRTAB, Data: names})), -1)
				require.NoError(t, err)
				want, err := o.Symbols()
				require.NoError(t, err)
				require.Len(t, want, 99)
				table, names, err = o.symbolTable()
				require.NoError(t, err)
				i := 0
				for s := range o.symbols(table) {
					w := want[i]
					require.Equal(t, w.Name, string(shortName(names[s.name:])))
					require.Equal(t, []any{w.Info, w.Section, w.Value}, []any{s.info, s.section, s.value})
					i++
				}
				require.Len(t, want, i)
			})
		}
	}
}

// suffixes is an ELF file of n sections, and as many symbols, whose names are each the
// end of the same long one.
func suffixes(order btftest.Order, n, length int) []byte {
	b := btftest.New(order)
	i := b.Int("int", 4, btftest.Signed)
	b.Datasec(".data", 0, btftest.Variable{Type: b.Var(strings.Repeat("v", length), i, 1), Size: 4})
	symbols := []btftest.Symbol{{Name: strings.Repeat("s", length), Type: elf.STT_OBJECT, Section: 1}}
	table, names := btftest.Symbols(order, 4, symbols...)
	base := order.Uint32(table.Data[elf.Sym64Size:])
	for i := range n {
		record := bytes.Clone(table.Data[elf.Sym64Size : 2*elf.Sym64Size])
		order.PutUint32(record, base+uint32(i%length))
		table.Data = append(table.Data, record...)
	}
	sections := []btftest.Section{{Name: ".data", Data: make([]byte, 12)}, {Name: ".BTF", Data: b.Bytes()}, table, names, {Name: strings.Repeat("n", length)}}
	for range n {
		sections = append(sections, btftest.Section{Name: "x"})
	}
	file := btftest.ELF(elf.ELFCLASS64, order, sections...)
	headers := order.Uint64(file[0x28:])
	long := order.Uint32(file[headers+5*64:])
	for i := range n {
		order.PutUint32(file[headers+uint64(6+i)*64:], long+uint32(i%length))
	}
	return file
}

// TestLongELFNames: names that are each the end of a long one cost no more than the
// file, which debug/elf would make a hundred times as many gigabytes of.
func TestLongELFNames(t *testing.T) {
	for _, c := range []struct {
		name      string
		n, length int
		err       string
	}{
		{"some", 10, 100, ""},
		{"the longest", 10, maxSectionName, ""},
		{"too long", 10, maxSectionName + 1, "name of section 5 must have at most 4096 bytes"},
		{"more than the header can count", 70_000, 10, ""},
		{"many of them", 70_000, 10_000, "name of section 5 must have at most 4096 bytes"},
		{"many longer ones", 20_000, 100_000, "name of section 5 must have at most 4096 bytes"},
	} {
		for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(c.name, order), func(t *testing.T) {
				file := suffixes(order, c.n, c.length)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				spec, err := LoadSpecFromReader(bytes.NewReader(file))
				runtime.ReadMemStats(&after)
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+8*len(file)))
				if c.err != "" {
					require.ErrorContains(t, err, c.err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, 3, spec.NumTypes())
			})
		}
	}
	t.Run("32 bits", func(t *testing.T) {
		for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
			file := btftest.ELF(elf.ELFCLASS32, order, btftest.Section{Name: ".BTF"}, btftest.Section{Name: strings.Repeat("n", maxSectionName+1)})
			_, err := LoadSpecFromReader(bytes.NewReader(file))
			require.ErrorContains(t, err, "name of section 2 must have at most 4096 bytes")
		}
	})
	t.Run("tables", func(t *testing.T) {
		sound := suffixes(binary.LittleEndian, 1, 10)
		headers := binary.LittleEndian.Uint64(sound[0x28:])
		names := headers + 64*uint64(binary.LittleEndian.Uint16(sound[0x3e:]))
		for at, c := range map[uint64]struct {
			value uint64
			err   string
		}{
			names + 8:      {uint64(elf.SHF_COMPRESSED), "section names must not be compressed"},
			names + 0x20:   {1 << 40, "section names must take at most 16777216 bytes, take 1099511627776"},
			names + 0x18:   {1 << 63, ""},
			0x28:           {1 << 63, ""},
			headers + 5*64: {1 << 31, ""},
		} {
			file := bytes.Clone(sound)
			binary.LittleEndian.PutUint64(file[at:], c.value)
			_, err := LoadSpecFromReader(bytes.NewReader(file))
			var format *FormatError
			require.ErrorAs(t, err, &format)
			require.ErrorContains(t, err, c.err)
		}
		// A count for which the first header is asked.
		file := bytes.Clone(sound)
		binary.LittleEndian.PutUint16(file[0x3c:], 0)
		binary.LittleEndian.PutUint64(file[headers+0x20:], 1<<40)
		_, err := LoadSpecFromReader(bytes.NewReader(file))
		require.ErrorContains(t, err, "1099511627776 section headers")
	})
	t.Run("symbols", func(t *testing.T) {
		order := binary.LittleEndian
		o, err := openObject(bytes.NewReader(suffixes(order, maxSectionName, maxSectionName)), -1)
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, offsets, err := o.dataSections()
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Empty(t, offsets[symbol{".data", ""}])
		require.Len(t, offsets, longestName-1, "those that are short")
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))
	})
}
