//go:build !linux

// Leaves out the comparison with the kernel on other systems.

package btf

import (
	"os"
	"testing"
)

func TestStrictIsTheKernels(t *testing.T) {
	const reason = "BPF_BTF_LOAD is Linux's"
	if os.Getenv("BTF_REQUIRE_ORACLES") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
