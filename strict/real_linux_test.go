// Loads the BTF of real programs and kernels.

package strict

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/uapi"
	"github.com/stretchr/testify/require"
)

// realBlobs returns the BTF of programs as compilers leave it and as a loader completes it,
// and that of kernels.
func realBlobs(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	vmlinux := btftest.Vmlinux(t)
	if native.Uint16(vmlinux) == uapi.Magic {
		all["vmlinux of 6.12"] = vmlinux
	}
	if running, err := os.ReadFile("/sys/kernel/btf/vmlinux"); err == nil {
		all["the running kernel"] = running
	}
	objects, err := filepath.Glob(filepath.Join(btftest.CorpusDir(), "bpf", "*.o"))
	require.NoError(t, err)
	for _, path := range objects {
		f, err := elf.Open(path)
		require.NoError(t, err)
		section := f.Section(".BTF")
		if section == nil {
			continue
		}
		raw, err := section.Data()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		if native.Uint16(raw) != uapi.Magic {
			continue
		}
		name := filepath.Base(path)
		all[name] = raw
		all[name+" as loaded"] = completed(t, raw)
	}
	return all
}

// completed fills in what a loader fills in: the sizes of sections, the offsets of their
// variables, and a linkage in place of extern.
func completed(t *testing.T, raw []byte) []byte {
	raw = bytes.Clone(raw)
	spec, err := btf.LoadRawSpec(raw)
	require.NoError(t, err)
	put := func(typ btf.Type, off, word uint32) {
		native.PutUint32(raw[spec.Header().Length+spec.Header().TypeOffset+typ.Record().Offset()+off:], word)
	}
	for typ := range spec.All() {
		switch typ.Kind() {
		case btf.KindFunc:
			put(typ, 4, btftest.Info(uint32(btf.KindFunc), min(typ.Record().Vlen(), 1), false))
		case btf.KindVar:
			put(typ, uapi.RecordSize, min(typ.Record().Word(uapi.RecordSize), 1))
		case btf.KindDatasec:
			end := uint32(0)
			for i := range typ.Record().Vlen() {
				at := uapi.RecordSize + i*uapi.VarSecinfoSize
				put(typ, at+4, end)
				size := max(typ.Record().Word(at+8), 4)
				put(typ, at+8, size)
				end += size
			}
			put(typ, 8, max(end, 4))
		}
	}
	return raw
}
