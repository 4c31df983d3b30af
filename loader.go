// Opens BTF from a path, a pipe, a reader or bytes.

package btf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// LoadSpec opens a file of BTF, of any byte order and pointer size: a raw blob, such as
// /sys/kernel/btf/vmlinux, or an ELF file with a .BTF section, such as vmlinux, a kernel
// module or a BPF object. The error matches [ErrNotFound] if an ELF file has no .BTF
// section. It is a [*FormatError] if the bytes are not BTF.
//
// A module built outside the kernel tree has a .BTF.base section too. It is a distilled
// base, with the names, kinds and sizes of the kernel types that the module uses, and
// becomes the [Spec.Base]. [LoadSplitSpec] and [Spec.Relocate] replace it by the BTF of
// a kernel.
//
// LoadSpec maps the file, and names and types are read in place until [Spec.Close]. Of
// an ELF file it maps the .BTF section only; a BPF object is mapped whole. What cannot be
// mapped is read into memory: kernel BTF before Linux 6.16, pipes, compressed sections,
// and all files on systems other than Unix or with the build tag btf_copy. What was read
// needs no Close and does not change with the file.
//
// A mapped file must not shrink: reading past its new end kills the process with SIGBUS.
// Kernel BTF never changes, and replacing a file by a rename is safe. Use
// [LoadSpecFromReader] for files that others may truncate.
func LoadSpec(path string) (*Spec, error) {
	s, _, err := loadPath(path, nil, false)
	return s, err
}

// LoadSplitSpec is [LoadSpec] for split BTF, such as that of a kernel module. Its ids and
// name offsets continue where those of base end. base may be split BTF itself. It is not
// parsed again, and must stay open as long as the result is used. The error is a
// [*FormatError] if a name is in the middle of a string of base, which is then probably not
// the one that the BTF was split from; [Spec.Verify] finds more. If the file has a
// .BTF.base section, its BTF is relocated to base, as by libbpf's btf__parse_split: see
// [Spec.Relocate].
func LoadSplitSpec(path string, base *Spec) (*Spec, error) {
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	s, _, err := loadPath(path, base, false)
	return s, err
}

// LoadSpecFromReader is [LoadSpec] for a reader. It copies the BTF into memory: the
// result does not depend on r. It reads the blob of a raw file; of an ELF file, the
// headers, the .BTF section and, for a [Datasec] that lacks its size, the symbols.
//
// A reader can tell its size with a method Size() int64, as [bytes.Reader] does, with
// Stat, as [os.File] does, or with Len() int, as the ReaderAt of golang.org/x/exp/mmap
// does. A section that ends behind it is then an error before it is read. Len counts
// only if the reader has its last byte there.
func LoadSpecFromReader(r io.ReaderAt) (*Spec, error) {
	s, _, err := loadReader(r, nil, false)
	return s, err
}

// LoadSplitSpecFromReader is [LoadSplitSpec] for a reader, as [LoadSpecFromReader] is.
func LoadSplitSpecFromReader(r io.ReaderAt, base *Spec) (*Spec, error) {
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	s, _, err := loadReader(r, base, false)
	return s, err
}

// LoadSpecAndExtInfos opens the .BTF section of a BPF object, like [LoadSpec], and its
// .BTF.ext section. The error matches [ErrNoExtendedInfo] if there is no .BTF.ext
// section. The ExtInfos may be used until the Close of the Spec.
func LoadSpecAndExtInfos(path string) (*Spec, *ExtInfos, error) {
	return withExtInfos(loadPath(path, nil, true))
}

// LoadSpecAndExtInfosFromReader is [LoadSpecAndExtInfos] for a reader, as
// [LoadSpecFromReader] is.
func LoadSpecAndExtInfosFromReader(r io.ReaderAt) (*Spec, *ExtInfos, error) {
	return withExtInfos(loadReader(r, nil, true))
}

func withExtInfos(s *Spec, ext *ExtInfos, err error) (*Spec, *ExtInfos, error) {
	if err == nil && ext == nil {
		err = errors.Join(fmt.Errorf("btf: %w", ErrNoExtendedInfo), s.Close())
	}
	if err != nil {
		return nil, nil, err
	}
	return s, ext, nil
}

// LoadRawSpec opens a raw blob in memory, without a copy. The blob must not be changed
// while the Spec is used. The error is a [*FormatError] if it is not BTF.
func LoadRawSpec(blob []byte) (*Spec, error) { return newSpec(blob, nil) }

// LoadRawSplitSpec is [LoadRawSpec] for split BTF. For base, see [LoadSplitSpec].
func LoadRawSplitSpec(blob []byte, base *Spec) (*Spec, error) {
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	return newSpec(blob, base)
}

// loadPath opens a file, with its .BTF.ext section if ext is set. Its errors name the
// file.
func loadPath(path string, base *Spec, ext bool) (*Spec, *ExtInfos, error) {
	return loadOpened(openFile, path, base, ext)
}

// loadRegular opens a file as loadPath does, but no pipe or device: the error then matches
// errIrregular. It is for paths that others than the caller choose.
func loadRegular(path string, base *Spec) (*Spec, error) {
	s, _, err := loadOpened(openRegular, path, base, false)
	return s, err
}

func loadOpened(open func(path string) (*file, error), path string, base *Spec, ext bool) (*Spec, *ExtInfos, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("btf: %w", err)
	}
	defer f.Close()
	s, infos, err := loadFile(f, base, ext)
	if err != nil && !errors.As(err, new(*fs.PathError)) {
		err = &located{path, err}
	}
	return s, infos, err
}

func loadFile(f *file, base *Spec, ext bool) (*Spec, *ExtInfos, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("btf: %w", err)
	}
	if !info.Mode().IsRegular() {
		s, err := loadStream(f, base)
		return s, nil, err
	}
	head, err := readWindow(f, 0, headerSizeMax)
	if err != nil {
		return nil, nil, err
	}
	if isELF(head) {
		return loadObject(f, info.Size(), base, ext)
	}
	m, err := openWindow(f, 0, min(info.Size(), extent(head)))
	if err != nil {
		return nil, nil, err
	}
	s, err := newSpec(m.bytes, base)
	if err != nil {
		return nil, nil, errors.Join(err, m.close())
	}
	s.mapping, s.size = m, max(s.size, uint64(info.Size()))
	return s, nil, nil
}

// loadObject opens an ELF file. It maps the window of the .BTF section. It maps the whole
// file if other parts of it are needed later: if it is a BPF object, or if ext is set.
// It reads BTF on a distilled base into memory, because relocation copies it anyway.
func loadObject(f *file, size int64, base *Spec, ext bool) (*Spec, *ExtInfos, error) {
	o, err := openObject(f, size)
	if err != nil {
		return nil, nil, err
	}
	var m mapping
	read := func(w window) (_ []byte, err error) {
		m, err = openWindow(f, w.off, w.size)
		return m.bytes, err
	}
	switch {
	case o.Section(distilledName) != nil:
		read = func(w window) ([]byte, error) { return readWindow(f, w.off, w.size) }
	case o.isBPF() || ext:
		if m, err = openWindow(f, 0, size); err != nil {
			return nil, nil, err
		}
		read = func(w window) ([]byte, error) {
			whole := section{bytes: m.bytes}
			if !whole.has(uint64(w.off), uint64(w.size)) {
				return nil, nil // the file shrank
			}
			return m.bytes[w.off : w.off+w.size : w.off+w.size], nil
		}
	}
	s, infos, err := o.spec(base, ext, read)
	if err != nil {
		return nil, nil, errors.Join(err, m.close())
	}
	s.mapping = m
	if l := &s.layer; o.isBPF() {
		l.placements = &placements{resolve: func() (map[TypeID]*placement, error) {
			o, err := openObject(bytes.NewReader(m.bytes), size)
			if err != nil {
				return nil, err
			}
			return o.place(l)
		}}
	}
	return s, infos, nil
}

// loadStream reads a raw blob from a file that has no offsets, such as a pipe.
func loadStream(r io.Reader, base *Spec) (*Spec, error) {
	head, err := readStream(r, headerSizeMax)
	if err != nil {
		return nil, err
	}
	if isELF(head) {
		return nil, &FormatError{Section: "ELF", Problem: "an ELF file must be a regular file, is a pipe or a device"}
	}
	blob, err := readStream(io.MultiReader(bytes.NewReader(head), r), extent(head))
	if err != nil {
		return nil, err
	}
	return newSpec(blob, base)
}

func loadReader(r io.ReaderAt, base *Spec, ext bool) (*Spec, *ExtInfos, error) {
	size := sizeOf(r)
	head, err := readWindow(r, 0, headerSizeMax)
	if err != nil {
		return nil, nil, err
	}
	if !isELF(head) {
		blob, err := readWindow(r, 0, extent(head))
		if err != nil {
			return nil, nil, err
		}
		s, err := newSpec(blob, base)
		if err == nil && size > 0 {
			// The reader may be shorter than it says.
			if n, _ := r.ReadAt(make([]byte, 1), size-1); n == 1 {
				s.size = max(s.size, uint64(size))
			}
		}
		return s, nil, err
	}
	o, err := openObject(r, size)
	if err != nil {
		return nil, nil, err
	}
	s, infos, err := o.spec(base, ext, func(w window) ([]byte, error) { return readWindow(r, w.off, w.size) })
	if err != nil || !o.isBPF() {
		return s, infos, err
	}
	for t := range s.layer.all() {
		if t.Kind() == KindDatasec && t.sizeOrType() == 0 {
			// r may be closed after this call.
			placed, err := o.place(&s.layer)
			s.layer.placements = &placements{resolve: func() (map[TypeID]*placement, error) { return placed, err }}
			break
		}
	}
	return s, infos, nil
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

// distilledName is the ELF section that holds the distilled base of a module.
const distilledName = ".BTF.base"

// spec opens the .BTF section and, if ext is set, the .BTF.ext section. The ExtInfos are
// nil if there is no such section. read returns the bytes of a window.
func (o object) spec(base *Spec, ext bool, read func(window) ([]byte, error)) (*Spec, *ExtInfos, error) {
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
			return nil, nil, err
		}
		under = distilled
	}
	s, err := load(".BTF", under)
	if err == nil && under != base && base != nil {
		s, err = s.Relocate(base)
	}
	if err != nil || !ext {
		return s, nil, err
	}
	blob, _, err := get(".BTF.ext")
	if errors.Is(err, ErrNotFound) {
		return s, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	infos, err := newExtInfos(blob, &s.layer)
	return s, infos, err
}
