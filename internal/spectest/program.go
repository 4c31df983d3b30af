// Writes a BPF program that asks for fields of a kernel, with that kernel's own types.

package spectest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// KernelProgram compiles a BPF object with relocations for thousands of fields, types and
// enumerators of a kernel, in the byte order "el" or "eb", and returns its path. kernel is
// a file with BTF, of which bpftool writes the C types. The local values are those that
// the kernel has, because the types are.
func KernelProgram(t testing.TB, kernel, order string) string {
	t.Helper()
	spec, err := btf.LoadSpec(kernel)
	require.NoError(t, err)
	defer spec.Close()
	dir := t.TempDir()
	header := btftest.Output(t, btftest.Tool(t, "bpftool"), "btf", "dump", "file", kernel, "format", "c")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vmlinux.h"), []byte(header), 0o644))

	var source strings.Builder
	source.WriteString("#include \"vmlinux.h\"\n")
	n := 0
	function := func(questions []string) {
		if len(questions) > 0 {
			fmt.Fprintf(&source, "__attribute__((section(\"tc\"), used)) long f%d(void *p)\n{\n\treturn %s;\n}\n", n, strings.Join(questions, " +\n\t       "))
			n++
		}
	}
	for typ := range spec.All() {
		k := typ.Kind()
		composite := k == btf.KindStruct || k == btf.KindUnion
		if typ.ID()%13 != 0 && n > 40 || !unique(spec, typ) || n > 500 {
			continue
		}
		switch {
		case composite && inC(t, typ):
			function(fieldQuestions(t, typ))
		case k == btf.KindEnum: // clang 14 cuts the values of others
			e, err := btf.As[btf.Enum](typ)
			require.NoError(t, err)
			var questions []string
			for v := range e.Enumerators() {
				// bpftool renames enumerators whose name another enum has.
				if len(questions) < 20 && !strings.Contains(header, "\t"+v.Name()+"___2 = ") {
					questions = append(questions, fmt.Sprintf("__builtin_preserve_enum_value(*(enum %s *)%s, %d)", typ.Name(), v.Name(), len(questions)%2))
				}
			}
			function(questions)
		}
	}
	name := filepath.Join(dir, "program.c")
	require.NoError(t, os.WriteFile(name, []byte(source.String()), 0o644))
	btftest.Output(t, btftest.Tool(t, "clang"), "-target", "bpf"+order, "-g", "-O1", "-w", "-c", name, "-o", name+".o")
	return name + ".o"
}

// unique reports whether a type has a name of its own that C can use.
func unique(spec *btf.Spec, typ btf.Type) bool {
	name, n := typ.Name(), 0
	for range spec.TypesByEssentialName(name) {
		n++
	}
	return n == 1 && name != ""
}

// fieldQuestions asks for the members of a struct or union.
func fieldQuestions(t testing.TB, typ btf.Type) (questions []string) {
	c, err := btf.As[btf.Composite](typ)
	require.NoError(t, err)
	tag := strings.ToLower(typ.Kind().String()) + " " + typ.Name()
	ask := func(path string, kinds ...int) {
		for _, kind := range kinds {
			questions = append(questions, fmt.Sprintf("__builtin_preserve_field_info(((%s *)p)->%s, %d)", tag, path, kind))
		}
	}
	for m := range c.Members() {
		under, err := m.Type().Underlying()
		require.NoError(t, err)
		size, sized := under.Sizeof()
		path := m.Name()
		if len(questions) > 60 || path == "" || sized != nil || size == 0 {
			continue
		}
		scalar := under.Kind() == btf.KindInt || under.Kind() == btf.KindEnum
		bits := uint64(m.BitfieldSize())
		switch {
		case bits > 0:
			if offset := uint64(m.Offset()) % 64; scalar && size <= 8 && offset%(8*size)+bits <= 8*size && offset/32 == (offset+bits-1)/32 {
				ask(path, 0, 1, 2, 3, 4, 5)
			}
		case scalar && size <= 8:
			ask(path, 0, 1, 2, 4, 5)
			if under.Name() != "char" { // unsigned in kernels, signed for clang
				ask(path, 3)
			}
		case under.Kind() == btf.KindArray:
			ask(path, 1)
			ask(path+"[0]", 0, 1)
		default:
			ask(path, 0, 1, 2)
		}
	}
	for kind := range 2 {
		questions = append(questions, fmt.Sprintf("__builtin_preserve_type_info(*(%s *)0, %d)", tag, kind))
	}
	return questions
}

// inC reports whether the C types of bpftool have the layout of a type: it writes no
// attribute for enums that are smaller than an int.
func inC(t testing.TB, typ btf.Type) bool {
	under, err := typ.Underlying()
	require.NoError(t, err)
	switch under.Kind() {
	case btf.KindArray:
		a, err := btf.As[btf.Array](under)
		require.NoError(t, err)
		return inC(t, a.Type())
	case btf.KindEnum:
		e, err := btf.As[btf.Enum](under)
		require.NoError(t, err)
		return e.Size() == 4
	case btf.KindStruct, btf.KindUnion:
		c, err := btf.As[btf.Composite](under)
		require.NoError(t, err)
		for m := range c.Members() {
			if !inC(t, m.Type()) {
				return false
			}
		}
	}
	return true
}
