// Calls bpf(2).

package handle

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
	"golang.org/x/sys/unix"
)

// Commands of enum bpf_cmd in include/uapi/linux/bpf.h.
const (
	bpfObjGetInfoByFD = 15
	bpfBTFLoad        = 18
	bpfBTFGetFDByID   = 19
	bpfBTFGetNextID   = 23
)

// Attributes of the commands, from union bpf_attr in include/uapi/linux/bpf.h. A pointer
// has 64 bits on every machine.
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

// errInvalid is the error for BTF that the kernel does not understand.
var errInvalid error = unix.EINVAL

// bpf calls bpf(2). The memory whose address is in an attribute must be pinned until
// bpf returns.
//
// This and address are the only uses of unsafe. Attr points to a variable that is alive
// during the call, and has the size that the kernel is told. The kernel does not write
// beyond it.
func bpf[T attrBTFLoad | attrID | attrInfo](command uintptr, attr *T) (int, error) {
	for {
		n, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(attr)), unsafe.Sizeof(*attr))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.ENOSYS:
			return -1, fmt.Errorf("%w: %w", btf.ErrNotSupported, errno)
		default:
			return -1, errno
		}
	}
}

// address pins v and returns its address.
func address[T any](pinner *runtime.Pinner, v *T) uint64 {
	pinner.Pin(v)
	return uint64(uintptr(unsafe.Pointer(v)))
}

// Sizes in bytes of the buffer for the kernel's log.
const (
	logSizeFirst = 64 << 10
	logSizeMax   = 16 << 20 // the log repeats names as often as types have them
)

// loadBTF loads a blob into the kernel and returns a file descriptor. The error is a
// [*KernelError] with the log if the kernel refuses the blob.
func loadBTF(blob []byte) (int, error) {
	if len(blob) == 0 {
		return -1, &btf.FormatError{Section: "header", Problem: fmt.Sprintf("header needs %d bytes, the blob has none", uapi.HeaderSize)}
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
	// Load it again for the log, until the buffer is large enough for all of it.
	for size := uint32(logSizeFirst); ; {
		log := make([]byte, size)
		attr.log, attr.logSize, attr.logLevel, attr.logEnd = address(&pinner, &log[0]), size, 1, 0
		fd, err := bpf(bpfBTFLoad, &attr)
		if err == nil {
			return fd, nil // the refusal had a passing cause
		}
		if errors.Is(err, unix.ENOSPC) && size < logSizeMax {
			// Since Linux 6.4 the kernel tells how long the log is.
			size = uint32(min(max(uint64(attr.logEnd), 2*uint64(size)), logSizeMax))
			continue
		}
		if !errors.Is(err, unix.ENOSPC) {
			refusal = err
		}
		return -1, &KernelError{Err: refusal, Log: unix.ByteSliceToString(log)}
	}
}

// nextBTF returns the next higher id, or 0 if there is none.
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

// openBTF returns a file descriptor of the BTF with an id.
func openBTF(id uint32) (int, error) {
	attr := attrID{id: id}
	fd, err := bpf(bpfBTFGetFDByID, &attr)
	if errors.Is(err, unix.ENOENT) {
		err = btf.ErrNotFound
	}
	if err != nil {
		return -1, fmt.Errorf("btf: BTF with id %d in the kernel: %w", id, err)
	}
	return fd, nil
}

// describeBTF returns what the kernel tells about a file descriptor of BTF. It fills
// blob with the BTF, as far as there is room. Size is the size in bytes of all of it.
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
	// Kernels before 5.11 know no names, and refuse the question. Others told the length
	// of the name.
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
