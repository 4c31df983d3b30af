// Defines the error for BTF that the kernel refuses.

package handle

import "strings"

// A KernelError tells that the kernel refused a blob.
type KernelError struct {
	Err error  // what bpf(2) returned, such as EINVAL
	Log string // what the kernel's verifier of BTF wrote, 16 MiB at most; "" if nothing
}

// Error ends with the last line of the log, which tells what is wrong.
func (e *KernelError) Error() string {
	s := "btf: the kernel refuses the BTF: " + e.Err.Error()
	log := strings.TrimSpace(e.Log)
	if last := log[strings.LastIndexByte(log, '\n')+1:]; last != "" {
		s += ": " + last
	}
	return s
}

// Unwrap returns what bpf(2) returned.
func (e *KernelError) Unwrap() error { return e.Err }
