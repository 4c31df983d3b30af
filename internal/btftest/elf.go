// Writes ELF files with given sections and symbols.

package btftest

import "debug/elf"

// A Section of an ELF file. Offset, Size and Type are filled in where they are 0.
type Section struct {
	Name         string
	Data         []byte
	Type         elf.SectionType
	Flags        elf.SectionFlag
	Offset, Size uint64
	Link, Info   uint32
}

// A Symbol of an ELF file of 64 bits. Section is the number of its section, of which
// the first that [ELF] is given has 1.
type Symbol struct {
	Name        string
	Type        elf.SymType
	Section     elf.SectionIndex
	Value, Size uint64
}

// Symbols returns the .symtab with the symbols, and the .strtab with their names,
// which is to have the number strtab.
func Symbols(order Order, strtab uint32, symbols ...Symbol) (table, names Section) {
	names = Section{Name: ".strtab", Type: elf.SHT_STRTAB, Data: []byte{0}}
	table = Section{Name: ".symtab", Type: elf.SHT_SYMTAB, Link: strtab, Info: 1, Data: make([]byte, elf.Sym64Size)}
	for _, s := range symbols {
		table.Data = order.AppendUint32(table.Data, uint32(len(names.Data)))
		names.Data = append(append(names.Data, s.Name...), 0)
		table.Data = append(table.Data, elf.ST_INFO(elf.STB_GLOBAL, s.Type), 0)
		table.Data = order.AppendUint16(table.Data, uint16(s.Section))
		table.Data = order.AppendUint64(table.Data, s.Value)
		table.Data = order.AppendUint64(table.Data, s.Size)
	}
	return table, names
}

// ELF returns a relocatable object of the class, in the order, with the sections
// and one for their names. The section headers come last.
func ELF(class elf.Class, order Order, sections ...Section) []byte {
	wide := class == elf.ELFCLASS64
	word := func(b []byte, v uint64) []byte {
		if wide {
			return order.AppendUint64(b, v)
		}
		return order.AppendUint32(b, uint32(v))
	}
	headerSize, entrySize := 52, 40
	if wide {
		headerSize, entrySize = 64, 64
	}
	names := []byte{0}
	all := append([]Section{{}}, sections...)
	all = append(all, Section{Name: ".shstrtab"})
	nameAt := make([]uint32, len(all))
	for i, s := range all {
		if s.Name != "" {
			nameAt[i] = uint32(len(names))
			names = append(append(names, s.Name...), 0)
		}
	}
	all[len(all)-1].Data = names

	body := make([]byte, headerSize)
	for i := range all[1:] {
		s := &all[i+1]
		for len(body)%8 != 0 {
			body = append(body, 0)
		}
		if s.Offset == 0 {
			s.Offset = uint64(len(body))
		}
		if s.Size == 0 {
			s.Size = uint64(len(s.Data))
		}
		if s.Type == 0 {
			s.Type = elf.SHT_PROGBITS
		}
		body = append(body, s.Data...)
	}
	all[len(all)-1].Type = elf.SHT_STRTAB
	for len(body)%8 != 0 {
		body = append(body, 0)
	}

	data := elf.ELFDATA2LSB
	if order.String() == "BigEndian" {
		data = elf.ELFDATA2MSB
	}
	h := append([]byte(elf.ELFMAG), byte(class), byte(data), byte(elf.EV_CURRENT), 0, 0, 0, 0, 0, 0, 0, 0, 0)
	h = order.AppendUint16(h, uint16(elf.ET_REL))
	h = order.AppendUint16(h, uint16(elf.EM_BPF))
	h = order.AppendUint32(h, uint32(elf.EV_CURRENT))
	h = word(h, 0)                 // entry
	h = word(h, 0)                 // program headers
	h = word(h, uint64(len(body))) // section headers
	h = order.AppendUint32(h, 0)   // flags
	count, last := len(all), len(all)-1
	if count >= int(elf.SHN_LORESERVE) { // the first header has what the file's cannot hold
		all[0].Size, all[0].Link = uint64(count), uint32(last)
		count, last = 0, int(elf.SHN_XINDEX)
	}
	for _, half := range []int{headerSize, 0, 0, entrySize, count, last} {
		h = order.AppendUint16(h, uint16(half))
	}
	copy(body, h)

	for i, s := range all {
		body = order.AppendUint32(body, nameAt[i])
		body = order.AppendUint32(body, uint32(s.Type))
		for _, v := range []uint64{uint64(s.Flags), 0, s.Offset, s.Size} {
			body = word(body, v)
		}
		body = order.AppendUint32(body, s.Link)
		body = order.AppendUint32(body, s.Info)
		body = word(body, 8) // alignment
		entry := uint64(0)
		if s.Type == elf.SHT_SYMTAB {
			entry = elf.Sym64Size
		}
		body = word(body, entry)
	}
	return body
}
