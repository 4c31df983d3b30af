// Reports whether all of each file can be read.

package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/seed-6c4a6465/btf"
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
sections, valid names, sizes and offsets, no loops. The rules are those of the running
kernel, or of the release that --kernel names; where no Linux runs, those of the newest.
BPF objects need a loader that completes their sections first.
`,
	setup: func(flags *flag.FlagSet) action {
		base := flags.String("base", "", "`FILE` with the base of split BTF in all other files")
		pointer := pointerFlag(flags)
		kernel := flags.String("kernel", "", "release `N` whose rules --strict checks, such as 6.18")
		strict := flags.Bool("strict", false, "also check the rules of the kernel")
		return func(env *environment, args []string) error {
			v := verifier{base: *base, pointer: *pointer}
			switch {
			case *strict:
				v.rules = &rules{Kernel: cmp.Or(*kernel, runningRelease())}
			case *kernel != "":
				return usageError("verify: --kernel needs --strict")
			}
			return v.verify(env, args)
		}
	},
}

// rules are the options of package strict, whose name a flag has.
type rules = strict.Options

// A verifier is what the flags say.
type verifier struct {
	base    string
	pointer int
	rules   *rules // nil without --strict
}

func (v verifier) verify(env *environment, files []string) error {
	if len(files) == 0 {
		return usageError("verify: needs a file")
	}
	failed := false
	for _, file := range files {
		err := v.file(file)
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

func (v verifier) file(file string) error {
	spec, closeSpec, err := openFile(file, v.base)
	if err != nil {
		return err
	}
	defer closeSpec()
	if err := pointersOf(spec, v.pointer); err != nil {
		return err
	}
	if v.rules != nil {
		return v.rules.Verify(spec)
	}
	return spec.Verify()
}

// runningRelease returns the release of the running kernel, or "" if it is not Linux of a
// release that package strict knows.
func runningRelease() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	opts := strict.Options{Kernel: strings.TrimSpace(string(release))}
	if err := opts.Verify(new(btf.Spec)); !errors.Is(err, btf.ErrClosed) {
		return "" // the release comes first in what Verify checks
	}
	return opts.Kernel
}
