// flags → the BTF that a command reads

package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/testdata"
)

const inputHelp = `  --btf FILE    a file: raw BTF, or an ELF file with a .BTF section
  --base FILE   what the split BTF in that file stands on
  -m MODULE     a loaded module of the running kernel
  --id N        BTF that is in the running kernel: see btf list
`

// An input is what the flags say to read.
type input struct {
	file, base, module string
	id                 btf.HandleID
}

func inputFlags(flags *flag.FlagSet) *input {
	in := new(input)
	flags.StringVar(&in.file, "btf", "", "read `FILE`: raw BTF, or an ELF file with a .BTF section")
	flags.StringVar(&in.base, "base", "", "`FILE` that the split BTF stands on")
	flags.StringVar(&in.module, "m", "", "read the BTF of a loaded `MODULE` of the running kernel")
	flags.Func("id", "read the BTF with id `N` in the running kernel", func(arg string) error {
		id, err := strconv.ParseUint(arg, 10, 32)
		if err == nil && id == 0 {
			err = errors.New("ids begin with 1")
		}
		in.id = btf.HandleID(id)
		return err
	})
	return in
}

// fileArgument takes a file that stands among the arguments for that of --btf.
func (in *input) fileArgument(args []string) error {
	switch {
	case len(args) == 0:
	case len(args) > 1:
		return usageError(fmt.Sprintf("one file at most wanted, there is %q too", args[1]))
	case in.file != "":
		return usageError("the file stands twice, once after --btf")
	default:
		in.file = args[0]
	}
	return nil
}

// open returns the BTF, and a function that closes it.
func (i *input) open(env *environment) (*btf.Spec, func(), error) {
	switch {
	case i.module != "" && (i.file != "" || i.base != ""):
		return nil, nil, usageError("-m is the running kernel's: --btf and --base go without it")
	case i.id != 0 && (i.file != "" || i.base != "" || i.module != ""):
		return nil, nil, usageError("--id is in the running kernel: --btf, --base and -m go without it")
	case i.id != 0:
		return openID(env, i.id)
	case i.base != "" && i.file == "":
		return nil, nil, usageError("--base wants a file that stands on it")
	case i.module != "":
		kernel, err := env.kernel()
		if err != nil {
			return nil, nil, err
		}
		spec, err := btf.LoadKernelModuleSpec(i.module, kernel)
		if err != nil {
			kernel.Close()
			return nil, nil, err
		}
		return spec, func() { spec.Close(); kernel.Close() }, nil
	case i.file != "":
		return openFile(i.file, i.base)
	}
	spec, err := env.kernel()
	if errors.Is(err, btf.ErrNotSupported) {
		fmt.Fprintln(env.stderr, "btf: no BTF of the running kernel here; this is the sample of Linux 6.12 for amd64")
		spec, err = sample()
	}
	if err != nil {
		return nil, nil, err
	}
	return spec, func() { spec.Close() }, nil
}

// openID opens what is in the running kernel, over the kernel's own if it is that of
// a module.
func openID(env *environment, id btf.HandleID) (*btf.Spec, func(), error) {
	h, err := btf.NewHandleFromID(id)
	if err != nil {
		return nil, nil, err
	}
	defer h.Close()
	info, err := h.Info()
	if err != nil {
		return nil, nil, err
	}
	var kernel *btf.Spec
	closeKernel := func() {}
	if info.IsModule() {
		if kernel, err = env.kernel(); err != nil {
			return nil, nil, err
		}
		closeKernel = func() { kernel.Close() }
	}
	spec, err := h.Spec(kernel)
	if err != nil {
		closeKernel()
		return nil, nil, err
	}
	return spec, func() { spec.Close(); closeKernel() }, nil
}

func openFile(file, basefile string) (*btf.Spec, func(), error) {
	if basefile == "" {
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

// sample loads the BTF that the program carries along.
func sample() (*btf.Spec, error) {
	r, err := gzip.NewReader(bytes.NewReader(testdata.Vmlinux))
	if err != nil {
		return nil, err
	}
	blob, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return btf.LoadRawSpec(blob)
}
