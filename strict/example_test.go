// Shows how Verify is used.

package strict_test

import (
	"errors"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
)

// The kernel accepts only identifiers as the name of a struct. Some compilers of other
// languages write more into it.
func ExampleVerify() {
	var b write.Builder
	u32 := b.Int("u32", 4, btf.Unsigned)
	b.Struct("Option<u32>", 8, write.Member{Name: "some", Type: u32, Offset: 32})
	blob, err := b.Marshal(write.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	spec, err := btf.LoadRawSpec(blob)
	if err != nil {
		fmt.Println(err)
		return
	}

	err = strict.Verify(spec)
	fmt.Println(err)

	var format *btf.FormatError
	if errors.As(err, &format) {
		fmt.Println("type", format.TypeID)
	}
	// Output:
	// btf: types section at offset 0x10 (type 2): invalid name: name of STRUCT must be an identifier or empty, is "Option<u32>"
	// type 2
}
