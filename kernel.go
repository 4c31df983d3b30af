// Opens the BTF of a kernel and of its modules.

package btf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"
)

// A Kernel is the BTF of a running kernel and of its modules. The BTF of a module is
// opened when it is first needed, stands on that of vmlinux, and stays open until Close,
// also if the module is unloaded: see [Kernel.CloseUnloaded]. [OpenKernel] returns a Kernel.
// The zero Kernel must not be used.
//
// Every method except Close and CloseUnloaded may be called from many goroutines at once.
type Kernel struct {
	root    string
	vmlinux *Spec
	modules sync.Map // name → *opened
}

// A Module is vmlinux or a module of a [Kernel].
type Module struct {
	Name string // of the file in /sys/kernel/btf: "vmlinux" for the kernel itself
	Spec *Spec  // belongs to the Kernel, which closes it
}

// vmlinuxName is the name of the kernel itself among its modules.
const vmlinuxName = "vmlinux"

// OpenKernel opens the BTF of a running kernel, as [LoadKernelSpec] does. root is the
// directory with its files: "/", or where a container mounts those of its host, such as
// "/host". It opens no module.
func OpenKernel(root string) (*Kernel, error) {
	root = strings.TrimRight(root, "/")
	vmlinux, err := loadKernelSpec(root)
	if err != nil {
		return nil, err
	}
	vmlinux.shared = true
	return &Kernel{root: root, vmlinux: vmlinux}, nil
}

// Close closes vmlinux and all open modules, as [Spec.Close] does. It must not run
// beside other calls.
func (k *Kernel) Close() error {
	var failed []error
	k.modules.Range(func(_, value any) bool {
		failed = append(failed, value.(*opened).close())
		return true
	})
	k.modules.Clear()
	return errors.Join(append(failed, k.vmlinux.close())...)
}

// CloseUnloaded closes the BTF of modules that were unloaded, or loaded again, since they
// were opened. It is for programs that run for months: a Kernel otherwise keeps a mapping
// and some kilobytes of heap for each. The modules that are loaded stay open. It must not
// run beside other calls, and the closed Specs and their types are empty after that, as
// after [Kernel.Close].
func (k *Kernel) CloseUnloaded() error {
	if err := k.vmlinux.usable(); err != nil {
		return err
	}
	var failed []error
	k.modules.Range(func(name, value any) bool {
		newest := value.(*opened)
		info, err := os.Stat(k.root + kernelBTF + name.(string))
		switch {
		case err == nil && newest.is(info):
			failed = append(failed, newest.before.close())
			newest.before = nil
		case err == nil || errors.Is(err, fs.ErrNotExist):
			failed = append(failed, newest.close())
			k.modules.Delete(name)
		default:
			failed = append(failed, fmt.Errorf("btf: %w", err))
		}
		return true
	})
	return errors.Join(failed...)
}

// Vmlinux returns the BTF of the kernel itself.
func (k *Kernel) Vmlinux() *Spec { return k.vmlinux }

// ModuleNames reads /sys/kernel/btf and returns the names of the loaded modules that have
// BTF, in alphabetical order. Files with a dot in their name, such as vmlinux.inline, are
// not modules.
func (k *Kernel) ModuleNames() ([]string, error) {
	entries, err := os.ReadDir(k.root + kernelBTF)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // vmlinux was found in another place
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

// isModule reports whether a module can have that name. Names of modules have no dots
// and no slashes.
func isModule(name string) bool {
	return name != "" && name != vmlinuxName && !strings.ContainsAny(name, "/.")
}

// Module returns the BTF of a loaded module. The error matches [fs.ErrNotExist] if the
// module is not loaded or has no BTF. It is a [*FormatError] if the BTF is broken. A
// module that was unloaded and loaded again is opened again; its earlier Spec stays
// valid until Close or CloseUnloaded.
func (k *Kernel) Module(name string) (*Spec, error) {
	if err := k.vmlinux.usable(); err != nil {
		return nil, err
	}
	if !isModule(name) {
		return nil, fmt.Errorf("btf: %s is not the name of a kernel module", quoted(name))
	}
	path := k.root + kernelBTF + name
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("btf: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("btf: BTF of a module must be a regular file, %s is not", path)
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

// opened is the file of a module. It is opened when it is first needed.
type opened struct {
	info   fs.FileInfo
	mutex  sync.Mutex // guards spec and broken
	spec   *Spec      // nil if the file is not open
	broken error      // why the bytes are not BTF
	before *opened    // an earlier file of the same module
}

// open opens the file if it is not open. It remembers that bytes are broken. It tries
// again after other errors, such as too many open files.
func (o *opened) open(path string, vmlinux *Spec) (*Spec, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.spec != nil || o.broken != nil {
		return o.spec, o.broken
	}
	spec, err := loadRegular(path, vmlinux)
	if isBroken(err) {
		o.broken = err
	}
	if err == nil {
		spec.shared = true
	}
	o.spec = spec
	return spec, err
}

// close closes the file, and the earlier files of the module.
func (o *opened) close() error {
	var failed []error
	for ; o != nil; o = o.before {
		if o.spec != nil {
			failed = append(failed, o.spec.close())
		}
	}
	return errors.Join(failed...)
}

// isBroken reports whether an error is a FormatError: the bytes are not BTF.
func isBroken(err error) bool {
	var broken *FormatError
	return errors.As(err, &broken)
}

// is reports whether info is of the same file. It does not compare times: sysfs makes
// new ones when it drops an inode.
func (o *opened) is(info fs.FileInfo) bool {
	return os.SameFile(o.info, info) && o.info.Size() == info.Size()
}

// Modules yields vmlinux, and then every loaded module in the order of their names. A
// module whose BTF cannot be read comes with an error and a closed Spec, and Modules
// continues.
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
				continue // unloaded meanwhile
			case err != nil:
				spec = &Spec{}
			}
			if !yield(Module{name, spec}, err) {
				return
			}
		}
	}
}

// TypesByName yields the types of a name in vmlinux, and then in every loaded module
// whose BTF can be read, each with its Module. Modules have their own copies of types
// that vmlinux does not use.
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

// Field resolves a path in vmlinux, as [Spec.Field] does. If vmlinux has no type of that
// name, Field opens all loaded modules and resolves it in those that have one. Their
// Fields must agree. If they do not, or if the path exists in only some of them, the
// error matches [ErrMultipleMatches]. Modules with broken BTF are left out; if no other
// has the field, the error includes theirs.
func (k *Kernel) Field(path string) (Field, error) {
	f, err := k.field(path)
	return f, onPath(path, err)
}

func (k *Kernel) field(path string) (Field, error) {
	if err := k.vmlinux.usable(); err != nil {
		_, _, bad := cutType(path)
		return Field{}, cmp.Or(bad, err)
	}
	var found Field
	var in, out Module // a module with the field, and one with the type but no such field
	var nowhere error
	var unfit pathMiss
	var failed errorList
	for m, err := range k.Modules() {
		if err != nil {
			failed.add(err)
			continue
		}
		var f Field
		miss, err := m.Spec.search(&f, path, false)
		if err == nil && miss.why == missesSteps {
			err = m.Spec.explain(miss)
		}
		if err != nil {
			err = &located{"in " + shown([]byte(m.Name)), err}
		}
		switch {
		case m.Name == vmlinuxName && err != nil:
			return Field{}, err
		case m.Name == vmlinuxName && miss.why == 0:
			return f, nil
		case errors.Is(err, ErrMultipleMatches):
			return Field{}, err
		case isBroken(err):
			failed.add(err)
		case err != nil:
			if nowhere == nil {
				out, nowhere = m, err
			}
		case miss.why != 0:
			unfit = unfit.or(miss)
		case in.Spec == nil:
			found, in = f, m
		case !found.Agrees(f):
			return Field{}, modulesDiffer(in, m)
		}
	}
	switch {
	case in.Spec != nil && nowhere != nil:
		return Field{}, modulesDiffer(in, out)
	case in.Spec != nil:
		return found, nil
	case nowhere == nil:
		nowhere = k.vmlinux.explain(unfit)
	}
	failed.first(nowhere)
	return Field{}, failed.join("modules")
}

func modulesDiffer(a, b Module) error {
	return fmt.Errorf("modules %s and %s do not agree: %w", shown([]byte(a.Name)), shown([]byte(b.Name)), ErrMultipleMatches)
}

// kernelBTF is the directory of the BTF files of the running kernel and its modules.
const kernelBTF = "/sys/kernel/btf/"

// LoadKernelSpec opens the BTF of the running kernel: /sys/kernel/btf/vmlinux or, if
// that cannot be opened, the vmlinux file of the running release in one of the places
// where distributions put it. The places are those of libbpf's btf__load_vmlinux_btf.
// The error matches [ErrNotSupported] if there is no such file, and lists the places.
func LoadKernelSpec() (*Spec, error) { return loadKernelSpec("") }

// loadKernelSpec is LoadKernelSpec for files below root. Others than the caller may have
// written there, such as the processes of a container.
func loadKernelSpec(root string) (*Spec, error) {
	s, first := loadVmlinux(root + kernelBTF + vmlinuxName)
	if s != nil {
		return s, nil
	}
	looked := []string{root + kernelBTF + vmlinuxName}
	release, why := kernelRelease(root)
	if why == nil {
		for _, place := range vmlinuxPlaces {
			place = fmt.Sprintf(place, release)
			s, err := loadVmlinux(root + place)
			if s != nil {
				return s, nil
			}
			if first == nil {
				first = err
			}
			looked = append(looked, root+place)
		}
	}
	if first != nil {
		return nil, first
	}
	kernel := "the running kernel"
	if root != "" {
		kernel = "the kernel below " + shown([]byte(root))
	}
	places := "of release " + shown([]byte(release)) + ": there is no BTF in " + shown([]byte(looked[0]))
	for _, place := range looked[1:] {
		places += ", " + shown([]byte(place))
	}
	if why != nil {
		places = fmt.Sprintf("of unknown release (%v): there is no BTF in %s", why, shown([]byte(looked[0])))
	}
	return nil, fmt.Errorf("btf: BTF of %s %s: %w", kernel, places, ErrNotSupported)
}

// loadVmlinux opens a file that may be there and may have BTF. If it is not there or has
// none, both results are nil. Containers hide files by mounting an empty file or /dev/null
// over them.
func loadVmlinux(path string) (*Spec, error) {
	s, err := loadRegular(path, nil)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errIrregular), errors.Is(err, ErrNotFound):
		return nil, nil
	}
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return nil, nil
	}
	return nil, err
}

// maxRelease is the largest size in bytes of the name of a release with the newline after
// it: __NEW_UTS_LEN of the kernel is 64.
const maxRelease = 65

// kernelRelease returns the release of the kernel whose /proc is below root.
func kernelRelease(root string) (string, error) {
	f, err := openRegular(root + "/proc/sys/kernel/osrelease")
	if err != nil {
		return "", err
	}
	defer f.Close()
	b := make([]byte, maxRelease+1)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return "", err
	}
	release := string(bytes.TrimSpace(b[:n]))
	switch {
	case n > maxRelease:
		return "", fmt.Errorf("%s must have at most %d bytes, has more", f.Name(), maxRelease)
	case release == "" || release == "." || release == ".." || strings.ContainsAny(release, "/\x00"):
		return "", fmt.Errorf("%s must have the name of a release, has %s", f.Name(), quoted(release))
	}
	return release, nil
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

// LoadKernelModuleSpec opens the BTF of a loaded module of the running kernel, the file
// /sys/kernel/btf/NAME. base is the BTF of the kernel itself. The error matches
// [fs.ErrNotExist] if the module is not loaded or has no BTF.
func LoadKernelModuleSpec(module string, base *Spec) (*Spec, error) {
	if !isModule(module) {
		return nil, fmt.Errorf("btf: %s is not the name of a kernel module", quoted(module))
	}
	if err := base.usableBase(); err != nil {
		return nil, err
	}
	return loadRegular(kernelBTF+module, base)
}
