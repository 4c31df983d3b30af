// Asks the running kernel which BTF it accepts.

package handle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/write"
)

// A probe is a small blob that only kernels with a feature accept. The kernel is asked
// when the answer is first needed, and the answer is remembered.
type probe struct {
	build func(b *write.Builder)

	mutex sync.Mutex
	known bool
	takes bool
}

// The only state of the package. The kernel does not change under a process.
var (
	probeVar         = &probe{build: func(b *write.Builder) { b.Var("v", b.Int("int", 4, btf.Signed), btf.StaticVar) }}
	probeFuncLinkage = &probe{build: func(b *write.Builder) { b.Func("f", b.FuncProto(0), btf.GlobalFunc) }}
	probeDeclTag     = &probe{build: func(b *write.Builder) { b.DeclTag("t", b.Typedef("d", b.Int("int", 4, btf.Signed)), -1) }}
	probeTypeTag     = &probe{build: func(b *write.Builder) { b.Pointer(b.TypeTag("t", b.Int("int", 4, btf.Signed))) }}
	probeEnum64      = &probe{build: func(b *write.Builder) { b.Enum("e", 8, false, write.Enumerator{Name: "V", Value: 1 << 40}) }}
)

// supported reports whether the kernel accepts the blob. An error tells that the kernel
// did not answer, for example because privileges are missing.
func (p *probe) supported() (bool, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.known {
		return p.takes, nil
	}
	var b write.Builder
	p.build(&b)
	blob, err := b.Marshal(write.Options{Order: binary.NativeEndian})
	if err != nil {
		return false, err
	}
	fd, err := loadBTF(blob)
	if err == nil {
		p.known, p.takes = true, true
		return true, closeBTF(fd)
	}
	if errors.Is(err, errInvalid) {
		p.known, err = true, nil
	}
	return false, err
}

// MarshalOptions returns the options with which [write.Marshal] writes BTF that the
// running kernel accepts. It loads a few small blobs to find out, once in the life of
// the process. The error matches [btf.ErrNotSupported] if there is no bpf(2), or if the
// kernel knows no BTF with variables (before Linux 5.2). It matches [os.ErrPermission]
// without CAP_BPF, or without CAP_SYS_ADMIN before Linux 5.8.
func MarshalOptions() (write.Options, error) {
	opts := write.Options{Order: binary.NativeEndian, StripLayout: true, ReplaceDeclarations: true}
	takes, err := probeVar.supported()
	if err == nil && !takes {
		err = fmt.Errorf("btf: BTF with VAR in the running kernel: %w", btf.ErrNotSupported)
	}
	for _, p := range []struct {
		*probe
		otherwise *bool
	}{
		{probeFuncLinkage, &opts.StripFuncLinkage},
		{probeDeclTag, &opts.ReplaceDeclTags},
		{probeTypeTag, &opts.ReplaceTypeTags},
		{probeEnum64, &opts.ReplaceEnum64},
	} {
		if err == nil {
			takes, err = p.supported()
			*p.otherwise = !takes
		}
	}
	if err != nil {
		return write.Options{}, err
	}
	return opts, nil
}
