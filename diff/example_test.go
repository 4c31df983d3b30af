// Shows how the package is used.

package diff_test

import (
	"fmt"
	"log"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/diff"
)

// twoKernels returns two small Specs that stand for two kernels, so that the examples
// print the same on every machine.
func twoKernels() (before, after *btf.Spec) {
	before, err := btf.LoadSpec("testdata/before.btf")
	if err != nil {
		log.Fatal(err)
	}
	after, err = btf.LoadSpec("testdata/after.btf")
	if err != nil {
		log.Fatal(err)
	}
	return before, after
}

// What happened to the types that a program reads?
func ExampleSpecs() {
	before, after := twoKernels()
	defer before.Close()
	defer after.Close()

	filter, err := diff.NewFilter("struct task", "counter")
	if err != nil {
		log.Fatal(err)
	}
	for change, err := range diff.Specs(before, after, filter) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change)
	}
	// Output:
	// ~ struct task: size 56 → 57
	// ~ struct task.high: offset 8:3, bits 5 → 6
	// ~ struct task.flag: offset 9:0 → 9:1
	// ~ struct task.holder: offset 16, size 8 → 16
	// ~ struct task.moved: offset 24 → 32
	// - struct task.gone: offset 40, size 1, const char
	// ~ struct task.two.deep: offset 48, size 4 → 1, int → char
	// + struct task.fresh: offset 40, size 4, char[4]
	// ~ typedef counter.n: offset 0, size 4 → 8, int → unsigned long
}

// A program that reads fields at fixed offsets breaks if a field moves or vanishes.
func ExampleChange() {
	before, after := twoKernels()
	defer before.Close()
	defer after.Close()

	for change, err := range diff.Specs(before, after, nil) {
		if err != nil {
			log.Fatal(err)
		}
		if change.Kind != diff.Struct || change.Member == "" || change.Op == diff.Appeared {
			continue
		}
		was, _ := change.Before.Offset()
		is, ok := change.After.Offset()
		switch {
		case !ok:
			fmt.Println(change.Name, change.Member, "is gone")
		case was != is:
			fmt.Println(change.Name, change.Member, "moved from", was, "to", is)
		}
	}
	// Output:
	// task flag moved from 72 bits to 73 bits
	// task moved moved from 192 bits to 256 bits
	// task gone is gone
}

// Paths lead through named types and pointers.
func ExampleNewFilter() {
	before, after := twoKernels()
	defer before.Close()
	defer after.Close()

	filter, err := diff.NewFilter("enumerator BLUE", "gr*", "task.moved", "task.same->x")
	if err != nil {
		log.Fatal(err)
	}
	for change, err := range diff.Specs(before, after, filter) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change)
	}
	// Output:
	// ~ enumerator BLUE: 1 → 2
	// ~ func grown: void (struct named *p, int n) → void (struct named *p, unsigned long n)
	// ~ path task.moved: offset 24 → 32
}
