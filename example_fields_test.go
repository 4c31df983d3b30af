// Shows what a tracer asks at start-up.

package btf_test

import (
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/seed-6c4a6465/btf"
)

// A whole table of fields, in one call.
func ExampleSpec_Fields() {
	spec := exampleSpec()
	defer spec.Close()

	paths := []string{
		"task_struct.thread.fsbase|thread.uw.tp_value", // x86, or arm64
		"vm_area_struct.vm_flags|__vm_flags",           // until Linux 6.2, or since
		"dentry.d_name.name",
		"inode",
	}
	fields, err := spec.Fields(paths...)
	if err != nil {
		log.Fatal(err) // a line for each that is missing
	}
	for i, f := range fields {
		size, err := f.Size()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(paths[i], "at byte", f.Offset().Bytes(), "of", size, "bytes")
	}
	// Output:
	// task_struct.thread.fsbase|thread.uw.tp_value at byte 5416 of 8 bytes
	// vm_area_struct.vm_flags|__vm_flags at byte 32 of 8 bytes
	// dentry.d_name.name at byte 40 of 8 bytes
	// inode at byte 0 of 624 bytes
}

func ExampleSpec_Field() {
	spec := exampleSpec()
	defer spec.Close()

	f, err := spec.Field("sk_buff.cb[8]")
	fmt.Println(f.Offset().Bytes(), f.Type(), err)
	f, err = spec.Field("sk_buff.pkt_type")
	fmt.Println(f.Offset(), f.BitfieldSize(), err)
	_, err = spec.Field("task_struct.state")
	fmt.Println(errors.Is(err, btf.ErrNotFound), err)
	// Output:
	// 48 INT char (id 7) <nil>
	// 1024 bits 3 bits <nil>
	// true btf: path "task_struct.state": at ".state": STRUCT task_struct (id 112) has no member "state" (similar: stats, __state, stack): not found
}

// What a program adds and reads to get from a task to the name of its parent.
func ExampleField_Offsets() {
	spec := exampleSpec()
	defer spec.Close()

	f, err := spec.Field("task_struct.mm->owner->real_parent->comm")
	if err != nil {
		log.Fatal(err)
	}
	for off := range f.Offsets() {
		fmt.Print("+", off.Bytes(), " ")
	}
	size, err := f.Size()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.NumPointers(), "pointers, then", size, "bytes")
	// Output: +2304 +1152 +2448 +2976 3 pointers, then 16 bytes
}

// From an argument of a function.
func ExampleType_Field() {
	spec := exampleSpec()
	defer spec.Close()

	var hook btf.Func
	if err := spec.TypeByName("security_bprm_check", &hook); err != nil {
		log.Fatal(err)
	}
	bprm, err := hook.Type().ParamByName("bprm")
	if err != nil {
		log.Fatal(err)
	}
	target, err := bprm.Type().Pointee()
	if err != nil {
		log.Fatal(err)
	}
	f, err := target.Field("file->f_path.dentry")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("argument", bprm.Index(), "is a pointer to", target.Name(), slices.Collect(f.Offsets()))
	// Output: argument 0 is a pointer to linux_binprm [512 bits 576 bits]
}

// Of three structs called irq_info, each has its own answer; one for all would be
// wrong.
func ExampleField_Agrees() {
	spec := exampleSpec()
	defer spec.Close()

	_, err := spec.Field("irq_info.type")
	fmt.Println(errors.Is(err, btf.ErrMultipleMatches))
	for t := range spec.TypesByName("irq_info") {
		f, err := t.Field("type")
		fmt.Println(t, f.Offset(), err == nil)
	}
	// Output:
	// true
	// STRUCT irq_info (id 78662) 736 bits true
	// STRUCT irq_info (id 81455) 0 bits false
	// STRUCT irq_info (id 111479) 0 bits false
}

func ExampleSpec_Has() {
	spec := exampleSpec()
	defer spec.Close()

	fmt.Println(spec.Has("tcp_sendmsg", btf.KindFunc), spec.Has("tcp_sendmsg", btf.KindStruct))
	// Output: true false
}

func ExampleEnum_EnumeratorByName() {
	spec := exampleSpec()
	defer spec.Close()

	var reasons btf.Enum
	if err := spec.TypeByName("skb_drop_reason", &reasons); err != nil {
		log.Fatal(err)
	}
	reason, err := reasons.EnumeratorByName("SKB_DROP_REASON_NO_SOCKET")
	fmt.Println(reason.Value(), err)
	reason, err = reasons.EnumeratorByValue(4)
	fmt.Println(reason.Name(), err)
	// Output:
	// 3 <nil>
	// SKB_DROP_REASON_SOCKET_CLOSE <nil>
}

// Where a packet passes: every function with a pointer to an sk_buff among its first
// five parameters.
func ExampleSpec_Funcs() {
	spec := exampleSpec()
	defer spec.Close()

	functions := 0
	for f, err := range spec.Funcs(btf.FuncFilter{PointerTo: "sk_buff", FirstParams: 5}) {
		if err != nil {
			log.Fatal(err)
		}
		if functions++; f.Name() == "ip_rcv" {
			fmt.Println(f.Name(), "is one of them")
		}
	}
	fmt.Println(functions > 1000)
	// Output:
	// ip_rcv is one of them
	// true
}

// The kernel and all its modules. In a container, the root may be where the host's is
// mounted.
func ExampleOpenKernel() {
	kernel, err := btf.OpenKernel("/")
	if err != nil {
		return // no kernel BTF here
	}
	defer kernel.Close()
	for m, err := range kernel.Modules() {
		if err != nil {
			log.Println(err) // this one is broken; the others are not
			continue
		}
		for f, err := range m.Spec.Funcs(btf.FuncFilter{Tag: "bpf_kfunc"}) {
			if err == nil {
				fmt.Println(m.Name, f.Name())
			}
		}
	}
}

// A struct that may be in vmlinux or in a module.
func ExampleKernel_Field() {
	kernel, err := btf.OpenKernel("/")
	if err != nil {
		return // no kernel BTF here
	}
	defer kernel.Close()
	f, err := kernel.Field("nf_conn.mark")
	if errors.Is(err, btf.ErrNotFound) {
		fmt.Println("no nf_conntrack")
		return
	}
	fmt.Println(f.Offset().Bytes(), err)
}

func ExampleKernel_TypesByName() {
	kernel, err := btf.OpenKernel("/")
	if err != nil {
		return // no kernel BTF here
	}
	defer kernel.Close()
	for m, t := range kernel.TypesByName("nf_conn") {
		fmt.Println(m.Name, "has", t)
	}
}
