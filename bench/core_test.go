package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	rival "github.com/cilium/ebpf/btf"
	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/spectest"
	"github.com/stretchr/testify/require"
)

// rivalKinds are the names of the kinds of relocations in the other's text.
var rivalKinds = [...]string{
	"byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id", "target_type_id",
	"type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches",
}

// TestRivalRelocations: both find the same values for relocations, but where the other is
// known to differ. Each relocation is asked alone, because the other's answers to several
// depend on each other.
func TestRivalRelocations(t *testing.T) {
	reasons := map[string]int{}
	for _, order := range []string{"el", "eb"} {
		objects := btftest.Objects(t, order)
		for set := 1; set <= 15; set++ {
			objects = append(objects, compileCore(t, "program.bpf.c", order, "-O2", "-mcpu=v3", fmt.Sprintf("-DCase=%d", set)))
		}
		objects = append(objects, spectest.KernelProgram(t, btftest.VmlinuxFile(t), order))
		top, err := filepath.Glob(filepath.Join(rivalDir(t), "testdata", "*-"+order+".elf"))
		require.NoError(t, err)
		inner, err := filepath.Glob(filepath.Join(rivalDir(t), "btf", "testdata", "*-"+order+".elf"))
		require.NoError(t, err)
		require.NotEmpty(t, inner)
		objects = append(objects, append(top, inner...)...)
		for _, kernel := range coreKernels(t, order) {
			t.Run(order+" "+filepath.Base(kernel), func(t *testing.T) {
				ours, err := btf.LoadSpec(kernel)
				require.NoError(t, err)
				defer ours.Close()
				theirs, err := loadRival(kernel)
				require.NoError(t, err)
				for _, object := range objects {
					compareRelocations(t, object, ours, theirs, reasons)
				}
			})
		}
	}
	for why, n := range reasons {
		t.Logf("%6d %s", n, why)
	}
	require.Greater(t, reasons[""], 500)
}

// coreKernels returns the BTF of kernels of a byte order.
func coreKernels(t *testing.T, order string) []string {
	kernels := []string{compileCore(t, "kernel.c", order, "-w")}
	names := []string{"vmlinux-arm64-6.1.btf.gz", "vmlinux-armhf-6.1-32bit.btf.gz", "vmlinux-amd64-7.1-sorted-layout.btf.gz"}
	if order == "eb" {
		names = []string{"vmlinux-s390x-6.1-big-endian.btf.gz"}
	} else {
		kernels = append(kernels, btftest.VmlinuxFile(t))
		if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err == nil {
			kernels = append(kernels, "/sys/kernel/btf/vmlinux")
		}
	}
	if corpus := btftest.CorpusDir(); corpus != "" {
		for _, name := range names {
			kernels = append(kernels, btftest.GunzipFile(t, filepath.Join(corpus, name)))
		}
	}
	return kernels
}

func loadRival(path string) (*rival.Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return rival.LoadSpecFromReader(f)
}

// compileCore compiles a file of testdata of the package core.
func compileCore(t testing.TB, source, order string, flags ...string) string {
	out := filepath.Join(t.TempDir(), source+".o")
	btftest.Output(t, btftest.Tool(t, "clang"), append(flags, "-target", "bpf"+order, "-g", "-c", filepath.Join("../core/testdata", source), "-o", out)...)
	return out
}

// rivalDir returns the directory of the other's source in the module cache.
func rivalDir(t testing.TB) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cilium/ebpf").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

type rivalRelocation struct {
	Offset uint64
	Relo   *rival.CORERelocation
}

// compareRelocations counts the relocations of an object by the reason why the answers
// differ, "" if they do not.
func compareRelocations(t *testing.T, object string, ourKernel *btf.Spec, theirKernel *rival.Spec, reasons map[string]int) {
	_, infos, err := btf.LoadSpecAndExtInfos(object)
	if errors.Is(err, btf.ErrNotFound) || errors.Is(err, btf.ErrNoExtendedInfo) {
		return
	}
	require.NoError(t, err, object)
	f, err := os.Open(object)
	require.NoError(t, err)
	defer f.Close()
	_, theirInfos, err := rival.LoadSpecAndExtInfosFromReader(f)
	if err != nil {
		reasons["object that the other does not read"]++
		return
	}
	relocations := map[string][]rivalRelocation{}
	for fix, err := range core.Resolve(infos, core.SpecTarget(ourKernel)) {
		if _, ok := relocations[fix.Section]; !ok {
			_, _, infos := theirInfos.Section(fix.Section)
			for _, info := range infos {
				relocations[fix.Section] = append(relocations[fix.Section], rivalRelocation{uint64(info.Offset), info.Relo})
			}
			require.NotEmpty(t, relocations[fix.Section])
		}
		their := relocations[fix.Section][0]
		relocations[fix.Section] = relocations[fix.Section][1:]
		require.EqualValues(t, fix.Insn, their.Offset)
		local := func(rival.Type) (rival.TypeID, error) { return rival.TypeID(fix.Type.ID()), nil }
		fixups, theirErr := rival.CORERelocate([]*rival.CORERelocation{their.Relo}, []*rival.Spec{theirKernel}, infos.ByteOrder(), local)
		said := fmt.Sprint(theirErr)
		if theirErr == nil {
			said = fixups[0].String()
		}
		why := whyDifferent(fix, err, said, theirErr, ourKernel)
		if why == "?" {
			t.Errorf("%s: %v\n\tthe other says %s", filepath.Base(object), fix, said)
		}
		reasons[why]++
	}
}

// whyDifferent returns the known reason why the other says something else, "" if it does
// not, and "?" if none is known.
func whyDifferent(f core.Fixup, err error, said string, theirErr error, kernel *btf.Spec) string {
	value := fmt.Sprintf("%s=%d->%d", rivalKinds[f.Kind], f.Local, f.Target)
	if f.Kind == btf.COREFieldLShiftU64 || f.Kind == btf.COREFieldRShiftU64 {
		value = fmt.Sprintf("%s=%d->%d", rivalKinds[f.Kind], 0, f.Target) // it does not compute the local value
	}
	switch {
	case err == nil && f.Poisoned:
		value = rivalKinds[f.Kind] + "=poison"
	case err != nil && theirErr != nil:
		return ""
	}
	narrow := kernel.PointerSize() == 4
	switch {
	case said == value:
		return ""
	case f.Missing && (f.Kind == btf.CORETypeIDTarget || f.Kind == btf.CORETypeSize) && strings.HasSuffix(said, "=poison"):
		return "size or id of a missing type: 0 in libbpf, poisoned by the other"
	case f.Kind == btf.COREFieldLShiftU64 && strings.HasSuffix(f.Path(), "]") && err != nil:
		return "shift of an array element: refused by libbpf, computed by the other"
	case err == nil && strings.Contains(said, "ambiguous") && len(f.Matches) == 1 && sameName(kernel, f.Type.Name()) > 1:
		return "type of another kind with that name: libbpf does not see it"
	case narrow && err == nil && strings.HasPrefix(said, rivalKinds[f.Kind]):
		return "pointer of 4 bytes: the other takes 8"
	case f.Type.Name() == "odd____v2" || f.Type.Name() == "odd___":
		return "name with three or four underscores: the other sees a flavour"
	}
	return "?"
}

// sameName returns the number of types of a kernel with an essential name.
func sameName(kernel *btf.Spec, name string) (n int) {
	for range kernel.TypesByEssentialName(name) {
		n++
	}
	return n
}
