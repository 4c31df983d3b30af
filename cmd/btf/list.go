// Lists the BTF objects inside the running kernel.

package main

import (
	"flag"
	"fmt"
	"text/tabwriter"

	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

var listCommand = command{
	name:    "list",
	summary: "list the BTF objects in the running kernel, with their ids",
	details: `
There is one line for each object: its id, its size in bytes, and the name of its owner:
vmlinux, a module, or nothing for programs and maps. The id is for the flag --id of
other commands. The command needs CAP_SYS_ADMIN.
`,
	setup: func(*flag.FlagSet) action {
		return func(env *environment, args []string) error {
			if len(args) > 0 {
				return usageError(fmt.Sprintf("list: takes no arguments, has %q", args[0]))
			}
			return list(env)
		}
	},
}

func list(env *environment) error {
	w := tabwriter.NewWriter(env.out, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "id\tbytes\t  name\n")
	defer w.Flush()
	for h, err := range handle.All() {
		if err != nil {
			return err
		}
		info, err := h.Info()
		h.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%d\t  %s\n", info.ID, info.Size, escape.Text(info.Name))
	}
	return nil
}
