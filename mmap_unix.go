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
// a dozen system calls and mean nothing to one that is mapped.
func openFile(path string) (*file, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case !errors.Is(err, unix.EINTR):
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
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
