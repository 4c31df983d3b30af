// Defines what relocations are resolved against: Specs, or a kernel and its modules.

package core

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

// A Target is the BTF that relocations are resolved against. [KernelTarget] and
// [SpecTarget] return one. It holds no state of its own: many goroutines may use it. The
// Kernel and the Specs belong to the caller, and must stay open while the Target and the
// Fixups from it are in use.
type Target struct {
	kernel  *btf.Kernel
	specs   []btf.Module // layers from the bottom: no Spec stands on a later one
	pointer int          // size of a pointer in bytes, 0 to ask the BTF
}

// KernelTarget returns the Target for a running kernel. A type is searched in vmlinux. The
// modules are opened and searched only if vmlinux has no type of the name and kind, as
// libbpf does.
func KernelTarget(k *btf.Kernel) Target {
	return Target{kernel: k, specs: []btf.Module{{Name: "vmlinux", Spec: k.Vmlinux()}}}
}

// SpecTarget returns the Target for one Spec, or for several as one. Split BTF is searched
// only if no Spec that is not split has a type of the name and kind: SpecTarget(vmlinux,
// module) gives the answers of a kernel with that module. The base of split BTF is
// included.
func SpecTarget(specs ...*btf.Spec) Target {
	var t Target
	for _, s := range specs {
		t.add(s)
	}
	return t
}

// add inserts a Spec and its bases, unless they are there.
func (t *Target) add(s *btf.Spec) {
	if s == nil {
		return
	}
	t.add(s.Base())
	at := len(t.specs)
	for i, m := range t.specs {
		if m.Spec == s {
			return
		}
		if at == len(t.specs) && layers(m.Spec) > layers(s) {
			at = i
		}
	}
	t.specs = append(t.specs, btf.Module{})
	copy(t.specs[at+1:], t.specs[at:])
	t.specs[at] = btf.Module{Spec: s}
}

// layers returns the number of Specs below s.
func layers(s *btf.Spec) (n int) {
	for s = s.Base(); s != nil; s = s.Base() {
		n++
	}
	return n
}

// WithPointerSize returns a Target on which pointers have n bytes. It is for BTF that does
// not tell the size, such as that of bpftool gen min_core_btf: see [btf.Spec.PointerSize].
func (t Target) WithPointerSize(n int) Target {
	t.pointer = n
	return t
}

// ByteOrder returns the byte order of the target, or nil if it has no Spec.
func (t Target) ByteOrder() binary.ByteOrder {
	if len(t.specs) == 0 {
		return nil
	}
	return t.specs[0].Spec.ByteOrder()
}

// usable returns an error if a Spec is closed, or if the byte orders differ from that of
// the program.
func (t Target) usable(order binary.ByteOrder) error {
	if len(t.specs) == 0 {
		return errors.New("btf: a target needs at least one Spec")
	}
	for _, m := range t.specs {
		if _, err := m.Spec.TypeByID(0); err != nil {
			return err
		}
		if m.Spec.ByteOrder() != order {
			return fmt.Errorf("btf: program is %v, BTF of the target is %v", order, m.Spec.ByteOrder())
		}
	}
	return nil
}

// A Match is a type of the target that matches the type of a relocation.
type Match struct {
	Type   btf.Type
	Spec   *btf.Spec // has the type. Ids of modules mean nothing without it.
	Module string    // "vmlinux" or the module, for a [KernelTarget]; else ""
}

// A family is the candidates for a type of the object: the types of the target that have
// its essential name and its kind.
type family struct {
	all []Match
	err error // why the list may be incomplete
}

// families remembers the candidates of each essential name and kind. The lists of two
// families have no type in common, so all are as large as the target at most.
type families struct {
	byType map[btf.Type]*family
	byName map[familyKey]*family
}

type familyKey struct {
	name string
	kind btf.Kind
}

// of returns the candidates for a named type of the object (libbpf's
// bpf_core_find_cands).
func (f *families) of(local btf.Type, t Target) *family {
	if known := f.byType[local]; known != nil {
		return known
	}
	if f.byType == nil {
		f.byType, f.byName = map[btf.Type]*family{}, map[familyKey]*family{}
	}
	name := local.Name()
	key := familyKey{btf.EssentialName(name), oneEnum(local.Kind())}
	found := f.byName[key]
	if found == nil {
		found = t.family(name, key.kind)
		f.byName[key] = found
	}
	f.byType[local] = found
	return found
}

// family searches the layers of the target from the bottom, until one has a candidate.
// TypesByEssentialName takes the flavour off name, once: a name may have several.
func (t Target) family(name string, kind btf.Kind) *family {
	f := &family{}
	for depth, i := 0, 0; i < len(t.specs) && len(f.all) == 0; depth++ {
		for ; i < len(t.specs) && layers(t.specs[i].Spec) <= depth; i++ {
			f.add(t.specs[i], name, kind)
		}
	}
	if t.kernel == nil || len(f.all) > 0 {
		return f
	}
	for m, err := range t.kernel.Modules() {
		switch {
		case m.Spec == t.kernel.Vmlinux():
		case err != nil:
			f.err = errors.Join(f.err, fmt.Errorf("module %s was not searched: %w", m.Name, err))
		default:
			f.add(m, name, kind)
		}
	}
	return f
}

// add appends the candidates of a Spec.
func (f *family) add(m btf.Module, name string, kind btf.Kind) {
	for t := range m.Spec.TypesByEssentialName(name) {
		if oneEnum(t.Kind()) == kind {
			f.all = append(f.all, Match{t, m.Spec, m.Name})
		}
	}
}

// oneEnum returns the kind, and KindEnum for both kinds of enums.
func oneEnum(k btf.Kind) btf.Kind {
	if k == btf.KindEnum64 {
		return btf.KindEnum
	}
	return k
}
