// Shows how the package is used.

package cdecl_test

import (
	"fmt"
	"log"
	"os"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
	"github.com/seed-6c4a6465/btf/internal/sample"
)

// kernelSpec stands for btf.LoadKernelSpec, so that the examples print the same on
// every machine.
func kernelSpec() *btf.Spec {
	raw, err := sample.Vmlinux()
	if err != nil {
		log.Fatal(err)
	}
	spec, err := btf.LoadRawSpec(raw)
	if err != nil {
		log.Fatal(err)
	}
	return spec
}

// The types of the members of a struct.
func ExampleType() {
	spec := kernelSpec()
	defer spec.Close()

	var s btf.Struct
	if err := spec.TypeByName("wait_queue_entry", &s); err != nil {
		log.Fatal(err)
	}
	for m := range s.Members() {
		fmt.Printf("%-8s %s\n", m.Name(), cdecl.Type(m.Type()))
	}
	// Output:
	// flags    unsigned int
	// private  void *
	// func     wait_queue_func_t
	// entry    struct list_head
}

// A name stands inside the declaration of a pointer to a function.
func ExampleDeclare() {
	spec := kernelSpec()
	defer spec.Close()

	var t btf.Typedef
	if err := spec.TypeByName("wait_queue_func_t", &t); err != nil {
		log.Fatal(err)
	}
	text, err := cdecl.Declare(t.Type(), "wake")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(text + ";")
	// Output: int (*wake)(struct wait_queue_entry *, unsigned int, int, void *);
}

func ExamplePrototype() {
	spec := kernelSpec()
	defer spec.Close()

	var f btf.Func
	if err := spec.TypeByName("vfs_open", &f); err != nil {
		log.Fatal(err)
	}
	text, err := cdecl.Prototype(f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(text + ";")
	// Output: int vfs_open(const struct path *path, struct file *file);
}

// GCC built this kernel, and clang would have called the type "unsigned long".
func ExampleCanonical() {
	spec := kernelSpec()
	defer spec.Close()

	t, err := spec.AnyTypeByName("long unsigned int")
	if err != nil {
		log.Fatal(err)
	}
	text, err := cdecl.Canonical(t)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cdecl.Type(t), "is", text)
	// Output: long unsigned int is unsigned long
}

// The layout of a struct, as pahole prints it.
func ExampleWrite() {
	spec := kernelSpec()
	defer spec.Close()

	t, err := spec.AnyTypeByName("sock_fprog")
	if err != nil {
		log.Fatal(err)
	}
	if err := cdecl.Write(os.Stdout, t, cdecl.Options{PointerSize: spec.PointerSize()}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// struct sock_fprog {
	// 	short unsigned int         len;                  /*     0     2 */
	//
	// 	/* XXX 6 bytes hole, try to pack */
	//
	// 	struct sock_filter *       filter;               /*     8     8 */
	//
	// 	/* size: 16, cachelines: 1, members: 2 */
	// 	/* sum members: 10, holes: 1, sum holes: 6 */
	// 	/* last cacheline: 16 bytes */
	// };
}

// Declarations for a header, without comments. One slice serves for all of them.
func ExampleAppend() {
	spec := kernelSpec()
	defer spec.Close()

	opts := cdecl.Options{PointerSize: spec.PointerSize(), NoComments: true}
	var text []byte
	for _, name := range []string{"sock_fprog", "pid_type", "pid_t"} {
		t, err := spec.AnyTypeByName(name)
		if err != nil {
			log.Fatal(err)
		}
		if text, err = cdecl.Append(text, t, opts); err != nil {
			log.Fatal(err)
		}
	}
	os.Stdout.Write(text)
	// Output:
	// struct sock_fprog {
	// 	short unsigned int len;
	// 	struct sock_filter *filter;
	// };
	// enum pid_type {
	// 	PIDTYPE_PID = 0,
	// 	PIDTYPE_TGID = 1,
	// 	PIDTYPE_PGID = 2,
	// 	PIDTYPE_SID = 3,
	// 	PIDTYPE_MAX = 4,
	// };
	// typedef __kernel_pid_t pid_t;
}

// Where a struct loses memory.
func ExampleLayoutOf() {
	spec := kernelSpec()
	defer spec.Close()

	t, err := spec.AnyTypeByName("sock_fprog")
	if err != nil {
		log.Fatal(err)
	}
	layout, err := cdecl.LayoutOf(t, spec.PointerSize())
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range layout.Members {
		fmt.Printf("%s: %d bytes at %d, then a hole of %d\n", m.Member.Name(), m.Size, m.Offset, m.Hole)
	}
	fmt.Println(layout.HoleBytes+layout.Padding, "of", layout.Size, "bytes unused")
	// Output:
	// len: 2 bytes at 0, then a hole of 6
	// filter: 8 bytes at 8, then a hole of 0
	// 6 of 16 bytes unused
}
