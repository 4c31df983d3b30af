// Tests kernels whose files are pipes and devices, and processes that are out of descriptors.

//go:build linux

package btf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// within runs f, which must not wait for anything.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("waits")
	}
}

// TestKernelOfTraps: pipes, devices and huge files below the root neither stop OpenKernel
// nor fill the memory.
func TestKernelOfTraps(t *testing.T) {
	const release = "6.1.0-test"
	places := []string{
		"sys/kernel/btf/vmlinux",
		"boot/vmlinux-" + release,
		"lib/modules/" + release + "/vmlinux-" + release,
		"lib/modules/" + release + "/build/vmlinux",
		"usr/lib/modules/" + release + "/kernel/vmlinux",
		"usr/lib/debug/boot/vmlinux-" + release,
		"usr/lib/debug/boot/vmlinux-" + release + ".debug",
		"usr/lib/debug/lib/modules/" + release + "/vmlinux",
	}
	traps := map[string]func(path string) error{
		"pipe":       func(path string) error { return unix.Mkfifo(path, 0o644) },
		"endless":    func(path string) error { return os.Symlink("/dev/zero", path) },
		"terminal":   func(path string) error { return os.Symlink("/dev/tty", path) },
		"directory":  func(path string) error { return os.Mkdir(path, 0o755) },
		"link":       func(path string) error { return os.Symlink("pipe-of-link", path) },
		"of nothing": func(path string) error { return os.WriteFile(path, nil, 0o644) },
	}
	inside := func(t *testing.T, root, name string) string {
		t.Helper()
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if pipe := filepath.Join(filepath.Dir(path), "pipe-of-link"); unix.Access(pipe, unix.F_OK) != nil {
			require.NoError(t, unix.Mkfifo(pipe, 0o644))
		}
		return path
	}
	for name, trap := range traps {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, place := range places {
				require.NoError(t, trap(inside(t, root, place)))
			}
			require.NoError(t, os.WriteFile(inside(t, root, "proc/sys/kernel/osrelease"), []byte(release+"\n"), 0o644))
			within(t, func() {
				_, err := btf.OpenKernel(root)
				require.ErrorIs(t, err, btf.ErrNotSupported)
				for _, place := range places {
					require.ErrorContains(t, err, "/"+place)
				}
				require.ErrorContains(t, err, root)
			})
			last := places[len(places)-1]
			require.NoError(t, os.Remove(filepath.Join(root, last)))
			require.NoError(t, os.WriteFile(filepath.Join(root, last), pathBlob(little).Bytes(), 0o644))
			within(t, func() {
				k, err := btf.OpenKernel(root)
				require.NoError(t, err)
				require.NoError(t, k.Close())
			})
		})
		t.Run(name+" as release", func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, trap(inside(t, root, "proc/sys/kernel/osrelease")))
			within(t, func() {
				_, err := btf.OpenKernel(root)
				require.ErrorIs(t, err, btf.ErrNotSupported)
				require.ErrorContains(t, err, "osrelease")
				require.ErrorContains(t, err, "/sys/kernel/btf/vmlinux")
			})
			// What is in sysfs needs no release.
			require.NoError(t, os.WriteFile(inside(t, root, places[0]), pathBlob(little).Bytes(), 0o644))
			within(t, func() {
				k, err := btf.OpenKernel(root)
				require.NoError(t, err)
				require.NoError(t, k.Close())
			})
		})
		t.Run(name+" as module", func(t *testing.T) {
			root := smallKernel(t)
			require.NoError(t, trap(inside(t, string(root), "sys/kernel/btf/trap")))
			within(t, func() {
				k := openKernel(t, root)
				_, err := k.Module("trap")
				require.Error(t, err)
				_, err = k.Field("no_such_type.x")
				require.ErrorIs(t, err, btf.ErrNotFound)
			})
		})
	}
	for name, release := range map[string]string{
		"a path":     "../../etc",
		"a NUL":      "6.1\x00",
		"up":         "..",
		"long":       strings.Repeat("6", 66),
		"not even a": "\n",
	} {
		t.Run("release of "+name, func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, os.WriteFile(inside(t, root, "proc/sys/kernel/osrelease"), []byte(release), 0o644))
			_, err := btf.OpenKernel(root)
			require.ErrorIs(t, err, btf.ErrNotSupported)
			require.ErrorContains(t, err, "unknown release")
		})
	}
	t.Run("release of 1 TB", func(t *testing.T) {
		root := t.TempDir()
		f, err := os.Create(inside(t, root, "proc/sys/kernel/osrelease"))
		require.NoError(t, err)
		require.NoError(t, f.Truncate(1<<40))
		require.NoError(t, f.Close())
		_, err = btf.OpenKernel(root)
		require.ErrorContains(t, err, "must have at most 65 bytes")
	})
	t.Run("longest release", func(t *testing.T) {
		root, release := t.TempDir(), strings.Repeat("6", 64)
		require.NoError(t, os.WriteFile(inside(t, root, "proc/sys/kernel/osrelease"), []byte(release+"\n"), 0o644))
		require.NoError(t, os.WriteFile(inside(t, root, "boot/vmlinux-"+release), pathBlob(little).Bytes(), 0o644))
		k, err := btf.OpenKernel(root)
		require.NoError(t, err)
		require.NoError(t, k.Close())
	})
}

// TestLastDescriptor: a process that has one descriptor left can open BTF. The runtime
// would need more of them to wait on files.
func TestLastDescriptor(t *testing.T) {
	const variable, answer = "BTF_TEST_LAST_DESCRIPTOR", "opened with one descriptor"
	if root := os.Getenv(variable); root != "" {
		next, err := unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		require.NoError(t, err)
		require.NoError(t, unix.Close(next))
		limit := syscall.Rlimit{Cur: uint64(next) + 1, Max: uint64(next) + 1}
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
		k, err := btf.OpenKernel(root)
		require.NoError(t, err)
		m, err := k.Module("nf_nat")
		require.NoError(t, err)
		require.True(t, m.Has("nf_conn"))
		if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err == nil {
			_, err = btf.LoadKernelSpec()
			require.NoError(t, err)
		}
		os.Stdout.WriteString(answer)
		return
	}
	if !btf.FilesAreMapped {
		t.Skip("os.Open prepares for waiting")
	}
	elsewhere := t.TempDir()
	module := pathBlob(little).Split()
	module.Struct("nf_conn", 4, btftest.Member{Name: "x", Type: 1})
	for name, b := range map[string][]byte{
		"proc/sys/kernel/osrelease": []byte("6.1\n"),
		"boot/vmlinux-6.1":          pathBlob(little).Bytes(),
		"sys/kernel/btf/nf_nat":     module.Bytes(),
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(elsewhere, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(elsewhere, name), b, 0o644))
	}
	for name, root := range map[string]string{"in sysfs": string(smallKernel(t)), "elsewhere": elsewhere} {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run=^TestLastDescriptor$")
			child.Env = append(os.Environ(), variable+"="+root)
			out, err := child.CombinedOutput()
			require.NoError(t, err, "%.2000s", out)
			require.Contains(t, string(out), answer)
		})
	}
}
