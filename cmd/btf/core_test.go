// Tests btf core: its lines, its objects and its exit status.

package main

import (
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

const coreData = "../../core/testdata/"

func TestCore(t *testing.T) {
	out, complaints, status := btfRun("core", coreData+"example.o", "--btf", coreData+"old.btf", "--btf", coreData+"new.btf")
	require.Empty(t, complaints)
	require.Equal(t, statusOK, status)
	require.Equal(t, `raw_tp  0   field_byte_offset  task_struct.pid          0  → 8   → 32
raw_tp  1   field_byte_offset  task_struct.flags        4  → 12  → 24 width 4→8
raw_tp  3   field_byte_offset  task_struct.comm[1]      9  → 17  → 1
raw_tp  8   enumval_value      policy.POLICY_IDLE       1  → 1   → 3
raw_tp  12  field_exists       task_struct___old.state  1  → 1   → 0 absent
raw_tp  14  field_byte_offset  task_struct___old.state  0  → 0   → poisoned
../../core/testdata/old.btf: loads
../../core/testdata/new.btf: loads
`, out)
}

func TestCoreJSON(t *testing.T) {
	out, complaints, status := btfRun("core", "--json", coreData+"example.o", "--btf", coreData+"new.btf")
	require.Empty(t, complaints)
	require.Equal(t, statusOK, status)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 6)
	require.JSONEq(t, `{"object": "../../core/testdata/example.o", "btf": "../../core/testdata/new.btf", "section": "raw_tp", "insn": 1,
		"kind": "byte_off", "type": "struct task_struct", "path": "task_struct.flags", "local": 4, "target": 24, "poisoned": false,
		"missing": false, "local_size": 4, "target_size": 8, "access": "resized", "matches": [{"id": 2, "name": "task_struct"}], "verdict": "loads"}`, lines[1])
	var last struct {
		Poisoned, Missing bool
		Kind, Verdict     string
	}
	require.NoError(t, json.Unmarshal([]byte(lines[5]), &last))
	require.True(t, last.Poisoned && last.Missing)
	require.Equal(t, "byte_off", last.Kind)
	require.Equal(t, "loads", last.Verdict)
}

// TestCoreFails compiles an object that no loader takes, because two types of the kernel
// have its name.
func TestCoreFails(t *testing.T) {
	dir := t.TempDir()
	clang := btftest.Tool(t, "clang")
	object, kernel := filepath.Join(dir, "o.o"), filepath.Join(dir, "k.o")
	btftest.Output(t, clang, "-target", "bpfel", "-g", "-O2", "-DCase=5", "-c", coreData+"program.bpf.c", "-o", object)
	btftest.Output(t, clang, "-target", "bpfel", "-g", "-w", "-c", coreData+"kernel.c", "-o", kernel)
	out, _, status := btfRun("core", object, "--btf", kernel)
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "STRUCT twice___other")
	require.Contains(t, out, kernel+": fails (1 of 1 relocations)")
	out, _, status = btfRun("core", object, "--btf", kernel, "--json")
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, `"error":"relocation of instruction 0 in tc: STRUCT twice`)

	btftest.Output(t, clang, "-target", "bpfeb", "-g", "-w", "-c", coreData+"kernel.c", "-o", kernel)
	_, complaints, status := btfRun("core", object, "--btf", kernel)
	require.Equal(t, statusFailed, status)
	require.Contains(t, complaints, kernel+": program is LittleEndian, BTF of the target is BigEndian")

	// Beside another kernel, it costs its own column only.
	out, _, status = btfRun("core", coreData+"example.o", "--btf", coreData+"old.btf", "--btf", kernel)
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "task_struct.pid          0  → 8   → error\n")
	require.Contains(t, out, coreData+"old.btf: loads\n"+kernel+": fails: program is LittleEndian")
	out, _, status = btfRun("core", "--json", coreData+"example.o", "--btf", kernel, "--btf", coreData+"old.btf")
	require.Equal(t, statusFailed, status)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 7)
	require.Contains(t, lines[0], `"error":"program is LittleEndian`)
}

// TestCoreSections: sections with instructions can claim the bytes of one another, or to
// be compressed.
func TestCoreSections(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	id := b.Struct("s", 4, btftest.Member{Name: "a", Type: b.Int("int", 4, btftest.Signed)})
	access := b.String("0:0")
	object := func(flags elf.SectionFlag, names ...string) string {
		words := []uint32{16}
		for _, name := range names {
			words = append(words, b.String(name), 1, 0, id, access, 0)
		}
		ext := []uint32{0x0001eb9f, 32, 0, 0, 0, 0, 0, uint32(4 * len(words))}
		var bytes []byte
		for _, w := range append(ext, words...) {
			bytes = binary.LittleEndian.AppendUint32(bytes, w)
		}
		sections := []btftest.Section{{Name: ".BTF", Data: b.Bytes()}, {Name: ".BTF.ext", Data: bytes}}
		for _, name := range names {
			sections = append(sections, btftest.Section{Name: name, Flags: flags, Data: make([]byte, 8), Offset: 64, Size: 400})
		}
		path := filepath.Join(t.TempDir(), "o.o")
		require.NoError(t, os.WriteFile(path, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, sections...), 0o644))
		return path
	}
	for _, test := range []struct {
		path, says string
	}{
		{object(elf.SHF_EXECINSTR, "one", "two", "three"), "sections with instructions must fit into the file"},
		{object(elf.SHF_EXECINSTR|elf.SHF_COMPRESSED, "four"), "must not be compressed"},
	} {
		_, complaints, status := btfRun("core", test.path, "--btf", coreData+"old.btf")
		require.Equal(t, statusFailed, status)
		require.Contains(t, complaints, test.says)
	}
}

// TestCorePointer: the size of a pointer can be given.
func TestCorePointer(t *testing.T) {
	dir := t.TempDir()
	source, object := filepath.Join(dir, "p.c"), filepath.Join(dir, "p.o")
	require.NoError(t, os.WriteFile(source, []byte(`struct t { void *list[4]; } __attribute__((preserve_access_index));
int prog(struct t *t) { return __builtin_preserve_field_info(t->list[3], 0); }
`), 0o644))
	btftest.Output(t, btftest.Tool(t, "clang"), "-target", "bpfel", "-g", "-O2", "-c", source, "-o", object)
	b := btftest.New(binary.LittleEndian)
	b.Int("int", 4, btftest.Signed)
	b.Struct("t", 64, btftest.Member{Name: "list", Type: b.Array(b.Pointer(0), 1, 4), Offset: 64})
	kernel := written(t, b)
	out, _, status := btfRun("core", object, "--btf", kernel)
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "--pointer 4 or --pointer 8 sets it")
	for size, offset := range map[string]string{"4": "20", "8": "32"} {
		out, _, status = btfRun("core", object, "--btf", kernel, "--pointer", size)
		require.Equal(t, statusOK, status)
		require.Contains(t, out, "24  → "+offset)
	}
}

func TestCoreUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"a", "--btf", "b", "--root", "/host"}} {
		_, _, status := btfRun(append([]string{"core"}, args...)...)
		require.Equal(t, statusUsage, status, args)
	}
	_, _, status := btfRun("core", coreData+"missing.o")
	require.Equal(t, statusFailed, status)
	_, _, status = btfRun("core", coreData+"example.o", "--btf", coreData+"missing.btf")
	require.Equal(t, statusFailed, status)
}

// TestCoreRunning resolves against the running kernel.
func TestCoreRunning(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		t.Skip("no BTF of the running kernel")
	}
	out, complaints, _ := btfRun("core", coreData+"example.o")
	require.Empty(t, complaints)
	require.Contains(t, out, "the running kernel: ")
	require.Contains(t, out, "task_struct.pid")
}
