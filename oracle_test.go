// machine → the second opinions that are on it

package btf_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool returns the path of a program to compare with. Without it the test is
// skipped, or fails where BTF_REQUIRE_ORACLES=1 says that it must be there.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		if os.Getenv("BTF_REQUIRE_ORACLES") == "1" {
			t.Fatalf("%s is not installed, and BTF_REQUIRE_ORACLES=1", name)
		}
		t.Skipf("%s is not installed: nothing to compare with", name)
	}
	return path
}

// output runs a program and returns what it prints.
func output(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %q: %.2000s", program, args, stderr.String())
	return string(out)
}

// kernels are the running kernel's BTF, where it shows any, and the fixture, as files
// for other programs to read.
func kernels(t *testing.T, test func(t *testing.T, file string)) {
	t.Run("running kernel", func(t *testing.T) {
		const file = "/sys/kernel/btf/vmlinux"
		if _, err := os.Stat(file); err != nil {
			t.Skipf("the running kernel has no BTF: %v", err)
		}
		test(t, file)
	})
	t.Run("6.12", func(t *testing.T) { test(t, vmlinuxFile(t)) })
}
