// Prints what the CO-RE relocations of a BPF object become on kernels.

package main

import (
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/cdecl"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/escape"
)

var coreCommand = command{
	name:    "core",
	args:    "OBJECT",
	summary: "what the CO-RE relocations of a BPF object become on a kernel",
	details: `
Finds the fields, types and enumerators that a BPF object asks for, and prints a line
for each: the ELF section and the index of the instruction, what is asked for, the value
in the object, and the value on each kernel. The last lines say whether the object loads:

  loads     every instruction can be patched
  guarded   some are poisoned: it loads if the program does not reach them there
  depends   loaders differ
  fails     a loader refuses the object

The kernel is the running one, with its modules where vmlinux has no type of the name.
Each --btf names another: a file, or vmlinux and modules with commas between them. Split
BTF stands on the first file.

With --json, a line is an object for each relocation and kernel: object, btf (the file),
section, insn, kind, type, path, local, target, poisoned, missing, local_size and
target_size (bytes that a load or store moves, else 0), access (kept, resized or refused:
what becomes of a load or store), flags (why loaders differ), matches (module and id of
the types found), verdict and, where a relocation fails, error. A kernel on which nothing
can be resolved, because its byte order differs, has one object with btf and error.

Exit status: 0 if the object loads or is guarded on every kernel, 1 if not, 2 if the
arguments make no sense.
`,
	setup: func(flags *flag.FlagSet) action {
		var files []string
		flags.Func("btf", "resolve against `FILE[,MODULE…]`; may be given more than once", func(arg string) error {
			files = append(files, arg)
			return nil
		})
		root := rootFlag(flags)
		pointer := pointerFlag(flags)
		asJSON := flags.Bool("json", false, "print one JSON object in each line")
		return func(env *environment, args []string) error {
			switch {
			case len(args) != 1:
				return usageError(fmt.Sprintf("core: needs one object, has %d", len(args)))
			case len(files) > 0 && *root != "/":
				return usageError("core: --root and --btf cannot be given together")
			}
			return coreObject(env, args[0], files, *root, *pointer, *asJSON)
		}
	},
}

// A coreColumn is what an object becomes on one kernel.
type coreColumn struct {
	name       string
	judgements []core.Judgement
	verdict    core.Verdict
	err        error // why nothing could be resolved, or nil
}

func coreObject(env *environment, object string, files []string, root string, pointer int, asJSON bool) error {
	spec, infos, err := btf.LoadSpecAndExtInfos(object)
	if err != nil {
		return about(object, err)
	}
	defer spec.Close()
	sections, err := elfSections(object, infos)
	if err != nil {
		return about(object, err)
	}
	if len(files) == 0 {
		files = []string{""}
	}
	var columns []coreColumn
	for _, file := range files {
		target, name, closeTarget, err := coreTarget(env, file, root, pointer)
		if err != nil {
			return err
		}
		defer closeTarget()
		c := coreColumn{name: name}
		text := map[string][]byte{}
		for name, b := range sections {
			text[name] = slices.Clone(b) // Judge patches it
		}
		c.judgements, c.verdict = core.Judge(infos, text, target)
		if len(c.judgements) == 1 && c.judgements[0].Fixup.Section == "" {
			// The byte orders differ.
			c.err, c.judgements = c.judgements[0].Err, nil
		}
		columns = append(columns, c)
	}
	if !slices.ContainsFunc(columns, func(c coreColumn) bool { return c.err == nil }) {
		return about(columns[0].name, columns[0].err)
	}
	if asJSON {
		err = printCoreJSON(env.out, object, columns)
	} else {
		err = printCore(env.out, columns)
	}
	for _, c := range columns {
		if c.verdict > core.Guarded && err == nil {
			err = errFailed
		}
	}
	return err
}

// elfSections returns the bytes of the ELF sections that have relocations. All of them
// together take no more than the file: sections of a sound object do not overlap.
func elfSections(path string, infos *btf.ExtInfos) (map[string][]byte, error) {
	relocated := map[string]bool{}
	for s := range infos.CORERelocations() {
		relocated[string(s.NameBytes())] = true
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return nil, err
	}
	left := uint64(info.Size())
	sections := map[string][]byte{}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_EXECINSTR == 0 || !relocated[s.Name] {
			continue
		}
		if s.Flags&elf.SHF_COMPRESSED != 0 {
			return nil, fmt.Errorf("btf: section %.100q has instructions, and must not be compressed", s.Name)
		}
		if s.Size > left {
			return nil, fmt.Errorf("btf: sections with instructions must fit into the file of %d bytes, %.100q needs %d, %d left", info.Size(), s.Name, s.Size, left)
		}
		left -= s.Size
		if sections[s.Name], err = s.Data(); err != nil {
			return nil, err
		}
	}
	return sections, nil
}

// coreTarget opens what a --btf flag names, or the running kernel for "".
func coreTarget(env *environment, files, root string, pointer int) (target core.Target, name string, closeAll func(), err error) {
	if files == "" {
		kernel, err := env.kernel(root)
		if err != nil {
			return core.Target{}, "", nil, err
		}
		name := "the running kernel"
		if root != "/" {
			name = "the kernel below " + root
		}
		if err := pointersOf(kernel.Vmlinux(), pointer); err != nil {
			kernel.Close()
			return core.Target{}, "", nil, about(name, err)
		}
		return core.KernelTarget(kernel), name, func() { kernel.Close() }, nil
	}
	var specs []*btf.Spec
	closeAll = func() {
		for _, s := range slices.Backward(specs) {
			s.Close()
		}
	}
	for i, file := range strings.Split(files, ",") {
		spec, err := btf.LoadSpec(file)
		if i > 0 {
			spec, err = btf.LoadSplitSpec(file, specs[0])
		}
		if err == nil {
			specs = append(specs, spec)
			err = pointersOf(spec, pointer)
		}
		if err != nil {
			closeAll()
			return core.Target{}, "", nil, about(file, err)
		}
	}
	return core.SpecTarget(specs...), files, closeAll, nil
}

// printCore prints a line for each relocation and a column for each kernel.
func printCore(out io.Writer, columns []coreColumn) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for i, j := range resolved(columns) {
		f := j.Fixup
		fmt.Fprintf(w, "%s\t%d\t%v\t%s\t%d", escape.Text(f.Section), f.Insn, f.Kind, escape.Text(f.Path()), int64(f.Local))
		for _, c := range columns {
			cell := "error"
			if c.err == nil {
				cell = coreCell(c.judgements[i])
			}
			fmt.Fprintf(w, "\t→ %s", escape.Text(cell))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, c := range columns {
		fmt.Fprintf(out, "%s: %v", escape.Text(c.name), c.verdict)
		if c.err != nil {
			fmt.Fprintf(out, ": %s\n", escape.Text(message(c.err.Error())))
			continue
		}
		worst := 0
		for _, j := range c.judgements {
			if c.verdict > core.Loads && j.Verdict == c.verdict {
				worst++
			}
		}
		if worst > 0 {
			fmt.Fprintf(out, " (%d of %d relocations)", worst, len(c.judgements))
		}
		fmt.Fprintln(out)
	}
	return nil
}

// resolved returns the judgements of a column that has them. Those of all such columns are
// about the same relocations.
func resolved(columns []coreColumn) []core.Judgement {
	for _, c := range columns {
		if c.err == nil {
			return c.judgements
		}
	}
	return nil
}

// coreCell says what a relocation becomes on one kernel.
func coreCell(j core.Judgement) string {
	f := j.Fixup
	s := fmt.Sprint(int64(f.Target))
	switch {
	case j.Err != nil:
		// The line says already where the relocation is.
		err := j.Err
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return "error: " + message(err.Error())
	case f.Poisoned:
		s = "poisoned"
	case f.Missing:
		s += " absent"
	case f.LocalSize != f.TargetSize:
		s += fmt.Sprintf(" width %d→%d", f.LocalSize, f.TargetSize)
	}
	if f.Access == core.AccessRefused && j.Verdict >= core.Guarded {
		s += " poisoned"
	}
	if f.Flags != 0 {
		s += " (" + f.Flags.String() + ")"
	}
	return s
}

// A coreRecord is a relocation on one kernel. Scripts rely on the tags.
type coreRecord struct {
	Object     jsonText    `json:"object"`
	BTF        jsonText    `json:"btf"`
	Section    jsonText    `json:"section"`
	Insn       int         `json:"insn"`
	Kind       string      `json:"kind"`
	Type       jsonText    `json:"type"`
	Path       jsonText    `json:"path"`
	Local      any         `json:"local"` // int64 or uint64
	Target     any         `json:"target"`
	Poisoned   bool        `json:"poisoned"`
	Missing    bool        `json:"missing"`
	LocalSize  uint32      `json:"local_size"`
	TargetSize uint32      `json:"target_size"`
	Access     string      `json:"access"`
	Flags      string      `json:"flags,omitempty"`
	Matches    []coreMatch `json:"matches,omitempty"`
	Verdict    string      `json:"verdict"`
	Error      jsonText    `json:"error,omitempty"`
}

// A coreMatch is a type of the kernel.
type coreMatch struct {
	Module jsonText `json:"module,omitempty"`
	ID     uint32   `json:"id"`
	Name   jsonText `json:"name"`
}

// coreKinds are the names of the kinds of relocations in libbpf's log.
var coreKinds = [...]string{
	"byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id", "target_type_id",
	"type_exists", "type_size", "enumval_exists", "enumval_value", "type_matches",
}

func printCoreJSON(out io.Writer, object string, columns []coreColumn) error {
	encoder := newEncoder(out)
	for _, c := range columns {
		if c.err == nil {
			continue
		}
		one := coreRecord{Object: jsonText(object), BTF: jsonText(c.name), Verdict: c.verdict.String(), Error: jsonText(message(c.err.Error()))}
		if err := encoder.Encode(one); err != nil {
			return err
		}
	}
	for i := range resolved(columns) {
		for _, c := range columns {
			if c.err != nil {
				continue
			}
			j := c.judgements[i]
			f := j.Fixup
			r := coreRecord{
				Object: jsonText(object), BTF: jsonText(c.name), Section: jsonText(f.Section), Insn: f.Insn, Kind: f.Kind.String(), Type: jsonText(cdecl.Type(f.Type)), Path: jsonText(f.Path()),
				Local: coreValue(f, f.Local), Target: coreValue(f, f.Target), Poisoned: f.Poisoned, Missing: f.Missing,
				LocalSize: f.LocalSize, TargetSize: f.TargetSize, Access: f.Access.String(), Flags: f.Flags.String(), Verdict: j.Verdict.String(),
			}
			if uint64(f.Kind) < uint64(len(coreKinds)) {
				r.Kind = coreKinds[f.Kind]
			}
			for _, m := range f.Matches {
				r.Matches = append(r.Matches, coreMatch{jsonText(m.Module), uint32(m.Type.ID()), jsonText(m.Type.Name())})
			}
			if j.Err != nil {
				r.Error = jsonText(message(j.Err.Error()))
			}
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// coreValue returns a value with its sign: that of a signed enum may be negative.
func coreValue(f core.Fixup, v uint64) any {
	if e, err := btf.As[btf.Enum](f.Type); err == nil && e.Signed() && f.Kind == btf.COREEnumvalValue {
		return int64(v)
	}
	return v
}
