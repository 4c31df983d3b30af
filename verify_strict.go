// Checks a Spec by the rules of the kernel.

package btf

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// VerifyStrict reads the Spec as the kernel's own checker does, which looks at what
// BPF_BTF_LOAD is given (kernel/bpf/btf.c): that the sections fill the blob without
// gaps, and of every type that its name is allowed, that its size, flags and
// offsets make sense, and that what it leads to has a size, is no loop, and is at
// most 32 types deep under it. It also makes the checks of [Spec.Verify], last.
//
// The error is a [*FormatError] about the first thing that the kernel refuses, in the
// order the kernel looks: the header, all records by themselves, then what they lead
// to. Its Problem begins with the words that the kernel's log ends in, in lower case
// and without a value that follows them; its TypeID is that of the record which the
// log shows there, if any. What else may decide is said below: a kernel of other
// rules or another width of pointers. Older ones complain of the info of a kind above
// 31. Of a blob over 16 MB the kernel says nothing.
//
// The rules are those of Linux 7.2. Older kernels refuse what they do not know yet:
//
//	before 7.2   more than 65535 elements; a type tag under a qualifier or typedef
//	before 7.1   a layout section; strings that are not at the end
//	before 6.15  decl tags and type tags with kind_flag
//
// The kernel passes a few things that are refused here: a header that lacks the last
// zeros of str_len, types beyond the last id, which it drops, and more than 32
// qualifiers and typedefs in a row if it meets the last of them first. What it wants
// of structs that programs use in place, such as bpf_spin_lock, is not looked at.
//
// Pointers are as wide as [Spec.PointerSize] says, 8 bytes if it does not know. Of
// split BTF, the types of the base are taken to be resolved; the kernel takes such
// only from its modules, and looks at less. Bytes after the last section are found
// where the size of the file is known, so not in a pipe. BPF objects fail as
// compilers leave them: the loader fills in the sizes and offsets of a DATASEC, and
// replaces extern functions and variables.
//
// A vmlinux takes some tens of milliseconds, and 12 bytes a type while it runs.
func (s *Spec) VerifyStrict() error {
	if err := s.usable(); err != nil {
		return err
	}
	if err := s.strictHeader(); err != nil {
		return err
	}
	for t := range s.All() {
		if err := t.strictRecord(); err != nil {
			return err
		}
	}
	if end := s.layer.end(); end > maxStrictTypes {
		problem := fmt.Sprintf("exceeded max num of types: ids up to %d wanted, they go to %d", maxStrictTypes-1, end-1)
		return &FormatError{Section: "header", Offset: 12, Problem: problem}
	}
	pointer := s.layer.pointerSize()
	if pointer == 0 {
		pointer = 8
	}
	if err := newResolver(&s.layer, pointer).all(); err != nil {
		return err
	}
	if err := s.layer.strictChains(); err != nil {
		return err
	}
	return s.Verify()
}

// maxStrictSize is BTF_MAX_SIZE of kernel/bpf/btf.c.
const maxStrictSize = uapi.MaxSize

// strictHeader makes the checks of btf_parse_hdr, btf_check_sec_info and
// btf_parse_str_sec that loading does not.
func (s *Spec) strictHeader() error {
	h := &s.header
	problem := func(off uint64, format string, args ...any) error {
		return &FormatError{Section: "header", Offset: off, Problem: fmt.Sprintf(format, args...)}
	}
	if s.size > maxStrictSize { // so that the strings, too, are as long as name offsets reach at most
		return problem(0, "a blob of %d bytes wanted at most, it has %d", maxStrictSize, s.size)
	}
	// Those past the fields there are, and half of a field.
	unknown := uint32(headerSizeMax)
	if h.Length < headerSizeMax {
		unknown = headerSize
	}
	for off, b := range s.blob.bytes[unknown:max(unknown, h.Length)] {
		if b != 0 {
			return problem(uint64(unknown)+uint64(off), "unsupported btf_header: 0 wanted after the known fields, it is 0x%02x", b)
		}
	}

	type part struct {
		name     string
		off, len uint32
	}
	parts := []part{{"type", h.TypeOffset, h.TypeLength}, {"string", h.StringOffset, h.StringLength}}
	if h.Length >= headerSizeMax {
		parts = append(parts, part{"layout", h.LayoutOffset, h.LayoutLength})
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.len, b.len))
	})
	end, size := uint64(0), s.size-uint64(h.Length)
	for _, p := range parts {
		switch off := uint64(p.off); {
		case off > end:
			return problem(uint64(h.Length)+end, "unsupported section found: %s section at 0x%x wanted, it is at 0x%x", p.name, end, off)
		case off < end:
			return problem(uint64(h.Length)+off, "section overlap found: %s section at 0x%x wanted, it is at 0x%x", p.name, end, off)
		}
		end += uint64(p.len)
	}
	if end != size {
		return problem(uint64(h.Length)+end, "unsupported section found: nothing wanted after the last section, there are %d bytes", size-end)
	}
	last := parts[len(parts)-1]

	switch {
	case h.Length < headerSizeMax && last.name != "string":
		return problem(16, "string section is not at the end: the %s section is, which takes a header of %d bytes", last.name, headerSizeMax)
	case s.base == nil && h.StringLength == 0:
		return problem(20, "invalid string section: 1 byte or more wanted, it has 0")
	case s.base == nil && h.TypeLength == 0:
		return problem(12, "no type found: the type section is empty")
	case h.LayoutOffset%layoutEntrySize != 0 && h.LayoutLength != 0:
		return problem(24, "unaligned layout_off: a multiple of %d wanted, it is 0x%x", layoutEntrySize, h.LayoutOffset)
	}
	return nil
}

// strictChains bounds how many modifiers follow one another, as
// btf_check_type_tags does after everything is resolved: up to one that was passed
// before.
func (l *layer) strictChains() error {
	passed := l.first
	for from := range l.all() {
		n := 0
		for t := from; modifiers.has(t.Kind()); {
			if n++; n > maxDepth {
				return from.problem(0, "max chain length or cycle detected: %d modifiers in a row wanted at most", maxDepth)
			}
			if t.id < passed {
				break
			}
			t = t.follow(t.sizeOrType())
		}
		if n > 0 {
			passed = from.id + 1
		}
	}
	return nil
}
