// Documents the package.

// Package write makes BTF: blobs of a program's own types, of types taken from a
// kernel, and of whole Specs for another byte order or an older kernel.
//
// A [Builder] collects types. Each method adds one and returns its id. Types from a
// [btf.Spec] are added with all types that they refer to:
//
//	var b write.Builder
//	u64 := b.Int("u64", 8, btf.Unsigned)
//	b.Struct("event", 16,
//		write.Member{Name: "time", Type: u64},
//		write.Member{Name: "bytes", Type: u64, Offset: 64},
//	)
//	if _, err := b.Add(sock.AsType()); err != nil {
//		return err
//	}
//	blob, err := b.Marshal(write.Options{})
//
// [Marshal] writes a Spec that exists already. [Options] say what it changes. Package
// handle finds out which options the running kernel needs.
package write
