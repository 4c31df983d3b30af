// Prints the sections and the numbers of types of each kind.

package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/seed-6c4a6465/btf"
)

var statCommand = command{
	name:    "stat",
	args:    "[FILE]",
	summary: "print the sections, the number of types, and the cost of loading",
	details: `
Prints the byte order, the length of the header, the sections, the number of types of
each kind, and whether the types are sorted by name. The last line has the time that
loading took and the bytes of heap that it keeps.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		return func(env *environment, args []string) error {
			if err := in.fileArgument(args); err != nil {
				return err
			}
			return stat(env, in)
		}
	},
}

func stat(env *environment, in *input) error {
	before := heap()
	began := time.Now()
	spec, closeSpec, err := in.open(env)
	if err != nil {
		return err
	}
	took := time.Since(began)
	defer closeSpec()
	kept := int64(heap()) - int64(before)

	h := spec.Header()
	order := "little-endian"
	if spec.ByteOrder() == binary.BigEndian {
		order = "big-endian"
	}
	fmt.Fprintf(env.out, "%s, header of %d bytes", order, h.Length)
	if spec.Base() != nil {
		fmt.Fprint(env.out, ", split")
	}
	if spec.SortedByName() {
		fmt.Fprint(env.out, ", sorted by name")
	} else {
		fmt.Fprint(env.out, ", not sorted")
	}
	if size := spec.PointerSize(); size != 0 {
		fmt.Fprintf(env.out, ", pointers of %d bytes\n", size)
	} else {
		fmt.Fprint(env.out, ", pointers of unknown size\n")
	}

	w := tabwriter.NewWriter(env.out, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\nsection\toffset\tbytes\t\n")
	fmt.Fprintf(w, "types\t%d\t%d\t\n", uint64(h.Length)+uint64(h.TypeOffset), h.TypeLength)
	fmt.Fprintf(w, "strings\t%d\t%d\t\n", uint64(h.Length)+uint64(h.StringOffset), h.StringLength)
	if h.LayoutLength != 0 {
		fmt.Fprintf(w, "layout\t%d\t%d\t\n", uint64(h.Length)+uint64(h.LayoutOffset), h.LayoutLength)
	}
	w.Flush()

	var count [1 << 7]int
	for t := range spec.All() {
		count[t.Kind()]++
	}
	fmt.Fprintf(w, "\nkind\ttypes\t\n")
	for kind, n := range count {
		if n != 0 {
			fmt.Fprintf(w, "%v\t%d\t\n", btf.Kind(kind), n)
		}
	}
	fmt.Fprintf(w, "all\t%d\t\n", spec.NumTypes())
	w.Flush()

	fmt.Fprintf(env.out, "\nloaded in %v, %d bytes of heap kept\n", took.Round(time.Microsecond), kept)
	return nil
}

// heap returns the bytes of heap in use after a garbage collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
