// Shows how to use the package.

package btf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/internal/sample"
	"golang.org/x/exp/mmap"
)

var vmlinux = sync.OnceValues(sample.Vmlinux)

// exampleSpec stands for btf.LoadKernelSpec, so that the examples print the same on
// every machine.
func exampleSpec() *btf.Spec {
	blob, err := vmlinux()
	if err != nil {
		log.Fatal(err)
	}
	spec, err := btf.LoadRawSpec(blob)
	if err != nil {
		log.Fatal(err)
	}
	return spec
}

// Where a field lies: what most tracers ask at start-up.
func Example() {
	spec := exampleSpec() // btf.LoadKernelSpec()
	defer spec.Close()

	var sock btf.Struct
	if err := spec.TypeByName("inet_sock", &sock); err != nil {
		log.Fatal(err)
	}
	member, err := sock.MemberByName("inet_saddr")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(member.Type().Name(), "at byte", member.Offset().Bytes(), "of", sock.Size())
	// Output: __be32 at byte 800 of 1000
}

func ExampleLoadKernelSpec() {
	spec, err := btf.LoadKernelSpec()
	if errors.Is(err, btf.ErrNotSupported) {
		fmt.Println("this kernel has no BTF: ship a file and use btf.LoadSpec")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	defer spec.Close()
	fmt.Println(spec.NumTypes(), "types")
}

func ExampleLoadSpec() {
	spec, err := btf.LoadSpec("internal/sample/vmlinux-amd64-6.12.btf.gz")
	var format *btf.FormatError
	switch {
	case errors.As(err, &format):
		fmt.Println(format)
	case err != nil:
		log.Fatal(err)
	default:
		defer spec.Close()
	}
	// Output: btf: header at offset 0x0: begins with the magic number of gzip: decompress it first
}

func ExampleLoadSpecFromReader() {
	f, err := os.Open("/sys/kernel/btf/vmlinux")
	if err != nil {
		return // no kernel BTF here
	}
	defer f.Close()
	spec, err := btf.LoadSpecFromReader(f)
	if err != nil {
		log.Fatal(err)
	}
	// The Spec has a copy: it outlives the file, and needs no Close.
	fmt.Println(spec.NumTypes(), "types")
}

// A file mapped by another package. It may be closed as soon as the Spec is there.
func ExampleLoadSpecFromReader_mmap() {
	r, err := mmap.Open("testdata/every-kind-le.btf") // golang.org/x/exp/mmap
	if err != nil {
		log.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(r)
	if err := errors.Join(err, r.Close()); err != nil {
		log.Fatal(err)
	}
	var thing btf.Struct
	if err := spec.TypeByName("thing", &thing); err != nil {
		log.Fatal(err)
	}
	fmt.Println(thing.Name(), "has", thing.NumMembers(), "members in", thing.Size(), "bytes")
	// Output: thing has 7 members in 48 bytes
}

func ExampleLoadRawSpec() {
	blob, err := os.ReadFile("testdata/every-kind-be.btf")
	if err != nil {
		log.Fatal(err)
	}
	spec, err := btf.LoadRawSpec(blob) // blob must stay as it is
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(spec.ByteOrder(), spec.NumTypes(), "types")
	// Output: BigEndian 30 types
}

// A module's types refer to those of the kernel it stands on.
func ExampleLoadSplitSpec() {
	base, err := btf.LoadSpec("testdata/split-base.btf")
	if err != nil {
		log.Fatal(err)
	}
	defer base.Close()
	split, err := btf.LoadSplitSpec("testdata/split-mid.btf", base)
	if err != nil {
		log.Fatal(err)
	}
	defer split.Close()

	var middle btf.Struct
	if err := split.TypeByName("middle", &middle); err != nil {
		log.Fatal(err)
	}
	for m := range middle.Members() {
		pointer, err := btf.As[btf.Pointer](m.Type())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Name(), "points to", pointer.Target())
	}
	// Output: x points to STRUCT shared (id 2)
}

func ExampleLoadSplitSpecFromReader() {
	base, err := btf.LoadSpec("testdata/split-base.btf")
	if err != nil {
		log.Fatal(err)
	}
	defer base.Close()
	f, err := os.Open("testdata/split-mid.btf")
	if err != nil {
		log.Fatal(err)
	}
	split, err := btf.LoadSplitSpecFromReader(f, base)
	if err != nil {
		log.Fatal(err)
	}
	f.Close() // the Spec has a copy
	for t := range split.All() {
		fmt.Println(t)
	}
	// Output:
	// PTR (id 3)
	// STRUCT middle (id 4)
}

// What a module was built against is a base with little more than names. Over a
// kernel's BTF, its types lead to whole ones.
func ExampleSpec_Relocate() {
	distilled, module := exampleDistilled()
	kernel, err := btf.LoadSpec("testdata/every-kind-le.btf")
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	relocated, err := module.Relocate(kernel)
	if err != nil {
		log.Fatal(err)
	}
	for _, base := range []*btf.Spec{distilled, relocated.Base()} {
		var thing btf.Struct
		if err := base.TypeByName("thing", &thing); err != nil {
			log.Fatal(err)
		}
		fmt.Println(thing, "has", thing.NumMembers(), "members")
	}
	for t := range relocated.All() {
		fmt.Println(t)
	}
	// Output:
	// STRUCT thing (id 1) has 0 members
	// STRUCT thing (id 13) has 7 members
	// PTR (id 31)
	// TYPEDEF thing_t (id 32)
}

// exampleDistilled returns a module of two types, as LoadSpec does of one that was
// built outside of the kernel's tree, with its base.
func exampleDistilled() (distilled, module *btf.Spec) {
	d := btftest.New(binary.LittleEndian)
	d.Struct("thing", 48)
	m := d.Split()
	m.Typedef("thing_t", m.Pointer(1))
	distilled, err := btf.LoadRawSpec(d.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	module, err = btf.LoadSplitSpecFromReader(bytes.NewReader(m.Bytes()), distilled)
	if err != nil {
		log.Fatal(err)
	}
	return distilled, module
}

func ExampleLoadKernelModuleSpec() {
	vmlinux, err := btf.LoadKernelSpec()
	if err != nil {
		return // no kernel BTF here
	}
	defer vmlinux.Close()
	module, err := btf.LoadKernelModuleSpec("nf_conntrack", vmlinux)
	if err != nil {
		return // not loaded
	}
	defer module.Close()
	for t := range module.All() {
		fmt.Println(t)
	}
}

func ExampleSpec_TypeByName() {
	spec := exampleSpec()
	defer spec.Close()

	var s btf.Struct
	fmt.Println(spec.TypeByName("task_struct", &s), s.NumMembers() > 100)
	err := spec.TypeByName("no_such_struct", &s)
	fmt.Println(errors.Is(err, btf.ErrNotFound), err)
	// Output:
	// <nil> true
	// true btf: STRUCT named "no_such_struct": not found
}

// A name may be that of several types.
func ExampleSpec_TypesByName() {
	spec := exampleSpec()
	defer spec.Close()

	for t := range spec.TypesByName("irq_info") {
		size, err := t.Sizeof()
		fmt.Println(t, size, err)
	}
	// Output:
	// STRUCT irq_info (id 78662) 136 <nil>
	// STRUCT irq_info (id 81455) 32 <nil>
	// STRUCT irq_info (id 111479) 16 <nil>
}

// How many parameters a function has, and what the first one is.
func ExampleFuncProto_Params() {
	spec := exampleSpec()
	defer spec.Close()

	var send btf.Func
	if err := spec.TypeByName("tcp_sendmsg", &send); err != nil {
		log.Fatal(err)
	}
	for p := range send.Type().Params() {
		pointer, err := btf.As[btf.Pointer](p.Type())
		if err != nil {
			fmt.Println(p.Name(), "is a", p.Type().Name())
			continue
		}
		fmt.Println(p.Name(), "points to", pointer.Target().Name())
	}
	// Output:
	// sk points to sock
	// msg points to msghdr
	// size is a size_t
}

func ExampleEnum_Enumerators() {
	spec := exampleSpec()
	defer spec.Close()

	var pids btf.Enum
	if err := spec.TypeByName("pid_type", &pids); err != nil {
		log.Fatal(err)
	}
	for e := range pids.Enumerators() {
		fmt.Println(e.Name(), e.Value())
	}
	// Output:
	// PIDTYPE_PID 0
	// PIDTYPE_TGID 1
	// PIDTYPE_PGID 2
	// PIDTYPE_SID 3
	// PIDTYPE_MAX 4
}

// Typedefs and qualifiers are looked through.
func ExampleAs() {
	spec := exampleSpec()
	defer spec.Close()

	t, err := spec.AnyTypeByName("u64")
	if err != nil {
		log.Fatal(err)
	}
	i, err := btf.As[btf.Int](t)
	fmt.Println(i.Name(), i.Size(), err)
	_, err = btf.As[btf.Struct](t)
	fmt.Println(errors.Is(err, btf.ErrWrongKind), err)
	// Output:
	// long long unsigned int 8 <nil>
	// true btf: type is not of kind STRUCT
}

// A BPF object says which functions, lines and relocations it has.
func ExampleLoadSpecAndExtInfosFromReader() {
	// The object of a test: a function at offset 16 of section "text".
	object := withExt(binary.LittleEndian, ext(binary.LittleEndian, 24, 0, 20, 0, 0, 8, 1, 1, 16, 3))

	spec, infos, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(object))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spec.Close()
	for section := range infos.Funcs() {
		for f := range section.Records() {
			fmt.Printf("%s+%d %s\n", section.Name(), f.Offset(), f.Func().Name())
		}
	}
	// Output: text+16 main
}

// A copy outlives the file it was read from.
func ExampleSpec_Copy() {
	spec, err := btf.LoadSpec("testdata/every-kind-le.btf")
	if err != nil {
		fmt.Println(err)
		return
	}
	private, err := spec.Copy()
	spec.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(private.NumTypes())
	// Output: 30
}
