// Lets compilers lay out every struct and union of kernels from the text that is printed.

package cdecl

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestRecompileKernels prints all types of kernels, compiles the text for the machine of
// the kernel, and compares the layouts that the compiler describes, those of bitfields
// included, with the BTF.
func TestRecompileKernels(t *testing.T) {
	const (
		amd64 = "x86_64-linux-gnu"
		arm64 = "aarch64-linux-gnu"
		s390x = "s390x-linux-gnu"
		armhf = "armv7-linux-gnueabihf"
	)
	for _, test := range []struct {
		name, target string
		file         func(testing.TB) string
		structs      int // at least
	}{
		{"running kernel", amd64, btftest.Kernel, 8000},
		{"6.12", amd64, btftest.VmlinuxFile, 8000},
		{"7.1", amd64, btftest.CorpusKernel("vmlinux-amd64-7.1-sorted-layout.btf.gz"), 8000},
		{"arm64", arm64, btftest.CorpusKernel("vmlinux-arm64-6.1.btf.gz"), 8000},
		{"32 bits", armhf, btftest.CorpusKernel("vmlinux-armhf-6.1-32bit.btf.gz"), 7000},
		{"big-endian", s390x, btftest.CorpusKernel("vmlinux-s390x-6.1-big-endian.btf.gz"), 6000},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw, err := os.ReadFile(test.file(t))
			require.NoError(t, err)
			spec, err := btf.LoadRawSpec(distinct(raw))
			require.NoError(t, err)
			defer spec.Close()

			opts := OptionsFor(spec)
			again := func(compiler ...string) {
				structs, members := recompile(t, spec, opts, compiler)
				t.Logf("%s, %+v: %d structs and unions, %d members", compiler[0], opts, structs, members)
				require.Greater(t, structs, test.structs)
			}
			// Both styles of text are of one making.
			opts.NoComments = test.name != "6.12"
			again("clang", "-target", test.target, "-glldb")
			if testing.Short() || test.target != amd64 {
				return
			}
			opts.NoComments = true
			if runtime.GOARCH == "amd64" {
				again("gcc", "-g")
			}
			// Clang takes a minute to write the BTF of so many types.
			if os.Getenv("RECOMPILE_BPF") != "" {
				require.Greater(t, recompileBPF(t, spec, opts, "bpfel"), test.structs)
			}
		})
	}
}

// recompile prints all types of a Spec whose names are distinct, and compares what a
// compiler makes of them. It returns the number of structs and unions, and of their
// members.
func recompile(t *testing.T, spec *btf.Spec, opts Options, compiler []string) (structs, members int) {
	t.Helper()
	h := header{t: t, opts: opts, done: make(map[btf.TypeID]bool)}
	h.all(spec)
	source := filepath.Join(t.TempDir(), "header.c")
	object := source + ".o"
	require.NoError(t, os.WriteFile(source, h.text, 0o644))
	if dir := os.Getenv("RECOMPILE_DIR"); dir != "" {
		os.WriteFile(filepath.Join(dir, "header.c"), h.text, 0o644)
	}
	args := append(compiler[1:len(compiler):len(compiler)], "-std=gnu11", "-w", "-fms-extensions", "-fno-eliminate-unused-debug-types", "-c", "-o", object, source)
	btftest.Output(t, btftest.Tool(t, compiler[0]), args...)
	return compareLayouts(t, spec, object)
}

// A header prints types in the order of their dependencies.
type header struct {
	t    *testing.T
	opts Options
	text []byte
	done map[btf.TypeID]bool

	// valist has the compiler's va_list declared as the BTF does, since it differs between
	// machines.
	valist bool
}

func (h *header) all(spec *btf.Spec) {
	if h.valist {
		h.text = append(h.text, "#define __builtin_va_list btf_va_list\n"...)
	}
	for t := range spec.All() {
		switch t.Kind() {
		case btf.KindStruct, btf.KindUnion, btf.KindFwd:
			if t.Name() != "" {
				word, err := keyword(t)
				require.NoError(h.t, err)
				h.text = fmt.Appendf(h.text, "%s %s;\n", word, t.Name())
			}
		case btf.KindEnum, btf.KindEnum64:
			e, err := btf.As[btf.Enum](t)
			require.NoError(h.t, err)
			if e.NumEnumerators() == 0 {
				h.text = fmt.Appendf(h.text, "enum %s;\n", t.Name())
				continue
			}
			h.print(t)
		}
	}
	for t := range spec.All() {
		switch t.Kind() {
		case btf.KindStruct, btf.KindUnion, btf.KindTypedef:
			if t.Name() != "" {
				h.need(t, true)
			}
		}
	}
}

func (h *header) print(t btf.Type) {
	var err error
	h.text, err = Append(h.text, t, h.opts)
	require.NoError(h.t, err)
}

// need prints what a declaration of a member of type t needs before it: the type itself
// if it has to be complete.
func (h *header) need(t btf.Type, complete bool) {
	switch t.Kind() {
	case btf.KindPointer:
		p, err := btf.As[btf.Pointer](t)
		require.NoError(h.t, err)
		h.need(p.Target(), false)
	case btf.KindArray:
		a, err := btf.As[btf.Array](t)
		require.NoError(h.t, err)
		h.need(a.Type(), true)
	case btf.KindConst, btf.KindVolatile, btf.KindRestrict:
		d := map[btf.Kind]func(btf.Type) (btf.Type, error){
			btf.KindConst: target[btf.Const], btf.KindVolatile: target[btf.Volatile], btf.KindRestrict: target[btf.Restrict],
		}
		inner, err := d[t.Kind()](t)
		require.NoError(h.t, err)
		h.need(inner, complete)
	case btf.KindTypeTag:
		tag, err := btf.As[btf.TypeTag](t)
		require.NoError(h.t, err)
		h.need(tag.Type(), complete)
	case btf.KindFuncProto:
		f, err := btf.As[btf.FuncProto](t)
		require.NoError(h.t, err)
		h.need(f.Return(), false)
		for p := range f.Params() {
			h.need(p.Type(), false)
		}
	case btf.KindTypedef:
		d, err := btf.As[btf.Typedef](t)
		require.NoError(h.t, err)
		if !h.done[t.ID()] {
			h.done[t.ID()] = true
			h.need(d.Type(), false)
			if h.valist || t.Name() != "__builtin_va_list" && t.Name() != "__gnuc_va_list" {
				h.print(t)
			}
		}
		if complete {
			h.need(d.Type(), true)
		}
	case btf.KindStruct, btf.KindUnion:
		if t.Name() != "" && (!complete || h.done[t.ID()]) {
			return
		}
		h.done[t.ID()] = true
		c, err := btf.As[btf.Composite](t)
		require.NoError(h.t, err)
		for m := range c.Members() {
			h.need(m.Type(), true)
		}
		if t.Name() != "" {
			h.print(t)
		}
	}
}

// compareLayouts compares all structs and unions of a Spec with the DWARF of an object.
func compareLayouts(t *testing.T, spec *btf.Spec, object string) (structs, members int) {
	t.Helper()
	file, err := elf.Open(object)
	require.NoError(t, err)
	defer file.Close()
	data, err := file.DWARF()
	require.NoError(t, err)
	compiled := make(map[string]*dwarf.StructType)
	r := data.Reader()
	for {
		entry, err := r.Next()
		require.NoError(t, err)
		if entry == nil {
			break
		}
		if entry.Tag == dwarf.TagStructType || entry.Tag == dwarf.TagUnionType {
			typ, err := data.Type(entry.Offset)
			require.NoError(t, err)
			if s := typ.(*dwarf.StructType); s.StructName != "" && !s.Incomplete {
				compiled[s.Kind+" "+s.StructName] = s
			}
		}
	}
	var problems []string
	for typ := range spec.All() {
		if typ.Kind() != btf.KindStruct && typ.Kind() != btf.KindUnion || typ.Name() == "" {
			continue
		}
		word, err := keyword(typ)
		require.NoError(t, err)
		name := word + " " + typ.Name()
		s := compiled[name]
		require.NotNil(t, s, name)
		n, problem := sameLayout(t, typ, s)
		if problem != "" {
			problems = append(problems, name+": "+problem)
		}
		structs++
		members += n
	}
	require.Empty(t, problems[:min(len(problems), 20)], "%d of %d recompile to another layout", len(problems), structs)
	return structs, members
}

// sameLayout compares a type with what was compiled, and the anonymous types in it.
func sameLayout(t *testing.T, typ btf.Type, s *dwarf.StructType) (members int, problem string) {
	c, err := btf.As[btf.Composite](typ)
	require.NoError(t, err)
	if uint64(c.Size()) != uint64(s.ByteSize) {
		return 0, fmt.Sprintf("size %d, compiled %d", c.Size(), s.ByteSize)
	}
	fields := slices.DeleteFunc(slices.Clone(s.Field), func(f *dwarf.StructField) bool {
		return strings.HasPrefix(f.Name, "__btf_pad")
	})
	if len(fields) != c.NumMembers() {
		return 0, fmt.Sprintf("%d members, compiled %d", c.NumMembers(), len(fields))
	}
	next := 0
	for m := range c.Members() {
		at := func(f *dwarf.StructField) btf.Bits {
			if f.BitSize != 0 {
				return btf.Bits(f.DataBitOffset)
			}
			return btf.Bits(f.ByteOffset) * 8
		}
		i := next
		next++
		if f := fields[i]; f.Name != m.Name() || at(f) != m.Offset() {
			// The members of a struct out of order are sorted.
			i = slices.IndexFunc(fields, func(f *dwarf.StructField) bool { return f.Name == m.Name() && at(f) == m.Offset() })
			if i < 0 {
				return members, fmt.Sprintf("%s at %v, compiled %s at %v", m.Name(), m.Offset(), f.Name, at(f))
			}
		}
		f := fields[i]
		width := m.BitfieldSize()
		if size, err := m.Type().Sizeof(); err == nil && f.BitSize == 0 && width == bits(size) {
			width = 0 // clang describes it as an ordinary member
		}
		if btf.Bits(f.BitSize) != width {
			return members, fmt.Sprintf("%s of %v, compiled %d", m.Name(), m.BitfieldSize(), f.BitSize)
		}
		members++
		inner, compiled := innermost(t, m.Type()), innermostDWARF(f.Type)
		if c, ok := compiled.(*dwarf.StructType); ok && c.StructName == "" && inner.Name() == "" && inner.Kind() != btf.KindVoid {
			n, problem := sameLayout(t, inner, c)
			if problem != "" {
				return members, m.Name() + "." + problem
			}
			members += n
		}
	}
	return members, ""
}

// innermost returns the type under the qualifiers, arrays and pointers of a member.
func innermost(t *testing.T, typ btf.Type) btf.Type {
	for {
		var err error
		switch typ.Kind() {
		case btf.KindPointer:
			p, e := btf.As[btf.Pointer](typ)
			typ, err = p.Target(), e
		case btf.KindArray:
			a, e := btf.As[btf.Array](typ)
			typ, err = a.Type(), e
		case btf.KindConst:
			typ, err = target[btf.Const](typ)
		case btf.KindVolatile:
			typ, err = target[btf.Volatile](typ)
		case btf.KindRestrict:
			typ, err = target[btf.Restrict](typ)
		case btf.KindTypeTag:
			tag, e := btf.As[btf.TypeTag](typ)
			typ, err = tag.Type(), e
		default:
			return typ
		}
		require.NoError(t, err)
	}
}

func innermostDWARF(t dwarf.Type) dwarf.Type {
	for {
		switch outer := t.(type) {
		case *dwarf.PtrType:
			t = outer.Type
		case *dwarf.ArrayType:
			t = outer.Type
		case *dwarf.QualType:
			t = outer.Type
		default:
			return t
		}
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// distinct returns a blob in which no two types share a name that C could not tell
// apart, and in which every enum has a name.
func distinct(raw []byte) []byte {
	var order btftest.Order = binary.LittleEndian
	if raw[0] == 0xeb {
		order = binary.BigEndian
	}
	length := order.Uint32(raw[4:])
	section := func(at int) []byte {
		from := length + order.Uint32(raw[at:])
		return slices.Clone(raw[from : from+order.Uint32(raw[at+4:])])
	}
	types, strs := section(8), section(16)

	tags, ordinary := make(map[string]btf.Kind), make(map[string]bool)
	rename := func(at uint32, taken func(string) bool, id int) {
		off := order.Uint32(types[at:])
		name := string(strs[off : off+uint32(slices.Index(strs[off:], 0))])
		if plainName.MatchString(name) && !taken(name) {
			return
		}
		order.PutUint32(types[at:], uint32(len(strs)))
		strs = append(fmt.Appendf(strs, "%s___%d", regexp.MustCompile(`\W`).ReplaceAllString(name, "_"), id), 0)
	}
	for _, forward := range []bool{false, true} {
		id := 0
		for at := uint32(0); at < uint32(len(types)); {
			id++
			info := order.Uint32(types[at+4:])
			kind, vlen := btf.Kind(info>>24&0x1f), info&0xffff
			named := order.Uint32(types[at:]) != 0
			first, element := at+12, uint32(0)
			switch kind {
			case btf.KindInt, btf.KindVar, btf.KindDeclTag:
				first += 4
			case btf.KindArray:
				first += 12
			case btf.KindStruct, btf.KindUnion, btf.KindDatasec, btf.KindEnum64:
				element = 12
			case btf.KindEnum, btf.KindFuncProto:
				element = 8
			}
			isEnum := kind == btf.KindEnum || kind == btf.KindEnum64
			switch {
			case !forward && (isEnum || named && (kind == btf.KindStruct || kind == btf.KindUnion)):
				rename(at, func(name string) bool {
					_, taken := tags[name]
					if !taken {
						tags[name] = kind
					}
					return taken
				}, id)
			case !forward && kind == btf.KindTypedef:
				rename(at, func(name string) bool {
					taken := ordinary[name]
					ordinary[name] = true
					return taken
				}, id)
			case forward && kind == btf.KindFwd:
				kind := btf.KindStruct
				if info>>31 != 0 {
					kind = btf.KindUnion
				}
				rename(at, func(name string) bool {
					other, taken := tags[name]
					if !taken {
						tags[name] = kind
					}
					return taken && other != kind
				}, id)
			}
			for i := range vlen {
				if !forward && isEnum {
					rename(first+i*element, func(name string) bool {
						taken := ordinary[name]
						ordinary[name] = true
						return taken
					}, id)
				}
			}
			at = first + vlen*element
		}
	}
	out := slices.Clone(raw[:4])
	for _, word := range []int{24, 0, len(types), len(types), len(strs)} {
		out = order.AppendUint32(out, uint32(word))
	}
	return append(append(out, types...), strs...)
}
