// Chooses declarations by name.

package diff

import (
	"fmt"
	"path"
	"strings"

	"github.com/seed-6c4a6465/btf"
)

// A Filter chooses what [Specs] compares. The nil Filter chooses every declaration, and
// compares the enumerators of a named enum as its members only. A Filter never changes;
// many goroutines may use it at once.
type Filter struct {
	globs []declared // of any kind if that is 0
	paths []string
}

// NewFilter returns a Filter that chooses by name. Without names it returns nil.
//
// A name is a glob as of [path.Match], such as "tcp_*". It chooses declarations of
// every kind, enumerators of every enum among them. With a word before it, as in
// "struct task_struct" or "enumerator PIDTYPE_*", it chooses those of one kind.
//
// A name with "." or "->" in it is a path, as [btf.Spec.Field] takes it. What is
// compared is where it leads.
//
// The error matches [path.ErrBadPattern] if a glob is malformed.
func NewFilter(names ...string) (*Filter, error) {
	if len(names) == 0 {
		return nil, nil
	}
	f := new(Filter)
	for _, name := range names {
		if strings.Contains(name, ".") || strings.Contains(name, "->") {
			f.paths = append(f.paths, name)
			continue
		}
		glob := declared{name: name}
		if word, rest, ok := strings.Cut(name, " "); ok {
			if kind := kindNamed(word); kind != 0 {
				glob = declared{kind, strings.TrimSpace(rest)}
			}
		}
		if _, err := path.Match(glob.name, ""); err != nil {
			return nil, fmt.Errorf("btf: %q is not a glob: %w", name, err)
		}
		f.globs = append(f.globs, glob)
	}
	return f, nil
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
	met []bool // whether there is a declaration for each glob
}

func (f *Filter) choice() *choice {
	if f == nil {
		return &choice{}
	}
	return &choice{f, make([]bool, len(f.globs))}
}

// all reports whether every declaration is chosen.
func (c *choice) all() bool { return c.Filter == nil }

func (c *choice) has(kind Kind, bytes []byte) bool {
	if c.all() {
		return true
	}
	name := string(bytes)
	any := false
	for i, glob := range c.globs {
		if glob.kind != 0 && glob.kind != kind {
			continue
		}
		if ok, _ := path.Match(glob.name, name); ok {
			c.met[i], any = true, true
		}
	}
	return any
}

// missing returns an error for each glob that nothing matched.
func (c *choice) missing() []error {
	var all []error
	for i, met := range c.met {
		if !met {
			glob := c.globs[i]
			all = append(all, fmt.Errorf("btf: %s in either file: %w", strings.TrimSpace(glob.kind.String()+" "+glob.name), btf.ErrNotFound))
		}
	}
	return all
}
