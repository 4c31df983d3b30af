// Shows how to make and write BTF.

package write_test

import (
	"encoding/binary"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/write"
)

// Build the types of a map's key and value. The kernel uses them to print the map.
func ExampleBuilder() {
	var b write.Builder
	key := b.Int("u32", 4, btf.Unsigned)
	u64 := b.Int("u64", 8, btf.Unsigned)
	value := b.Struct("traffic", 16,
		write.Member{Name: "packets", Type: u64},
		write.Member{Name: "bytes", Type: u64, Offset: 64}, // in bits
	)
	spec, err := b.Spec()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key, value, spec.NumTypes())
	// Output: 1 3 3
}

// Copy a struct of a kernel, and all types that it refers to, into a blob of their own.
func ExampleBuilder_Add() {
	spec, err := btf.LoadSpec("../testdata/every-kind-le.btf")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spec.Close()
	var thing btf.Struct
	if err := spec.TypeByName("thing", &thing); err != nil {
		fmt.Println(err)
		return
	}
	var b write.Builder
	id, err := b.Add(thing.AsType())
	if err != nil {
		fmt.Println(err)
		return
	}
	small, err := b.Spec()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(id, spec.NumTypes(), small.NumTypes())
	// Output: 1 30 10
}

// Write BTF in the other byte order, for a kernel before 5.16.
func ExampleMarshal() {
	spec, err := btf.LoadSpec("../testdata/every-kind-le.btf")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spec.Close()
	blob, err := write.Marshal(spec, write.Options{Order: binary.BigEndian, ReplaceDeclTags: true, ReplaceTypeTags: true, ReplaceEnum64: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	old, err := btf.LoadRawSpec(blob)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(old.ByteOrder())
	// Output: BigEndian
}
