//go:build !linux

// no kernel to ask → a skipped test that says so

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
