// Chooses declarations by name.

package diff

import (
	"fmt"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/glob"
)

// A Filter chooses what [Specs] compares. The nil Filter chooses every declaration, and
// compares the enumerators of a named enum as its members only. A Filter never changes;
// many goroutines may use it at once.
type Filter struct {
	globs []wanted
	paths []wantedPath
}

// A wanted is a glob of names.
type wanted struct {
	declared      // of any kind if that is 0
	path     bool // the name may also be a path, which is in Filter.paths
}

// A wantedPath is a name that is a path if no declaration has it.
type wantedPath struct {
	path string
	glob int // its glob in Filter.globs, -1 if there is none
}

// NewFilter returns a Filter that chooses by name. Without names it returns nil.
//
// A name is a glob as of [path.Match], such as "tcp_*", in which "/" is a character like
// others. It chooses declarations of every kind, enumerators of every enum among them.
// With a word before it, as in "struct task_struct" or "enumerator PIDTYPE_*", it chooses
// those of one kind. A name in quotes, as in `"runtime.g"`, is not a glob.
//
// A name with ".", "->" or a quote in it that matches no declaration is a path, as
// [btf.Spec.Field] takes it. What is compared is where it leads.
//
// The error matches [path.ErrBadPattern] if a glob is malformed.
func NewFilter(names ...string) (*Filter, error) {
	if len(names) == 0 {
		return nil, nil
	}
	f := new(Filter)
	for _, name := range names {
		one := wanted{declared: declared{name: name}}
		if word, rest, ok := strings.Cut(name, " "); ok {
			if kind := kindNamed(word); kind != 0 {
				one.declared = declared{kind, strings.TrimSpace(rest)}
			}
		}
		literal, whole := unquoted(one.name)
		if whole {
			one.name = literal
		}
		err := glob.Check(one.name)
		one.path = !whole && (strings.ContainsAny(name, ".\"`") || strings.Contains(name, "->"))
		switch {
		case one.path && err != nil:
			f.paths = append(f.paths, wantedPath{name, -1})
			continue
		case one.path:
			f.paths = append(f.paths, wantedPath{name, len(f.globs)})
		case err != nil:
			return nil, fmt.Errorf("btf: %.200q is not a glob: %w", name, err)
		}
		f.globs = append(f.globs, one)
	}
	return f, nil
}

// unquoted returns the glob that matches what is in quotes, if all of a name is.
func unquoted(name string) (literal string, ok bool) {
	last := len(name) - 1
	if last < 2 || name[0] != '"' && name[0] != '`' || strings.IndexByte(name[1:], name[0]) != last-1 {
		return "", false
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name[1:last]), true
}

// kindNamed returns the Kind of declarations that a word names, or 0.
func kindNamed(word string) Kind {
	for kind := Struct; kind <= Func; kind++ {
		if kind.String() == word {
			return kind
		}
	}
	return 0
}

// A choice is a Filter in use, which counts what it found.
type choice struct {
	*Filter
	patterns []glob.Pattern   // of the globs
	globs    []int            // indexes of the patterns with special characters
	literals map[string][]int // indexes of the others, by name
	met      []bool           // whether there is a declaration for each glob
}

func (f *Filter) choice() *choice {
	if f == nil {
		return &choice{}
	}
	c := &choice{Filter: f, patterns: make([]glob.Pattern, len(f.globs)), literals: map[string][]int{}, met: make([]bool, len(f.globs))}
	for i, one := range f.globs {
		c.patterns[i] = glob.New(one.name)
		if strings.ContainsAny(one.name, `*?[\`) || len(one.name) > glob.MaxName {
			c.globs = append(c.globs, i)
		} else {
			c.literals[one.name] = append(c.literals[one.name], i)
		}
	}
	return c
}

// all reports whether every declaration is chosen.
func (c *choice) all() bool { return c.Filter == nil }

func (c *choice) has(kind Kind, name []byte) bool {
	if c.all() {
		return true
	}
	any := false
	for _, i := range c.literals[string(name)] {
		if one := c.Filter.globs[i]; one.kind == 0 || one.kind == kind {
			c.met[i], any = true, true
		}
	}
	for _, i := range c.globs {
		if one := c.Filter.globs[i]; (one.kind == 0 || one.kind == kind) && c.patterns[i].Match(name) {
			c.met[i], any = true, true
		}
	}
	return any
}

// missing returns an error for each glob that nothing matched and that is no path.
func (c *choice) missing() []error {
	var all []error
	for i, met := range c.met {
		if one := c.Filter.globs[i]; !met && !one.path {
			all = append(all, fmt.Errorf("btf: %s in either file: %w", strings.TrimSpace(one.kind.String()+" "+one.name), btf.ErrNotFound))
		}
	}
	return all
}
