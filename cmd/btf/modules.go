// Lists the modules of a kernel that have BTF.

package main

import (
	"flag"
	"fmt"
	"text/tabwriter"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

var modulesCommand = command{
	name:    "modules",
	args:    "",
	summary: "list the running kernel and its loaded modules that have BTF",
	details: `
There is one line for the kernel itself and one for each module, with the number of
types and the bytes of BTF. A module with broken BTF is an error that does not stop the
list.

With --json, each line is an object with the fields module, types and bytes, or module
and error.
`,
	setup: func(flags *flag.FlagSet) action {
		root := rootFlag(flags)
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			if len(args) > 0 {
				return usageError("modules: takes no arguments")
			}
			return modules(env, *root, *asJSON)
		}
	},
}

// A loadedModule is a line of what modules prints. Scripts rely on the tags.
type loadedModule struct {
	Module jsonText `json:"module"`
	Types  int      `json:"types"`
	Bytes  uint64   `json:"bytes"`
}

// A brokenModule is the line of a module whose BTF cannot be read.
type brokenModule struct {
	Module jsonText `json:"module"`
	Error  jsonText `json:"error"`
}

func modules(env *environment, root string, asJSON bool) error {
	kernel, err := env.kernel(root)
	if err != nil {
		return err
	}
	defer kernel.Close()
	encoder := newEncoder(env.out)
	w := tabwriter.NewWriter(env.out, 0, 8, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "module\ttypes\tbytes")
	}
	var failed error
	for m, err := range kernel.Modules() {
		switch {
		case err != nil && asJSON:
			failed = errFailed
			err = encoder.Encode(brokenModule{jsonText(m.Name), jsonText(message(err.Error()))})
		case err != nil:
			failed = errFailed
			env.complain(err)
			continue
		default:
			one := loadedModule{jsonText(m.Name), m.Spec.NumTypes(), bytesOf(m.Spec)}
			if asJSON {
				err = encoder.Encode(one)
			} else {
				_, err = fmt.Fprintf(w, "%s\t%d\t%d\n", escape.Text(m.Name), one.Types, one.Bytes)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return failed
}

// bytesOf returns the length of the blob that a Spec reads.
func bytesOf(spec *btf.Spec) uint64 {
	h := spec.Header()
	return uint64(h.Length) + uint64(h.TypeLength) + uint64(h.StringLength) + uint64(h.LayoutLength)
}
