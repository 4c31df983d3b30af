package bench

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestKernelRuns: the running kernel loads programs with our patches, and they read what
// /proc says. Their structs have other offsets than the kernel's, and fields of other
// sizes. The verifier refuses a poisoned instruction that can be reached.
func TestKernelRuns(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("loading programs needs root")
	}
	_ = rlimit.RemoveMemlock()
	kernel, err := btf.OpenKernel("/")
	if err != nil {
		t.Skip(err)
	}
	defer kernel.Close()
	path := compileCore(t, "current.bpf.c", "el", "-O2", "-mcpu=v3", "-Wno-everything")
	object, err := elf.Open(path)
	require.NoError(t, err)
	defer object.Close()
	text := map[string][]byte{}
	for _, s := range object.Sections {
		if s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0 {
			text[s.Name], err = s.Data()
			require.NoError(t, err)
		}
	}
	_, infos, err := btf.LoadSpecAndExtInfos(path)
	require.NoError(t, err)
	fixups := map[string][]core.Fixup{}
	for f, err := range core.Resolve(infos, core.KernelTarget(kernel)) {
		require.NoError(t, err)
		_, err := f.Apply(text[f.Section], infos.ByteOrder())
		require.NoError(t, err)
		fixups[f.Section] = append(fixups[f.Section], f)
	}

	types := kernel.Vmlinux()
	var pids btf.Enum
	require.NoError(t, types.TypeByName("pid_type", &pids))
	group, err := pids.EnumeratorByName("PIDTYPE_TGID")
	require.NoError(t, err)

	for section, want := range map[string]func(s status) uint32{
		"pid":     func(status) uint32 { return uint32(unix.Gettid()) },
		"tgid":    func(status) uint32 { return uint32(os.Getpid()) },
		"flags":   func(s status) uint32 { return s.field(9) },
		"start":   func(s status) uint32 { return s.field(22) },
		"comm":    func(s status) uint32 { return uint32(s.name[3]) },
		"enum":    func(status) uint32 { return uint32(group.Value()) },
		"guarded": func(status) uint32 { return 7 },
	} {
		t.Run(section, func(t *testing.T) {
			runtime.LockOSThread() // the program reads the thread that runs it
			defer runtime.UnlockOSThread()
			program, err := load(text[section])
			require.NoError(t, err, "%v", fixups[section])
			defer program.Close()
			got, err := program.Run(&ebpf.RunOptions{Context: make([]byte, 8)})
			require.NoError(t, err)
			require.Equal(t, want(statusOf(t, unix.Gettid())), got, "%v", fixups[section])
		})
	}
	require.Equal(t, core.AccessResized, fixups["flags"][0].Access)
	require.Equal(t, core.AccessResized, fixups["start"][0].Access)
	for _, section := range []string{"poisoned", "signed"} {
		t.Run(section, func(t *testing.T) {
			_, err := load(text[section])
			require.ErrorContains(t, err, "195896080")
		})
	}
}

// load loads instructions as they are.
func load(text []byte) (*ebpf.Program, error) {
	insns, err := asm.AppendInstructions(nil, bytes.NewReader(text), binary.LittleEndian, "linux")
	if err != nil {
		return nil, err
	}
	return ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint, Instructions: insns, License: "GPL"})
}

// A status is what /proc says about a thread.
type status struct {
	t      testing.TB
	name   string
	fields []string // from the third
}

func statusOf(t testing.TB, tid int) status {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", tid))
	require.NoError(t, err)
	// The name is in parentheses, and may have spaces.
	name, rest, ok := strings.Cut(string(stat[bytes.IndexByte(stat, '(')+1:]), ") ")
	require.True(t, ok)
	return status{t, name, strings.Fields(rest)}
}

// field returns the low 32 bits of a field, numbered as in proc(5).
func (s status) field(n int) uint32 {
	v, err := strconv.ParseUint(s.fields[n-3], 10, 64)
	require.NoError(s.t, err)
	return uint32(v)
}
