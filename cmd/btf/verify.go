// Reports whether all of each file can be read.

package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/escape"
	"github.com/seed-6c4a6465/btf/strict"
)

var verifyCommand = command{
	name:    "verify",
	args:    "FILE…",
	summary: "check that all of a file can be read",
	details: `
There is one line for each file: "ok", or the section, the offset and the fault. Every
record is checked: its kind must be known, its bytes must be in the file, its names and
type ids must be in range.

With --strict, the rules of the kernel for loading BTF are checked too: no gaps between
sections, valid names, sizes and offsets, no loops. BPF objects need a loader that
completes their sections first.
`,
	setup: func(flags *flag.FlagSet) action {
		base := flags.String("base", "", "`FILE` with the base of split BTF in all other files")
		strict := flags.Bool("strict", false, "also check the rules of the kernel")
		return func(env *environment, args []string) error { return verify(env, args, *base, *strict) }
	},
}

func verify(env *environment, files []string, base string, strict bool) error {
	if len(files) == 0 {
		return usageError("verify: needs a file")
	}
	failed := false
	for _, file := range files {
		err := verifyFile(file, base, strict)
		verdict := "ok"
		if err != nil {
			failed = true
			verdict = strings.TrimPrefix(strings.TrimPrefix(err.Error(), "btf: "), file+": ")
		}
		fmt.Fprintf(env.out, "%s: %s\n", escape.Text(file), escape.Text(verdict))
	}
	if failed {
		return errFailed
	}
	return nil
}

func verifyFile(file, base string, kernel bool) error {
	spec, closeSpec, err := openFile(file, base)
	if err != nil {
		return err
	}
	defer closeSpec()
	if kernel {
		return strict.Verify(spec)
	}
	return spec.Verify()
}
