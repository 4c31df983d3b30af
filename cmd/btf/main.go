// Runs a command for an argument line and returns its exit status.

// Command btf shows what is in BTF: declarations with the offsets of their members,
// offsets for scripts, every record as text, and whether a file is valid.
//
//	go run ./cmd/btf help
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// A command is what one word after "btf" does.
type command struct {
	name    string
	args    string // arguments after the flags, as the usage line shows them
	summary string
	details string
	trouble int // exit status if something fails; statusFailed if 0
	setup   func(flags *flag.FlagSet) action
}

// An action runs a command with the arguments that are left after the flags.
type action func(env *environment, args []string) error

// commands are in the order in which help prints them.
var commands = []command{
	showCommand, offsetCommand, enumCommand, funcCommand, funcsCommand, findCommand, modulesCommand,
	coreCommand, diffCommand, dumpCommand, extCommand, listCommand, statCommand, verifyCommand,
}

// An environment is what a command uses besides the files that its arguments name.
type environment struct {
	out    *output
	stderr io.Writer
	stdin  io.Reader
	kernel func(root string) (*btf.Kernel, error)

	trouble int // that of the command
}

const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, btf.OpenKernel))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer, kernel func(root string) (*btf.Kernel, error)) int {
	env := &environment{out: newOutput(stdout), stderr: stderr, stdin: stdin, kernel: kernel}
	err := dispatch(env, args)
	if flushed := env.out.Flush(); (err == nil || err == errFailed) && !isBrokenPipe(flushed) {
		err = cmp.Or(flushed, err)
	}
	var usage usageError
	switch {
	case err == nil, isBrokenPipe(err):
		return statusOK
	case err == errFailed:
		return statusFailed
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "btf: %s\n%s\n", escape.Text(err.Error()), shortUsage(args))
		return statusUsage
	}
	env.complain(err)
	return cmp.Or(env.trouble, statusFailed)
}

// shortUsage returns the answer to a wrong argument line.
func shortUsage(args []string) string {
	if len(args) > 0 {
		if c, ok := commandNamed(args[0]); ok {
			return fmt.Sprintf("usage: %s\nFor help: btf %s -h", c.usage(), c.name)
		}
	}
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.name
	}
	return fmt.Sprintf("usage: btf %s|help [flags] …\nFor help: btf help", strings.Join(names, "|"))
}

func dispatch(env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("needs a command, such as show")
	}
	name, args := args[0], args[1:]
	if isHelp(name) {
		return help(env, args)
	}
	if c, ok := commandNamed(name); ok {
		return c.run(env, args)
	}
	return usageError(fmt.Sprintf("%q is not a command", name))
}

func commandNamed(name string) (command, bool) {
	for _, c := range commands {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func isHelp(arg string) bool {
	switch arg {
	case "help", "-h", "-help", "--help":
		return true
	}
	return false
}

func help(env *environment, args []string) error {
	if len(args) > 0 && !isHelp(args[0]) {
		return dispatch(env, []string{args[0], "-h"})
	}
	fmt.Fprint(env.out, `btf prints BTF, the type information of the Linux kernel and of BPF programs.

`)
	for _, c := range commands {
		fmt.Fprintf(env.out, "  btf %-28s %s\n", c.name+" "+c.args, c.summary)
	}
	fmt.Fprint(env.out, `
It reads the BTF of the running kernel. Flags select another input:

`, inputHelp, `
The base of split BTF in a directory sys/kernel/btf is found without --base. Flags can
be before and after other arguments. For help about one command: btf COMMAND -h

In text, bytes of names that are not printable UTF-8 are written as \x and two
hexadecimal digits. In JSON, a byte 0xNN that is not UTF-8 is written as \udcNN, as
Python does (surrogateescape).

A run prints at most 256 MiB, and 64 bytes more for each byte of BTF that it reads.

The exit status is 0 after success, 1 after an error, and 2 after a wrong argument. That
of diff is different: see btf diff -h.
`)
	return nil
}

// run parses the flags, which may stand anywhere before "--", and runs the action.
func (c command) run(env *environment, args []string) error {
	flags := flag.NewFlagSet("btf "+c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	act := c.setup(flags)
	env.trouble = c.trouble
	var rest []string
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			c.help(env, flags)
			return nil
		}
		if err != nil {
			return usageError(c.name + ": " + asTyped(err.Error(), args[:len(args)-flags.NArg()]))
		}
		left := flags.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			rest, left = append(rest, left...), nil
		}
		if len(left) == 0 {
			break
		}
		rest, args = append(rest, left[0]), left[1:]
	}
	return act(env, rest)
}

// asTyped returns an error of package flag with the flag in it as the user typed it:
// "--json" where the error says "-json". args end with the flag, or with its value.
func asTyped(text string, args []string) string {
	for _, arg := range slices.Backward(args) {
		typed, _, _ := strings.Cut(arg, "=")
		name := strings.TrimLeft(typed, "-")
		before, after, found := strings.Cut(text+":", " -"+name+":")
		if name != "" && name != typed && found {
			return strings.TrimSuffix(before+" "+typed+":"+after, ":")
		}
	}
	return text
}

// usage returns the form of the argument line.
func (c command) usage() string { return strings.TrimSpace("btf " + c.name + " [flags] " + c.args) }

func (c command) help(env *environment, flags *flag.FlagSet) {
	fmt.Fprintf(env.out, "%s\n\n%s.\n%s\n", c.usage(), strings.ToUpper(c.summary[:1])+c.summary[1:], c.details)
	fmt.Fprintln(env.out, "Flags:")
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		fmt.Fprintf(env.out, "  %-14s %s\n", strings.TrimSpace(dashes+f.Name+" "+value), usage)
	})
}
