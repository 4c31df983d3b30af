// Prints the prototypes of the functions that flags choose.

package main

import (
	"errors"
	"flag"
	"fmt"
	"path"

	"github.com/seed-6c4a6465/btf"
)

var funcsCommand = command{
	name:    "funcs",
	args:    "",
	summary: "print the prototypes of all functions, or of some",
	details: `
There is one line for each function that matches all flags, in the form of btf func.
The functions are those of the running kernel and its modules, or of one file without
its base. This prints the functions that have a pointer to a packet among their first
five parameters:

  btf funcs --param sk_buff --first 5
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		var filter btf.FuncFilter
		flags.StringVar(&filter.PointerTo, "param", "", "only functions with a parameter that points to `TYPE`, such as sk_buff")
		flags.IntVar(&filter.FirstParams, "first", 0, "--param tests only the first `N` parameters")
		flags.StringVar(&filter.Name, "glob", "", "only functions whose name matches `GLOB`, such as 'tcp_*'")
		flags.StringVar(&filter.Tag, "tag", "", "only functions with the decl tag `TEXT`, such as bpf_kfunc")
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			if len(args) > 0 {
				return usageError("funcs: takes no arguments; --glob selects functions by name")
			}
			if _, err := path.Match(filter.Name, ""); err != nil {
				return usageError(fmt.Sprintf("funcs: %q is not a glob: %v", filter.Name, err))
			}
			if filter.FirstParams < 0 || filter.FirstParams > 0 && filter.PointerTo == "" {
				return usageError("funcs: --first needs --param and a number of at least 1")
			}
			return filterFuncs(env, in, filter, *asJSON)
		}
	},
}

func filterFuncs(env *environment, in *input, filter btf.FuncFilter, asJSON bool) error {
	parts, closeParts, err := in.parts(env)
	if err != nil {
		return err
	}
	defer closeParts()
	var failed error
	p := functionPrinter{env: env, asJSON: asJSON}
	for _, m := range parts.list {
		for f, err := range m.Spec.Funcs(filter) {
			var broken *brokenError
			if err == nil {
				if err = p.print(m, f); err != nil && !errors.As(err, &broken) {
					return err
				}
			}
			if err != nil {
				// One broken function does not keep the others from being listed.
				failed = errFailed
				env.complain(err)
			}
		}
	}
	return parts.failed(failed)
}
