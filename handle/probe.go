// Asks the running kernel which BTF it accepts.

package handle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
	"github.com/seed-6c4a6465/btf/write"
)

// A probe is a small blob that only kernels with a feature accept. The kernel is asked
// when the answer is first needed, and the answer is remembered.
type probe struct {
	build func(b *write.Builder)
	words []uint32 // in place of build: records that a Builder does not make

	mutex sync.Mutex
	known bool
	takes bool
}

// The only state of the package. The kernel does not change under a process.
var (
	probeVar         = &probe{build: func(b *write.Builder) { b.Var("v", b.Int("int", 4, btf.Signed), btf.StaticVar) }}
	probeFuncLinkage = &probe{build: func(b *write.Builder) { b.Func("f", b.FuncProto(0), btf.GlobalFunc) }}
	probeDeclTag     = &probe{build: func(b *write.Builder) { b.DeclTag("t", b.Typedef("d", b.Int("int", 4, btf.Signed)), -1) }}
	probeFloat       = &probe{build: func(b *write.Builder) { b.Float("float", 4) }}
	probeTypeTag     = &probe{build: func(b *write.Builder) { b.Pointer(b.TypeTag("t", b.Int("int", 4, btf.Signed))) }}
	probeInnerTag    = &probe{build: func(b *write.Builder) { b.Pointer(b.Const(b.TypeTag("t", b.Int("int", 4, btf.Signed)))) }}
	probeDots        = &probe{build: func(b *write.Builder) { b.Struct("a.b", 0) }}
	probeSectionName = &probe{build: func(b *write.Builder) {
		b.Datasec("?a b", 4, write.VarSecinfo{Type: b.Var("v", b.Int("int", 4, btf.Signed), btf.StaticVar), Size: 4})
	}}
	// TYPE_TAG with kind_flag, of void.
	probeAttribute = &probe{words: []uint32{nameOffset, 1<<31 | uint32(btf.KindTypeTag)<<24, 0}}
	// LOC_PARAM: a constant of 4 bytes.
	probeLocations = &probe{words: []uint32{0, uint32(btf.KindLocParam)<<24 | 1, 4, uint32(btf.LocConst), 7}}
	probeEnum64    = &probe{build: func(b *write.Builder) { b.Enum("e", 8, false, write.Enumerator{Name: "V", Value: 1 << 40}) }}
)

// supported reports whether the kernel accepts the blob. An error tells that the kernel
// did not answer, for example because privileges are missing.
func (p *probe) supported() (bool, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.known {
		return p.takes, nil
	}
	blob, err := p.blob()
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

// nameOffset is the offset of the one name that the blob of words has.
const nameOffset = 1

// blob returns the blob that the kernel is asked about.
func (p *probe) blob() ([]byte, error) {
	if p.words == nil {
		var b write.Builder
		p.build(&b)
		return b.Marshal(write.Options{Order: binary.NativeEndian})
	}
	const name = "\x00t\x00"
	size := uint32(4 * len(p.words))
	blob := binary.NativeEndian.AppendUint16(nil, uapi.Magic)
	blob = append(blob, uapi.Version, 0)
	for _, word := range append([]uint32{uapi.HeaderSize, 0, size, size, uint32(len(name))}, p.words...) {
		blob = binary.NativeEndian.AppendUint32(blob, word)
	}
	return append(blob, name...), nil
}

// MarshalOptions returns the options with which [write.Marshal] writes BTF that the
// running kernel accepts. It loads a few small blobs to find out, once in the life of
// the process. The error matches [btf.ErrNotSupported] if there is no bpf(2), or if the
// kernel knows no BTF with variables (before Linux 5.2). It matches [os.ErrPermission]
// without CAP_BPF, or without CAP_SYS_ADMIN before Linux 5.8.
func MarshalOptions() (write.Options, error) {
	opts := write.Options{
		Order: binary.NativeEndian, StripLayout: true, ReplaceDeclarations: true, CleanNames: true, FillEmpty: true,
	}
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
		{probeFloat, &opts.ReplaceFloats},
		{probeTypeTag, &opts.ReplaceTypeTags},
		{probeInnerTag, &opts.SkipTypeTags},
		{probeAttribute, &opts.ReplaceAttributes},
		{probeLocations, &opts.ReplaceLocations},
		{probeDots, &opts.CleanDots},
		{probeSectionName, &opts.CleanSectionNames},
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
