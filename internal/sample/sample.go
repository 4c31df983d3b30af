// Embeds the BTF of a Debian kernel and decompresses it.

// Package sample holds the BTF of a whole kernel, Linux 6.12 for amd64. The command
// reads it where there is no kernel BTF, and tests read it as a fixture. The origin
// of the file is in testdata/README.md.
package sample

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
)

//go:embed vmlinux-amd64-6.12.btf.gz
var compressed []byte

// Vmlinux returns the BTF of the kernel as a raw blob of 4.9 MB. Each call
// decompresses it into memory of the caller's own.
func Vmlinux() ([]byte, error) { return Gunzip(bytes.NewReader(compressed)) }

// Gunzip returns the decompressed content of a gzip file.
func Gunzip(file io.Reader) ([]byte, error) {
	r, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
