// Says what failed, on standard error or as an object among others.

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// errFailed ends a command with status 1. The command has said what failed.
var errFailed = errors.New("failed")

// A usageError says what is wrong with the argument line. It ends the command with
// status 2, after a short usage text.
type usageError string

func (e usageError) Error() string { return string(e) }

// complain writes an error to standard error, one line for each line of its text.
func (env *environment) complain(err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(env.stderr, "btf: %s\n", message(strings.TrimSuffix(line, "\n")))
	}
}

// message returns the text of an error without the prefix "btf: ", its own and that of
// the errors it wraps. Where the text names a method that a program would call, it names
// the flag.
func message(err string) string {
	err = strings.ReplaceAll(strings.TrimPrefix(err, "btf: "), ": btf: ", ": ")
	return strings.ReplaceAll(err, "Spec.SetPointerSize sets it", "--pointer 4 or --pointer 8 sets it")
}

// missing says that nothing has a name, as an object among the others on standard
// output or as a line on standard error.
func (env *environment) missing(name, what string, asJSON bool) error {
	return env.missingBecause(name, fmt.Errorf("btf: %s named %.200q: %w", what, name, btf.ErrNotFound), asJSON)
}

// missingBecause is missing with an error that says why.
func (env *environment) missingBecause(name string, err error, asJSON bool) error {
	if !asJSON {
		env.complain(err)
		return nil
	}
	return newEncoder(env.out).Encode(struct {
		Name  string `json:"name"`
		Error string `json:"error"`
	}{name, message(err.Error())})
}

// about adds the file or path to an error of package btf.
func about(what string, err error) error {
	if strings.HasPrefix(err.Error(), "btf: "+what+": ") {
		return err // it names the file already
	}
	// Errors of the file system name the path too: once is enough.
	if path := (*fs.PathError)(nil); errors.As(err, &path) && path.Path == what {
		err = path.Err
	}
	return &aboutError{what, err}
}

// An aboutError is an error about a file or path. Its text begins with "btf: " once,
// whether that of the error it wraps does or not.
type aboutError struct {
	what string
	err  error
}

func (e *aboutError) Error() string {
	return "btf: " + e.what + ": " + strings.TrimPrefix(e.err.Error(), "btf: ")
}

func (e *aboutError) Unwrap() error { return e.err }
