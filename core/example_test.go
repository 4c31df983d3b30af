// Shows how the package is used.

package core_test

import (
	"debug/elf"
	"fmt"
	"log"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/write"
)

// Which of the fields that a program uses moved between two kernels?
func ExampleResolve() {
	spec, infos, err := btf.LoadSpecAndExtInfos("testdata/example.o")
	if err != nil {
		log.Fatal(err)
	}
	defer spec.Close()
	for _, kernel := range []string{"old", "new"} {
		kernelSpec, err := btf.LoadSpec("testdata/" + kernel + ".btf")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(kernel)
		for fixup, err := range core.Resolve(infos, core.SpecTarget(kernelSpec)) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(" ", fixup)
		}
		kernelSpec.Close()
	}
	// Output:
	// old
	//   raw_tp 0: field_byte_offset of task_struct.pid: 0 → 8
	//   raw_tp 1: field_byte_offset of task_struct.flags: 4 → 12
	//   raw_tp 3: field_byte_offset of task_struct.comm[1]: 9 → 17
	//   raw_tp 8: enumval_value of policy.POLICY_IDLE: 1 → 1
	//   raw_tp 12: field_exists of task_struct___old.state: 1 → 1
	//   raw_tp 14: field_byte_offset of task_struct___old.state: 0 → 0
	// new
	//   raw_tp 0: field_byte_offset of task_struct.pid: 0 → 32
	//   raw_tp 1: field_byte_offset of task_struct.flags: 4 → 24, width 4 → 8
	//   raw_tp 3: field_byte_offset of task_struct.comm[1]: 9 → 1
	//   raw_tp 8: enumval_value of policy.POLICY_IDLE: 1 → 3
	//   raw_tp 12: field_exists of task_struct___old.state: 1 → 0, missing
	//   raw_tp 14: field_byte_offset of task_struct___old.state: 0 → poisoned
}

// Patch a program for the kernel it shall run on.
func ExampleFixup_Apply() {
	spec, infos, err := btf.LoadSpecAndExtInfos("testdata/example.o")
	if err != nil {
		log.Fatal(err)
	}
	defer spec.Close()
	kernel, err := btf.LoadSpec("testdata/new.btf")
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	object, err := elf.Open("testdata/example.o")
	if err != nil {
		log.Fatal(err)
	}
	defer object.Close()
	program, err := object.Section("raw_tp").Data()
	if err != nil {
		log.Fatal(err)
	}
	for fixup, err := range core.Resolve(infos, core.SpecTarget(kernel)) {
		if err != nil {
			log.Fatal(err)
		}
		poisoned, err := fixup.Apply(program, object.ByteOrder)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-28s % x %v\n", fixup.Path(), program[fixup.Insn*8:][:8], poisoned)
	}
	// Output:
	// task_struct.pid              61 12 20 00 00 00 00 00 false
	// task_struct.flags            79 13 18 00 00 00 00 00 false
	// task_struct.comm[1]          71 12 01 00 00 00 00 00 false
	// policy.POLICY_IDLE           18 00 00 00 03 00 00 00 false
	// task_struct___old.state      b7 02 00 00 00 00 00 00 false
	// task_struct___old.state      85 00 00 00 10 23 ad 0b true
}

// A program in Go or assembler asks for the fields that it uses.
func ExampleTarget_Resolve() {
	var b write.Builder
	u32 := b.Int("unsigned int", 4, btf.Unsigned)
	id := b.Struct("task_struct___mine", 4, write.Member{Name: "flags", Type: u32})
	local, err := b.Spec()
	if err != nil {
		log.Fatal(err)
	}
	task, err := local.TypeByID(id)
	if err != nil {
		log.Fatal(err)
	}
	kernel, err := btf.LoadSpec("testdata/new.btf")
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	flags, err := core.SpecTarget(kernel).Resolve(btf.COREFieldByteOffset, task, "flags")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("offset %d, %d bytes\n", flags.Target, flags.TargetSize)
	// Output: offset 24, 8 bytes
}
