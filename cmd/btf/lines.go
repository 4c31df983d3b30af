// Reads further arguments from a file.

package main

import (
	"bufio"
	"flag"
	"io"
	"os"
	"strings"
)

const linesHelp = "read more arguments from `FILE`, one in each line; - is standard input"

func linesFlag(flags *flag.FlagSet) *string { return flags.String("f", "", linesHelp) }

// withLines returns the arguments, followed by the lines of a file if one is named. It
// skips empty lines and those that begin with "#".
func (env *environment) withLines(args []string, file string) ([]string, error) {
	if file == "" {
		return args, nil
	}
	from, name := env.stdin, "standard input"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, about(file, err)
		}
		defer f.Close()
		from, name = io.Reader(f), file
	}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			args = append(args, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, about(name, err)
	}
	return args, nil
}
