// Shows how to load BTF into the kernel and how to find the BTF that is there.

package handle_test

import (
	"errors"
	"fmt"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/write"
)

// Load the types of a map's key and value. The program needs CAP_BPF.
func ExampleNew() {
	var b write.Builder
	b.Struct("event", 8, write.Member{Name: "time", Type: b.Int("u64", 8, btf.Unsigned)})
	spec, err := b.Spec()
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := handle.New(spec)
	var refusal *handle.KernelError
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Log)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	fmt.Println("btf_fd for BPF_MAP_CREATE:", h.FD())
}

// List all BTF in the running kernel. The program needs CAP_SYS_ADMIN.
func ExampleAll() {
	for h, err := range handle.All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		info, err := h.Info()
		h.Close()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(info.ID, info.Name, info.Size)
	}
}

// Read the BTF of a program or map whose id is known, such as btf_id of
// struct bpf_prog_info.
func ExampleNewFromID() {
	h, err := handle.NewFromID(1234567)
	if err != nil {
		fmt.Println(errors.Is(err, btf.ErrNotFound)) // it is gone
		return
	}
	defer h.Close()
	spec, err := h.Spec(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spec.Close()
	fmt.Println(spec.NumTypes())
}
