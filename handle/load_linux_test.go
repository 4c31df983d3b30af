// Tests that the running kernel accepts what it would refuse without MarshalOptions.

package handle_test

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var native = binary.NativeEndian

// runningRelease returns the release of the kernel, and its first two numbers.
func runningRelease(t *testing.T) (release string, numbers int) {
	var name unix.Utsname
	require.NoError(t, unix.Uname(&name))
	release = unix.ByteSliceToString(name.Release[:])
	parts := strings.FieldsFunc(release, func(c rune) bool { return c < '0' || c > '9' })
	major, err := strconv.Atoi(parts[0])
	require.NoError(t, err)
	minor, err := strconv.Atoi(parts[1])
	require.NoError(t, err)
	return release, major*1000 + minor
}

// TestLoadsWhatKernelsRefuse has Specs that this kernel or another refuses. New loads all
// of them.
func TestLoadsWhatKernelsRefuse(t *testing.T) {
	needKernel(t)
	release, numbers := runningRelease(t)
	for _, row := range []struct {
		name  string
		since int // the release that accepts it without a change, 0 for none
		build func(b *btftest.Builder)
	}{
		{"nothing", 0, func(b *btftest.Builder) {}},
		{"names of Rust", 0, func(b *btftest.Builder) {
			b.Int("u8", 1, 0)
			b.Record(b.String("*mut c_void"), btftest.Info(uint32(btf.KindPointer), 0, false), 0)
			b.Struct("Option<u8>", 8, btftest.Member{Name: "0", Type: 1}, btftest.Member{Name: "__1 x", Type: 2})
			b.Enum("core::result::Result", 4, false, btftest.Value{Name: "Ok(u8)"})
			b.Func("<T as core::fmt::Write>::write_fmt", b.FuncProto(1, btftest.Param{Name: "self", Type: 2}, btftest.Param{Type: 1}), 1)
			b.Var("{static}", 1, 1)
			b.Datasec(".data\n", 1, btftest.Variable{Type: 7, Size: 1})
			b.Struct(strings.Repeat("Vec<", 200), 0)
		}},
		{"names with dots", 6005, func(b *btftest.Builder) { b.Struct("a.b", 0) }},
		{"a section with a question mark", 6009, func(b *btftest.Builder) {
			b.Int("int", 4, btftest.Signed)
			b.Var("v", 1, 1)
			b.Datasec("?.struct_ops", 4, btftest.Variable{Type: 2, Size: 4})
		}},
		{"floats", 5013, func(b *btftest.Builder) {
			b.Float("double", 8)
			b.Struct("s", 8, btftest.Member{Name: "d", Type: 1})
		}},
		{"tags with kind_flag", 6015, func(b *btftest.Builder) {
			b.Int("int", 4, btftest.Signed)
			b.TypeTag("user", 1, true)
			b.Pointer(2)
			b.Struct("s", 8, btftest.Member{Name: "p", Type: 3})
			b.DeclTag("t", 4, -1, true)
		}},
		{"type tags under typedefs and qualifiers", 7002, func(b *btftest.Builder) {
			b.Int("int", 4, btftest.Signed)
			b.TypeTag("a", 1, false)
			b.TypeTag("b", 2, false)
			b.Typedef("t", 3)
			b.Const(4)
			b.TypeTag("c", 5, false)
			b.Pointer(6)
			b.Pointer(b.Volatile(2))
		}},
		{"locations of inlined functions", 0, func(b *btftest.Builder) {
			b.Int("int", 4, btftest.Signed)
			b.Func("f", b.FuncProto(1, btftest.Param{Name: "a", Type: 1}), 0)
			b.Locsec(".text", btftest.Site{Func: 3, Proto: b.LocProto(b.LocParam(4, btftest.LocReg, 5)), Offset: 16})
		}},
		{"a layout section", 7001, func(b *btftest.Builder) {
			b.Int("int", 4, btftest.Signed)
			b.Layout(19, 0, 12)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := btftest.New(native)
			row.build(b)
			raw := b.Bytes()
			spec := spectest.Load(t, raw)
			h, err := handle.NewFromRawBTF(raw)
			if err == nil {
				require.NoError(t, h.Close())
			}
			if row.since != 0 && numbers >= row.since {
				require.NoError(t, err, "the kernel knows it")
			} else if row.since != 0 || row.name != "locations of inlined functions" || numbers < 7003 {
				require.Error(t, err, "there is nothing to change")
			}
			require.Equal(t, err == nil, strict.Options{Kernel: release}.Verify(spec) == nil, "package strict agrees")
			inKernel(t, spec)

			// What is written for the oldest kernels loads too.
			opts, err := handle.MarshalOptions()
			require.NoError(t, err)
			opts.StripFuncLinkage, opts.ReplaceFloats, opts.ReplaceDeclTags, opts.ReplaceTypeTags, opts.ReplaceEnum64 = true, true, true, true, true
			opts.ReplaceAttributes, opts.ReplaceLocations, opts.SkipTypeTags, opts.CleanDots, opts.CleanSectionNames = true, true, true, true, true
			old, err := write.Marshal(spec, opts)
			require.NoError(t, err)
			require.NoError(t, strict.Options{Kernel: "5.2"}.Verify(spectest.Load(t, old)))
			h, err = handle.NewFromRawBTF(old)
			require.NoError(t, err)
			require.NoError(t, h.Close())
		})
	}
}

// TestMarshalOptionsByRelease: the probes find what the release says, if it is one whose
// rules are known and that no distribution changed.
func TestMarshalOptionsByRelease(t *testing.T) {
	needKernel(t)
	_, numbers := runningRelease(t)
	if numbers < 6015 || numbers > 7000 {
		t.Skip("the answers are those of Linux 6.15 to 7.0")
	}
	opts, err := handle.MarshalOptions()
	require.NoError(t, err)
	require.Equal(t, write.Options{
		Order: binary.NativeEndian, StripLayout: true, ReplaceDeclarations: true, CleanNames: true, FillEmpty: true,
		ReplaceLocations: true, SkipTypeTags: true,
	}, opts)
}

// TestPointersOfPrograms: pointers in BTF of programs have 8 bytes, on all machines.
func TestPointersOfPrograms(t *testing.T) {
	needKernel(t)
	b := btftest.New(native)
	b.Pointer(2)
	b.Struct("s", 16, btftest.Member{Name: "a", Type: 1}, btftest.Member{Name: "b", Type: 1, Offset: 64})
	spec := spectest.Load(t, b.Bytes())
	require.Zero(t, spec.PointerSize())
	h, err := handle.New(spec)
	require.NoError(t, err)
	defer h.Close()
	got, err := h.Spec(nil)
	require.NoError(t, err)
	require.Equal(t, 8, got.PointerSize())
	f, err := got.Field("s.b")
	require.NoError(t, err)
	size, err := f.Size()
	require.NoError(t, err)
	require.EqualValues(t, 8, size)
}
