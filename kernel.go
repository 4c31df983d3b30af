// Opens the BTF of a kernel and of its modules.

package btf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"
)

// A Kernel is the BTF of a running kernel and of its modules. A module's is opened
// when it is first asked for, over that of vmlinux, which all share, and stays open
// until Close. [OpenKernel] makes one: the zero Kernel cannot be asked.
//
// Every method but Close may be called from many goroutines at once.
type Kernel struct {
	root    string
	vmlinux *Spec
	modules sync.Map // name → *opened
}

// A Module is one part of a [Kernel], with the name of its file in /sys/kernel/btf.
type Module struct {
	Name string // "vmlinux" for the kernel itself
	Spec *Spec  // belongs to the Kernel
}

// vmlinuxName is what the kernel itself goes by among its modules.
const vmlinuxName = "vmlinux"

// OpenKernel opens the BTF of the kernel that is seen below a root directory: "/" for
// the running one, or where a container has mounted its host's, such as "/host". It
// is looked for where [LoadKernelSpec] does. No module is opened yet.
func OpenKernel(root string) (*Kernel, error) {
	root = strings.TrimRight(root, "/")
	vmlinux, err := loadKernelSpec(root)
	if err != nil {
		return nil, err
	}
	vmlinux.shared = true
	return &Kernel{root: root, vmlinux: vmlinux}, nil
}

// Close closes vmlinux and all modules that were opened. It must not run beside other
// calls. What [Spec.Close] says of a Spec holds for each.
func (k *Kernel) Close() error {
	var failed []error
	k.modules.Range(func(_, value any) bool {
		for m := value.(*opened); m != nil; m = m.before {
			if m.spec != nil {
				failed = append(failed, m.spec.close())
			}
		}
		return true
	})
	k.modules.Clear()
	return errors.Join(append(failed, k.vmlinux.close())...)
}

// Vmlinux returns the BTF of the kernel itself.
func (k *Kernel) Vmlinux() *Spec { return k.vmlinux }

// ModuleNames returns the names of the modules that are loaded now and have BTF, in
// alphabetical order. Files that are no module's, such as vmlinux.inline, have a dot
// in their name, which no module has.
func (k *Kernel) ModuleNames() ([]string, error) {
	entries, err := os.ReadDir(k.root + kernelBTF)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // vmlinux is a file elsewhere
	}
	if err != nil {
		return nil, fmt.Errorf("btf: modules of the kernel: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && isModule(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// isModule reports whether a module can have that name: one is made of those of
// source files, and has neither dots nor slashes.
func isModule(name string) bool {
	return name != "" && name != vmlinuxName && !strings.ContainsAny(name, "/.")
}

// Module returns the BTF of a loaded module. The error matches [fs.ErrNotExist] if
// it is not loaded or has no BTF, and is a [*FormatError] if that is broken. A module
// that was loaded anew is opened anew; what was got from it before stays as it was.
func (k *Kernel) Module(name string) (*Spec, error) {
	if err := k.vmlinux.usable(); err != nil {
		return nil, err
	}
	if !isModule(name) {
		return nil, fmt.Errorf("btf: %q is no name of a kernel module", name)
	}
	path := k.root + kernelBTF + name
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("btf: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("btf: %s is no regular file, as that of a module is", path)
	}
	fresh := &opened{info: info}
	value, loaded := k.modules.LoadOrStore(name, fresh)
	for loaded && !value.(*opened).is(info) {
		fresh.before = value.(*opened)
		if k.modules.CompareAndSwap(name, value, fresh) {
			value, loaded = fresh, false
		} else {
			value, loaded = k.modules.Load(name)
		}
	}
	return value.(*opened).open(path, k.vmlinux)
}

// opened is a file that is opened when it is first asked for.
type opened struct {
	info   fs.FileInfo
	mutex  sync.Mutex // of what follows
	spec   *Spec      // nil before, and if it could not be opened
	broken error      // what is wrong with its bytes
	before *opened    // the same module, loaded earlier
}

// open opens the file if that was not done. Bytes that are broken remain so; whatever
// else kept it from being opened, such as too many open files, may be over next time.
func (o *opened) open(path string, vmlinux *Spec) (*Spec, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.spec != nil || o.broken != nil {
		return o.spec, o.broken
	}
	spec, err := LoadSplitSpec(path, vmlinux)
	if isBroken(err) {
		o.broken = err
	}
	if err == nil {
		spec.shared = true
	}
	o.spec = spec
	return spec, err
}

// isBroken reports whether an error is about the bytes of BTF.
func isBroken(err error) bool {
	var broken *FormatError
	return errors.As(err, &broken)
}

// is reports whether the file has not been replaced. Times say nothing: sysfs makes
// them up anew when it has forgotten them.
func (o *opened) is(info fs.FileInfo) bool {
	return os.SameFile(o.info, info) && o.info.Size() == info.Size()
}

// Modules yields the kernel itself, then every module that is loaded now, by name.
// With one whose BTF cannot be read comes an error, and a closed Spec: it costs none
// of the others.
func (k *Kernel) Modules() iter.Seq2[Module, error] {
	return func(yield func(Module, error) bool) {
		closed := k.vmlinux.usable()
		if !yield(Module{vmlinuxName, k.vmlinux}, closed) || closed != nil {
			return
		}
		names, err := k.ModuleNames()
		if err != nil && !yield(Module{"", &Spec{}}, err) {
			return
		}
		for _, name := range names {
			spec, err := k.Module(name)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue // unloaded since
			case err != nil:
				spec = &Spec{}
			}
			if !yield(Module{name, spec}, err) {
				return
			}
		}
	}
}

// TypesByName yields the types of that name and any kind, of the kernel itself, then
// of every module that is loaded now and can be read, and says of which. Modules have
// copies of their own of types that vmlinux has no use for.
func (k *Kernel) TypesByName(name string) iter.Seq2[Module, Type] {
	return func(yield func(Module, Type) bool) {
		for m, err := range k.Modules() {
			if err != nil {
				continue
			}
			for t := range m.Spec.TypesByName(name) {
				if !yield(m, t) {
					return
				}
			}
		}
	}
}

// Field resolves a path, as [Spec.Field] does: in the kernel itself or, if it has no
// type of that name, in the modules that are loaded now, which must all agree if
// several have one: then it opens them all. The error matches [ErrMultipleMatches] if
// they do not, or if the path leads somewhere in one and nowhere in another. A module
// whose BTF is broken has no say; if no other has the path, it is in the error.
func (k *Kernel) Field(path string) (Field, error) {
	f, err := k.field(path)
	return f, onPath(path, err)
}

func (k *Kernel) field(path string) (Field, error) {
	name, steps, err := cutType(path)
	if err != nil {
		return Field{}, err
	}
	if err := k.vmlinux.usable(); err != nil {
		return Field{}, err
	}
	var found Field
	var in, out Module // where it was found, and where it leads nowhere
	var nowhere error
	var unfit Type
	var failed []error
	for m, err := range k.Modules() {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		f, of, fits, err := m.Spec.ownField(name, steps)
		if err != nil {
			err = &located{"in " + m.Name, err}
		}
		switch {
		case m.Name == vmlinuxName && (fits || err != nil):
			return f, err
		case errors.Is(err, ErrMultipleMatches):
			return Field{}, err
		case isBroken(err):
			failed = append(failed, err)
		case err != nil:
			if nowhere == nil {
				out, nowhere = m, err
			}
		case !fits:
			if unfit.id == 0 {
				unfit = of
			}
		case in.Spec == nil:
			found, in = f, m
		case !found.Agrees(f):
			return Field{}, fmt.Errorf("modules %s and %s do not agree: %w", in.Name, m.Name, ErrMultipleMatches)
		}
	}
	switch {
	case in.Spec != nil && nowhere != nil:
		return Field{}, fmt.Errorf("modules %s and %s do not agree: %w", in.Name, out.Name, ErrMultipleMatches)
	case in.Spec != nil:
		return found, nil
	case nowhere != nil:
		err = nowhere
	case unfit.id != 0:
		err = unfit.explain(steps)
	default:
		err = k.vmlinux.noTypeNear(name)
	}
	return Field{}, errors.Join(append([]error{err}, failed...)...)
}

// kernelBTF is where the running kernel shows its types and those of its modules.
const kernelBTF = "/sys/kernel/btf/"

// LoadKernelSpec opens the BTF of the running kernel: /sys/kernel/btf/vmlinux, or
// the vmlinux file of the running release in one of the places where distributions
// put it; the first of them that can be read. The error matches [ErrNotSupported]
// if there is none.
func LoadKernelSpec() (*Spec, error) { return loadKernelSpec("") }

// loadKernelSpec looks below root.
func loadKernelSpec(root string) (*Spec, error) {
	places := []string{root + kernelBTF + "vmlinux"}
	release, err := os.ReadFile(root + "/proc/sys/kernel/osrelease")
	release = bytes.TrimSpace(release)
	if err == nil {
		for _, place := range vmlinuxPlaces {
			places = append(places, root+fmt.Sprintf(place, release))
		}
	}
	var first error
	for _, place := range places {
		// Containers hide files by mounting empty ones, or /dev/null, over them.
		if info, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) || err == nil && (info.Size() == 0 || !info.Mode().IsRegular()) {
			continue
		}
		s, err := LoadSpec(place)
		if err == nil {
			return s, nil
		}
		if first == nil && !errors.Is(err, ErrNotFound) {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	kernel := "the running kernel"
	if root != "" {
		kernel = "the kernel below " + root
	}
	if len(release) > 0 {
		kernel += " " + string(release)
	}
	return nil, fmt.Errorf("btf: BTF of %s: %w", kernel, ErrNotSupported)
}

// vmlinuxPlaces is the list of libbpf's btf__load_vmlinux_btf.
var vmlinuxPlaces = []string{
	"/boot/vmlinux-%[1]s",
	"/lib/modules/%[1]s/vmlinux-%[1]s",
	"/lib/modules/%[1]s/build/vmlinux",
	"/usr/lib/modules/%[1]s/kernel/vmlinux",
	"/usr/lib/debug/boot/vmlinux-%[1]s",
	"/usr/lib/debug/boot/vmlinux-%[1]s.debug",
	"/usr/lib/debug/lib/modules/%[1]s/vmlinux",
}

// LoadKernelModuleSpec opens the BTF of a loaded module of the running kernel,
// /sys/kernel/btf/NAME, over base, which is that of the kernel itself. The error
// matches [fs.ErrNotExist] if the module is not loaded or has no BTF.
func LoadKernelModuleSpec(module string, base *Spec) (*Spec, error) {
	if module == "" || module == "vmlinux" || strings.ContainsAny(module, "/.") {
		return nil, fmt.Errorf("btf: %q is no name of a kernel module", module)
	}
	return LoadSplitSpec(kernelBTF+module, base)
}
