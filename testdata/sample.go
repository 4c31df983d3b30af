// files of this directory → bytes in a program

// Package testdata holds the sample that the command falls back to where there is
// no kernel BTF.
package testdata

import _ "embed"

// Vmlinux is vmlinux-amd64-6.12.btf.gz: gzipped BTF of a Debian kernel, whose
// origin README.md tells.
//
//go:embed vmlinux-amd64-6.12.btf.gz
var Vmlinux []byte
