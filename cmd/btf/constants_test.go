// Compiles the constants beside bpftool's header, and with Go.

package main

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"encoding/binary"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// asked are paths, and expressions of C that must have the values of their constants,
// in the same order.
var asked = []struct {
	path string
	c    string // of the only value
}{
	{"task_struct.mm", "__builtin_offsetof(struct task_struct, mm)"},
	{"task_struct.thread.fsbase|thread.uw.tp_value", "__builtin_offsetof(struct task_struct, thread.fsbase)"},
	{"task_struct.se.vruntime", "__builtin_offsetof(struct task_struct, se.vruntime)"},
	{"sk_buff.cb[8]", "__builtin_offsetof(struct sk_buff, cb[8])"},
	{"sk_buff.next", "__builtin_offsetof(struct sk_buff, next)"},
	{"inode", "sizeof(struct inode)"},
	{"pid_t", "sizeof(pid_t)"},
	{"inet_sock.sk.__sk_common.skc_daddr", "__builtin_offsetof(struct inet_sock, sk.__sk_common.skc_daddr)"},
	{"task_struct.rcu_tasks_idx", "__builtin_offsetof(struct task_struct, rcu_tasks_idx)"},
	{"sched_entity.load.weight", "__builtin_offsetof(struct sched_entity, load.weight)"},
	{"file.f_path.dentry", "__builtin_offsetof(struct file, f_path.dentry)"},
	{"atomic_t.counter", "__builtin_offsetof(atomic_t, counter)"},
	{"bpf_prog.insnsi[3].imm", "__builtin_offsetof(struct bpf_prog, insnsi[3].imm)"},
}

var defined = regexp.MustCompile(`(?m)^#define (\w+) `)

// TestConstantsC lets clang compare the constants with the offsets that it finds in the
// header that bpftool writes.
func TestConstantsC(t *testing.T) {
	bpftool, clang := btftest.Tool(t, "bpftool"), btftest.Tool(t, "clang")
	for _, test := range []struct {
		name string
		file func(testing.TB) string
	}{
		{"running kernel", btftest.Kernel},
		{"6.12", btftest.VmlinuxFile},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := test.file(t)
			args := []string{"offset", "-c", "--btf", file, "task_struct.mm->owner->pid", "task_struct.in_execve"}
			for _, one := range asked {
				args = append(args, one.path)
			}
			stdout, stderr, status := btfRun(args...)
			require.Empty(t, stderr)
			require.Zero(t, status)
			names := defined.FindAllStringSubmatch(stdout, -1)
			// The bitfield's two come first, those through pointers last.
			require.Len(t, names, len(asked)+3)
			spec, err := btf.LoadSpec(file)
			require.NoError(t, err)
			defer spec.Close()
			c := vmlinuxHeader(t, spec, bpftool, file) + stdout
			for i, one := range asked {
				c += fmt.Sprintf("_Static_assert(%s == %s, \"%s\");\n", names[i+2][1], one.c, one.path)
			}
			// A bitfield has no offset in C. Its bit is the one that is set in memory, and
			// the compiler knows that memory, and so that differs is never called.
			c += `
__attribute__((error("differs"))) void differs(void);
static const unsigned long long through[] = OFFSETSOF_TASK_STRUCT_MM_OWNER_PID;
void check(void)
{
	union { struct task_struct t; unsigned char b[sizeof(struct task_struct)]; } u = { .b = { 0 } };
	u.t.in_execve = 1;
	if (BITSIZEOF_TASK_STRUCT_IN_EXECVE != 1 || u.b[BITOFFSETOF_TASK_STRUCT_IN_EXECVE / 8] != 1 << BITOFFSETOF_TASK_STRUCT_IN_EXECVE % 8)
		differs();
	if (sizeof(through) / sizeof(through[0]) != 3 || through[0] != __builtin_offsetof(struct task_struct, mm) ||
	    through[1] != __builtin_offsetof(struct mm_struct, owner) || through[2] != __builtin_offsetof(struct task_struct, pid))
		differs();
}
`
			source := filepath.Join(t.TempDir(), "constants.c")
			require.NoError(t, os.WriteFile(source, []byte(c), 0o644))
			btftest.Output(t, clang, "-target", "x86_64-linux-gnu", "-std=gnu11", "-w", "-O2", "-DBPF_NO_PRESERVE_ACCESS_INDEX", "-c", "-o", source+".o", source)
		})
	}
}

// TestConstantsGo lets Go compile and print the constants, and compares them with the
// text form.
func TestConstantsGo(t *testing.T) {
	file := btftest.VmlinuxFile(t)
	args := []string{"offset", "--go", "--btf", file, "task_struct.mm->owner->pid", "task_struct.mm", "inode", "task_struct.in_execve", "sk_buff.cb[8]", "task_struct.mm"}
	stdout, stderr, status := btfRun(args...)
	require.Empty(t, stderr)
	require.Zero(t, status)
	pretty, err := format.Source([]byte(stdout))
	require.NoError(t, err)
	require.Equal(t, string(pretty), stdout, "gofmt leaves it as it is")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module pasted\n\ngo 1.25\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(`package main

import "fmt"

`+stdout+`
func main() {
	fmt.Print(offsetsTaskStructMmOwnerPid, offsetTaskStructMm, sizeInode, bitOffsetTaskStructInExecve, bitSizeTaskStructInExecve, offsetSkBuffCb8)
}
`), 0o644))
	btftest.Output(t, "go", "-C", dir, "vet", ".")
	printed := btftest.Output(t, "go", "-C", dir, "run", ".")

	// The same in JSON, which is compared with bpftool elsewhere.
	text, _, _ := btfRun("offset", "--btf", file, "task_struct.mm->owner->pid", "task_struct.mm", "inode", "task_struct.in_execve", "sk_buff.cb[8]")
	var columns [][]string
	for line := range strings.Lines(text) {
		columns = append(columns, strings.Fields(line))
	}
	want := fmt.Sprintf("[%s] %s %s %s 1 %s", strings.ReplaceAll(columns[1][2], "->", " "), columns[2][2], columns[3][3], columns[4][1], columns[5][2])
	require.Equal(t, want, printed)
}

// TestConstantsOdd: a constant that would not compile, or have the name of another, is
// an error. Bytes that would end a comment are replaced.
func TestConstantsOdd(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	integer := b.Int("int\\\n#error", 4, btftest.Signed)
	b.Struct("a_b", 12, btftest.Member{Name: "c", Type: integer}, btftest.Member{Name: "bits", Type: integer, Offset: 32, Bitfield: 3}, btftest.Member{Name: "p", Type: b.Next() + 1, Offset: 64})
	b.Pointer(2)
	b.Struct("a", 8, btftest.Member{Name: "b_c", Type: integer, Offset: 32})
	b.Struct("_", 4, btftest.Member{Name: "_", Type: integer})
	path := written(t, b)
	stdout, stderr, status := btfRun("offset", "-c", "--btf", path, "a_b.c", "a.b_c", "_._", "a_b.p->bits", "a_b.c")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "// Offsets and sizes in bytes, those of bitfields in bits, of "+path+".\n#define OFFSETOF_A_B_C 0 // a_b.c: int___error /* int\\x5c\\x0a#error */, 4 bytes\n", stdout)
	require.Equal(t, `btf: a.b_c: its constant has the same name as that of a_b.c
btf: _._: a constant needs a letter or a digit for its name
btf: a_b.p->bits: a bitfield behind a pointer has no constant
`, stderr)
	stdout, stderr, status = btfRun("offset", "--go", "--btf", path, "nope")
	require.Equal(t, statusFailed, status)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "nope")
}
