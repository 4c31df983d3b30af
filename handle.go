// Refers to BTF inside the kernel.

package btf

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// A HandleID is the number of a BTF object in the kernel.
type HandleID uint32

// A Handle is a reference to BTF inside the kernel: that of a program or map, of a
// module, or of the kernel itself. The kernel keeps it at least until Close. All
// that has to do with handles needs bpf(2): the errors match [ErrNotSupported] where
// there is none, and [os.ErrPermission] for want of privileges, which are CAP_BPF to
// load and CAP_SYS_ADMIN to look around.
//
// The zero Handle is a closed one. Every method but Close may be called from many goroutines at once.
type Handle struct {
	next int // the number after the descriptor's, so that 0 is none
}

// A HandleInfo is what the kernel says about a [Handle].
type HandleInfo struct {
	ID     HandleID
	Name   string // of the module, or "vmlinux"; "" for BTF of programs and maps
	Size   uint32 // of the blob, in bytes
	Kernel bool   // it came with the kernel or a module
}

// IsVmlinux reports whether it is the BTF of the kernel itself.
func (i HandleInfo) IsVmlinux() bool { return i.Kernel && i.Name == "vmlinux" }

// IsModule reports whether it is the BTF of a module of the kernel.
func (i HandleInfo) IsModule() bool { return i.Kernel && i.Name != "vmlinux" }

// NewHandle loads a Spec into the kernel, written as [KernelMarshalOptions] says it
// has to be. The error is a [*KernelError] if the kernel refuses it all the same,
// and matches [ErrNotSupported] for split BTF, which no kernel takes.
func NewHandle(s *Spec) (*Handle, error) {
	if s.base != nil {
		return nil, fmt.Errorf("btf: loading split BTF into the kernel: %w", ErrNotSupported)
	}
	opts, err := KernelMarshalOptions()
	if err != nil {
		return nil, err
	}
	blob, err := s.Marshal(opts)
	if err != nil {
		return nil, err
	}
	return NewHandleFromRawBTF(blob)
}

// NewHandleFromRawBTF loads a blob into the kernel as it is. It has to be of the
// machine's byte order and of what the kernel knows: see [KernelMarshalOptions]. The
// error is a [*KernelError] with the kernel's log if it is refused.
func NewHandleFromRawBTF(blob []byte) (*Handle, error) {
	fd, err := loadBTF(blob)
	if err != nil {
		return nil, err
	}
	return &Handle{fd + 1}, nil
}

// NewHandleFromID refers to BTF that is in the kernel already. The error matches
// [ErrNotFound] if there is none with that id.
func NewHandleFromID(id HandleID) (*Handle, error) {
	fd, err := openBTF(uint32(id))
	if err != nil {
		return nil, err
	}
	return &Handle{fd + 1}, nil
}

// Handles yields a Handle for everything in the kernel, by id, each to be closed by
// the caller. What is gone before it can be opened is passed over. An error is the
// last thing that it yields, with a nil Handle.
func Handles() iter.Seq2[*Handle, error] {
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
			h, err := NewHandleFromID(HandleID(id))
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

// FD returns the file descriptor, -1 after Close. It remains the Handle's.
func (h *Handle) FD() int { return h.next - 1 }

// Info asks the kernel about the Handle.
func (h *Handle) Info() (HandleInfo, error) {
	return h.read(nil)
}

// read is Info that fills blob with as much of the BTF as there is room for.
func (h *Handle) read(blob []byte) (HandleInfo, error) {
	if h.next == 0 {
		return HandleInfo{}, fmt.Errorf("btf: %w", ErrClosed)
	}
	id, size, name, kernel, err := describeBTF(h.FD(), blob)
	return HandleInfo{ID: HandleID(id), Name: name, Size: size, Kernel: kernel}, err
}

// Spec returns the kernel's blob as a Spec in private memory, which does not need
// the Handle any longer. Base is that of the kernel itself, and is looked at for a
// module only, which is split from it; it must stay open as long as the Spec of the
// module is used.
func (h *Handle) Spec(base *Spec) (*Spec, error) {
	info, err := h.Info()
	if err != nil {
		return nil, err
	}
	if !info.IsModule() {
		base = nil
	} else if err := base.usableBase(); err != nil {
		return nil, err
	}
	blob := make([]byte, info.Size)
	again, err := h.read(blob)
	if err != nil {
		return nil, err
	}
	if again.Size != info.Size {
		return nil, fmt.Errorf("btf: reading BTF %d of the kernel: %d bytes wanted, it has %d: %w", info.ID, info.Size, again.Size, io.ErrUnexpectedEOF)
	}
	return newSpec(blob, base)
}

// Close lets go of the kernel's BTF. Closing again does nothing.
func (h *Handle) Close() error {
	fd := h.FD()
	h.next = 0
	if fd < 0 {
		return nil
	}
	return closeBTF(fd)
}
