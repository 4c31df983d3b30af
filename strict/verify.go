// Makes all checks of the kernel, in its order.

package strict

import (
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/uapi"
)

// Verify checks a Spec by the rules of the newest kernel: it is Verify of the zero
// [Options].
func Verify(spec *btf.Spec) error { return Options{}.Verify(spec) }

// Verify checks a Spec by the rules that a kernel has for BTF that is loaded with
// BPF_BTF_LOAD, and by those of [btf.Spec.Verify], which come last.
//
// The error is a [*btf.FormatError] about the first thing that the kernel refuses. Its
// Problem begins with the words in which the kernel's log ends, in lower case and without
// a value that follows them. Its TypeID is that of the record which the log shows there,
// if any. The kernel has no words for a blob of more than 16 MB. The error matches
// [btf.ErrClosed] if the Spec is closed. It is another error if the options name no
// release of which the rules are known.
//
// Pointers have the size that [btf.Spec.PointerSize] returns, or 8 bytes if it returns 0.
// Bytes after the last section are found if the size of the file is known: see
// [btf.Spec.Size].
//
// For split BTF, Verify checks the types of the Spec itself. Those of its base count as
// checked. The kernel accepts split BTF only from its modules, and checks less of it.
//
// BPF objects fail as compilers leave them. A loader fills in the size and the offsets of
// a DATASEC, and replaces extern functions and variables.
//
// The BTF of a kernel takes some tens of milliseconds, and 12 bytes of memory for each
// type while Verify runs.
func (o Options) Verify(spec *btf.Spec) error {
	kernel, err := parseRelease(o.Kernel)
	if err != nil {
		return err
	}
	pointer := uint32(spec.PointerSize())
	if pointer == 0 {
		pointer = 8
	}
	return verify(spec, kernel, pointer)
}

// verify is Verify with pointers of a size in bytes.
func verify(spec *btf.Spec, kernel release, pointer uint32) error {
	if _, err := spec.TypeByID(0); err != nil {
		return err // closed
	}
	if err := checkHeader(spec, kernel); err != nil {
		return err
	}
	c := newChecker(spec, kernel, pointer)
	if err := c.checkRecords(); err != nil {
		return err
	}
	if c.types > uapi.MaxType {
		problem := fmt.Sprintf("exceeded max num of types: ids must be at most %d, go up to %d", uapi.MaxType-1, c.types-1)
		return &btf.FormatError{Section: "header", Offset: 12, Problem: problem}
	}
	if err := c.checkTypes(); err != nil {
		return err
	}
	if err := c.checkChains(); err != nil {
		return err
	}
	return spec.Verify()
}

// A checker checks one Spec.
type checker struct {
	spec    *btf.Spec
	kernel  release
	pointer uint32     // size of a pointer in bytes
	first   btf.TypeID // id of the first type that is not in the base
	types   btf.TypeID // type ids are below this
	names   uint64     // name offsets are below this
	resolver
}

func newChecker(spec *btf.Spec, kernel release, pointer uint32) *checker {
	c := &checker{spec: spec, kernel: kernel, pointer: pointer, types: 1}
	for s := spec; s != nil; s = s.Base() {
		c.types += btf.TypeID(s.NumTypes())
		c.names += uint64(s.Header().StringLength)
	}
	c.first = c.types - btf.TypeID(spec.NumTypes())
	return c
}

// checkRecords checks each record alone.
func (c *checker) checkRecords() error {
	for t := range c.spec.All() {
		r := raw(t)
		if err := c.checkRecord(&r); err != nil {
			return err
		}
	}
	return nil
}
