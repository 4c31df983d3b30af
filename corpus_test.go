// Tests blobs of real kernels, modules and programs.

package btf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestCorpus: what the corpus says of its blobs, and that each is whole.
func TestCorpus(t *testing.T) {
	dir := btftest.Corpus(t)
	kernels := map[string]*btf.Spec{}
	for _, k := range []struct {
		file, release  string
		types, pointer int
		order          binary.ByteOrder
		sorted         bool
	}{
		{"vmlinux-amd64-6.12.btf.gz", "amd64-6.12", 112_768, 8, binary.LittleEndian, false},
		{"vmlinux-arm64-6.1.btf.gz", "arm64-6.1", 109_496, 8, binary.LittleEndian, false},
		{"vmlinux-s390x-6.1-big-endian.btf.gz", "s390x-6.1", 77_303, 8, binary.BigEndian, false},
		{"vmlinux-armhf-6.1-32bit.btf.gz", "armhf-6.1", 99_824, 4, binary.LittleEndian, false},
		{"vmlinux-amd64-7.1-sorted-layout.btf.gz", "amd64-7.1", 103_406, 8, binary.LittleEndian, true},
	} {
		t.Run(k.file, func(t *testing.T) {
			raw, err := btftest.Gunzip(filepath.Join(dir, k.file))
			require.NoError(t, err)
			spec, err := btf.LoadRawSpec(raw)
			require.NoError(t, err)
			kernels[k.release] = spec
			require.NoError(t, spec.Verify())
			require.Equal(t, k.types, spec.NumTypes())
			require.Equal(t, k.types, countRecords(t, raw, k.order))
			require.Equal(t, k.pointer, spec.PointerSize())
			require.Equal(t, k.order, spec.ByteOrder())
			require.Equal(t, k.sorted, spec.SortedByName())
			if k.sorted {
				require.Equal(t, uint32(32), spec.Header().Length)
				require.Equal(t, uint32(20*4), spec.Header().LayoutLength)
			}
			var task btf.Struct
			require.NoError(t, spec.TypeByName("task_struct", &task))
			comm, err := task.MemberByName("comm")
			require.NoError(t, err)
			size, err := comm.Type().Sizeof()
			require.NoError(t, err)
			require.Equal(t, uint64(16), size, "TASK_COMM_LEN of the kernel's source")
			findAll(t, spec)
			// The last of an odd step, so that all kinds of them are asked about.
			for typ := range spec.All() {
				if typ.ID()%31 == 0 {
					touch(typ)
				}
			}
		})
	}
	modules, err := filepath.Glob(filepath.Join(dir, "modules-*", "*.btf"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, path := range modules {
		release := strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "modules-")
		t.Run(release+"/"+filepath.Base(path), func(t *testing.T) {
			base := kernels[release]
			require.NotNil(t, base)
			spec, err := btf.LoadSplitSpec(path, base)
			require.NoError(t, err)
			defer spec.Close()
			require.NoError(t, spec.Verify())
			require.Equal(t, base.PointerSize(), spec.PointerSize())
			if filepath.Base(path) == "crc16.btf" {
				require.Equal(t, 4, spec.NumTypes())
			}
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, countRecords(t, b, spec.ByteOrder()), spec.NumTypes())
			require.Equal(t, base.ByteOrder(), spec.ByteOrder())
			first := btf.TypeID(base.NumTypes() + 1)
			for typ := range spec.All() {
				require.Equal(t, first, typ.ID())
				first++
				touch(typ)
			}
			findAll(t, spec)
		})
	}
	t.Run("distilled", func(t *testing.T) {
		base, err := btf.LoadSpec(filepath.Join(dir, "distilled-module.btf.base"))
		require.NoError(t, err)
		defer base.Close()
		spec, err := btf.LoadSplitSpec(filepath.Join(dir, "distilled-module.btf"), base)
		require.NoError(t, err)
		defer spec.Close()
		require.NoError(t, spec.Verify())
		require.NoError(t, base.Verify())
		require.Positive(t, base.NumTypes())
		require.Positive(t, spec.NumTypes())
		findAll(t, base)
		findAll(t, spec)

		// What the base was distilled to is enough to name what the module refers to.
		below := 0
		for typ := range spec.All() {
			touch(typ)
			if p, err := btf.As[btf.Pointer](typ); err == nil {
				if target := p.Target(); target.ID() != 0 && target.ID() <= btf.TypeID(base.NumTypes()) {
					require.NotEqual(t, btf.KindVoid, target.Kind())
					below++
				}
			}
		}
		require.NotZero(t, below)
	})
	objects, err := filepath.Glob(filepath.Join(dir, "bpf", "*.o"))
	require.NoError(t, err)
	require.NotEmpty(t, objects)
	for _, path := range objects {
		t.Run(filepath.Base(path), func(t *testing.T) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			everyDoor(t, b, func(t *testing.T, spec *btf.Spec, err error) {
				if strings.HasPrefix(filepath.Base(path), "nobtf.") {
					require.ErrorIs(t, err, btf.ErrNotFound)
					return
				}
				require.NoError(t, err)
				require.NoError(t, spec.Verify())
				require.Equal(t, 8, spec.PointerSize())
				require.Equal(t, bytes.Contains([]byte(path), []byte(".eb.")), spec.ByteOrder() == binary.BigEndian)
				for typ := range spec.All() {
					touch(typ)
				}
			})
		})
	}
}

// findAll asks for each name of a Spec, and for what it is a flavour of.
func findAll(t *testing.T, spec *btf.Spec) {
	t.Helper()
	ids := map[string][]btf.TypeID{}
	for typ := range spec.All() {
		if name := typ.Name(); name != "" {
			ids[name] = append(ids[name], typ.ID())
		}
	}
	for name, want := range ids {
		var got []btf.TypeID
		for typ := range spec.TypesByName(name) {
			got = append(got, typ.ID())
		}
		if !slices.Equal(want, got) {
			t.Fatalf("%q: found %v, there are %v", name, got, want)
		}
		flavors := 0
		for typ := range spec.TypesByEssentialName(name) {
			if slices.Contains(want, typ.ID()) {
				flavors++
			}
		}
		if flavors != len(want) {
			t.Fatalf("%q: %d of %v found by the essential name", name, flavors, want)
		}
	}
}

// countRecords counts the records of a blob in the simplest way, from the table in
// include/uapi/linux/btf.h and nothing else.
func countRecords(t *testing.T, b []byte, order binary.ByteOrder) (count int) {
	t.Helper()
	once := map[uint32]int{1: 4, 3: 12, 14: 4, 17: 4}
	each := map[uint32]int{4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
	types := b[order.Uint32(b[4:])+order.Uint32(b[8:]):]
	types = types[:order.Uint32(b[12:])]
	for len(types) > 0 {
		info := order.Uint32(types[4:])
		kind := info >> 24 & 0x7f
		types = types[12+once[kind]+each[kind]*int(info&0xffffff):]
		count++
	}
	return count
}

// TestRunningKernel finds every name of the kernel that runs the test, and reads
// its modules.
func TestRunningKernel(t *testing.T) {
	kernel, err := btf.LoadKernelSpec()
	if errors.Is(err, btf.ErrNotSupported) || errors.Is(err, fs.ErrPermission) {
		t.Skipf("the running system shows no BTF: %v", err)
	}
	require.NoError(t, err)
	defer kernel.Close()
	require.NoError(t, kernel.Verify())
	findAll(t, kernel)

	entries, err := os.ReadDir("/sys/kernel/btf")
	if err != nil {
		return // it came from a file
	}
	for _, entry := range entries {
		if entry.Name() == "vmlinux" || strings.Contains(entry.Name(), ".") {
			continue
		}
		t.Run(entry.Name(), func(t *testing.T) {
			module, err := btf.LoadKernelModuleSpec(entry.Name(), kernel)
			require.NoError(t, err)
			defer module.Close()
			require.NoError(t, module.Verify())
			findAll(t, module)
		})
	}
}
