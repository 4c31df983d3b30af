// Lists the commands of cmd/btf with the forms of their output.

//go:build linux && !race

package growth

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A commandRow is an argument line. The words IN, NAMES, PATHS, GLOBS, NAME and GLOB stand
// for arguments that the input decides.
type commandRow struct {
	name  string // "btf " and the arguments
	args  []string
	piped bool // whether standard input is a pipe with the file
}

func commandRows() (rows []commandRow) {
	for _, args := range [][]string{
		{"show", "IN", "NAMES"},
		{"offset", "IN", "PATHS"},
		{"offset", "--json", "IN", "PATHS"},
		{"offset", "-c", "IN", "PATHS"},
		{"offset", "--go", "IN", "PATHS"},
		{"offset", "--root", "root", "PATHS"},
		{"enum", "IN", "-f", "names"},
		{"enum", "--json", "IN", "-f", "names"},
		{"enum", "--root", "root", "-f", "names"},
		{"func", "IN", "-f", "names"},
		{"func", "--json", "IN", "-f", "names"},
		{"func", "--root", "root", "-f", "names"},
		{"funcs", "IN"},
		{"funcs", "--json", "IN"},
		{"funcs", "IN", "--param", "NAME", "--first", "5"},
		{"funcs", "IN", "--tag", "tag"},
		{"funcs", "IN", "--glob", "GLOB"},
		{"find", "IN", "GLOBS"},
		{"find", "IN", "*"},
		{"find", "--json", "IN", "*"},
		{"modules", "--root", "root"},
		{"modules", "--json", "--root", "root"},
		{"diff", "file", "file"},
		{"diff", "file", "empty"},
		{"diff", "empty", "file"},
		{"diff", "--json", "file", "empty"},
		{"diff", "file", "empty", "-f", "names"},
		{"diff", "file", "empty", "-f", "paths"},
		{"dump", "IN"},
		{"ext", "file"},
		{"core", "file", "--btf", "file"},
		{"core", "--json", "file", "--btf", "file"},
		{"stat", "IN"},
		{"verify", "BASE", "file"},
		{"verify", "--strict", "BASE", "file"},
	} {
		rows = append(rows, commandRow{name: lineOf(args), args: args})
	}
	for _, command := range []string{"stat", "dump", "verify"} {
		args := []string{command, "/dev/stdin"}
		rows = append(rows, commandRow{name: lineOf(args) + " (a pipe)", args: args, piped: true})
	}
	return rows
}

func lineOf(args []string) string {
	line := "btf"
	for _, arg := range args {
		line += " " + arg
	}
	return line
}

// arguments fills in what the input decides.
func (c commandRow) arguments(q questions) (args []string) {
	for _, arg := range c.args {
		switch arg {
		case "IN":
			args = append(args, "--btf", "file")
			if q.Split {
				args = append(args, "--base", "base")
			}
		case "BASE":
			if q.Split {
				args = append(args, "--base", "base")
			}
		case "NAMES":
			args = append(args, few(texts(q.Names))...)
		case "NAME":
			args = append(args, string(q.Names[0]))
		case "PATHS":
			args = append(args, "-f", "paths")
		case "GLOBS":
			args = append(args, few(texts(q.Globs))...)
		case "GLOB":
			args = append(args, string(q.Globs[0]))
		default:
			args = append(args, arg)
		}
	}
	return args
}

// buildCommand builds cmd/btf and returns its path.
func buildCommand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "btf")
	build := exec.Command("go", "build", "-o", path, "./cmd/btf")
	build.Dir = btftest.Root()
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}
