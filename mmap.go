// Gets a window of a file into memory: mapped where possible, read where not.

package btf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// A mapping is a window of a file in memory. Its bytes must not be written to:
// most are mapped read-only.
type mapping struct {
	bytes  []byte
	mapped []byte // what to unmap: whole pages around bytes; nil if bytes were read
}

// errUnmappable is what mapWindow returns where a file cannot be mapped, though it
// may be read: other systems than Unix, kernel BTF before Linux 6.16, pipes, and any
// file with the build tag btf_copy.
var errUnmappable = errors.New("cannot be mapped")

// errIrregular means that a file is a directory, a pipe or a device, where a regular one
// is needed.
var errIrregular = errors.New("not a regular file")

// irregular returns err, or errIrregular for the path if err is nil.
func irregular(path string, err error) error {
	if err == nil {
		err = &fs.PathError{Op: "open", Path: path, Err: errIrregular}
	}
	return err
}

// openWindow returns the size bytes of f from off on, or fewer if f ends before.
func openWindow(f *file, off, size int64) (mapping, error) {
	if size == 0 {
		return mapping{}, nil
	}
	m, err := mapWindow(f, off, size)
	if errors.Is(err, errUnmappable) {
		m.bytes, err = readWindow(f, off, size)
	}
	return m, err
}

// maxRead is the largest number of bytes that are read into memory: some twenty times the
// largest kernel's BTF. A sparse file of a few bytes can hold any number of zeros.
const maxRead = 256 << 20

// readWindow reads the size bytes of r from off on, or fewer if r ends before.
//
// A few bytes can claim to be gigabytes, and a reader to have them: an
// [io.SectionReader] need not know its end. So memory for all of them is taken at
// once only after the last one was read; else it is grown into.
func readWindow(r io.ReaderAt, off, size int64) ([]byte, error) {
	limit := min(size, maxRead)
	expected := min(limit, firstRead)
	if size > expected && off <= math.MaxInt64-size {
		if n, _ := r.ReadAt(make([]byte, 1), off+limit-1); n == 1 {
			if size > limit {
				return nil, tooMuch(off, size)
			}
			expected = size
		}
	}
	b, err := grow(expected, limit, func(b []byte, at int64) (int, error) { return r.ReadAt(b, off+at) })
	if err != nil {
		return nil, fmt.Errorf("btf: reading %d bytes at 0x%x: %w", size, off, err)
	}
	if int64(len(b)) == limit && size > limit {
		return nil, tooMuch(off, size)
	}
	return b, nil
}

// readStream reads the next size bytes of r, or fewer if r ends before.
func readStream(r io.Reader, size int64) ([]byte, error) {
	if size > maxRead {
		return nil, tooMuch(0, size)
	}
	b, err := grow(min(size, firstRead), size, func(b []byte, _ int64) (int, error) { return r.Read(b) })
	if err != nil {
		return nil, fmt.Errorf("btf: reading %d bytes: %w", size, err)
	}
	return b, nil
}

func tooMuch(off, size int64) error {
	return fmt.Errorf("btf: reading %d bytes at 0x%x: more than %d are not read into memory", size, off, maxRead)
}

// firstRead is the number of bytes for which memory is taken before any was read.
const firstRead = 64 << 10

// grow reads limit bytes, or fewer if read says that there are no more. at is the number
// of bytes that were read before. It takes as many calls as are needed: sysfs gives no more
// than a page at a time. Memory for the expected bytes is taken at once, and doubled after
// that.
func grow(expected, limit int64, read func(b []byte, at int64) (int, error)) ([]byte, error) {
	b := make([]byte, 0, expected)
	for int64(len(b)) < limit {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(limit, 2*int64(cap(b))))
			copy(grown, b)
			b = grown
		}
		n, err := read(b[len(b):cap(b)], int64(len(b)))
		b = b[:len(b)+n]
		if err == io.EOF || err == nil && n == 0 {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// close gives the pages back. The bytes are gone with it.
func (m *mapping) close() error {
	mapped := m.mapped
	*m = mapping{}
	if mapped == nil {
		return nil
	}
	return unmap(mapped)
}
