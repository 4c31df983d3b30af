// Runs the programs that tests compare with, or skips the test if one is missing.

package btftest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Missing ends a test because something to compare with is missing. It skips the
// test, or fails it if BTF_REQUIRE_ORACLES=1.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("BTF_REQUIRE_ORACLES") == "1" {
		t.Fatalf("%s, and BTF_REQUIRE_ORACLES=1", why)
	}
	t.Skipf("%s: nothing to compare with", why)
}

// Tool returns the path of a program to compare with. If it is not installed, the
// test ends as with [Missing].
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		Missing(t, name+" is not installed")
	}
	return path
}

// Output runs a program and returns what it prints to its standard output. If the
// program fails, the test fails with what it printed to its standard error.
func Output(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %.2000s", program, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// Long skips a test that takes seconds when go test -short asks for the quick ones.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: not run with -short")
	}
}
