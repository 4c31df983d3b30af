// Replaces bpf(2) on systems that do not have it.

//go:build !linux

package handle

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
)

var (
	errNoBPF   = fmt.Errorf("btf: bpf(2): %w", btf.ErrNotSupported)
	errInvalid error // never returned
)

func loadBTF([]byte) (int, error)    { return -1, errNoBPF }
func nextBTF(uint32) (uint32, error) { return 0, errNoBPF }
func openBTF(uint32) (int, error)    { return -1, errNoBPF }
func closeBTF(int) error             { return nil }

func describeBTF(int, []byte) (id, size uint32, name string, kernel bool, err error) {
	return 0, 0, "", false, errNoBPF
}
