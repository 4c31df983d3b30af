// Tells the tests that files are mapped.

//go:build unix && !btf_copy

package btf

// FilesAreMapped reports whether a Spec of a file reads a mapping of it.
const FilesAreMapped = true
