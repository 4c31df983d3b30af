// Describes the package.

// Package spectest holds what the tests of package btf and of the packages above it
// share: short forms of loading a [btf.Spec], and a description of a type with all that
// its views tell, for comparisons.
//
// Tests inside package btf cannot import it, because it imports btf.
package spectest
