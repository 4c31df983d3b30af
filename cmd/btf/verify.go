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
	summary: "whether all of a file can be read",
	details: `
A line for each file: "ok", or what is wrong, in which section and at which offset.
Every record is looked at: whether its kind is known, its bytes are there, and its
names and type ids are in range. With --strict, what the kernel demands beyond that
when BTF is loaded into it is checked too: sections without gaps, names, sizes,
offsets, loops. BPF objects want a loader first, which completes their sections.
`,
	setup: func(flags *flag.FlagSet) action {
		base := flags.String("base", "", "`FILE` that the split BTF of all others stands on")
		strict := flags.Bool("strict", false, "whether the kernel would take it, too")
		return func(env *environment, args []string) error { return verify(env, args, *base, *strict) }
	},
}

func verify(env *environment, files []string, base string, strict bool) error {
	if len(files) == 0 {
		return usageError("verify: a file is missing")
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
