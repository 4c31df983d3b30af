// Package lazy is cilium/ebpf v0.22 as a contender: it inflates types when they
// are asked for.
package lazy

import (
	"os"
	"strings"

	"github.com/cilium/ebpf/btf"
	"github.com/seed-6c4a6465/btf/bench/contest"
)

type spec struct{ *btf.Spec }

// Open loads the kernel's BTF by the door made for it, which maps, and files by the
// other, which reads.
func Open(path string) (contest.Spec, error) {
	load := btf.LoadKernelSpec
	if path != "/sys/kernel/btf/vmlinux" {
		load = func() (*btf.Spec, error) { return btf.LoadSpec(path) }
	}
	s, err := load()
	if err != nil {
		return nil, err
	}
	return spec{s}, nil
}

// Close has nothing to do: the mapping goes with the garbage.
func (spec) Close() error { return nil }

// Indexes were built when it was loaded.
func (spec) Indexes() error { return nil }

func (s spec) Split(path string) (contest.Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	split, err := btf.LoadSplitSpecFromReader(f, s.Spec)
	if err != nil {
		return nil, err
	}
	return spec{split}, nil
}

func (s spec) Struct(name string) (uint32, error) {
	var t *btf.Struct
	if err := s.TypeByName(name, &t); err != nil {
		return 0, err
	}
	id, err := s.TypeID(t)
	return uint32(id), err
}

func (s spec) Has(name string) bool {
	_, err := s.AnyTypesByName(name)
	return err == nil
}

func (s spec) Kind(id uint32) (int, error) {
	t, err := s.TypeByID(btf.TypeID(id))
	return kind(t), err
}

func (s spec) Path(path string) (uint64, error) {
	name, path, _ := strings.Cut(path, ".")
	var t *btf.Struct
	if err := s.TypeByName(name, &t); err != nil {
		return 0, err
	}
	sum, in := btf.Bits(0), btf.Type(t)
	for {
		name, rest, more := strings.Cut(path, ".")
		offset, typ, ok := member(in, name)
		if !ok {
			return 0, btf.ErrNotFound
		}
		sum += offset
		if !more {
			return uint64(sum), nil
		}
		in, path = btf.UnderlyingType(typ), rest
	}
}

// member finds a member, looking into anonymous ones.
func member(in btf.Type, name string) (btf.Bits, btf.Type, bool) {
	var members []btf.Member
	switch t := in.(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	}
	for _, m := range members {
		if m.Name == name {
			return m.Offset, m.Type, true
		}
		if m.Name == "" {
			if offset, typ, ok := member(btf.UnderlyingType(m.Type), name); ok {
				return m.Offset + offset, typ, true
			}
		}
	}
	return 0, nil, false
}

func (s spec) Func(name string) (uint64, error) {
	var f *btf.Func
	if err := s.TypeByName(name, &f); err != nil {
		return 0, err
	}
	sum := uint64(0)
	for _, p := range f.Type.(*btf.FuncProto).Params {
		if _, end := p.Type.(*btf.Void); end && p.Name == "" {
			continue
		}
		sum += 1 + uint64(len(p.Name))
	}
	return sum, nil
}

func (s spec) Enum(name string) (uint64, error) {
	var e *btf.Enum
	if err := s.TypeByName(name, &e); err != nil {
		return 0, err
	}
	sum := uint64(0)
	for _, v := range e.Values {
		sum += v.Value
	}
	return sum, nil
}

func params(t btf.Type) uint64 {
	f, ok := t.(*btf.Func)
	if !ok {
		return 0
	}
	sum := uint64(1)
	for _, p := range f.Type.(*btf.FuncProto).Params {
		sum += uint64(len(p.Name))
	}
	return sum
}

// kind returns the number of a type's kind.
func kind(t btf.Type) int {
	switch t.(type) {
	case nil, *btf.Void:
		return 0
	case *btf.Int:
		return 1
	case *btf.Pointer:
		return 2
	case *btf.Array:
		return 3
	case *btf.Struct:
		return 4
	case *btf.Union:
		return 5
	case *btf.Enum:
		return 6
	case *btf.Fwd:
		return 7
	case *btf.Typedef:
		return 8
	case *btf.Volatile:
		return 9
	case *btf.Const:
		return 10
	case *btf.Restrict:
		return 11
	case *btf.Func:
		return 12
	case *btf.FuncProto:
		return 13
	case *btf.Var:
		return 14
	case *btf.Datasec:
		return 15
	case *btf.Float:
		return 16
	default: // tags, whose types are not all exported
		return 17
	}
}

func (s spec) All() (uint64, error) {
	sum := 0
	for t, err := range s.Spec.All() {
		if err != nil {
			return 0, err
		}
		if kind := kind(t); kind != 17 {
			sum += kind + len(t.TypeName())
		}
	}
	return uint64(sum), nil
}

func (s spec) Funcs() (uint64, error) {
	sum := uint64(0)
	for t, err := range s.Spec.All() {
		if err != nil {
			return 0, err
		}
		sum += params(t)
	}
	return sum, nil
}
