// Splits a path such as task_struct.mm->owner into its steps.

package btf

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// A path is the name of a type and the steps into it, in one or more alternatives:
//
//	struct task_struct .thread .fsbase|thread .uw .tp_value
//	kind   name        step    step    step   step step
//
// A name may stand in quotes, "runtime.g" or `runtime.g`. The characters in them are those
// of the name, whatever they are; there is no escape character.
//
// A path stays a string. Splitting off the next step is faster than a list of steps, and
// needs no memory.

// A start is what a path begins with.
type start struct {
	word   string  // the kind that the path asks for, such as "struct", or ""
	kinds  kindSet // the kinds that the type may have
	name   string
	quoted bool
	end    int // length in bytes, up to the first step
}

// A step leads to a member or to an element.
type step struct {
	text    string // the whole step
	through bool   // it begins with "->" and follows a pointer
	name    string // of the member, "" for an element
	index   uint64 // of the element
}

// fieldKinds are the kinds of the types whose names may begin a path. The name of a type
// tag is the text of an attribute and does not count.
const fieldKinds = modifiers&^(1<<KindTypeTag) | compositeKinds | 1<<KindInt | 1<<KindEnum | 1<<KindEnum64 | 1<<KindFloat | 1<<KindFwd

// kindWords are the words that choose a kind at the beginning of a path.
var kindWords = [...]struct {
	word  string
	kinds kindSet
}{
	{"struct", 1<<KindStruct | 1<<KindFwd},
	{"union", 1<<KindUnion | 1<<KindFwd},
	{"enum", 1<<KindEnum | 1<<KindEnum64},
	{"typedef", 1 << KindTypedef},
	{"var", 1 << KindVar},
}

// cutKind returns the word at the start of path that chooses a kind, if there is one.
func cutKind(path string) (word string, kinds kindSet, end int) {
	space := strings.IndexByte(path[:min(len(path), len("typedef "))], ' ')
	if space < 0 {
		return "", fieldKinds, 0
	}
	for _, w := range &kindWords {
		if path[:space] == w.word {
			for end = space; end < len(path) && path[end] == ' '; end++ {
			}
			return w.word, w.kinds, end
		}
	}
	return "", fieldKinds, 0
}

// cutStart returns the start of a path. If it is wrong, problem says why.
func cutStart(path string) (s start, problem string) {
	s.word, s.kinds, s.end = cutKind(path)
	var n int
	if s.name, n, problem = cutName(path[s.end:]); problem == "" && s.name == "" {
		problem = "needs the name of a type"
	}
	s.quoted = n > len(s.name)
	s.end += n
	return s, problem
}

// cutName returns the name at the start of path, without its quotes, and the length of
// the name with them.
func cutName(path string) (name string, n int, problem string) {
	if path == "" || path[0] != '"' && path[0] != '`' {
		n = nameEnd(path)
		return path[:n], n, ""
	}
	length := strings.IndexByte(path[1:], path[0])
	switch path[0] {
	case '"':
		problem = "needs a second '\"'"
	default:
		problem = "needs a second '`'"
	}
	if length < 0 {
		return "", len(path), problem
	}
	return path[1 : 1+length], length + 2, ""
}

// nameEnd returns the length of the name without quotes at the start of path, in bytes.
func nameEnd(path string) int {
	for i := range len(path) {
		switch c := path[i]; {
		case c == '.' || c == '[' || c == ']' || c == '|' || c == '-' && strings.HasPrefix(path[i:], "->"):
			return i
		}
	}
	return len(path)
}

// cutType splits a path into the type and the steps, and checks the steps.
func cutType(path string) (s start, steps string, err error) {
	s, problem := cutStart(path)
	if problem != "" {
		return start{}, "", badPath(path, problem)
	}
	return s, path[s.end:], checkFirst(path[s.end:])
}

// checkFirst checks the syntax of the steps after the name of a type.
func checkFirst(steps string) error {
	if steps == "" {
		return nil
	}
	if _, ok := operator(steps); !ok {
		return badPath(steps, `needs ".", "->" or "[" after the type`)
	}
	return checkSteps(steps)
}

// longer yields starts of the same path with longer names than s, the longest first. The
// names of Go, Rust and Zig contain what ends a name without quotes:
//
//	runtime.g.goid     runtime.g.goid and runtime.g, if s is runtime
//
// No such name has longestName bytes or more, which bounds the number of them.
func (s start) longer(path string) iter.Seq[start] {
	return func(yield func(start) bool) {
		if s.quoted {
			return
		}
		front := s.end - len(s.name)
		alternative, _, more := cutAlternative(path)
		last := min(len(alternative), front+longestName-1)
		for end := last; end > s.end; end-- {
			if _, ok := operator(path[end:]); !ok && (more || end < len(path)) {
				continue
			}
			long := s
			long.name, long.end = path[front:end], end
			if !yield(long) {
				return
			}
		}
	}
}

// cutAlternative splits steps after the first alternative. more reports whether there
// is another.
func cutAlternative(steps string) (alternative, rest string, more bool) {
	i := 0
	for i < len(steps) && steps[i] != '"' && steps[i] != '`' {
		if steps[i] == '|' {
			return steps[:i], steps[i+1:], true
		}
		i++
	}
	if i == len(steps) {
		return steps, "", false
	}
	_, _, i = cutKind(steps)
	for i < len(steps) {
		if _, n, _ := cutName(steps[i:]); n > 0 {
			i += n
			continue
		}
		if steps[i] == '|' {
			return steps[:i], steps[i+1:], true
		}
		if op, ok := operator(steps[i:]); ok {
			i += len(op)
		} else {
			i++ // "]"
		}
	}
	return steps, "", false
}

// checkSteps checks the syntax of every alternative in steps. A mistake in an alternative
// is then found on all kernels, not only on those that need this alternative.
func checkSteps(steps string) error {
	for more := true; more; {
		var alternative string
		alternative, steps, more = cutAlternative(steps)
		if alternative == "" {
			return badPath(alternative, "needs the name of a member")
		}
		if word, _, _ := cutKind(alternative); word != "" {
			s, problem := cutStart(alternative)
			if problem != "" {
				return badPath(alternative, problem)
			}
			if alternative = alternative[s.end:]; alternative == "" {
				continue
			}
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
	if op == "[" {
		end := len(op) + nameEnd(path[len(op):])
		if end == len(path) || path[end] != ']' {
			return step{}, "", `needs "]"`
		}
		var err error
		if s.index, err = strconv.ParseUint(path[len(op):end], 10, 64); err != nil {
			return step{}, "", "needs the index of an element"
		}
		end++
		s.text = path[:end]
		return s, path[end:], ""
	}
	name, n, problem := cutName(path[len(op):])
	switch {
	case problem != "":
		return step{}, "", problem
	case name == "":
		return step{}, "", "needs the name of a member"
	}
	end := len(op) + n
	s.text, s.name, s.through = path[:end], name, op == "->"
	return s, path[end:], ""
}
