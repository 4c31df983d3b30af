// two kernels → what differs between them

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-6c4a6465/btf"
)

var diffCommand = command{
	name:    "diff",
	args:    "A B [NAME…]",
	summary: "what moved, changed, appeared or vanished from A to B",
	trouble: statusUsage,
	details: `
Compares what two files of BTF declare under the same names: sizes of structs and
unions, place, size and type of each field, typedefs, enumerators, and prototypes of
functions. A line for each difference: "-" is in A only, "+" in B only, "~" in both,
with what it was → what it is. Offsets and sizes are in bytes, offsets of bitfields
byte:bit.

  ~ struct task_struct: size 9792 → 10240
  ~ struct task_struct.mm: offset 2336 → 2384
  + func new_one: int (struct sock *)

With names, or globs such as 'tcp_*', only these are compared; "struct NAME" and the
like choose; enumerators are found whatever the enum. A name with a dot or an arrow in
it is a path, as btf offset takes it, and compared is where it leads. What is in
neither file is trouble. A type is looked into where it is declared: the fields of anonymous ones are those of what contains them, those
of a named one are lines of its own. Type tags, and how compilers spell integers, are
no differences. Where types share a name, those that are on both sides are set aside;
"?" says that it cannot be told which of several became which.

With --json, a line is an object with change ("changed", "appeared", "vanished", or
"ambiguous"), kind, name, member if it is one, before and after.

Exit status: 0 if there is no difference, 1 if there is, 2 in trouble.
`,
	setup: func(flags *flag.FlagSet) action {
		file := linesFlag(flags)
		asJSON := flags.Bool("json", false, "print an object a line, for machines")
		return func(env *environment, args []string) error {
			if len(args) < 2 {
				return usageError("diff: two files are wanted")
			}
			names, err := env.withLines(args[2:], *file)
			if err != nil {
				return err
			}
			return diff(env, args[0], args[1], names, *asJSON)
		}
	},
}

// diff prints the differences, and returns errFailed if there are any.
func diff(env *environment, before, after string, names []string, asJSON bool) error {
	chosen, err := newChoice(names)
	if err != nil {
		return err
	}
	d := differ{env: env}
	if asJSON {
		d.json = newEncoder(env.out)
	}
	var sides [2]*side
	for i, file := range []string{before, after} {
		spec, err := btf.LoadSpec(file)
		if err != nil {
			return about(file, err)
		}
		defer spec.Close()
		if sides[i], err = newSide(file, spec, chosen); err != nil {
			return about(file, err)
		}
	}
	a, b := sides[0], sides[1]
	all := maps.Clone(a.found)
	maps.Copy(all, b.found)
	for _, name := range slices.SortedFunc(maps.Keys(all), declared.compare) {
		from, err := a.shapes(name)
		if err != nil {
			return err
		}
		to, err := b.shapes(name)
		if err != nil {
			return err
		}
		if err := d.compare(name, from, to); err != nil {
			return err
		}
	}
	missing := chosen.missing()
	for _, path := range chosen.paths {
		from, err := a.path(path)
		if err != nil {
			return err
		}
		to, err := b.path(path)
		if err != nil {
			return err
		}
		if len(from)+len(to) == 0 {
			_, err := a.spec.Field(path)
			missing = append(missing, err)
		}
		if err := d.compare(declared{"path", path}, from, to); err != nil {
			return err
		}
	}
	switch {
	case len(missing) > 0:
		return errors.Join(missing...)
	case d.found:
		return errFailed
	}
	return nil
}

// A differ prints differences as it finds them.
type differ struct {
	env   *environment
	json  *json.Encoder // nil for text
	found bool
}

// compare prints how what one name declares differs. Types with the same name are
// told apart by their shapes: one that is on both sides has not changed.
func (d *differ) compare(name declared, a, b []shape) error {
	before, after := some(len(a)), some(len(b))
	shared := len(a) > 0 && len(b) > 0
	a, b = without(a, b), without(b, a)
	switch {
	case len(a) == 1 && len(b) == 1:
		return d.shapes(name, a[0], b[0])
	case len(a) > 0 && len(b) > 0:
		return d.print(change{Change: "ambiguous", declared: name, Before: &facts{Types: before}, After: &facts{Types: after}})
	}
	for _, s := range a {
		if shared {
			s.head.Types = before
		}
		if err := d.print(change{Change: "vanished", declared: name, Before: &s.head}); err != nil {
			return err
		}
	}
	for _, s := range b {
		if shared {
			s.head.Types = after
		}
		if err := d.print(change{Change: "appeared", declared: name, After: &s.head}); err != nil {
			return err
		}
	}
	return nil
}

// without returns the shapes that are not among the others.
func without(shapes, others []shape) []shape {
	if len(shapes) == 1 && len(others) == 1 {
		// Nearly all names are here, where no hash is worth its time.
		if shapes[0].equal(others[0]) {
			return nil
		}
		return shapes
	}
	seen := newShapeSet()
	for _, s := range others {
		seen.add(s)
	}
	var left []shape
	for _, s := range shapes {
		if !seen.has(s) {
			left = append(left, s)
		}
	}
	return left
}

func (d *differ) shapes(name declared, a, b shape) error {
	if a.head != b.head {
		if err := d.print(change{Change: "changed", declared: name, Before: &a.head, After: &b.head}); err != nil {
			return err
		}
	}
	after := make(map[string]facts, len(b.parts))
	for _, p := range b.parts {
		after[p.name] = p.facts
	}
	for _, p := range a.parts {
		c := change{Change: "vanished", declared: name, Member: p.name, Before: &p.facts}
		if now, ok := after[p.name]; ok {
			if delete(after, p.name); now == p.facts {
				continue
			}
			c.Change, c.After = "changed", &now
		}
		if err := d.print(c); err != nil {
			return err
		}
	}
	for _, p := range b.parts {
		if _, ok := after[p.name]; !ok {
			continue
		}
		if err := d.print(change{Change: "appeared", declared: name, Member: p.name, After: &p.facts}); err != nil {
			return err
		}
	}
	return nil
}

func (d *differ) print(c change) error {
	d.found = true
	if d.json != nil {
		return d.json.Encode(c)
	}
	_, err := fmt.Fprintln(d.env.out, c)
	return err
}
