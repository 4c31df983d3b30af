// Opens the BTF that flags name.

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/handle"
	"github.com/seed-6c4a6465/btf/internal/sample"
)

const inputHelp = `  --btf FILE    a file: raw BTF, or an ELF file with a .BTF section
  --base FILE   the base, if the file has split BTF
  -m MODULE     a loaded module of the running kernel
  --id N        a BTF object in the running kernel; btf list prints the ids
  --root DIR    another kernel, whose /sys is mounted below DIR
  --pointer N   the size of a pointer, 4 or 8 bytes, where the BTF does not tell it
  --sample      the sample of Linux 6.12 for amd64, which is part of the command
`

// An input is what the flags say to read.
type input struct {
	file, base, module string
	root               *string
	pointer            *int
	id                 handle.ID
	sample             bool // read the embedded sample
	fallback           bool // read the sample if the running kernel has no BTF
}

func inputFlags(flags *flag.FlagSet) *input {
	in := new(input)
	flags.StringVar(&in.file, "btf", "", "read `FILE`: raw BTF, or an ELF file with a .BTF section")
	flags.StringVar(&in.base, "base", "", "`FILE` with the base of split BTF")
	flags.Func("m", "read the BTF of a loaded `MODULE` of the running kernel", func(arg string) error {
		in.module = strings.ReplaceAll(arg, "-", "_") // the kernel's own spelling
		return nil
	})
	flags.Func("id", "read the BTF object with id `N` in the running kernel", func(arg string) error {
		id, err := strconv.ParseUint(arg, 10, 32)
		if err == nil && id == 0 {
			err = errors.New("ids begin at 1")
		}
		in.id = handle.ID(id)
		return err
	})
	in.root = rootFlag(flags)
	in.pointer = pointerFlag(flags)
	flags.BoolVar(&in.sample, "sample", false, "read "+sampleName+", which is part of the command")
	return in
}

// pointerFlag returns the size of a pointer that the flag gives, or 0.
func pointerFlag(flags *flag.FlagSet) *int {
	size := new(int)
	flags.Func("pointer", "size of a pointer, 4 or 8 bytes, where the BTF does not tell it: `N`", func(arg string) error {
		if arg != "4" && arg != "8" {
			return errors.New("must be 4 or 8")
		}
		*size = int(arg[0] - '0')
		return nil
	})
	return size
}

// pointersOf makes a Spec and its bases know the size of a pointer, if they do not tell
// it and the size is not 0.
func pointersOf(spec *btf.Spec, size int) error {
	if size == 0 || spec.PointerSize() != 0 {
		return nil
	}
	for spec.Base() != nil {
		spec = spec.Base()
	}
	return spec.SetPointerSize(size)
}

func rootFlag(flags *flag.FlagSet) *string {
	return flags.String("root", "/", "read the kernel whose /sys is mounted below `DIR`, such as the host of a container")
}

// String returns what is read, as a comment of constants names it.
func (in *input) String() string {
	kernel := "the running kernel"
	if *in.root != "/" {
		kernel = "the kernel below " + *in.root
	}
	switch {
	case in.file != "":
		return in.file
	case in.id != 0:
		return fmt.Sprintf("BTF %d in %s", in.id, kernel)
	case in.module != "":
		return "module " + in.module + " of " + kernel
	case in.sample:
		return sampleName
	}
	return kernel
}

// sampleName is what the embedded BTF is called.
const sampleName = "the sample of Linux 6.12 for amd64"

// fileArgument takes a file among the arguments as that of --btf.
func (in *input) fileArgument(args []string) error {
	switch {
	case len(args) == 0:
	case len(args) > 1:
		return usageError(fmt.Sprintf("needs at most one file, also has %q", args[1]))
	case in.file != "":
		return usageError("needs one file, has one as an argument and one after --btf")
	default:
		in.file = args[0]
	}
	return nil
}

func (in *input) check() error {
	switch {
	case in.sample && (in.file != "" || in.base != "" || in.module != "" || in.id != 0 || *in.root != "/"):
		return usageError("--sample cannot be given together with --btf, --base, -m, --id or --root")
	case in.file != "" && *in.root != "/":
		return usageError("--root cannot be given together with --btf")
	case in.id != 0 && (in.file != "" || in.base != "" || in.module != "" || *in.root != "/"):
		return usageError("--id cannot be given together with --btf, --base, -m or --root")
	case in.module != "" && (in.file != "" || in.base != ""):
		return usageError("-m cannot be given together with --btf or --base")
	case in.base != "" && in.file == "":
		return usageError("--base needs a file with split BTF")
	}
	return nil
}

// open returns the BTF, and a function that closes it.
func (in *input) open(env *environment) (*btf.Spec, func(), error) {
	spec, closeSpec, err := in.openAny(env)
	if err != nil {
		return nil, nil, err
	}
	if err := pointersOf(spec, *in.pointer); err != nil {
		closeSpec()
		return nil, nil, err
	}
	return spec, closeSpec, nil
}

// openAny is open without --pointer.
func (in *input) openAny(env *environment) (*btf.Spec, func(), error) {
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	spec, closeSpec, err := in.openChecked(env)
	if err == nil {
		env.out.allow(spec)
	}
	return spec, closeSpec, err
}

func (in *input) openChecked(env *environment) (*btf.Spec, func(), error) {
	if in.file != "" {
		return openFile(in.file, in.base)
	}
	if in.id != 0 {
		return in.openID(env)
	}
	kernel, spec, err := in.openKernel(env)
	if err != nil {
		return nil, nil, err
	}
	if kernel == nil {
		return spec, func() { spec.Close() }, nil
	}
	if in.module != "" {
		if spec, err = kernel.Module(in.module); err != nil {
			kernel.Close()
			return nil, nil, err
		}
	}
	return spec, func() { kernel.Close() }, nil
}

// openKernel returns the kernel and its vmlinux. If the sample is read, it returns nil for
// the kernel.
func (in *input) openKernel(env *environment) (*btf.Kernel, *btf.Spec, error) {
	if !in.sample {
		kernel, err := env.kernel(*in.root)
		if err == nil {
			return kernel, kernel.Vmlinux(), pointersOf(kernel.Vmlinux(), *in.pointer)
		}
		switch {
		case !errors.Is(err, btf.ErrNotSupported), *in.root != "/", in.module != "":
			return nil, nil, err
		case !in.fallback:
			// Offsets and constants of another kernel are wrong answers.
			return nil, nil, fmt.Errorf("%w; --sample reads %s", err, sampleName)
		}
		in.sample = true
		fmt.Fprintln(env.stderr, "btf: no BTF of the running kernel here; this is "+sampleName)
	}
	spec, err := loadSample()
	return nil, spec, err
}

// fields returns the function that resolves paths, in the kernel and all its modules
// unless flags name another BTF, and a function that closes what it reads.
func (in *input) fields(env *environment) (func(string) (btf.Field, error), func(), error) {
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	if in.file == "" && in.module == "" && in.id == 0 {
		kernel, spec, err := in.openKernel(env)
		switch {
		case err != nil:
			return nil, nil, err
		case kernel != nil:
			env.out.allow(spec)
			return kernel.Field, func() { kernel.Close() }, nil
		}
		return spec.Field, func() { spec.Close() }, nil
	}
	spec, closeSpec, err := in.open(env)
	if err != nil {
		return nil, nil, err
	}
	return spec.Field, closeSpec, nil
}

// parts are the Specs that a command goes through: the kernel and its modules, or one
// file.
type parts struct {
	list   []btf.Module
	bases  []btf.Module // the bases of the one file, the lowest first
	broken bool         // whether one could not be read; that was said
}

// all returns the parts in which names are looked up.
func (p *parts) all() []btf.Module { return slices.Concat(p.bases, p.list) }

// failed returns the error, or errFailed if a part is broken.
func (p *parts) failed(err error) error {
	if err == nil && p.broken {
		return errFailed
	}
	return err
}

// parts returns them, and a function that closes them.
func (in *input) parts(env *environment) (*parts, func(), error) {
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	if in.file == "" && in.module == "" && in.id == 0 {
		kernel, spec, err := in.openKernel(env)
		switch {
		case err != nil:
			return nil, nil, err
		case kernel == nil:
			env.out.allow(spec)
			return &parts{list: []btf.Module{{Spec: spec}}}, func() { spec.Close() }, nil
		}
		p := new(parts)
		for m, err := range kernel.Modules() {
			if err != nil {
				p.broken = true
				env.complain(err)
				continue
			}
			env.out.allow(m.Spec)
			p.list = append(p.list, m)
		}
		return p, func() { kernel.Close() }, nil
	}
	spec, closeSpec, err := in.open(env)
	if err != nil {
		return nil, nil, err
	}
	p := &parts{list: []btf.Module{{Name: in.module, Spec: spec}}}
	for base := spec.Base(); base != nil; base = base.Base() {
		m := btf.Module{Spec: base}
		if in.module != "" {
			m.Name = "vmlinux"
		}
		p.bases = slices.Insert(p.bases, 0, m)
	}
	return p, closeSpec, nil
}

// openID opens BTF inside the running kernel. That of a module is opened over the
// kernel's own.
func (in *input) openID(env *environment) (*btf.Spec, func(), error) {
	h, err := handle.NewFromID(in.id)
	if err != nil {
		return nil, nil, err
	}
	defer h.Close()
	info, err := h.Info()
	if err != nil {
		return nil, nil, err
	}
	if !info.IsModule() {
		spec, err := h.Spec(nil)
		return spec, func() { spec.Close() }, err
	}
	kernel, err := env.kernel("/")
	if err != nil {
		return nil, nil, err
	}
	spec, err := h.Spec(kernel.Vmlinux())
	if err != nil {
		kernel.Close()
		return nil, nil, err
	}
	return spec, func() { spec.Close(); kernel.Close() }, nil
}

// openFile opens a file over its base, and returns a function that closes both. The base
// of a module in a directory sys/kernel/btf is vmlinux in the same directory.
func openFile(file, basefile string) (*btf.Spec, func(), error) {
	if basefile == "" {
		if vmlinux := baseOfModule(file); vmlinux != "" {
			return openFile(file, vmlinux)
		}
		spec, err := btf.LoadSpec(file)
		if err != nil {
			return nil, nil, about(file, err)
		}
		return spec, func() { spec.Close() }, nil
	}
	base, err := btf.LoadSpec(basefile)
	if err != nil {
		return nil, nil, about(basefile, err)
	}
	spec, err := btf.LoadSplitSpec(file, base)
	if err != nil {
		base.Close()
		return nil, nil, about(file, err)
	}
	return spec, func() { spec.Close(); base.Close() }, nil
}

// baseOfModule returns the vmlinux beside the BTF of a module, or "" if the file is not in
// a directory sys/kernel/btf, or is no module.
func baseOfModule(file string) string {
	path, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	dir, name := filepath.Split(path)
	if name == "vmlinux" || strings.Contains(name, ".") || !strings.HasSuffix(filepath.ToSlash(dir), "/sys/kernel/btf/") {
		return ""
	}
	vmlinux := filepath.Join(dir, "vmlinux")
	if _, err := os.Stat(vmlinux); err != nil {
		return ""
	}
	return vmlinux
}

// loadSample loads the embedded BTF.
func loadSample() (*btf.Spec, error) {
	blob, err := sample.Vmlinux()
	if err != nil {
		return nil, err
	}
	return btf.LoadRawSpec(blob)
}
