// Prints the prototypes of functions with given names.

package main

import (
	"errors"
	"flag"

	"github.com/seed-6c4a6465/btf"
)

var funcCommand = command{
	name:    "func",
	args:    "NAME…",
	summary: "print the prototypes of functions, such as tcp_sendmsg",
	details: `
There is one line for each function of a NAME: its C prototype. Modules of the running
kernel are searched too. A comment behind the prototype names the module.

With --json, each line is an object with the fields name, module, prototype, linkage,
return, params (each with name, type, size in bytes, points_to, tags), variadic and
tags. For a function that is not found or cannot be printed, the object has name and
error.
`,
	setup: func(flags *flag.FlagSet) action {
		in := inputFlags(flags)
		file := linesFlag(flags)
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			names, err := env.withLines(args, *file)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				return usageError("func: needs a name, such as tcp_sendmsg")
			}
			return printFuncs(env, in, names, *asJSON)
		}
	},
}

func printFuncs(env *environment, in *input, names []string, asJSON bool) error {
	parts, closeParts, err := in.parts(env)
	if err != nil {
		return err
	}
	defer closeParts()
	p := functionPrinter{env: env, asJSON: asJSON}
	var failed error
	for _, name := range names {
		found := false
		for _, m := range parts.all() {
			for t := range m.Spec.TypesByName(name) {
				if t.Kind() != btf.KindFunc {
					continue
				}
				found = true
				f, err := btf.As[btf.Func](t)
				if err != nil {
					err = &brokenError{t, err}
				} else {
					err = p.print(m, f)
				}
				var broken *brokenError
				switch {
				case errors.As(err, &broken) && asJSON:
					failed = errFailed
					err = env.encodeFailure(name, broken.err)
				case errors.As(err, &broken):
					failed = errFailed
					env.complain(err)
					continue
				}
				if err != nil {
					return err
				}
			}
		}
		if !found {
			failed = errFailed
			if err := env.missing(name, "function", asJSON); err != nil {
				return err
			}
		}
	}
	return parts.failed(failed)
}
