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
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// machines are targets of clang whose ABIs differ: in the size of a pointer, in the
// alignment of long long and __int128, in the byte order, and in what an unnamed bitfield
// does to a struct.
var machines = []string{
	"x86_64-linux-gnu", "i686-linux-gnu", "armv7-linux-gnueabihf", "aarch64-linux-gnu", "s390x-linux-gnu", "mips-linux-gnu",
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
	recompileSource(t, shapes, strings.Count(shapes, "\nstruct ")+strings.Count(shapes, "\nunion "))
}

// TestRecompileRandom is TestRecompileShapes with random structs.
func TestRecompileRandom(t *testing.T) {
	structs := 400
	if testing.Short() {
		structs = 100
	}
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := randomShapes{Rand: rand.New(rand.NewPCG(seed, 0))}
			for range structs {
				r.shape()
			}
			recompileSource(t, r.text.String(), structs)
		})
	}
}

func recompileSource(t *testing.T, c string, structs int) {
	t.Helper()
	for _, machine := range machines {
		t.Run(machine, func(t *testing.T) {
			compiler := []string{btftest.Tool(t, "clang"), "-target", machine, "-gdwarf-4", "-glldb"}
			spec := describedByClang(t, c, compiler)
			for _, comments := range []bool{false, true} {
				opts := OptionsFor(spec)
				opts.NoComments = !comments
				n, _ := recompile(t, spec, opts, compiler)
				require.Equal(t, structs, n)
			}
		})
	}
}

// describedByClang compiles C and returns the BTF of the types in it, made from DWARF:
// clang writes BTF for one machine alone.
func describedByClang(t *testing.T, c string, compiler []string) *btf.Spec {
	t.Helper()
	source := filepath.Join(t.TempDir(), "shapes.c")
	object := source + ".o"
	require.NoError(t, os.WriteFile(source, []byte(c), 0o644))
	if dir := os.Getenv("RECOMPILE_DIR"); dir != "" {
		os.WriteFile(filepath.Join(dir, "shapes.c"), []byte(c), 0o644)
	}
	args := append(compiler[1:len(compiler):len(compiler)], "-std=gnu11", "-w", "-fno-eliminate-unused-debug-types", "-c", "-o", object, source)
	btftest.Output(t, compiler[0], args...)
	file, err := elf.Open(object)
	require.NoError(t, err)
	defer file.Close()
	data, err := file.DWARF()
	require.NoError(t, err)
	var order btftest.Order = binary.LittleEndian
	if file.ByteOrder == binary.ByteOrder(binary.BigEndian) {
		order = binary.BigEndian
	}
	d := described{t: t, Builder: btftest.New(order), ids: make(map[string]uint32)}
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

// A described builds the BTF of types of DWARF.
type described struct {
	*btftest.Builder
	t   *testing.T
	ids map[string]uint32 // of what has a name
}

func (d *described) id(typ dwarf.Type) uint32 {
	key := typ.String()
	named := true
	if s, ok := typ.(*dwarf.StructType); ok {
		key, named = s.Kind+" "+s.StructName, s.StructName != ""
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

func (d *described) make(typ dwarf.Type) uint32 {
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
