// Calls bpf(2).

package btf

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The commands of enum bpf_cmd in include/uapi/linux/bpf.h, and what union bpf_attr
// holds for them. Pointers are 64 bits wide in it on every machine.
const (
	bpfObjGetInfoByFD = 15
	bpfBTFLoad        = 18
	bpfBTFGetFDByID   = 19
	bpfBTFGetNextID   = 23
)

type (
	attrBTFLoad struct {
		btf, log                        uint64
		size, logSize, logLevel, logEnd uint32
	}
	attrID struct {
		id, next uint32
	}
	attrInfo struct {
		fd, size uint32
		info     uint64
	}
	// btfInfo is struct bpf_btf_info.
	btfInfo struct {
		btf           uint64
		size, id      uint32
		name          uint64
		nameLen, kern uint32
	}
)

// errInvalid is what the kernel says to BTF that it does not understand.
var errInvalid error = unix.EINVAL

// bpf does a command with its attributes. What pins pinned stays where it is until
// the call is over, so that the kernel may be given its address as an integer.
//
// This is the one use of unsafe: attr points to a variable of the caller, which is
// alive and of the size that is passed along; the kernel writes no further.
func bpf[T attrBTFLoad | attrID | attrInfo](command uintptr, attr *T) (int, error) {
	for {
		n, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(attr)), unsafe.Sizeof(*attr))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.ENOSYS:
			return -1, fmt.Errorf("%w: %w", ErrNotSupported, errno)
		default:
			return -1, errno
		}
	}
}

// address returns where v lies, and keeps it there until pinner lets go.
func address[T any](pinner *runtime.Pinner, v *T) uint64 {
	pinner.Pin(v)
	return uint64(uintptr(unsafe.Pointer(v)))
}

// logSizes are the bytes of the first log that is asked for, and of the largest.
const (
	logSizeFirst = 64 << 10
	logSizeMax   = 1<<30 - 1 // UINT_MAX >> 2, the kernel's own limit
)

// loadBTF gives the kernel a blob and returns a descriptor of what it makes of it. A
// refusal is a [*KernelError], with all of the log.
func loadBTF(blob []byte) (int, error) {
	if len(blob) == 0 {
		return -1, &FormatError{Section: "header", Problem: fmt.Sprintf("header needs %d bytes, the blob has none", headerSize)}
	}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	attr := attrBTFLoad{btf: address(&pinner, &blob[0]), size: uint32(len(blob))}
	if uint64(len(blob)) > 1<<32-1 {
		return -1, &KernelError{Err: unix.E2BIG}
	}
	fd, refusal := bpf(bpfBTFLoad, &attr)
	if refusal == nil {
		return fd, nil
	}
	// Again, with a log; and again, until the log is large enough for all of it.
	for size := uint32(logSizeFirst); ; {
		log := make([]byte, size)
		attr.log, attr.logSize, attr.logLevel, attr.logEnd = address(&pinner, &log[0]), size, 1, 0
		fd, err := bpf(bpfBTFLoad, &attr)
		if err == nil {
			return fd, nil // it was not refused for what it is
		}
		if errors.Is(err, unix.ENOSPC) && size < logSizeMax {
			// Since Linux 6.4 it says how much it wants.
			size = max(attr.logEnd, min(2*size, logSizeMax))
			continue
		}
		if !errors.Is(err, unix.ENOSPC) {
			refusal = err
		}
		return -1, &KernelError{Err: refusal, Log: unix.ByteSliceToString(log)}
	}
}

// nextBTF returns the id after id, 0 if it is the last.
func nextBTF(id uint32) (uint32, error) {
	attr := attrID{id: id}
	if _, err := bpf(bpfBTFGetNextID, &attr); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return 0, nil
		}
		return 0, fmt.Errorf("btf: asking the kernel for ids of BTF: %w", err)
	}
	return attr.next, nil
}

// openBTF returns a descriptor of the BTF with an id.
func openBTF(id uint32) (int, error) {
	attr := attrID{id: id}
	fd, err := bpf(bpfBTFGetFDByID, &attr)
	if errors.Is(err, unix.ENOENT) {
		err = ErrNotFound
	}
	if err != nil {
		return -1, fmt.Errorf("btf: BTF with id %d in the kernel: %w", id, err)
	}
	return fd, nil
}

// describeBTF returns what the kernel says of a descriptor. As much of the BTF as
// there is room for is written to blob; size is that of all of it.
func describeBTF(fd int, blob []byte) (id, size uint32, name string, kernel bool, err error) {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	ask := func(info *btfInfo) error {
		attr := attrInfo{fd: uint32(fd), size: uint32(unsafe.Sizeof(*info)), info: address(&pinner, info)}
		if _, err := bpf(bpfObjGetInfoByFD, &attr); err != nil {
			return fmt.Errorf("btf: asking the kernel about BTF: %w", err)
		}
		return nil
	}
	var info btfInfo
	if len(blob) > 0 {
		info.btf, info.size = address(&pinner, &blob[0]), uint32(len(blob))
	}
	if err := ask(&info); err != nil {
		return 0, 0, "", false, err
	}
	id, size, kernel = info.id, info.size, info.kern != 0
	// Kernels before 5.11 know of no names, and refuse to be asked for any: the others
	// say how long it is.
	if info.nameLen > 0 {
		buf := make([]byte, info.nameLen+1)
		info = btfInfo{name: address(&pinner, &buf[0]), nameLen: uint32(len(buf))}
		if err := ask(&info); err != nil {
			return 0, 0, "", false, err
		}
		name = unix.ByteSliceToString(buf)
	}
	return id, size, name, kernel, nil
}

func closeBTF(fd int) error { return unix.Close(fd) }
