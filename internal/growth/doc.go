// Describes the package, which holds only tests.

// Package growth tests that time and memory stay in proportion to the input.
//
// TestGrowth asks every exported function and method of the module, and every command of
// cmd/btf, about families of hostile inputs. A family builds its input for n, 2n and 4n.
// What grows faster than n log n fails, and what takes far more time or memory than its
// input has bytes.
//
// The package is about processes of Linux: limits on their memory and time, and what the
// system counted.
package growth
