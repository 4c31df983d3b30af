// Loads, opens, describes and reads BTF inside the kernel.

package handle

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/write"
)

// An ID is the number of a BTF object in the kernel. The kernel counts from 1, and does
// not use a number again soon.
type ID uint32

// A Handle refers to a BTF object inside the kernel by a file descriptor. The kernel
// keeps the object at least until Close.
//
// All methods except Close may be called by several goroutines at once. The zero Handle
// is a closed one.
type Handle struct {
	next int // the file descriptor plus 1, so that 0 is none
}

// An Info is what the kernel tells about a [Handle]: struct bpf_btf_info of
// include/uapi/linux/bpf.h.
type Info struct {
	ID     ID
	Name   string // "vmlinux", the name of a module, or "" for BTF of programs and maps
	Size   uint32 // of the blob, in bytes
	Kernel bool   // whether the BTF is that of the kernel or of a module
}

// IsVmlinux reports whether the BTF is that of the kernel itself.
func (i Info) IsVmlinux() bool { return i.Kernel && i.Name == "vmlinux" }

// IsModule reports whether the BTF is that of a kernel module.
func (i Info) IsModule() bool { return i.Kernel && i.Name != "vmlinux" }

// New writes a Spec with [MarshalOptions] and loads it into the kernel. The error is a
// [*KernelError] if the kernel refuses it. It matches [btf.ErrNotSupported] for split
// BTF, which no kernel accepts. Other errors are those of [MarshalOptions] and of
// [write.Marshal].
func New(s *btf.Spec) (*Handle, error) {
	if s.Base() != nil {
		return nil, fmt.Errorf("btf: loading split BTF into the kernel: %w", btf.ErrNotSupported)
	}
	opts, err := MarshalOptions()
	if err != nil {
		return nil, err
	}
	blob, err := write.Marshal(s, opts)
	if err != nil {
		return nil, err
	}
	return NewFromRawBTF(blob)
}

// NewFromRawBTF loads a blob into the kernel as it is. The blob must have the byte order
// of the machine, and only what the kernel knows: see [MarshalOptions]. The error is a
// [*KernelError] if the kernel refuses it. The kernel copies the blob.
func NewFromRawBTF(blob []byte) (*Handle, error) {
	fd, err := loadBTF(blob)
	if err != nil {
		return nil, err
	}
	return &Handle{fd + 1}, nil
}

// NewFromID opens a BTF object of the kernel. The error matches [btf.ErrNotFound] if no
// object has the id.
func NewFromID(id ID) (*Handle, error) {
	fd, err := openBTF(uint32(id))
	if err != nil {
		return nil, err
	}
	return &Handle{fd + 1}, nil
}

// All yields a Handle for each BTF object in the kernel, in ascending order of ids. The
// caller closes each Handle. Objects that disappear meanwhile are left out. An error
// comes with a nil Handle and ends the sequence.
func All() iter.Seq2[*Handle, error] {
	return func(yield func(*Handle, error) bool) {
		for id := uint32(0); ; {
			var err error
			if id, err = nextBTF(id); err != nil {
				yield(nil, err)
				return
			}
			if id == 0 {
				return
			}
			h, err := NewFromID(ID(id))
			if errors.Is(err, btf.ErrNotFound) {
				continue
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// FD returns the file descriptor, or -1 after Close. It belongs to the Handle: the
// caller must not close it.
func (h *Handle) FD() int { return h.next - 1 }

// Info asks the kernel about the BTF. The error matches [btf.ErrClosed] after Close.
func (h *Handle) Info() (Info, error) {
	return h.read(nil)
}

// read is Info. It also fills blob with the BTF, as far as there is room.
func (h *Handle) read(blob []byte) (Info, error) {
	if h.next == 0 {
		return Info{}, fmt.Errorf("btf: %w", btf.ErrClosed)
	}
	id, size, name, kernel, err := describeBTF(h.FD(), blob)
	return Info{ID: ID(id), Name: name, Size: size, Kernel: kernel}, err
}

// Spec copies the blob out of the kernel. The Spec does not need the Handle any longer.
//
// A module's BTF is split from that of the kernel, which base must be; base must stay
// open as long as the Spec of the module is used. For other BTF base is not used, and
// may be nil. Pointers in BTF of programs have 8 bytes, as those of BPF. The error matches
// [btf.ErrClosed] if the Handle or base is closed.
func (h *Handle) Spec(base *btf.Spec) (*btf.Spec, error) {
	info, err := h.Info()
	if err != nil {
		return nil, err
	}
	blob := make([]byte, info.Size)
	again, err := h.read(blob)
	if err != nil {
		return nil, err
	}
	if again.Size != info.Size {
		return nil, fmt.Errorf("btf: reading BTF %d of the kernel: needs %d bytes, has %d: %w", info.ID, info.Size, again.Size, io.ErrUnexpectedEOF)
	}
	if info.IsModule() {
		return btf.LoadRawSplitSpec(blob, base)
	}
	spec, err := btf.LoadRawSpec(blob)
	if err == nil && !info.Kernel {
		err = spec.SetPointerSize(pointerSize)
	}
	if err != nil {
		return nil, err
	}
	return spec, nil
}

// pointerSize is the size of a pointer in BPF programs, in bytes. It does not depend on
// the machine.
const pointerSize = 8

// Close closes the file descriptor. Closing again does nothing.
func (h *Handle) Close() error {
	fd := h.FD()
	h.next = 0
	if fd < 0 {
		return nil
	}
	return closeBTF(fd)
}
