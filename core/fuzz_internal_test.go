// Fuzzes relocations of any type against any kernel, and patches of any instruction.

package core

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
)

// FuzzResolve resolves one relocation. It must end soon, and must say the same twice.
// Against its own BTF, a relocation with an answer keeps its value.
func FuzzResolve(f *testing.F) {
	for _, order := range []btftest.Order{binary.LittleEndian, binary.BigEndian} {
		every, old := btftest.EveryKind(order).Bytes(), oldBitfields(order)
		for kind := range uint32(14) {
			for id := range uint32(30) {
				f.Add(every, every, "0", kind, id)
			}
			f.Add(every, old, "0:1", kind, uint32(9))
			f.Add(old, old, "0:1:2", kind, uint32(3))
		}
	}
	f.Fuzz(func(t *testing.T, object, kernel []byte, access string, kind, id uint32) {
		spec, err := btf.LoadRawSpec(object)
		if err != nil {
			return
		}
		target, err := btf.LoadRawSpec(kernel)
		if err != nil || target.ByteOrder() != spec.ByteOrder() {
			return
		}
		local, err := spec.TypeByID(btf.TypeID(id))
		if err != nil {
			return
		}
		start := time.Now()
		first, second := fuzzed(target, kind, local, access), fuzzed(target, kind, local, access)
		if a, b := first.String(), second.String(); a != b {
			t.Fatalf("%s, then %s", a, b)
		}
		if first.failed == nil && first.Missing && (first.Target != 0 || len(first.Matches) > 0) {
			t.Fatalf("missing, but %v", first)
		}
		own := fuzzed(spec, kind, local, access)
		if own.failed == nil && !own.Missing && len(own.Matches) == 1 && own.Matches[0].Type == local && own.Local != own.Target {
			// Pointers of the program have 8 bytes.
			if spec.PointerSize() == 8 {
				t.Fatalf("own type has another value: %v", own)
			}
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}

func fuzzed(target *btf.Spec, kind uint32, local btf.Type, access string) Fixup {
	f := Fixup{Kind: btf.CORERelocationKind(kind), Type: local, access: []byte(access)}
	if err := newResolver(SpecTarget(target), target.ByteOrder()).resolve(&f); err != nil {
		f.failed = &relocationError{err: err}
	}
	return f
}

// oldBitfields is BTF with bitfields in the encoding used before Linux 4.20.
func oldBitfields(order btftest.Order) []byte {
	b := btftest.New(order)
	low, high := b.OldInt("unsigned int", 4, 0, 0, 5), b.OldInt("unsigned int", 4, 0, 5, 27)
	b.Struct("old", 4, btftest.Member{Name: "low", Type: low}, btftest.Member{Name: "high", Type: high})
	b.Int("long", 8, 1)
	return b.Bytes()
}

// FuzzApply patches any bytes. A refused instruction stays as it is, and a poisoned one
// is a call.
func FuzzApply(f *testing.F) {
	f.Add([]byte{0x61, 0x12, 8, 0, 0, 0, 0, 0}, uint64(8), uint64(44), byte(4), byte(8), byte(1), byte(3))
	f.Add([]byte{0x18, 0x01, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint64(8), uint64(44), byte(0), byte(0), byte(0), byte(1))
	f.Fuzz(func(t *testing.T, b []byte, local, target uint64, from, to, access, flags byte) {
		order := binary.ByteOrder(binary.LittleEndian)
		if flags&4 != 0 {
			order = binary.BigEndian
		}
		fix := Fixup{Kind: btf.CORERelocationKind(flags >> 4), Local: local, Target: target, LocalSize: uint32(from), TargetSize: uint32(to),
			Access: Access(access % 3), Validate: flags&1 != 0, Poisoned: flags&2 != 0, enum32: flags&8 != 0}
		was := bytes.Clone(b)
		poisoned, err := fix.Apply(b, order)
		switch {
		case err != nil && !bytes.Equal(was, b):
			t.Fatal("refused and changed")
		case err != nil:
		case poisoned != (b[0] == opCall):
			t.Fatalf("poisoned is %v, opcode 0x%02x", poisoned, b[0])
		case !poisoned && was[1] != b[1]:
			t.Fatal("registers changed")
		case len(b) > 16 && !bytes.Equal(was[16:], b[16:]):
			t.Fatal("another instruction changed")
		}
	})
}
