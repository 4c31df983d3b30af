// Tests paths with quotes, words for kinds, variables, pointers with an index and several types.

package btf_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// syntaxBlob declares, with pointers of that many bytes:
//
//	struct file { long f_op; unsigned int f_flags; };
//	struct fdtable { unsigned int max_fds; struct file **fd; };
//	struct files_struct { int count; struct fdtable *fdt; struct hidden *hidden, **table; void *nothing; struct hidden inside; };
//	struct runtime.g { long stack, goid; };                the names of Go
//	struct core::option::Option<[u8; 4]> { long a|b; };    and of Rust
//	typedef struct runtime.g *main.Event;
//	struct short { int x; }; struct short.x { int y; long z.z; };
//	struct page { long pad, flags; };
//	struct two { int a; }; typedef struct { long b, a; } two;
//	struct two cpu_two; struct file cpu_files[2]; struct page two_v; struct runtime.g main.g;
//	const char *message;
func syntaxBlob(order btftest.Order, pointer uint32) *btftest.Builder {
	b := btftest.New(order)
	word := pointer * 8
	integer := b.Int("int", 4, btftest.Signed)
	unsigned := b.Int("unsigned int", 4, 0)
	long := b.Int("long int", pointer, btftest.Signed)
	char := b.Int("char", 1, btftest.Signed)
	file := b.Struct("file", 2*pointer, btftest.Member{Name: "f_op", Type: long}, btftest.Member{Name: "f_flags", Type: unsigned, Offset: word})
	fdtable := b.Struct("fdtable", 2*pointer, btftest.Member{Name: "max_fds", Type: unsigned}, btftest.Member{Name: "fd", Type: b.Pointer(b.Pointer(file)), Offset: word})
	fdt := b.Pointer(fdtable)
	hidden := b.Fwd("hidden", false)
	toHidden := b.Pointer(hidden)
	b.Struct("files_struct", 5*pointer, btftest.Member{Name: "count", Type: integer},
		btftest.Member{Name: "fdt", Type: b.Const(fdt), Offset: word},
		btftest.Member{Name: "hidden", Type: toHidden, Offset: 2 * word},
		btftest.Member{Name: "table", Type: b.Pointer(toHidden), Offset: 3 * word},
		btftest.Member{Name: "nothing", Type: b.Pointer(0), Offset: 4 * word},
		btftest.Member{Name: "inside", Type: hidden, Offset: 5 * word})
	g := b.Struct("runtime.g", 2*pointer, btftest.Member{Name: "stack", Type: long}, btftest.Member{Name: "goid", Type: long, Offset: word})
	b.Struct("core::option::Option<[u8; 4]>", 2*pointer, btftest.Member{Name: "a|b", Type: long, Offset: word})
	b.Typedef("main.Event", b.Pointer(g))
	b.Struct("short", 4, btftest.Member{Name: "x", Type: integer})
	b.Struct("short.x", 3*pointer, btftest.Member{Name: "y", Type: integer, Offset: word}, btftest.Member{Name: "z.z", Type: long, Offset: 2 * word})
	page := b.Struct("page", 2*pointer, btftest.Member{Name: "pad", Type: long}, btftest.Member{Name: "flags", Type: long, Offset: word})
	two := b.Struct("two", 4, btftest.Member{Name: "a", Type: integer})
	b.Typedef("two", b.Struct("", 2*pointer, btftest.Member{Name: "b", Type: long}, btftest.Member{Name: "a", Type: long, Offset: word}))
	b.Var("cpu_two", two, 1)
	b.Var("cpu_files", b.Array(file, integer, 2), 1)
	b.Var("two_v", page, 1)
	b.Var("page", g, 1) // the name of a struct too
	b.Var("main.g", g, 1)
	b.Var("message", b.Pointer(b.Const(char)), 1)
	b.Enum("color", 4, false, btftest.Value{Name: "red", Value: 1})
	b.Union("color", 8, btftest.Member{Name: "rgb", Type: integer})
	b.Struct("\"", 4, btftest.Member{Name: "`", Type: integer})
	b.Struct("count", 4, btftest.Member{Name: "flags", Type: integer}) // the name of a member too
	b.TypeTag("tagged", file, false)
	return b
}

// eachSyntax calls test with syntaxBlob in both byte orders, with pointers of both
// sizes, alone and as the split BTF above an empty base and the base below empty split
// BTF.
func eachSyntax(t *testing.T, test func(t *testing.T, spec *btf.Spec, pointer uint32)) {
	for name, order := range bothOrders {
		for _, pointer := range []uint32{4, 8} {
			t.Run(fmt.Sprintf("%s %d", name, 8*pointer), func(t *testing.T) {
				blob := syntaxBlob(order, pointer)
				spec := load(t, blob.Bytes())
				require.NoError(t, spec.Verify())
				test(t, spec, pointer)
				s := blob.Split()
				s.Struct("above", 4)
				test(t, loadSplit(t, s.Bytes(), spec), pointer)
			})
		}
	}
}

// TestPathSyntax: what the declarations of syntaxBlob say. Offsets are in pointers.
func TestPathSyntax(t *testing.T) {
	eachSyntax(t, func(t *testing.T, spec *btf.Spec, pointer uint32) {
		for _, want := range []struct {
			path    string
			kind    btf.Kind
			size    uint64 // in pointers, or in bytes below 0
			offsets []int  // in pointers
		}{
			// Pointers with an index.
			{"fdtable.fd[3]", btf.KindPointer, 1, []int{1, 3}},
			{"fdtable.fd[3]->f_flags", btf.KindInt, 0, []int{1, 3, 1}},
			{"files_struct.fdt->fd[3]->f_flags", btf.KindInt, 0, []int{1, 1, 3, 1}},
			{"files_struct.fdt[1].max_fds", btf.KindInt, 0, []int{1, 2}},
			{"files_struct.fdt[0].fd[0][1].f_flags", btf.KindInt, 0, []int{1, 1, 0, 3}},
			{"files_struct.hidden[0]", btf.KindFwd, 0, []int{2, 0}},
			{"files_struct.table[2]", btf.KindPointer, 1, []int{3, 2}},
			{"files_struct.hidden[1]|nothing[1]|fdt[1]", btf.KindStruct, 2, []int{1, 2}},

			// Members whose type has no size.
			{"files_struct.inside", btf.KindFwd, 0, []int{5}},

			// Names with special characters.
			{`"runtime.g"`, btf.KindStruct, 2, []int{0}},
			{`"runtime.g".goid`, btf.KindInt, 1, []int{1}},
			{"`runtime.g`.`goid`", btf.KindInt, 1, []int{1}},
			{`"file"."f_flags"`, btf.KindInt, 0, []int{1}},
			{`files_struct."missing|fdt"|"fdt"->"fd"[1]`, btf.KindPointer, 1, []int{1, 1, 1}},
			{"runtime.g", btf.KindStruct, 2, []int{0}},
			{"runtime.g.goid", btf.KindInt, 1, []int{1}},
			{"main.Event->goid", btf.KindInt, 1, []int{0, 1}},
			{"main.Event[1].goid", btf.KindInt, 1, []int{0, 3}},
			{"core::option::Option<[u8; 4]>", btf.KindStruct, 2, []int{0}},
			{"core::option::Option<[u8; 4]>.\"a|b\"", btf.KindInt, 1, []int{1}},
			{"`core::option::Option<[u8; 4]>`.\"a|b\"|c", btf.KindInt, 1, []int{1}},
			{"\"`\".x|'.y|`\"`.\"`\"", btf.KindInt, 0, []int{0}},
			{`short.x`, btf.KindInt, 0, []int{0}}, // the shorter name has the step
			{`"short.x"`, btf.KindStruct, 3, []int{0}},
			{`short.x.y`, btf.KindInt, 0, []int{1}}, // it does not
			{`short.x."z.z"`, btf.KindInt, 1, []int{2}},
			{`struct short.x.y|q`, btf.KindInt, 0, []int{1}},

			// Kinds.
			{"struct two.a", btf.KindInt, 0, []int{0}},
			{"typedef two.a", btf.KindInt, 1, []int{1}},
			{"struct  two", btf.KindStruct, 0, []int{0}},
			{"struct file.f_flags", btf.KindInt, 0, []int{1}},
			{"enum color", btf.KindEnum, 0, []int{0}},
			{"union color.rgb", btf.KindInt, 0, []int{0}},
			{"var two_v.flags", btf.KindInt, 1, []int{1}},
			{`struct "runtime.g".goid`, btf.KindInt, 1, []int{1}},
			{"struct runtime.g.goid", btf.KindInt, 1, []int{1}},
			{"typedef main.Event->goid", btf.KindInt, 1, []int{0, 1}},

			// Variables.
			{"cpu_two", btf.KindStruct, 0, []int{0}},
			{"cpu_two.a", btf.KindInt, 0, []int{0}},
			{"cpu_files[1].f_flags", btf.KindInt, 0, []int{3}},
			{"two_v", btf.KindStruct, 2, []int{0}},
			{"page.flags", btf.KindInt, 1, []int{1}}, // of the struct
			{"page.goid", btf.KindInt, 1, []int{1}},  // of the variable
			{"var page.goid", btf.KindInt, 1, []int{1}},
			{"main.g.goid", btf.KindInt, 1, []int{1}},
			{"message", btf.KindPointer, 1, []int{0}},

			// Alternatives that name another type.
			{"folio.flags|page.flags", btf.KindInt, 1, []int{1}},
			{"file.missing|page.flags", btf.KindInt, 1, []int{1}},
			{"file.missing|struct page", btf.KindStruct, 2, []int{0}},
			{"folio.x|missing|y|union page.flags|struct page.flags", btf.KindInt, 1, []int{1}},
			{"folio.x|runtime.g.goid", btf.KindInt, 1, []int{1}},
			{`folio.x|"runtime.g".goid`, btf.KindInt, 1, []int{1}},
			{"page.flags|file.missing", btf.KindInt, 1, []int{1}},
		} {
			f, err := spec.Field(want.path)
			require.NoError(t, err, want.path)
			require.Equal(t, want.kind, f.Type().Kind(), want.path)
			size, err := f.Size()
			if want.kind == btf.KindFwd {
				require.ErrorIs(t, err, btf.ErrNotFound, want.path)
			} else if want.size != 0 {
				require.Equal(t, want.size*uint64(pointer), size, want.path)
			} else {
				require.Equal(t, map[bool]uint64{false: 4, true: 8}[strings.Contains(want.path, "color") && want.kind == btf.KindUnion], size, want.path)
			}
			var offsets []int
			for off := range f.Offsets() {
				require.Zero(t, off%btf.Bits(8*pointer), want.path)
				offsets = append(offsets, int(off.Bytes()/uint64(pointer)))
			}
			require.Equal(t, want.offsets, offsets, want.path)
		}
	})
}

// TestBadPathSyntax: one clear error each.
func TestBadPathSyntax(t *testing.T) {
	eachSyntax(t, func(t *testing.T, spec *btf.Spec, _ uint32) {
		nothing, notFound, wrongKind, several := error(nil), btf.ErrNotFound, btf.ErrWrongKind, btf.ErrMultipleMatches
		for _, bad := range []struct {
			path, says string
			is         error
		}{
			{`"runtime.g`, `needs a second '"'`, nothing},
			{"`runtime.g", "needs a second '`'", nothing},
			{`""`, `needs the name of a type`, nothing},
			{`"runtime.g"goid`, `at "goid": needs ".", "->" or "[" after the type`, nothing},
			{`file."f_op`, `needs a second '"'`, nothing},
			{`file.""`, `needs the name of a member`, nothing},
			{`file."f_op"x`, `at "x": needs ".", "->", "[" or "|"`, nothing},
			{`file["1"]`, `needs the index of an element`, nothing},
			{`file.f_op|struct `, `at "struct ": needs the name of a type`, nothing},
			{`file.f_op|struct page.`, `at ".": needs the name of a member`, nothing},
			{"struct ", `needs the name of a type`, nothing},
			{"two.a", `do not agree: multiple`, several},
			{"union two.a", `union named "two" (it is the name of STRUCT two (id 23)): not found`, notFound},
			{"typedef file.f_op", `typedef named "file" (it is the name of STRUCT file`, notFound},
			{"union hidden.x", `union named "hidden" (it is the name of FWD hidden`, notFound},
			{"struct hidden.x", `FWD hidden (id`, notFound},
			{"struct cpu_two.a", `struct named "cpu_two" (it is the name of VAR cpu_two`, notFound},
			{"var file.f_op", `var named "file"`, notFound},
			{"tagged.f_op", `type named "tagged": not found`, notFound}, // the text of a type tag
			{"runtime.h.goid", `type named "runtime" (similar: runtime.g): not found`, notFound},
			{"runtime.g.goix", `STRUCT runtime.g (id`, notFound},
			{"runtime.g.stack.x", `needs a STRUCT or UNION, has INT long int`, wrongKind},
			{"struct two_.a", `struct named "two_" (similar: two): not found`, notFound},
			{"folio.flags|page.flagz", `STRUCT page (id`, notFound},
			{"file.missing|page", `at "page": STRUCT file`, notFound},                // no steps, no word
			{"files_struct.fdt->x|count.flags", `needs a STRUCT or UNION`, notFound}, // a member
			{"cpu_two.b", `STRUCT two (id 23) has no member "b"`, notFound},
			{"files_struct.hidden[1]", `has a target without a size, FWD hidden`, notFound},
			{"hidden", `the type has no size`, notFound},
		} {
			f, err := spec.Field(bad.path)
			require.ErrorContains(t, err, bad.says, bad.path)
			require.Equal(t, btf.Field{}, f)
			for _, sentinel := range []error{notFound, wrongKind, several} {
				require.Equal(t, sentinel == bad.is, errors.Is(err, sentinel), "%s: %v: %v", bad.path, sentinel, err)
			}
		}
	})
}

// TestVariableOfSplit: a type of the base comes before a variable of split BTF.
func TestVariableOfSplit(t *testing.T) {
	b := syntaxBlob(binary.LittleEndian, 8)
	base := load(t, b.Bytes())
	s := b.Split()
	s.Var("file", 1, 1)
	s.Var("mine", 5, 1)
	spec := loadSplit(t, s.Bytes(), base)
	require.Equal(t, uint64(16), must(must(spec.Field("file")).Size()))
	require.Equal(t, uint64(4), must(must(spec.Field("var file")).Size()))
	require.Equal(t, btf.Bits(64), must(spec.Field("mine.f_flags")).Offset())
}

// TestLongPaths: a path of a megabyte is answered at once, and a name is found without
// quotes up to the length that the kernel accepts.
func TestLongPaths(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	most, more := "a."+strings.Repeat("b", 509), "c."+strings.Repeat("d", 510)
	for _, name := range []string{most, more} {
		b.Struct(name, 4, btftest.Member{Name: "x", Type: 1})
	}
	spec := load(t, b.Bytes())
	require.Equal(t, uint64(4), must(must(spec.Field(most+".x")).Size()))
	require.Equal(t, uint64(4), must(must(spec.Field(`"`+more+`".x`)).Size()))
	_, err := spec.Field(more + ".x")
	require.ErrorIs(t, err, btf.ErrNotFound)
	for _, path := range []string{strings.Repeat(".x", 1<<19), strings.Repeat("|b.x", 1<<18), strings.Repeat("x", 1<<20), strings.Repeat("->", 1<<19), `."` + strings.Repeat("|", 1<<20)} {
		_, err := spec.Field("a" + path)
		require.Error(t, err)
		require.Less(t, len(err.Error()), 4096)
	}
}

// TestPointerIndex lets a C compiler say where elements behind pointers, and members of
// variables, lie in a kernel.
func TestPointerIndex(t *testing.T) {
	bpftool, clang := btftest.Tool(t, "bpftool"), btftest.Tool(t, "clang")
	btftest.Kernels(t, func(t *testing.T, file string) {
		spec, err := btf.LoadSpec(file)
		require.NoError(t, err)
		defer spec.Close()
		c := btftest.Output(t, bpftool, "btf", "dump", "file", file, "format", "c") +
			"#define at(in, member) __builtin_offsetof(struct in, member)\n"
		for path, want := range map[string][]string{
			"fdtable.fd[3]":                    {"at(fdtable, fd)", "3*sizeof(struct file *)"},
			"files_struct.fdt->fd[3]->f_flags": {"at(files_struct, fdt)", "at(fdtable, fd)", "3*sizeof(struct file *)", "at(file, f_flags)"},
			"files_struct.fdt[1].max_fds":      {"at(files_struct, fdt)", "sizeof(struct fdtable)+at(fdtable, max_fds)"},
			"net_device._tx[1].state":          {"at(net_device, _tx)", "sizeof(struct netdev_queue)+at(netdev_queue, state)"},
			"net_device._rx[2].dev->ifindex":   {"at(net_device, _rx)", "2*sizeof(struct netdev_rx_queue)+at(netdev_rx_queue, dev)", "at(net_device, ifindex)"},
			"linux_binprm.vma[1].vm_mm->pgd[2]": {"at(linux_binprm, vma)", "sizeof(struct vm_area_struct)+at(vm_area_struct, vm_mm)",
				"at(mm_struct, pgd)", "2*sizeof(pgd_t)"},
			"runqueues.curr->pid":            {"at(rq, curr)", "at(task_struct, pid)"},
			"var runqueues.nr_running":       {"at(rq, nr_running)"},
			"no_such.flags|page.flags":       {"at(page, flags)"},
			"task_struct.no_such|page.flags": {"at(page, flags)"},
			"struct inode.i_sb":              {"at(inode, i_sb)"},
		} {
			f, err := spec.Field(path)
			require.NoError(t, err)
			offsets := slices.Collect(f.Offsets())
			require.Len(t, offsets, len(want), path)
			for i, expression := range want {
				c += fmt.Sprintf("_Static_assert(%s == %d, \"%s\");\n", expression, offsets[i].Bytes(), path)
			}
		}
		source := filepath.Join(t.TempDir(), "asserts.c")
		require.NoError(t, os.WriteFile(source, []byte(c), 0o644))
		btftest.Output(t, clang, "-target", "x86_64-linux-gnu", "-std=gnu11", "-w", "-DBPF_NO_PRESERVE_ACCESS_INDEX", "-fsyntax-only", source)
	})
}
