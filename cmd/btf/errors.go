// Says what failed, on standard error or as an object among others.

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

// errFailed ends a command with status 1. The command has said what failed.
var errFailed = errors.New("failed")

// A usageError says what is wrong with the argument line. It ends the command with
// status 2, after a short usage text.
type usageError string

func (e usageError) Error() string { return string(e) }

// complain writes an error to standard error, one line for each of the errors that it
// joins. A newline in a name or a path begins no line: it is escaped.
func (env *environment) complain(err error) {
	for _, line := range errorLines(err) {
		fmt.Fprintf(env.stderr, "btf: %s\n", escape.Text(message(line)))
	}
}

// errorLines returns the texts of the errors that err joins. If err adds text before a joined
// error, the first line has it.
func errorLines(err error) []string {
	text := err.Error()
	if !strings.Contains(text, "\n") {
		return []string{text}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, err := range joined.Unwrap() {
			all = append(all, errorLines(err)...)
		}
		if strings.Join(all, "\n") == text {
			return all
		}
		return []string{text}
	}
	if inner := errors.Unwrap(err); inner != nil {
		for _, end := range []string{inner.Error(), strings.TrimPrefix(inner.Error(), "btf: ")} {
			if before, ok := strings.CutSuffix(text, end); ok {
				all := errorLines(inner)
				all[0] = before + strings.TrimPrefix(all[0], strings.TrimSuffix(inner.Error(), end))
				return all
			}
		}
	}
	return []string{text}
}

// maxShown is the number of bytes of a name after which messages cut it.
const maxShown = 128

// shown returns a name for messages, cut and escaped.
func shown(name []byte) string {
	if len(name) > maxShown {
		return escape.Text(string(name[:maxShown])) + "…"
	}
	return escape.Text(string(name))
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
	return env.encodeFailure(name, err)
}

// encodeFailure writes an object with a name, and an error that is about it.
func (env *environment) encodeFailure(name string, err error) error {
	return newEncoder(env.out).Encode(struct {
		Name  jsonText `json:"name"`
		Error jsonText `json:"error"`
	}{jsonText(name), jsonText(message(err.Error()))})
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
