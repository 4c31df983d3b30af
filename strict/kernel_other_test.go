//go:build !linux

// Skips the comparison with the kernel on other systems.

package strict

import (
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
)

func TestStrictIsTheKernels(t *testing.T) { btftest.Missing(t, "only Linux has BPF_BTF_LOAD") }
