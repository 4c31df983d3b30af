// Gives tests the BTF of whole kernels, as bytes and as files to map.

package btftest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/sample"
)

// KernelBTF is the file with the BTF of the running kernel.
const KernelBTF = "/sys/kernel/btf/vmlinux"

var vmlinux = sync.OnceValues(sample.Vmlinux)

// Vmlinux returns the BTF of [sample.Vmlinux]. All callers share the bytes, which
// must not be written to.
func Vmlinux(t testing.TB) []byte {
	t.Helper()
	blob, err := vmlinux()
	if err != nil {
		t.Fatalf("decompressing the sample: %v", err)
	}
	return blob
}

// VmlinuxFile writes the BTF of [Vmlinux] to a file that can be mapped, and returns
// its path. The file is removed when the test ends.
func VmlinuxFile(t testing.TB) string {
	t.Helper()
	return write(t, "vmlinux-amd64-6.12.btf", Vmlinux(t))
}

// Kernel returns the path of the running kernel's BTF. If there is none, the test is
// skipped.
func Kernel(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(KernelBTF); err != nil {
		t.Skipf("the running kernel has no BTF: %v", err)
	}
	return KernelBTF
}

// Kernels runs a test on the BTF of the running kernel, if it has any, and on the
// one of [VmlinuxFile]. The test gets the path of a file that other programs can read.
func Kernels(t *testing.T, test func(t *testing.T, file string)) {
	t.Run("running kernel", func(t *testing.T) { test(t, Kernel(t)) })
	t.Run("6.12", func(t *testing.T) { test(t, VmlinuxFile(t)) })
}

// Gunzip returns the decompressed content of the gzip file at path.
func Gunzip(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return sample.Gunzip(f)
}

// GunzipFile writes the decompressed content of the gzip file at path to a file that
// can be mapped, and returns its path. The file is removed when the test ends.
func GunzipFile(t testing.TB, path string) string {
	t.Helper()
	raw, err := Gunzip(path)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, strings.TrimSuffix(filepath.Base(path), ".gz"), raw)
}

// write writes a file to a directory of the test's own, and returns its path.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
