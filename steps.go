// Cuts a path such as task_struct.mm->owner into its steps.

package btf

import (
	"fmt"
	"strconv"
	"strings"
)

// A path is the name of a type, and then alternatives of steps into it:
//
//	task_struct .thread .fsbase|thread .uw .tp_value
//	type        step    step    step   step step
//
// It is never made into anything else: cutting off the next step takes less time than
// keeping them, and no memory.

// A step of a path leads to a member or to an element.
type step struct {
	text    string // all of it
	through bool   // a pointer first: "->"
	name    string // of the member, "" for an element
	index   uint64
}

// cutType cuts a path behind the name of the type, and checks the rest.
func cutType(path string) (name, steps string, err error) {
	n := nameEnd(path)
	name, steps = path[:n], path[n:]
	_, ok := operator(steps)
	switch {
	case name == "":
		return "", "", badPath(path, "name of a type wanted")
	case steps == "":
		return name, "", nil
	case !ok:
		return "", "", badPath(steps, `".", "->" or "[" wanted behind the type`)
	}
	return name, steps, checkSteps(steps)
}

// nameEnd returns how many bytes of path are a name.
func nameEnd(path string) int {
	for i := range len(path) {
		switch c := path[i]; {
		case c == '.' || c == '[' || c == ']' || c == '|' || c == '-' && strings.HasPrefix(path[i:], "->"):
			return i
		}
	}
	return len(path)
}

// checkSteps proves that each alternative in steps is one that walk can follow. All
// are looked at, so that a misspelt one is found on every kernel, and not only on
// that which needs it.
func checkSteps(steps string) error {
	for more := true; more; {
		var alternative string
		alternative, steps, more = strings.Cut(steps, "|")
		if alternative == "" {
			return badPath(alternative, "name of a member wanted")
		}
		for first := true; alternative != ""; first = false {
			if _, ok := operator(alternative); !ok && !first {
				return badPath(alternative, `".", "->", "[" or "|" wanted`)
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

// operator returns what a step begins with.
func operator(path string) (op string, ok bool) {
	for _, op := range [...]string{".", "->", "["} {
		if strings.HasPrefix(path, op) {
			return op, true
		}
	}
	return "", false
}

// cutStep cuts the first step off an alternative, or says what is wrong with it.
func cutStep(path string) (s step, rest, problem string) {
	op, _ := operator(path)
	end := len(op) + nameEnd(path[len(op):])
	s.name = path[len(op):end]
	switch {
	case op == "[":
		if end == len(path) || path[end] != ']' {
			return step{}, "", `"]" wanted`
		}
		var err error
		if s.index, err = strconv.ParseUint(s.name, 10, 64); err != nil {
			return step{}, "", "a number of an element wanted"
		}
		s.name = ""
		end++
	case s.name == "":
		return step{}, "", "name of a member wanted"
	}
	s.text, s.through = path[:end], op == "->"
	return s, path[end:], ""
}
