package harness

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/bench/contest"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/sample"
)

// An Input is a file of BTF to be asked about.
type Input struct {
	Name  string
	Title string
	contest.Input
	Types   int
	Strings int // bytes
}

// Names of inputs.
const (
	Kernel     = "kernel"      // the running one's, in sysfs
	KernelFile = "kernel-file" // the same in a regular file
	Fixture    = "fixture"     // Linux 6.12, in a regular file
	Sorted     = "sorted"      // Linux 7.1, by name, with a layout section
	ELF        = "elf"         // the fixture in an ELF file of 600 MB
	Scaled1    = "scaled1"     // the fixture, and 10 and 30 times that
	Scaled10   = "scaled10"
	Scaled30   = "scaled30"
)

const sysfs = "/sys/kernel/btf/vmlinux"

// Inputs writes all inputs to dir. There are none of the kernel's where it does not
// show its BTF.
func Inputs(dir string) ([]Input, error) {
	fixture, err := sample.Vmlinux()
	if err != nil {
		return nil, err
	}
	var inputs []Input
	for _, name := range []string{Kernel, KernelFile, Fixture, Sorted, ELF, Scaled1, Scaled10, Scaled30} {
		in := Input{Name: name}
		in.Path = filepath.Join(dir, name)
		var content []byte
		var err error
		switch name {
		case Kernel, KernelFile:
			if content, err = os.ReadFile(sysfs); err != nil {
				continue
			}
			in.Title = "the running kernel's copied to a file"
			if name == Kernel {
				in.Title, in.Path = "the running kernel's in sysfs", sysfs
			}
		case Fixture:
			in.Title, content = "Linux 6.12's, a file", fixture
		case Sorted:
			in.Title = "Linux 7.1's, a file, sorted by name"
			content, err = sorted()
		case ELF:
			in.Title, content = "Linux 6.12's in an ELF file of 600 MB", inELF(fixture)
		case Scaled1, Scaled10, Scaled30:
			times := map[string]int{Scaled1: 1, Scaled10: 10, Scaled30: 30}[name]
			in.Title, content = fmt.Sprintf("%d × Linux 6.12's, a file", times), Scale(fixture, times)
		}
		if err != nil {
			return nil, err
		}
		if name != Kernel {
			if err := os.WriteFile(in.Path, content, 0o644); err != nil {
				return nil, err
			}
		}
		if name == ELF {
			if err := os.Truncate(in.Path, debugInfo+debugSize); err != nil {
				return nil, err
			}
		}
		if err := in.describe(dir); err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// The window of an ELF file that nobody needs to read: a hole.
const debugInfo, debugSize = 16 << 20, 600 << 20

// inELF returns what comes before the hole. There are no symbols but the first, and
// a table of them because there are contenders that want one.
func inELF(raw []byte) []byte {
	order := binary.LittleEndian
	b := btftest.ELF(elf.ELFCLASS64, order,
		btftest.Section{Name: ".BTF", Data: raw},
		btftest.Section{Name: ".debug_info", Offset: debugInfo, Size: debugSize},
		btftest.Section{Name: ".symtab", Type: elf.SHT_SYMTAB, Data: make([]byte, elf.Sym64Size)},
		btftest.Section{Name: ".strtab", Type: elf.SHT_STRTAB, Data: []byte{0}})
	const symtab, strtab = 3, 4 // numbers of sections
	header := order.Uint64(b[40:]) + 64*symtab
	order.PutUint32(b[header+40:], strtab) // sh_link
	return b
}

// describe counts the types, and writes a module over them.
func (in *Input) describe(dir string) error {
	base, err := btf.LoadSpec(in.Path)
	if err != nil {
		return err
	}
	defer base.Close()
	in.Types, in.Strings = base.NumTypes(), int(base.Header().StringLength)
	in.Module = filepath.Join(dir, in.Name+".module")
	b := btftest.Over(binary.LittleEndian, uint32(in.Types), uint32(in.Strings))
	for i := range 5000 {
		b.Struct(fmt.Sprintf("struct_of_a_module_%d", i), 8, btftest.Member{Name: "x", Type: uint32(1 + i)})
	}
	return os.WriteFile(in.Module, b.Bytes(), 0o644)
}

// sorted is the BTF of a 7.1 kernel among the test data of cilium/ebpf, where its
// module was unpacked.
func sorted() ([]byte, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cilium/ebpf").Output()
	if err != nil {
		return nil, fmt.Errorf("looking for the source of cilium/ebpf: %w", err)
	}
	return btftest.Gunzip(filepath.Join(strings.TrimSpace(string(out)), "btf", "testdata", "vmlinux.btf.gz"))
}
