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
	summary: "prototypes of all functions, or those with a parameter, name or tag",
	details: `
A line for each function that is all the flags ask for, as btf func prints it: of the
running kernel and its modules, or of one file alone. Which functions take a packet
as one of the first five arguments?

  btf funcs --param sk_buff --first 5
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		var filter btf.FuncFilter
		flags.StringVar(&filter.PointerTo, "param", "", "with a parameter that points to `TYPE`, such as sk_buff")
		flags.IntVar(&filter.FirstParams, "first", 0, "only the first `N` parameters are looked at")
		flags.StringVar(&filter.Name, "glob", "", "with a name that matches `GLOB`, such as 'tcp_*'")
		flags.StringVar(&filter.Tag, "tag", "", "with the decl tag `TEXT`, such as bpf_kfunc")
		asJSON := flags.Bool("json", false, "print an object a line, for machines")
		return func(env *environment, args []string) error {
			if len(args) > 0 {
				return usageError("funcs: no arguments are wanted; --glob takes a name")
			}
			if _, err := path.Match(filter.Name, ""); err != nil {
				return usageError(fmt.Sprintf("funcs: %q is no glob: %v", filter.Name, err))
			}
			if filter.FirstParams < 0 || filter.FirstParams > 0 && filter.PointerTo == "" {
				return usageError("funcs: --first says how many parameters --param looks at, 1 or more")
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
