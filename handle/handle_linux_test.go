// Tests loading BTF into the running kernel, and reading it back.

package handle_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// needKernel ends a test where the kernel does not let it load BTF.
func needKernel(t testing.TB) {
	t.Helper()
	if _, err := handle.MarshalOptions(); err != nil {
		btftest.Missing(t, fmt.Sprintf("the running kernel takes no BTF from this process (%v)", err))
	}
}

// inKernel loads spec into the kernel and returns what the kernel has then, found by
// its id.
func inKernel(t *testing.T, spec *btf.Spec) []byte {
	t.Helper()
	h, err := handle.New(spec)
	var refusal *handle.KernelError
	if errors.As(err, &refusal) {
		t.Log(refusal.Log)
	}
	require.NoError(t, err)
	defer h.Close()
	require.Positive(t, h.FD())
	info, err := h.Info()
	require.NoError(t, err)
	require.False(t, info.Kernel || info.IsVmlinux() || info.IsModule())
	require.Empty(t, info.Name)

	again, err := handle.NewFromID(info.ID)
	require.NoError(t, err)
	defer again.Close()
	got, err := again.Spec(nil)
	require.NoError(t, err)
	defer got.Close()
	back := spectest.Written(t, got)
	require.Len(t, back, int(info.Size))
	return back
}

// TestObjectsInKernel: the BTF of BPF objects, with what their compiler left out,
// goes into the kernel, and the same comes out.
func TestObjectsInKernel(t *testing.T) {
	needKernel(t)
	opts, err := handle.MarshalOptions()
	require.NoError(t, err)
	order := "el"
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		order = "eb"
	}
	for _, path := range btftest.Objects(t, order) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			spec, err := btf.LoadSpec(path)
			require.NoError(t, err)
			defer spec.Close()
			sent, err := write.Marshal(spec, opts)
			require.NoError(t, err)
			require.True(t, bytes.Equal(sent, inKernel(t, spec)), "what came out is not what went in")

			// The bytes as they are in the file would not do.
			_, err = handle.NewFromRawBTF(spectest.Written(t, spec))
			var refusal *handle.KernelError
			require.ErrorAs(t, err, &refusal)
			require.ErrorIs(t, err, syscall.EINVAL)
			require.NotEmpty(t, refusal.Log)
		})
	}
}

// TestKernelTakesReplacements: what is written in place of newer kinds is sound,
// for the kernel too.
func TestKernelTakesReplacements(t *testing.T) {
	needKernel(t)
	opts, err := handle.MarshalOptions()
	require.NoError(t, err)
	var b write.Builder
	integer := b.Int("int", 4, btf.Signed)
	s := b.Struct("s", 4, write.Member{Name: "m", Type: integer})
	b.DeclTag("decl", s, 0)
	b.Pointer(b.TypeTag("type", s))
	b.Enum("e", 8, true, write.Enumerator{Name: "A", Value: math.MaxUint64}, write.Enumerator{Name: "B", Value: 1 << 40})
	b.Func("f", b.FuncProto(0, write.Param{Name: "a", Type: s}), btf.GlobalFunc)
	opts.StripFuncLinkage, opts.ReplaceDeclTags, opts.ReplaceTypeTags, opts.ReplaceEnum64 = true, true, true, true
	raw, err := b.Marshal(opts)
	require.NoError(t, err)
	h, err := handle.NewFromRawBTF(raw)
	require.NoError(t, err)
	defer h.Close()
	spec, err := h.Spec(nil)
	require.NoError(t, err)
	for typ := range spec.All() {
		switch typ.Kind() {
		case btf.KindDeclTag, btf.KindTypeTag, btf.KindEnum64:
			t.Errorf("%v is left", typ)
		case btf.KindFunc:
			f, err := btf.As[btf.Func](typ)
			require.NoError(t, err)
			require.Equal(t, btf.StaticFunc, f.Linkage())
		}
	}
}

// TestKernelLog: the whole log comes with a refusal, however long it is.
func TestKernelLog(t *testing.T) {
	needKernel(t)
	for _, types := range []uint32{1, 100_000} {
		t.Run(fmt.Sprint(types), func(t *testing.T) {
			b := btftest.New(binary.NativeEndian)
			for range types {
				b.Pointer(0)
			}
			b.Float("odd", 3)
			_, err := handle.NewFromRawBTF(b.Bytes())
			var refusal *handle.KernelError
			require.ErrorAs(t, err, &refusal)
			require.ErrorIs(t, err, syscall.EINVAL)
			// From the first line to the last.
			require.Contains(t, refusal.Log, "magic: 0xeb9f")
			require.Contains(t, refusal.Log, fmt.Sprintf("[%d] PTR", types))
			require.Contains(t, refusal.Log, fmt.Sprintf("[%d] FLOAT odd", types+1))
			require.Contains(t, err.Error(), "FLOAT odd")
			require.NotContains(t, err.Error(), "\n")
			if types > 1 {
				require.Greater(t, len(refusal.Log), 1<<20)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		_, err := handle.NewFromRawBTF(nil)
		var format *btf.FormatError
		require.ErrorAs(t, err, &format)
	})
	t.Run("too large", func(t *testing.T) {
		_, err := handle.NewFromRawBTF(make([]byte, 17<<20))
		require.ErrorIs(t, err, syscall.E2BIG)
	})
}

// TestKernelByID finds the kernel's own BTF among all there is.
func TestKernelByID(t *testing.T) {
	needKernel(t)
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		btftest.Missing(t, err.Error())
	}
	var b write.Builder
	b.Int("found by looking through all", 4, btf.Signed)
	spec, err := b.Spec()
	require.NoError(t, err)
	mine, err := handle.New(spec)
	require.NoError(t, err)
	defer mine.Close()
	wanted, err := mine.Info()
	require.NoError(t, err)

	kernel, err := btf.LoadKernelSpec()
	require.NoError(t, err)
	defer kernel.Close()
	var last handle.ID
	found := map[string]bool{}
	for h, err := range handle.All() {
		require.NoError(t, err)
		info, err := h.Info()
		require.NoError(t, err)
		require.Greater(t, info.ID, last)
		last = info.ID
		if info.ID == wanted.ID {
			found["mine"] = true
		}
		if !info.Kernel {
			require.NoError(t, h.Close())
			continue
		}
		_, err = h.Spec(nil)
		require.Equal(t, info.IsModule(), err != nil, "a module wants a base, nothing else does")
		spec, err := h.Spec(kernel)
		require.NoError(t, err)
		file, err := os.ReadFile(filepath.Join("/sys/kernel/btf", info.Name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(file, spectest.Written(t, spec)), "%s by id is not what its file is", info.Name)
		require.Equal(t, info.IsModule(), spec.Base() != nil)
		found[info.Name] = true
		require.NoError(t, spec.Close())
		require.NoError(t, h.Close())
	}
	require.True(t, found["mine"])
	require.True(t, found["vmlinux"])
}

func TestHandle(t *testing.T) {
	needKernel(t)
	var b write.Builder
	b.Int("int", 4, btf.Signed)
	spec, err := b.Spec()
	require.NoError(t, err)
	h, err := handle.New(spec)
	require.NoError(t, err)
	require.NoError(t, h.Close())
	require.NoError(t, h.Close())
	require.Equal(t, -1, h.FD())
	_, err = h.Info()
	require.ErrorIs(t, err, btf.ErrClosed)
	_, err = h.Spec(nil)
	require.ErrorIs(t, err, btf.ErrClosed)
	var zero handle.Handle
	require.Equal(t, -1, zero.FD())
	require.NoError(t, zero.Close())
	_, err = zero.Info()
	require.ErrorIs(t, err, btf.ErrClosed)
	_, err = handle.NewFromID(math.MaxInt32)
	require.ErrorIs(t, err, btf.ErrNotFound)

	closed, err := b.Spec()
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	_, err = handle.New(closed)
	require.ErrorIs(t, err, btf.ErrClosed)

	split, err := btf.LoadSplitSpec(btftest.Testdata("empty.btf"), spec)
	require.NoError(t, err)
	_, err = handle.New(split)
	require.ErrorIs(t, err, btf.ErrNotSupported)

	t.Run("no descriptor is left", func(t *testing.T) {
		count := func() int {
			entries, err := os.ReadDir("/proc/self/fd")
			require.NoError(t, err)
			return len(entries)
		}
		before := count()
		for range 10 {
			h, err := handle.New(spec)
			require.NoError(t, err)
			require.NoError(t, h.Close())
			_, err = handle.NewFromRawBTF([]byte("no BTF"))
			require.Error(t, err)
			for h, err := range handle.All() {
				require.NoError(t, err)
				require.NoError(t, h.Close())
			}
		}
		require.Equal(t, before, count())
	})
}

// TestNoPrivileges asks from a thread without capabilities.
func TestNoPrivileges(t *testing.T) {
	needKernel(t)
	var b write.Builder
	b.Int("int", 4, btf.Signed)
	raw, err := b.Marshal(write.Options{})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			t.Errorf("capabilities cannot be dropped: %v", err)
			return
		}
		_, err := handle.NewFromRawBTF(raw)
		assert.ErrorIs(t, err, os.ErrPermission)
		_, err = handle.NewFromID(1)
		assert.ErrorIs(t, err, os.ErrPermission)
		for h, err := range handle.All() {
			assert.True(t, h == nil)
			assert.ErrorIs(t, err, os.ErrPermission)
		}
	}()
	<-done
}
