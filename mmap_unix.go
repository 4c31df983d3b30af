// Maps a window of a file where the system has mmap(2).

//go:build unix && !btf_copy

package btf

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// A file is one that is opened to be mapped.
type file = os.File

// openFile is os.Open without its preparations for waiting on the file, which take
// a dozen system calls and descriptors, and mean nothing to one that is mapped.
func openFile(path string) (*file, error) {
	fd, err := openDescriptor(path, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// openRegular opens a regular file. Of anything else it returns an error that matches
// errIrregular. It never waits, as an open of a named pipe does.
func openRegular(path string) (*file, error) {
	// Opening a device can do something to it. What the path names can change before it is
	// opened, so the mode is checked again.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, irregular(path, err)
	}
	fd, err := openDescriptor(path, unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	var stat unix.Stat_t
	if err = unix.Fstat(fd, &stat); err == nil && stat.Mode&unix.S_IFMT == unix.S_IFREG {
		// os.NewFile would prepare for waiting on a descriptor that does not block.
		if _, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, 0); err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
	}
	_ = unix.Close(fd)
	return nil, irregular(path, err)
}

func openDescriptor(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
		switch {
		case err == nil:
			return fd, nil
		case !errors.Is(err, unix.EINTR):
			return 0, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// mapWindow maps size bytes of f from off on, privately and read-only. The kernel
// refuses a shared mapping of its own BTF, and until 6.16 any.
func mapWindow(f *file, off, size int64) (mapping, error) {
	lead := off % int64(os.Getpagesize())
	if size > math.MaxInt-lead {
		return mapping{}, fmt.Errorf("btf: mapping %d bytes of %s: more than an address can reach", size, f.Name())
	}
	mapped, err := unix.Mmap(int(f.Fd()), off-lead, int(lead+size), unix.PROT_READ, unix.MAP_PRIVATE)
	switch {
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
		return mapping{}, errUnmappable
	case err != nil:
		return mapping{}, fmt.Errorf("btf: mapping %d bytes of %s: %w", size, f.Name(), err)
	}
	end := lead + size
	return mapping{mapped[lead:end:end], mapped}, nil
}

func unmap(b []byte) error { return unix.Munmap(b) }
