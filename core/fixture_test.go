// Compiles the programs and the kernel in testdata, and opens objects.

package core_test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// Sets of programs in testdata/program.bpf.c, and their number.
const (
	fields = 1
	bits   = 2
	types  = 3
	widths = 4
	twice  = 5
	far    = 9
	part   = 10
	sizes  = 12
	direct = 13
	above  = 15
	cases  = 15
)

// program compiles a set of programs of testdata/program.bpf.c.
func program(t testing.TB, order string, set int) string {
	t.Helper()
	return compile(t, "program.bpf.c", order, "-O2", "-mcpu=v3", fmt.Sprintf("-DCase=%d", set))
}

// kernel compiles testdata/kernel.c.
func kernel(t testing.TB, order string, flags ...string) string {
	t.Helper()
	return compile(t, "kernel.c", order, append(flags, "-w")...)
}

// compiled has the objects that tests share, by what they are compiled from.
var compiled struct {
	dir     string
	mutex   sync.Mutex
	objects map[string]string
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "btf-core")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		compiled.dir, compiled.objects = dir, map[string]string{}
		return m.Run()
	}())
}

// compile compiles a file of testdata, once.
func compile(t testing.TB, source, order string, flags ...string) string {
	t.Helper()
	compiled.mutex.Lock()
	defer compiled.mutex.Unlock()
	key := fmt.Sprint(source, order, flags)
	if out := compiled.objects[key]; out != "" {
		return out
	}
	out := filepath.Join(compiled.dir, fmt.Sprintf("%s.%s.%d.o", source, order, len(compiled.objects)))
	btftest.Output(t, btftest.Tool(t, "clang"), append(flags, "-target", "bpf"+order, "-g", "-c", filepath.Join("testdata", source), "-o", out)...)
	compiled.objects[key] = out
	return out
}

// open loads an object. It is closed when the test ends.
func open(t testing.TB, path string) (*btf.Spec, *btf.ExtInfos) {
	t.Helper()
	spec, infos, err := btf.LoadSpecAndExtInfos(path)
	require.NoError(t, err, path)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return spec, infos
}

// target loads the BTF of a kernel. It is closed when the test ends.
func target(t testing.TB, path string) core.Target {
	t.Helper()
	spec, err := btf.LoadSpec(path)
	require.NoError(t, err, path)
	t.Cleanup(func() { require.NoError(t, spec.Close()) })
	return core.SpecTarget(spec)
}

// sections returns the bytes of the sections of an object, by name.
func sections(t testing.TB, path string) map[string][]byte {
	t.Helper()
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	all := map[string][]byte{}
	for _, s := range f.Sections {
		if s.Type == elf.SHT_PROGBITS {
			all[s.Name], err = s.Data()
			require.NoError(t, err)
		}
	}
	return all
}

// resolve returns all fixups of an object by their position, and the errors.
func resolve(infos *btf.ExtInfos, target core.Target) (all []core.Fixup, errs []error) {
	for f, err := range core.Resolve(infos, target) {
		all, errs = append(all, f), append(errs, err)
	}
	return all, errs
}

// withKind copies an object and changes the kind of all its relocations of one kind. It is
// for kinds that the compiler does not know.
func withKind(t testing.TB, path string, from, to btf.CORERelocationKind) string {
	t.Helper()
	object, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := elf.NewFile(bytes.NewReader(object))
	require.NoError(t, err)
	ext := object[f.Section(".BTF.ext").Offset:]
	word := func(off uint32) uint32 { return f.ByteOrder.Uint32(ext[off:]) }
	at := word(4) + word(24)
	end := at + word(28)
	changed := 0
	for list := at + 4; list < end; {
		n := word(list + 4)
		list += 8
		for range n {
			if word(list+12) == uint32(from) {
				f.ByteOrder.PutUint32(ext[list+12:], uint32(to))
				changed++
			}
			list += word(at)
		}
	}
	require.Positive(t, changed)
	out := filepath.Join(t.TempDir(), filepath.Base(path))
	require.NoError(t, os.WriteFile(out, object, 0o644))
	return out
}
