// Lets compilers of several machines lay out shapes, printed from what they made before.

package cdecl

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// machines are compilers and targets whose ABIs differ: in the size of a pointer, in the
// alignment of long long and __int128, in the byte order, and in what an unnamed bitfield
// does to a struct.
var machines = []struct {
	name     string
	compiler []string
	opts     Options
}{
	{"amd64", clangFor("x86_64-linux-gnu"), Options{PointerSize: 8}},
	{"amd64 gcc", []string{"gcc", "-m64", "-gdwarf-5"}, Options{PointerSize: 8}},
	{"386", clangFor("i686-linux-gnu"), Options{PointerSize: 4, Int64Align: 4}},
	{"arm", clangFor("armv7-linux-gnueabihf"), Options{PointerSize: 4, Int64Align: 8}},
	{"arm64", clangFor("aarch64-linux-gnu"), Options{PointerSize: 8}},
	{"s390x", clangFor("s390x-linux-gnu"), Options{PointerSize: 8, Int128Align: 8}},
	{"mips", clangFor("mips-linux-gnu"), Options{PointerSize: 4, Int64Align: 8}},
}

// clangFor returns the command that compiles for a target. Only with the DWARF for LLDB
// does it describe bitfields as BTF does.
func clangFor(target string) []string {
	return []string{"clang", "-target", target, "-gdwarf-4", "-glldb"}
}

// shapes has an example of each reason for an attribute or a filler.
const shapes = `
struct Foo { char g; unsigned h:23; };
struct Bar { char g; unsigned h:23; } __attribute__((packed));
struct TestData { int data; } __attribute__((aligned(16)));
struct HoldsAligned { char c; struct TestData d[2]; char e; };
struct bioish { int a; union {}; struct {}; long long b; union {} named; };
struct zoneish { long pad; struct { struct { long long counter; int x:3; int y:5; } c; } vm_stat[4][2]; };
struct consec { long long a:63; int :32; int :32; int :32; int :32; int x; int :32; int :32; long long t:1; };
struct padonly { int :32; int :32; int :32; };
struct padonly2 { int :32; } __attribute__((aligned(32)));
struct padonly3 { char :8; char :8; char :8; };
struct large { char c; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32; int :32;
	int :32; int :32; int :32; int :32; int :32; int :32; int :5; int x:3; int y; };
enum small { S1, S2 } __attribute__((packed));
enum __attribute__((mode(HI))) sh { H1, H2 };
enum __attribute__((mode(DI))) wide { W1, W2 };
enum narrow { N1 = 200, N2 = 100 } __attribute__((packed));
enum signs { M1 = 200, M2 = -1 } __attribute__((packed));
struct enums { char c; enum small s:2; enum small t; enum sh h; enum sh hb:9; enum wide w; enum narrow n; enum signs g; };
struct misc { _Bool b:1; int :3; _Bool c:1; float f; double d; char s[0]; int last; };
struct bools { unsigned char x:2; _Bool b:1; unsigned char :3; _Bool c:1; };
struct in { char c; long l; } __attribute__((packed));
struct outp { char a; struct in i; short s; long l; } __attribute__((packed, aligned(4)));
struct packmember { char a; long b __attribute__((packed)); int c; };
struct alignmember { char a; int b __attribute__((aligned(32))); char c; };
struct lessaligned { char a; long long b __attribute__((packed, aligned(2))); int c; };
struct packbits { char a; int b:30 __attribute__((packed)); int c:3; long d; };
struct cacheline { long a; struct TestData b __attribute__((aligned(64))); char c; long d __attribute__((aligned(64))); };
struct wideplace { char c; long long x; struct { char d; long long y; } z; long long w __attribute__((aligned(16))); };
struct looseplace { int c; long long x __attribute__((packed, aligned(4))); };
struct innerpack { char c; struct { int a; short b; } __attribute__((packed)) d; struct { char e; int f; } __attribute__((packed)); };
struct inneralign { char c; struct { int a; } __attribute__((aligned(32))); struct { int b; } __attribute__((aligned(16))) d; };
struct unaligned { char c; struct TestData d __attribute__((packed)); struct TestData *e; };
union U { int a:3; long long b:40; char c[9]; };
union Up { int a:3; long long b:40; char c[9]; } __attribute__((packed));
union Ua { int a; char c[5]; } __attribute__((aligned(32)));
union Upa { int a; char c[5]; } __attribute__((packed, aligned(2)));
struct pgid { union { int high; struct { short a; } s; } __attribute__((packed)) u; short low; };
struct flexible { long n; int a; char data[]; };
struct flexalign { int n; char data[] __attribute__((aligned(8))); };
struct fielded { unsigned a:3; unsigned :0; unsigned b:5; unsigned short c:9; unsigned char d; long long e:33; int f:31; int g:2; };
#pragma pack(push, 2)
struct pack2 { char a; int b; long long c; int d:5; int e:30; char f; };
struct holdspack2 { char a; struct pack2 b; long long c; };
#pragma pack(pop)
struct holds { char c; struct pack2 p; struct outp o; struct in i; union Up u; struct packmember m; union Ua a[2]; };
`

// TestRecompileShapes compiles shapes, prints what the compiler made, and compiles that:
// the layouts must be the same. It does so for each machine, with both styles of text.
func TestRecompileShapes(t *testing.T) {
	structs := strings.Count(shapes, "\nstruct ") + strings.Count(shapes, "\nunion ")
	recompileSource(t, shapes, structs, false)
	recompileSource(t, shapes, structs, true)
}

// TestRecompileRandom is TestRecompileShapes with random structs.
func TestRecompileRandom(t *testing.T) {
	structs := 200
	if testing.Short() {
		structs = 60
	}
	for seed := range uint64(seeds(t)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := randomShapes{Rand: rand.New(rand.NewPCG(seed, 0))}
			for range structs {
				r.shape()
			}
			recompileSource(t, r.text.String(), structs, seed%2 == 0)
		})
	}
}

func recompileSource(t *testing.T, c string, structs int, comments bool) {
	t.Helper()
	for _, machine := range machines {
		t.Run(machine.name, func(t *testing.T) {
			if machine.compiler[0] == "gcc" && runtime.GOARCH != "amd64" {
				t.Skip("gcc compiles for the machine it runs on")
			}
			spec := described(t, c, machine.compiler)
			opts := machine.opts
			opts.NoComments = !comments
			n, _ := recompile(t, spec, opts, machine.compiler)
			require.Equal(t, structs, n)
		})
	}
	for _, machine := range []string{"bpfel", "bpfeb"} {
		t.Run(machine, func(t *testing.T) {
			spec, err := btf.LoadSpec(compileBPF(t, c, machine))
			require.NoError(t, err)
			defer spec.Close()
			require.Equal(t, structs, recompileBPF(t, spec, OptionsFor(spec), machine))
		})
	}
}

// compileBPF compiles C, with a variable of each named struct and union in it, and
// returns the path of the object.
func compileBPF(t *testing.T, c, machine string) string {
	t.Helper()
	text := []byte(c)
	for i, of := range regexp.MustCompile(`(?m)^(struct|union) \w+ \{`).FindAllString(c, -1) {
		text = fmt.Appendf(text, "%s have%d;\n", strings.TrimSuffix(of, " {"), i)
	}
	source := filepath.Join(t.TempDir(), "shapes.c")
	require.NoError(t, os.WriteFile(source, text, 0o644))
	btftest.Output(t, btftest.Tool(t, "clang"), "-target", machine, "-std=gnu11", "-w", "-fms-extensions", "-g", "-c", "-o", source+".o", source)
	return source + ".o"
}

// recompileBPF prints all types of a Spec, compiles the text to BTF, and compares the two.
// It returns the number of structs and unions.
func recompileBPF(t *testing.T, spec *btf.Spec, opts Options, machine string) int {
	t.Helper()
	opts.NoComments = true
	h := header{t: t, opts: opts, done: make(map[btf.TypeID]bool), valist: true}
	h.all(spec)
	again, err := btf.LoadSpec(compileBPF(t, string(h.text), machine))
	require.NoError(t, err)
	defer again.Close()
	structs := 0
	var problems []string
	for typ := range spec.All() {
		if typ.Kind() != btf.KindStruct && typ.Kind() != btf.KindUnion || typ.Name() == "" {
			continue
		}
		word, err := keyword(typ)
		require.NoError(t, err)
		compiled := btf.Type{}
		for other := range again.TypesByName(typ.Name()) {
			if other.Kind() == typ.Kind() {
				compiled = other
			}
		}
		want, got := facts(t, typ), facts(t, compiled)
		if want != got {
			problems = append(problems, fmt.Sprintf("%s %s: %s, compiled %s", word, typ.Name(), want, got))
		}
		structs++
	}
	require.Empty(t, problems[:min(len(problems), 5)], "%d of %d recompile to another layout", len(problems), structs)
	return structs
}

// facts returns the layout of a struct or union, and of the anonymous ones in it.
func facts(t *testing.T, typ btf.Type) string {
	c, err := btf.As[btf.Composite](typ)
	require.NoError(t, err)
	var members []string
	for m := range c.Members() {
		if strings.HasPrefix(m.Name(), "__btf_pad") {
			continue
		}
		text := fmt.Sprintf("%08d:%d %s", m.Offset(), m.BitfieldSize(), m.Name())
		if inner := innermost(t, m.Type()); inner.Name() == "" && (inner.Kind() == btf.KindStruct || inner.Kind() == btf.KindUnion) {
			text += facts(t, inner)
		}
		members = append(members, text)
	}
	slices.Sort(members) // a struct out of order is sorted
	return fmt.Sprintf("{%d: %s}", c.Size(), strings.Join(members, ", "))
}

// described compiles C and returns the BTF of the types in it, made from DWARF:
// clang writes BTF for one
// machine alone.
func described(t *testing.T, c string, compiler []string) *btf.Spec {
	t.Helper()
	source := filepath.Join(t.TempDir(), "shapes.c")
	object := source + ".o"
	require.NoError(t, os.WriteFile(source, []byte(c), 0o644))
	if dir := os.Getenv("RECOMPILE_DIR"); dir != "" {
		os.WriteFile(filepath.Join(dir, "shapes.c"), []byte(c), 0o644)
	}
	args := append(compiler[1:len(compiler):len(compiler)], "-std=gnu11", "-w", "-fno-eliminate-unused-debug-types", "-c", "-o", object, source)
	btftest.Output(t, btftest.Tool(t, compiler[0]), args...)
	file, err := elf.Open(object)
	require.NoError(t, err)
	defer file.Close()
	data, err := file.DWARF()
	require.NoError(t, err)
	var order btftest.Order = binary.LittleEndian
	if file.ByteOrder == binary.ByteOrder(binary.BigEndian) {
		order = binary.BigEndian
	}
	d := dwarfTypes{t: t, Builder: btftest.New(order), ids: make(map[string]uint32)}
	long := uint32(4)
	if file.Class == elf.ELFCLASS64 {
		long = 8
	}
	d.Int("long int", long, btftest.Signed)
	r := data.Reader()
	for {
		entry, err := r.Next()
		require.NoError(t, err)
		if entry == nil {
			break
		}
		switch entry.Tag {
		case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType:
			typ, err := data.Type(entry.Offset)
			require.NoError(t, err)
			if entry.Val(dwarf.AttrName) != nil {
				d.id(typ)
			}
		}
	}
	spec, err := btf.LoadRawSpec(d.Bytes())
	require.NoError(t, err)
	t.Cleanup(func() { spec.Close() })
	return spec
}

// A dwarfTypes builds the BTF of types of DWARF.
type dwarfTypes struct {
	*btftest.Builder
	t   *testing.T
	ids map[string]uint32 // of what has a name
}

func (d *dwarfTypes) id(typ dwarf.Type) uint32 {
	key, named := typ.String(), true
	switch typ := typ.(type) {
	case *dwarf.StructType:
		key, named = typ.Kind+" "+typ.StructName, typ.StructName != ""
	case *dwarf.EnumType:
		named = typ.EnumName != ""
	case *dwarf.ArrayType:
		named = false
	}
	if id, ok := d.ids[key]; ok && named {
		return id
	}
	id := d.make(typ)
	if named {
		d.ids[key] = id
	}
	return id
}

func (d *dwarfTypes) make(typ dwarf.Type) uint32 {
	size := uint32(typ.Size())
	switch typ := typ.(type) {
	case *dwarf.StructType:
		var members []btftest.Member
		for _, f := range typ.Field {
			m := btftest.Member{Name: f.Name, Type: d.id(f.Type), Offset: uint32(f.ByteOffset * 8), Bitfield: uint32(f.BitSize)}
			if f.BitSize != 0 {
				m.Offset = uint32(f.DataBitOffset)
			}
			members = append(members, m)
		}
		if typ.Kind == "union" {
			return d.Union(typ.StructName, size, members...)
		}
		return d.Struct(typ.StructName, size, members...)
	case *dwarf.EnumType:
		var values []btftest.Value
		signed := false
		for _, v := range typ.Val {
			signed = signed || v.Val < 0
			values = append(values, btftest.Value{Name: v.Name, Value: v.Val})
		}
		if size == 8 {
			return d.Enum64(typ.EnumName, size, signed, values...)
		}
		return d.Enum(typ.EnumName, size, signed, values...)
	case *dwarf.ArrayType:
		element := d.id(typ.Type)
		return d.Array(element, 1, uint32(max(typ.Count, 0)))
	case *dwarf.PtrType:
		return d.Pointer(0)
	case *dwarf.FloatType:
		return d.Float(typ.Name, size)
	case *dwarf.BoolType:
		return d.Int(typ.Name, size, uint32(btf.Bool))
	}
	return d.Int(typ.Common().Name, size, 0)
}

// A randomShapes writes structs and unions of random members, attributes and fillers.
type randomShapes struct {
	*rand.Rand
	text  strings.Builder
	types []string
	names int
}

func (r *randomShapes) name() string {
	r.names++
	return fmt.Sprintf("m%d", r.names)
}

func (r *randomShapes) shape() {
	name := fmt.Sprintf("shape%d", len(r.types))
	pack := 0
	if r.IntN(12) == 0 {
		pack = 1 << r.IntN(4)
		fmt.Fprintf(&r.text, "#pragma pack(push, %d)\n", pack)
	}
	word := r.pick("struct", "struct", "struct", "union")
	fmt.Fprintf(&r.text, "%s %s {\n", word, name)
	r.members(0)
	fmt.Fprintf(&r.text, "}%s;\n", r.attributes(5))
	if pack != 0 {
		r.text.WriteString("#pragma pack(pop)\n")
	}
	r.types = append(r.types, word+" "+name)
}

func (r *randomShapes) pick(words ...string) string { return words[r.IntN(len(words))] }

// attributes returns attributes, or mostly none.
func (r *randomShapes) attributes(rare int) string {
	s := ""
	if r.IntN(rare) == 0 {
		s += " __attribute__((packed))"
	}
	if r.IntN(rare) == 0 {
		s += fmt.Sprintf(" __attribute__((aligned(%d)))", 1<<r.IntN(8))
	}
	return s
}

var bitfieldTypes = []struct {
	name string
	bits int
}{{"char", 8}, {"unsigned short", 16}, {"int", 32}, {"unsigned int", 32}, {"long long", 64}, {"_Bool", 2}}

func (r *randomShapes) members(depth int) {
	for range r.IntN(7) {
		switch n := r.IntN(20); {
		case n < 7:
			of := r.pick("char", "short", "int", "long", "long long", "void *", "double", "_Bool", "float")
			fmt.Fprintf(&r.text, "\t%s %s%s%s;\n", of, r.name(), r.pick("", "", "[3]", "[2][2]", "[0]"), r.attributes(8))
		case n < 9 && len(r.types) > 0:
			fmt.Fprintf(&r.text, "\t%s %s%s%s;\n", r.pick(r.types...), r.name(), r.pick("", "", "[2]"), r.attributes(8))
		case n < 11 && depth < 2:
			r.text.WriteString("\t" + r.pick("struct", "union") + " {\n")
			r.members(depth + 1)
			fmt.Fprintf(&r.text, "\t}%s %s;\n", r.attributes(6), r.pick("", r.name(), r.name()+"[2]"))
		case n < 12:
			fmt.Fprintf(&r.text, "\tint :%d;\n", 1+r.IntN(32))
		case n < 13:
			fmt.Fprintf(&r.text, "\t%s :0;\n", r.pick("char", "short", "int"))
		default:
			of := bitfieldTypes[r.IntN(len(bitfieldTypes))]
			fmt.Fprintf(&r.text, "\t%s %s:%d%s;\n", of.name, r.name(), 1+r.IntN(of.bits-1), r.attributes(12))
		}
	}
}

// seeds returns how many sets of random structs are tried. RECOMPILE_SEEDS says how
// many if not a few.
func seeds(t *testing.T) int {
	n := 2
	if s := os.Getenv("RECOMPILE_SEEDS"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	return n
}
