// Copies a window of a file where the system has no mmap(2), such as Windows.

//go:build !unix || btf_copy

package btf

import (
	"io"
	"os"
	"runtime/debug"

	"golang.org/x/exp/mmap"
)

// A file is read through a mapping of the whole file where x/exp/mmap makes one: on
// Windows, and on Linux and macOS with the build tag btf_copy. That package does not
// give out the bytes of its mapping, so a Spec has a copy of the window that it
// needs, and the mapping ends with Close of the file.
type file struct {
	*os.File
	mapped *mmap.ReaderAt // nil if the file is read
}

// openFile opens a file, and maps it if it is a regular one with bytes in it. The
// others have no bytes at offsets, or say nothing true of their size. A mapping may
// be refused: Linux refuses a shared one of its own BTF.
func openFile(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return &file{File: f}, nil
	}
	mapped, err := mmap.Open(path)
	if err != nil {
		return &file{File: f}, nil
	}
	// The path was opened twice, and may name another file by now.
	if again, err := os.Stat(path); err != nil || !os.SameFile(info, again) {
		_ = mapped.Close()
		return &file{File: f}, nil
	}
	return &file{f, mapped}, nil
}

// openRegular opens a regular file. Of anything else it returns an error that matches
// errIrregular.
func openRegular(path string) (*file, error) {
	// Opening a named pipe waits, and opening a device can do something to it. What the
	// path names can change before it is opened, so the mode is checked again.
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, irregular(path, err)
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, irregular(path, err)
	}
	return f, nil
}

// ReadAt copies from the mapping, which ends where the file ended when it was opened.
// It reads the file where the mapping faults, as it does after the file was truncated.
// Offsets after the end go no further: js panics on those above 1<<53.
//
// A fault is no defect of the bytes, which are checked after they were copied. It can
// only be seen by the access itself.
func (f *file) ReadAt(b []byte, off int64) (n int, err error) {
	if f.mapped == nil || off < 0 {
		return f.File.ReadAt(b, off)
	}
	if off >= int64(f.mapped.Len()) {
		return 0, io.EOF
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if _, fault := p.(interface{ Addr() uintptr }); !fault {
				panic(p)
			}
			n, err = f.File.ReadAt(b, off)
		}
	}()
	return f.mapped.ReadAt(b, off)
}

func (f *file) Close() error {
	if f.mapped != nil {
		_ = f.mapped.Close()
	}
	return f.File.Close()
}

func mapWindow(*file, int64, int64) (mapping, error) { return mapping{}, errUnmappable }

func unmap([]byte) error { return nil }
