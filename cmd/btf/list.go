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
	summary: "BTF objects in the running kernel, with their ids",
	details: `
A line for each: its id, its size in bytes, and the name of what it belongs to: the
kernel itself (vmlinux), a module, or nothing for that of programs and maps. The id
is what --id of the other commands takes. It wants CAP_SYS_ADMIN.
`,
	setup: func(*flag.FlagSet) action {
		return func(env *environment, args []string) error {
			if len(args) > 0 {
				return usageError(fmt.Sprintf("list: %q is not wanted", args[0]))
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
