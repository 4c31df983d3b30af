// Splits a path such as task_struct.mm->owner into its steps.

package btf

import (
	"fmt"
	"strconv"
	"strings"
)

// A path is the name of a type and the steps into it, in one or more alternatives:
//
//	task_struct .thread .fsbase|thread .uw .tp_value
//	type        step    step    step   step step
//
// A path stays a string. Splitting off the next step is faster than a list of steps, and
// needs no memory.

// A step leads to a member or to an array element.
type step struct {
	text    string // the whole step
	through bool   // it begins with "->" and follows a pointer
	name    string // of the member, "" for an element
	index   uint64 // of the element
}

// cutType splits a path into the name of the type and the steps, and checks the steps.
func cutType(path string) (name, steps string, err error) {
	n := nameEnd(path)
	name, steps = path[:n], path[n:]
	_, ok := operator(steps)
	switch {
	case name == "":
		return "", "", badPath(path, "needs the name of a type")
	case steps == "":
		return name, "", nil
	case !ok:
		return "", "", badPath(steps, `needs ".", "->" or "[" after the type`)
	}
	return name, steps, checkSteps(steps)
}

// nameEnd returns the length of the name at the start of path, in bytes.
func nameEnd(path string) int {
	for i := range len(path) {
		switch c := path[i]; {
		case c == '.' || c == '[' || c == ']' || c == '|' || c == '-' && strings.HasPrefix(path[i:], "->"):
			return i
		}
	}
	return len(path)
}

// checkSteps checks the syntax of every alternative in steps. A mistake in an alternative
// is then found on all kernels, not only on those that need this alternative.
func checkSteps(steps string) error {
	for more := true; more; {
		var alternative string
		alternative, steps, more = strings.Cut(steps, "|")
		if alternative == "" {
			return badPath(alternative, "needs the name of a member")
		}
		for first := true; alternative != ""; first = false {
			if _, ok := operator(alternative); !ok && !first {
				return badPath(alternative, `needs ".", "->", "[" or "|"`)
			}
			_, rest, problem := cutStep(alternative)
			if problem != "" {
				return badPath(alternative, problem)
			}
			alternative = rest
		}
	}
	return nil
}

func badPath(at, problem string) error { return fmt.Errorf("at %s: %s", quoted(at), problem) }

// operator returns the operator at the start of path.
func operator(path string) (op string, ok bool) {
	for _, op := range [...]string{".", "->", "["} {
		if strings.HasPrefix(path, op) {
			return op, true
		}
	}
	return "", false
}

// cutStep splits the first step off an alternative. If the step is wrong, problem says
// why.
func cutStep(path string) (s step, rest, problem string) {
	op, _ := operator(path)
	end := len(op) + nameEnd(path[len(op):])
	s.name = path[len(op):end]
	switch {
	case op == "[":
		if end == len(path) || path[end] != ']' {
			return step{}, "", `needs "]"`
		}
		var err error
		if s.index, err = strconv.ParseUint(s.name, 10, 64); err != nil {
			return step{}, "", "needs the index of an element"
		}
		s.name = ""
		end++
	case s.name == "":
		return step{}, "", "needs the name of a member"
	}
	s.text, s.through = path[:end], op == "->"
	return s, path[end:], ""
}
