// path, reader or bytes → Spec: the doors

package btf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// A Spec is a blob of BTF, ready to be asked. It holds a mapping of the file or
// the bytes it was given, and no copy of what is in them.
//
// Every method but Close may be called from many goroutines at once. The zero
// Spec is a closed one.
type Spec struct {
	layer   layer
	names   names
	header  Header
	base    *Spec
	ext     *ExtInfos // if it was asked for and is there
	mapping mapping
	blob    section
	size    uint64 // bytes of the blob and what follows it, as far as the door could tell
}

// LoadSpec opens a file of BTF: a raw blob, such as /sys/kernel/btf/vmlinux, or an
// ELF file with a .BTF section, such as vmlinux, a kernel module or a BPF object;
// of either byte order and word size. The error matches [ErrNotFound] if an ELF
// file has no .BTF section, and is a [*FormatError] if the bytes are not BTF.
//
// The .BTF of modules built outside the kernel's tree stands on a .BTF.base, distilled
// to the names of what the module refers to. It is opened over that, which is then its
// [Spec.Base]: [Spec.Relocate] or [LoadSplitSpec] puts it on a kernel's.
//
// The BTF is mapped and not read: its names and types are looked at where they
// lie, until Close. Of an ELF file, only the headers are read and only the window
// with the section is mapped. What cannot be mapped is read into memory: kernel
// BTF before Linux 6.16, pipes, compressed sections, and everything on systems
// other than Unix or with the build tag btf_copy. What was read needs no Close and
// does not change with the file.
//
// A file must not shrink while it is mapped: reading beyond its new end kills the
// process with SIGBUS. Kernel BTF never changes, and a file replaced by renaming
// another over it stays whole. For files that anybody may truncate, use
// [LoadSpecFromReader].
func LoadSpec(path string) (*Spec, error) { return loadPath(path, nil, false) }

// LoadSplitSpec opens a file of split BTF, such as that of a kernel module, which
// counts its ids and strings from the end of base. Base may itself be split. It is
// shared, not parsed again, and must stay open as long as the new Spec is used.
// Otherwise it is like [LoadSpec]. The .BTF of a file with a .BTF.base is relocated
// onto base, as libbpf's btf__parse_split does: see [Spec.Relocate].
func LoadSplitSpec(path string, base *Spec) (*Spec, error) {
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	return loadPath(path, base, false)
}

// LoadSpecFromReader is [LoadSpec] with a copy in memory: it does not depend on r
// after it returns. Of an ELF file it reads the headers and the .BTF section, of a
// raw blob what its header says there is.
//
// A reader may tell where it ends by a method Size() int64, as [bytes.Reader] does,
// by Stat, as [os.File] does, or by Len() int, as the ReaderAt of
// golang.org/x/exp/mmap does. Sections that end after it are refused before they are
// read, and [Spec.VerifyStrict] sees bytes behind a raw blob. A Len is believed only
// if the reader has a last byte there.
func LoadSpecFromReader(r io.ReaderAt) (*Spec, error) { return loadReader(r, nil, false) }

// LoadSplitSpecFromReader is [LoadSplitSpec] with a copy in memory, as
// [LoadSpecFromReader] is.
func LoadSplitSpecFromReader(r io.ReaderAt, base *Spec) (*Spec, error) {
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	return loadReader(r, base, false)
}

// LoadSpecAndExtInfos opens a BPF object, like [LoadSpec], and the .BTF.ext section
// that says more about its functions. The error matches [ErrNoExtendedInfo] if
// there is no such section; then LoadSpec opens the rest. The ExtInfos may be used
// until the Close of the Spec.
func LoadSpecAndExtInfos(path string) (*Spec, *ExtInfos, error) {
	return withExtInfos(loadPath(path, nil, true))
}

// LoadSpecAndExtInfosFromReader is [LoadSpecAndExtInfos] with a copy in memory, as
// [LoadSpecFromReader] is.
func LoadSpecAndExtInfosFromReader(r io.ReaderAt) (*Spec, *ExtInfos, error) {
	return withExtInfos(loadReader(r, nil, true))
}

func withExtInfos(s *Spec, err error) (*Spec, *ExtInfos, error) {
	if err == nil && s.ext == nil {
		err = errors.Join(fmt.Errorf("btf: %w", ErrNoExtendedInfo), s.Close())
	}
	if err != nil {
		return nil, nil, err
	}
	return s, s.ext, nil
}

// LoadRawSpec reads a raw blob where it lies in memory. The blob is borrowed: it
// must not be written to while the Spec is used.
func LoadRawSpec(blob []byte) (*Spec, error) { return newSpec(blob, nil) }

// kernelBTF is where the running kernel shows its types and those of its modules.
const kernelBTF = "/sys/kernel/btf/"

// LoadKernelSpec opens the BTF of the running kernel: /sys/kernel/btf/vmlinux, or
// the vmlinux file of the running release in one of the places where distributions
// put it; the first of them that can be read. The error matches [ErrNotSupported]
// if there is none.
func LoadKernelSpec() (*Spec, error) { return loadKernelSpec("") }

// loadKernelSpec looks below root.
func loadKernelSpec(root string) (*Spec, error) {
	places := []string{root + kernelBTF + "vmlinux"}
	release, err := os.ReadFile(root + "/proc/sys/kernel/osrelease")
	release = bytes.TrimSpace(release)
	if err == nil {
		for _, place := range vmlinuxPlaces {
			places = append(places, root+fmt.Sprintf(place, release))
		}
	}
	var first error
	for _, place := range places {
		// Containers hide files by mounting empty ones, or /dev/null, over them.
		if info, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) || err == nil && (info.Size() == 0 || !info.Mode().IsRegular()) {
			continue
		}
		s, err := LoadSpec(place)
		if err == nil {
			return s, nil
		}
		if first == nil && !errors.Is(err, ErrNotFound) {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	kernel := "the running kernel"
	if root != "" {
		kernel = "the kernel below " + root
	}
	if len(release) > 0 {
		kernel += " " + string(release)
	}
	return nil, fmt.Errorf("btf: BTF of %s: %w", kernel, ErrNotSupported)
}

// vmlinuxPlaces is the list of libbpf's btf__load_vmlinux_btf.
var vmlinuxPlaces = []string{
	"/boot/vmlinux-%[1]s",
	"/lib/modules/%[1]s/vmlinux-%[1]s",
	"/lib/modules/%[1]s/build/vmlinux",
	"/usr/lib/modules/%[1]s/kernel/vmlinux",
	"/usr/lib/debug/boot/vmlinux-%[1]s",
	"/usr/lib/debug/boot/vmlinux-%[1]s.debug",
	"/usr/lib/debug/lib/modules/%[1]s/vmlinux",
}

// LoadKernelModuleSpec opens the BTF of a loaded module of the running kernel,
// /sys/kernel/btf/NAME, over base, which is that of the kernel itself. The error
// matches [fs.ErrNotExist] if the module is not loaded or has no BTF.
func LoadKernelModuleSpec(module string, base *Spec) (*Spec, error) {
	if module == "" || module == "vmlinux" || strings.ContainsAny(module, "/.") {
		return nil, fmt.Errorf("btf: %q is no name of a kernel module", module)
	}
	return LoadSplitSpec(kernelBTF+module, base)
}

func loadPath(path string, base *Spec, ext bool) (*Spec, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("btf: %w", err)
	}
	defer f.Close()

	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("btf: %w", err)
	}
	if !info.Mode().IsRegular() {
		return loadStream(f, base)
	}
	head, err := readWindow(f, 0, headerSizeMax)
	if err != nil {
		return nil, err
	}
	if isELF(head) {
		return loadObject(f, info.Size(), base, ext)
	}
	m, err := openWindow(f, 0, min(info.Size(), extent(head)))
	if err != nil {
		return nil, err
	}
	s, err := newSpec(m.bytes, base)
	if err == nil {
		s.size = max(s.size, uint64(info.Size()))
	}
	return s.owning(m, err)
}

// loadObject maps what is needed of an ELF file: the window with its BTF, or all of
// it if more may be asked for, as of one compiled for BPF.
func loadObject(f *file, size int64, base *Spec, ext bool) (s *Spec, err error) {
	o, err := openObject(f, size)
	if err != nil {
		return nil, err
	}
	var m mapping
	if o.Section(distilledName) != nil {
		return o.spec(base, ext, func(w window) ([]byte, error) { return readWindow(f, w.off, w.size) })
	}
	if !o.isBPF() && !ext {
		s, err = o.spec(base, ext, func(w window) (_ []byte, err error) {
			m, err = openWindow(f, w.off, w.size)
			return m.bytes, err
		})
		return s.owning(m, err)
	}
	if m, err = openWindow(f, 0, size); err != nil {
		return nil, err
	}
	s, err = o.spec(base, ext, func(w window) ([]byte, error) {
		whole := section{bytes: m.bytes}
		if !whole.has(uint64(w.off), uint64(w.size)) {
			return nil, nil // the file shrank
		}
		return m.bytes[w.off : w.off+w.size : w.off+w.size], nil
	})
	if err == nil && o.isBPF() {
		l := &s.layer
		l.placements = &placements{resolve: func() (map[TypeID]*placement, error) {
			o, err := openObject(bytes.NewReader(m.bytes), size)
			if err != nil {
				return nil, err
			}
			return o.place(l)
		}}
	}
	return s.owning(m, err)
}

// owning lets s close m when it is closed, or closes it at once with an error.
func (s *Spec) owning(m mapping, err error) (*Spec, error) {
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	s.mapping = m
	return s, nil
}

// loadStream reads a raw blob from a file without offsets, such as a pipe.
func loadStream(r io.Reader, base *Spec) (*Spec, error) {
	blob := make([]byte, headerSizeMax)
	n, err := io.ReadFull(r, blob)
	if isELF(blob[:n]) {
		return nil, &FormatError{Section: "ELF", Problem: "a regular file wanted to look for .BTF in, it is a pipe or a device"}
	}
	if err == nil {
		var rest []byte
		rest, err = io.ReadAll(io.LimitReader(r, extent(blob)-int64(n)))
		blob = append(blob, rest...)
	} else {
		blob = blob[:n]
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("btf: %w", err)
	}
	return newSpec(blob, base)
}

func loadReader(r io.ReaderAt, base *Spec, ext bool) (*Spec, error) {
	size := sizeOf(r)
	head, err := readWindow(r, 0, headerSizeMax)
	if err != nil {
		return nil, err
	}
	if !isELF(head) {
		blob, err := readWindow(r, 0, extent(head))
		if err != nil {
			return nil, err
		}
		s, err := newSpec(blob, base)
		if err == nil && size > 0 {
			// Not all readers that say where they end do end there.
			if n, _ := r.ReadAt(make([]byte, 1), size-1); n == 1 {
				s.size = max(s.size, uint64(size))
			}
		}
		return s, err
	}
	o, err := openObject(r, size)
	if err != nil {
		return nil, err
	}
	s, err := o.spec(base, ext, func(w window) ([]byte, error) { return readWindow(r, w.off, w.size) })
	if err != nil || !o.isBPF() {
		return s, err
	}
	for t := range s.layer.all() {
		if t.Kind() == KindDatasec && t.sizeOrType() == 0 {
			// Now, since r need not outlive this call.
			placed, err := o.place(&s.layer)
			s.layer.placements = &placements{resolve: func() (map[TypeID]*placement, error) { return placed, err }}
			break
		}
	}
	return s, nil
}

// sizeOf returns how many bytes r has, -1 if it does not say.
func sizeOf(r io.ReaderAt) int64 {
	switch r := r.(type) {
	case interface{ Size() int64 }:
		return r.Size()
	case interface{ Stat() (fs.FileInfo, error) }:
		// Files of procfs say 0 and hold more.
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			return info.Size()
		}
	case interface {
		io.ReaderAt
		Len() int
	}:
		// Some types count something else, such as the bytes not read yet.
		if n := int64(r.Len()); endsAt(r, n) {
			return n
		}
	}
	return -1
}

// endsAt reports whether r has a byte right before offset n and none at it.
func endsAt(r io.ReaderAt, n int64) bool {
	if n <= 0 {
		return false
	}
	b := make([]byte, 1)
	if got, err := r.ReadAt(b, n); got != 0 || err != io.EOF {
		return false
	}
	got, _ := r.ReadAt(b, n-1)
	return got == 1
}

// spec makes a Spec of the .BTF section, and if wanted of .BTF.ext, with what read
// says are the bytes of a window.
func (o object) spec(base *Spec, ext bool, read func(window) ([]byte, error)) (*Spec, error) {
	get := func(name string) ([]byte, window, error) {
		w, err := o.window(name)
		if err != nil || w.inflated != nil {
			return w.inflated, w, err
		}
		b, err := read(w)
		if err == nil && int64(len(b)) < w.size {
			err = elfProblem(uint64(w.off), nil, "section %s needs %d bytes, %d left", name, w.size, len(b))
		}
		return b, w, err
	}
	load := func(name string, base *Spec) (*Spec, error) {
		blob, w, err := get(name)
		if err != nil {
			return nil, err
		}
		s, err := newSpec(blob, base)
		if err != nil {
			return nil, err
		}
		if s.layer.types.big != w.big {
			return nil, elfProblem(uint64(w.off), nil, "section %s is %s, the ELF header says %s", name, order(!w.big), order(w.big))
		}
		s.layer.pointer = w.pointer
		return s, nil
	}
	under := base
	if o.Section(distilledName) != nil {
		distilled, err := load(distilledName, nil)
		if err != nil {
			return nil, err
		}
		under = distilled
	}
	s, err := load(".BTF", under)
	if err == nil && under != base && base != nil {
		s, err = s.Relocate(base)
	}
	if err != nil {
		return nil, err
	}
	if ext {
		blob, _, err := get(".BTF.ext")
		if errors.Is(err, ErrNotFound) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		if s.ext, err = newExtInfos(blob, &s.layer); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// distilledName is the section with what a module refers to outside of itself.
const distilledName = ".BTF.base"

// Relocate returns what is split over a distilled base, such as the .BTF of a module
// built outside of the kernel's tree over its .BTF.base, as split BTF over base, which
// stands alone: that of the kernel the module is for. The result is in memory of its
// own; s is left as it is. [LoadSplitSpec] does this by itself for a file with a
// .BTF.base.
//
// The rules are those of libbpf's btf_relocate. Each type of the distilled base has to
// have its one match in base. Integers, floats and enums match by name and size;
// structs and unions by name, and by size too if their name is not unique in base or
// they are part of a struct in s; forward declarations by name, to a type of the
// declared kind, or of a name that is not unique to another declaration, if there is
// one. The error matches [ErrNotFound] if a type has no match, [ErrMultipleMatches] if it has several, and [ErrNotSupported] if s holds a kind whose
// bytes only its layout section tells; it is a [*FormatError] if a record is broken.
func (s *Spec) Relocate(base *Spec) (*Spec, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	if s.base == nil || s.base.base != nil || base.base != nil {
		return nil, errors.New("btf: relocating split BTF over a distilled base that stands alone, to a base that does so")
	}
	// What changes below a mapping stays out of this.
	c, err := newSpec(bytes.Clone(s.blob.bytes), s.base)
	if err != nil {
		return nil, err
	}
	types, err := relocate(&c.layer, &base.layer)
	if err != nil {
		return nil, err
	}
	_, _, layout, err := c.header.sections(c.blob)
	if err != nil {
		return nil, err
	}
	strings := slices.Concat(c.layer.strings.bytes, s.base.layer.strings.bytes)
	if base.layer.strings.end() == 0 {
		strings = slices.Insert(strings, 0, 0)
	}
	head := section{make([]byte, headerSizeMax), types.big}
	copy(head.bytes, c.blob.bytes[:headerLenOffset])
	n, m := uint32(len(types.bytes)), uint32(len(layout.bytes))
	for i, word := range [...]uint32{headerSizeMax, 0, n, n + m, uint32(len(strings)), n, m} {
		head.put(headerLenOffset+4*uint32(i), word)
	}
	r, err := newSpec(slices.Concat(head.bytes, types.bytes, layout.bytes, strings), base)
	if err != nil {
		return nil, err
	}
	if r.layer.starts.count != c.layer.starts.count {
		return nil, fmt.Errorf("btf: relocating to a base whose layout section disagrees: %w", ErrNotSupported)
	}
	r.layer.pointer = s.layer.ownPointerSize()
	return r, nil
}

// newSpec is the one parser behind all doors. It proves the framing of every
// record, and looks at nothing that a record refers to.
func newSpec(blob []byte, base *Spec) (*Spec, error) {
	header, raw, err := parseHeader(blob)
	if err != nil {
		return nil, err
	}
	types, strs, layout, err := header.sections(raw)
	if err != nil {
		return nil, err
	}
	s := &Spec{
		header: header, base: base, blob: raw, size: uint64(len(blob)),
		layer: layer{types: types, shapes: knownShapes, first: 1},
	}
	l := &s.layer
	var under *strtab
	if base != nil {
		if base.layer.types.big != types.big {
			return nil, &FormatError{Section: "header", Problem: fmt.Sprintf("split BTF is %s, its base %s", order(types.big), order(!types.big))}
		}
		l.base, l.shapes, l.first, under = &base.layer, base.layer.shapes, base.layer.end(), &base.layer.strings
	}
	if l.strings, err = newStrtab(strs, under); err != nil {
		return nil, err
	}
	if l.shapes, err = layoutShapes(layout, l.shapes); err != nil {
		return nil, err
	}
	w := walker{types: types, shapes: l.shapes, names: l.strings.end(), first: l.first}
	if l.framing, err = w.walk(); err != nil {
		return nil, err
	}
	if uint64(l.first)+uint64(l.starts.count) > 1<<32-1 {
		return nil, &FormatError{Section: "types", Problem: fmt.Sprintf("%d types over %d, ids have 32 bits", l.starts.count, l.first)}
	}
	l.oddInts = l.oddInts || l.base != nil && l.base.oddInts
	return s, nil
}

func order(big bool) string {
	if big {
		return "big-endian"
	}
	return "little-endian"
}

// Close gives back what the Spec holds. It must not run while another call on the
// Spec, on a Spec split from it, or on their types is under way. After it, types
// and views have no kind, no name and nothing in them; look-ups that return an
// error return one that matches [ErrClosed], and those that yield types yield
// none; and bytes got from NameBytes must not be touched. Closing again does
// nothing.
//
// There is no finalizer: a mapping that is never closed stays for the life of the
// process, which costs address space and no heap.
func (s *Spec) Close() error {
	s.layer.close()
	s.names, s.blob = names{}, section{}
	if s.ext != nil {
		*s.ext = ExtInfos{}
	}
	return s.mapping.close()
}

// usable reports why the Spec cannot be asked.
func (s *Spec) usable() error {
	for l := &s.layer; l != nil; l = l.base {
		if l.first == 0 {
			return fmt.Errorf("btf: %w", ErrClosed)
		}
	}
	return nil
}

func (s *Spec) usableBase() error {
	if s == nil {
		return errors.New("btf: split BTF needs a base")
	}
	return s.usable()
}

// Base returns the Spec this one was split from, nil if it stands alone.
func (s *Spec) Base() *Spec { return s.base }

// Header returns the header of the blob.
func (s *Spec) Header() Header { return s.header }

// ByteOrder returns the order of the blob's integers.
func (s *Spec) ByteOrder() binary.ByteOrder {
	if s.layer.types.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// NumTypes returns how many types the Spec has of its own, without void. Their
// ids follow those of the base, or 0.
func (s *Spec) NumTypes() int { return int(s.layer.starts.count) }

// PointerSize returns the bytes of a pointer: by the class of the ELF file, or by
// the size of the type long in the blob or its base. It is 0 if neither tells.
func (s *Spec) PointerSize() int { return int(s.layer.pointerSize()) }
