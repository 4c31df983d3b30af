// Describes the package.

// Package btftest holds the helpers that the tests of this module share: a [Builder]
// of test blobs, the recipes of the blobs in testdata, ELF files around them, the
// BTF of a whole kernel, and the programs that tests compare with.
//
// It imports nothing that reads BTF, so that the tests inside package btf can use it.
package btftest
