// Asks the running kernel which BTF it accepts.

package btf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// A probe is a blob that only a kernel with a feature takes, and whether this one
// does: asked when it is first wanted, and remembered from then on.
type probe struct {
	build func(b *Builder)

	mutex sync.Mutex
	known bool
	takes bool
}

// The only state of the package: the kernel does not change under a process.
var (
	probeVar         = &probe{build: func(b *Builder) { b.Var("v", b.Int("int", 4, Signed), StaticVar) }}
	probeFuncLinkage = &probe{build: func(b *Builder) { b.Func("f", b.FuncProto(0), GlobalFunc) }}
	probeDeclTag     = &probe{build: func(b *Builder) { b.DeclTag("t", b.Typedef("d", b.Int("int", 4, Signed)), -1) }}
	probeTypeTag     = &probe{build: func(b *Builder) { b.Pointer(b.TypeTag("t", b.Int("int", 4, Signed))) }}
	probeEnum64      = &probe{build: func(b *Builder) { b.Enum("e", 8, false, EnumValue{"V", 1 << 40}) }}
)

// supported reports whether the kernel takes the blob. An error says that it does
// not answer, such as for want of privileges.
func (p *probe) supported() (bool, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.known {
		return p.takes, nil
	}
	var b Builder
	p.build(&b)
	blob, err := b.Marshal(MarshalOptions{Order: binary.NativeEndian})
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

// KernelMarshalOptions returns what [Spec.Marshal] has to do for the running kernel
// to take what it writes. That is found out by giving it small blobs, once for the
// life of the process. The error matches [ErrNotSupported] where there is no bpf(2)
// or no BTF with variables in it (Linux 5.2), and [os.ErrPermission] without
// CAP_BPF, or CAP_SYS_ADMIN before Linux 5.8.
func KernelMarshalOptions() (MarshalOptions, error) {
	opts := MarshalOptions{Order: binary.NativeEndian, StripLayout: true, ReplaceDeclarations: true}
	takes, err := probeVar.supported()
	if err == nil && !takes {
		err = fmt.Errorf("btf: BTF with VAR in the running kernel: %w", ErrNotSupported)
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
		return MarshalOptions{}, err
	}
	return opts, nil
}
