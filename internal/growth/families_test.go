// Builds the families of hostile inputs, each for any n.

//go:build linux && !race

package growth

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6c4a6465/btf/internal/btftest"
)

// An input is what doors and commands are asked about, and the questions.
type input struct {
	file []byte // BTF, or an ELF file
	base []byte // the BTF that file stands on, if any

	names, paths, globs []string

	// expands is the size in bytes of what file holds in compressed form.
	expands int
}

// size is the number of bytes that work may follow.
func (in input) size() int {
	n := len(in.file) + len(in.base) + in.expands
	for _, questions := range [][]string{in.names, in.paths, in.globs} {
		for _, q := range questions {
			n += len(q)
		}
	}
	return n
}

// A family is a kind of hostile input that can be built for any n.
type family struct {
	name  string
	n     int // the smallest; TestGrowth builds n, 2n and 4n
	build func(n int) input
}

var order = binary.LittleEndian

// families have types named "it" that have a member "m", unless they ask other questions.
var families = []family{
	{"plain", 2000, plain},
	{"gap known by layout", 20000, func(n int) input { return gap(n, true) }},
	{"gap of unions", 20000, func(n int) input { return gap(n, false) }},
	{"gap in the base", 20000, gapInBase},
	{"suffixes of one name", 2000, func(n int) input { return raw(suffixes(n)) }},
	{"suffixes in the base", 2000, suffixesInBase},
	{"suffixes as members", 4000, suffixMembers},
	{"suffixes as enumerators", 4000, suffixEnumerators},
	{"suffixes as parameters", 500, suffixParameters},
	{"one name for all", 4000, oneName},
	{"one hash for all", 2000, oneHash},
	{"sorted, long prefixes", 1000, sortedPrefixes},
	{"struct in itself", 5000, selfContaining},
	{"structs in each other", 2000, eachOther},
	{"deep anonymous structs", 4000, func(n int) input { return nested(n, 1) }},
	{"doubled anonymous structs", 4000, func(n int) input { return nested(n, 2) }},
	{"chain of modifiers", 8000, modifierChain},
	{"arrays of arrays", 8000, arraysOfArrays},
	{"shared prototype", 2000, sharedPrototype},
	{"nested prototypes", 256, nestedPrototypes},
	{"functions that return each other", 4000, returning},
	{"enums of one enumerator list", 64, enumsSharing},
	{"decl tags of members", 2000, declTags},
	{"decl tags of parameters", 2000, paramTags},
	{"decl tags of one type", 4000, oneTagged},
	{"pointers to a struct", 4000, pointerFan},
	{"huge datasec", 8000, hugeDatasec},
	{"variables of an object", 4000, object},
	{"sections of one name", 4000, sectionsOfOneName},
	{"records of .BTF.ext", 8000, func(n int) input { return extRecords(n, 1) }},
	{"sections of .BTF.ext", 4000, func(n int) input { return extRecords(1, n) }},
	{"zlib bomb", 4 << 20, zlibBomb},
	{"escapes in names", 2000, escapes},
	{"one long name", 20000, longName},
	{"long name in many errors", 1000, longNameErrors},
	{"globs", 250, globs},
	{"near names", 500, nearNames},
	{"missing names", 2000, missingNames},
	{"inlined functions", 4000, inlined},
}

func raw(b *btftest.Builder) input { return input{file: b.Bytes()} }

// with adds questions.
func (in input) with(names, paths, globs []string) input {
	in.names, in.paths, in.globs = names, paths, globs
	return in
}

// several calls f with parts of n that a record's number of elements can be, and where
// each begins.
func several(n int, f func(from, count int)) {
	const most = 60000
	for from := 0; from < n; from += most {
		f(from, min(most, n-from))
	}
}

// everyKind adds types of all kinds, n of each.
func everyKind(b *btftest.Builder, n int, name func(i int) string) {
	i32 := b.Int("int", 4, btftest.Signed)
	proto := b.FuncProto(i32, btftest.Param{Name: "p", Type: i32})
	for i := range n {
		it := b.Struct(name(i), 8, btftest.Member{Name: "m", Type: i32}, btftest.Member{Name: "n", Type: i32, Offset: 32})
		b.Pointer(it)
		b.Typedef(name(i), it)
		b.Func(name(i), proto, 1)
		v := b.Var(name(i), it, 1)
		b.Datasec("."+name(i), 8, btftest.Variable{Type: v, Size: 8})
		b.Enum(name(i), 4, false, btftest.Value{Name: "E" + name(i), Value: int64(i)})
		b.Enum64(name(i), 8, false, btftest.Value{Name: "L" + name(i), Value: int64(i)})
		b.Union(name(i), 4, btftest.Member{Name: "m", Type: i32})
		b.Array(it, i32, 2)
		b.Fwd(name(i), false)
		b.Const(it)
		b.Volatile(it)
		b.Restrict(b.Pointer(it))
		b.Float(name(i), 8)
		b.DeclTag("tag", it, -1, false)
		b.TypeTag("tag", it, false)
	}
}

// plain has nothing wrong: it shows that what an honest input costs passes.
func plain(n int) input {
	b := btftest.New(order)
	everyKind(b, n/16, func(i int) string { return fmt.Sprintf("name%d", i) })
	return raw(b).with([]string{"name1", "name7", "nothing"}, []string{"name1.m", "name2.x", "name3"}, []string{"name*", "*7"})
}

// addGap adds records of about size bytes in all, and fewer records than one sample of
// where records start covers.
func addGap(b *btftest.Builder, size int, unknown bool) {
	i32 := b.Int("int", 4, btftest.Signed)
	if unknown {
		b.Layout(100, 0, 252)
		vlen := size/252 + 1
		b.Record(0, btftest.Info(100, uint32(vlen), false), 0, make([]uint32, vlen*252/4)...)
		return
	}
	several(size/12, func(_, count int) {
		b.Union("", 4, slices.Repeat([]btftest.Member{{Type: i32}}, count)...)
	})
}

// gap has one huge record, and after it types that many others refer to: whoever looks
// for where those start must not pass over the huge record each time.
func gap(n int, unknown bool) input {
	b := btftest.New(order)
	addGap(b, 24*n, unknown)
	afterGap(b, n)
	return raw(b)
}

func gapInBase(n int) input {
	base := btftest.New(order)
	addGap(base, 24*n, false)
	for range 20 {
		base.Int("int", 4, btftest.Signed)
	}
	b := base.Split()
	afterGap(b, n)
	return input{file: b.Bytes(), base: base.Bytes()}
}

func afterGap(b *btftest.Builder, n int) {
	i32 := b.Next() - 1
	if i32 < 20 { // not of the base
		i32 = b.Int("char", 1, btftest.Char)
	}
	it := b.Struct("it", 4, btftest.Member{Name: "m", Type: i32})
	pointer := b.Pointer(it)
	v := b.Var("v", i32, 1)
	several(n/4, func(_, count int) {
		b.Union("wide", 8, slices.Repeat([]btftest.Member{{Name: "w", Type: pointer}}, count)...)
		b.Datasec(".wide", 8, slices.Repeat([]btftest.Variable{{Type: v, Size: 8}}, count)...)
	})
	params := slices.Repeat([]btftest.Param{{Name: "p", Type: i32}}, min(n/8, 60000))
	proto := b.FuncProto(pointer, append(params, btftest.Param{Name: "last", Type: pointer})...)
	short := b.FuncProto(0, btftest.Param{Name: "first", Type: pointer})
	b.Func("long", proto, 1)
	for i := range n / 16 {
		b.Func("f", short, 1)
		b.Typedef("t", it)
		b.DeclTag("tag", it, int32(i%2-1), false)
	}
}

// suffixNames adds a name of n bytes, and returns the offset of its suffix of each length.
func suffixNames(b *btftest.Builder, n int) func(length int) uint32 {
	off := b.NewString(strings.Repeat("a", n))
	return func(length int) uint32 { return off + uint32(n-length) }
}

// suffixes has types whose names take n times n bytes, in n bytes.
func suffixes(n int) *btftest.Builder {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	m := b.String("m")
	name := suffixNames(b, n)
	proto := b.FuncProto(i32, btftest.Param{Name: "p", Type: i32})
	it := b.Struct("it", 4, btftest.Member{Name: "m", Type: i32})
	kind := func(k uint32) uint32 { return btftest.Info(k, 0, false) }
	for i := 1; i <= n; i++ {
		switch at := name(i); i % 12 {
		case 0:
			b.Record(at, btftest.Info(4, 1, false), 4, m, i32, 0)
		case 1:
			b.Record(at, btftest.Info(5, 1, false), 4, m, i32, 0)
		case 2:
			b.Record(at, kind(8), i32)
		case 3:
			b.Record(at, kind(12), proto)
		case 4:
			b.Record(at, kind(14), i32, 1)
		case 5:
			b.Record(at, btftest.Info(6, 1, false), 4, at, 1)
		case 6:
			b.Record(at, kind(7), 0)
		case 7:
			b.Record(at, kind(16), 8)
		case 8:
			b.Record(at, kind(17), it, 1<<32-1)
		case 9:
			b.Record(at, kind(18), i32)
		case 10:
			b.Record(at, kind(1), 4, 32)
		case 11:
			b.Record(at, btftest.Info(19, 1, false), 8, at, 1, 0)
		}
	}
	return b
}

func suffixesInBase(n int) input {
	base := suffixes(n / 2)
	b := base.Split()
	i32 := uint32(1)
	for id := range base.Next() - 1 {
		b.Typedef("it", id+1)
		b.Struct("it", 4, btftest.Member{Name: "m", Type: i32})
	}
	return input{file: b.Bytes(), base: base.Bytes()}
}

func suffixMembers(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	name := suffixNames(b, n)
	several(n, func(from, count int) {
		var members []uint32
		for i := range count {
			members = append(members, name(from+i+1), i32, uint32(i*32))
		}
		b.Record(b.String("it"), btftest.Info(4, uint32(count), false), uint32(4*count), members...)
	})
	return raw(b).with([]string{"it"}, []string{"it.aaaa", "it.b", "it." + strings.Repeat("a", n/2)}, nil)
}

func suffixEnumerators(n int) input {
	b := btftest.New(order)
	name := suffixNames(b, n)
	for _, kind := range []uint32{6, 19} {
		several(n/2, func(from, count int) {
			var values []uint32
			for i := range count {
				values = append(values, name(from+i+1), uint32(i))
				if kind == 19 {
					values = append(values, 0)
				}
			}
			b.Record(b.String(fmt.Sprintf("it%d", kind)), btftest.Info(kind, uint32(count), false), 4, values...)
		})
	}
	return raw(b).with([]string{"it6", "it19", "aaaa", "b"}, nil, nil)
}

// suffixParameters has functions that share a prototype with long names.
func suffixParameters(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	name := suffixNames(b, n)
	var params []uint32
	for i := range n {
		params = append(params, name(i+1), i32)
	}
	proto := b.Record(0, btftest.Info(13, uint32(n), false), i32, params...)
	for range n {
		b.Func("it", proto, 1)
	}
	return raw(b)
}

// oneName has types that all have one name, at one offset and at others.
func oneName(n int) input {
	b := btftest.New(order)
	everyKind(b, n/32, func(int) string { return "it" })
	for range n / 4 {
		i32 := uint32(1)
		b.Record(b.NewString("it"), btftest.Info(4, 1, false), 4, b.String("m"), i32, 0)
		b.Record(b.NewString("it___flavour"), btftest.Info(4, 1, false), 4, b.String("m"), i32, 0)
		b.Record(b.NewString("it"), btftest.Info(12, 0, false), 2)
	}
	return raw(b)
}

// oneHash has names that differ only after the bytes that are hashed.
func oneHash(n int) input {
	prefix := strings.Repeat("h", 64)
	name := func(i int) string { return fmt.Sprintf("%s%d", prefix, i) }
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	proto := b.FuncProto(i32)
	var members []btftest.Member
	var values []btftest.Value
	for i := range n {
		switch i % 3 {
		case 0:
			b.Struct(name(i), 4, btftest.Member{Name: "m", Type: i32})
		case 1:
			b.Func(name(i), proto, 1)
		case 2:
			b.Fwd(name(i), false)
		}
		members = append(members, btftest.Member{Name: name(i), Type: i32, Offset: uint32(32 * i)})
		values = append(values, btftest.Value{Name: name(i), Value: int64(i)})
	}
	b.Struct("it", uint32(4*n), members...)
	b.Enum("values", 4, false, values...)
	return raw(b).with([]string{name(0), name(1), prefix, "it", "values"}, []string{name(3) + ".m", name(3) + ".x", "it." + name(1)}, nil)
}

// sortedPrefixes has sorted names that share 500 bytes.
func sortedPrefixes(n int) input {
	b := btftest.New(order)
	prefix := strings.Repeat("s", 500)
	for i := range n {
		b.Fwd(fmt.Sprintf("%s%08d", prefix, i), false)
	}
	names := []string{prefix + "00000001", prefix + "x", prefix}
	return raw(b).with(names, names, nil)
}

// selfContaining has a struct whose n anonymous members are the struct.
func selfContaining(n int) input {
	b := btftest.New(order)
	b.Int("int", 4, btftest.Signed)
	several(n, func(_, count int) {
		b.Struct("it", 4, slices.Repeat([]btftest.Member{{Type: b.Next()}}, count)...)
	})
	return raw(b)
}

// eachOther has two wide structs that contain each other, with names and without.
func eachOther(n int) input {
	b := btftest.New(order)
	a, c := b.Next(), b.Next()+1
	members := func(t uint32) (members []btftest.Member) {
		for i := range min(n, 50000) {
			m := btftest.Member{Type: t}
			if i%2 == 0 {
				m.Name = fmt.Sprintf("m%d", i)
			}
			members = append(members, m)
		}
		return members
	}
	b.Struct("it", 4, members(c)...)
	b.Struct("other", 4, members(a)...)
	return raw(b).with([]string{"it", "other"}, []string{"it.m0.m0.m0.m0", "it.m", "other.m2|m3|m4"}, nil)
}

// nested has n anonymous structs in each other, each so many times.
func nested(n, times int) input {
	b := btftest.New(order)
	inner := b.Int("int", 4, btftest.Signed)
	name := "m"
	for range n {
		inner = b.Struct("", 4, slices.Repeat([]btftest.Member{{Name: name, Type: inner}}, times)...)
		name = ""
	}
	b.Struct("it", 4, btftest.Member{Type: inner})
	// The same with every reference forward.
	b.Struct("ti", 4, btftest.Member{Type: b.Next() + 1})
	for range n {
		b.Struct("", 4, slices.Repeat([]btftest.Member{{Type: b.Next() + 1}}, times)...)
	}
	b.Int("int", 4, btftest.Signed)
	return raw(b).with([]string{"it", "ti"}, []string{"it.m", "ti.m", "it.x"}, nil)
}

func modifierChain(n int) input {
	b := btftest.New(order)
	t := b.Int("int", 4, btftest.Signed)
	for i := range n {
		switch i % 5 {
		case 0:
			t = b.Typedef("it", t)
		case 1:
			t = b.Const(t)
		case 2:
			t = b.Volatile(t)
		case 3:
			t = b.TypeTag("tag", t, false)
		case 4:
			b.Func("f", b.FuncProto(t, btftest.Param{Name: "p", Type: b.Pointer(t)}), 1)
		}
	}
	b.Struct("s", 8, btftest.Member{Name: "m", Type: t})
	return raw(b).with([]string{"it", "s"}, []string{"s.m", "s.m.m"}, nil)
}

func arraysOfArrays(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	t := i32
	for i := range n {
		if i%16 == 0 {
			b.Struct("it", 4, btftest.Member{Name: "m", Type: t})
		}
		if t = b.Array(t, i32, uint32(1+i%2)); i%64 == 63 {
			t = b.Pointer(t)
		}
	}
	return raw(b)
}

// sharedPrototype has n functions of one prototype with n parameters.
func sharedPrototype(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	deep := i32
	for range 30 {
		deep = b.Typedef("it", deep)
	}
	params := slices.Repeat([]btftest.Param{{Name: "p", Type: deep}}, min(n, 60000))
	proto := b.FuncProto(i32, params...)
	for range n {
		b.Func("it", proto, 1)
	}
	return raw(b)
}

// nestedPrototypes has functions whose one prototype takes n bytes and more as text.
func nestedPrototypes(n int) input {
	b := btftest.New(order)
	t := b.Int("int", 4, btftest.Signed)
	for size := 1; size < n; size *= 4 {
		t = b.FuncProto(t, slices.Repeat([]btftest.Param{{Type: b.Pointer(t)}}, 4)...)
	}
	for range n {
		b.Func("it", t, 1)
	}
	return raw(b)
}

// returning has functions whose prototype returns a pointer to the prototype before it.
func returning(n int) input {
	b := btftest.New(order)
	t := b.Int("int", 4, btftest.Signed)
	for range n {
		proto := b.FuncProto(t, btftest.Param{Name: "p", Type: t})
		b.Func("it", proto, 1)
		t = b.Pointer(proto)
	}
	return raw(b)
}

// enumsSharing has n enums of the same n enumerators, whose names overlap.
func enumsSharing(n int) input {
	b := btftest.New(order)
	name := suffixNames(b, n*n)
	var values []uint32
	for i := range n {
		values = append(values, name((i+1)*n), uint32(i))
	}
	for i := range n {
		b.Record(b.String(fmt.Sprintf("it%d", i)), btftest.Info(6, uint32(n), false), 4, values...)
	}
	return raw(b).with([]string{"it0", "it1", strings.Repeat("a", n), "b"}, nil, nil)
}

// declTags has n tags of n members, and names of tags that overlap.
func declTags(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	name := suffixNames(b, n)
	var members []btftest.Member
	for i := range n {
		members = append(members, btftest.Member{Name: "m", Type: i32, Offset: uint32(32 * i)})
	}
	it := b.Struct("it", uint32(4*n), members...)
	for i := range n {
		b.Record(name(i+1), btftest.Info(17, 0, false), it, uint32(i))
	}
	return raw(b)
}

func paramTags(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	proto := b.FuncProto(i32, slices.Repeat([]btftest.Param{{Name: "p", Type: i32}}, n)...)
	it := b.Func("it", proto, 1)
	name := suffixNames(b, n)
	for i := range n {
		b.Record(name(i+1), btftest.Info(17, 0, false), it, uint32(i))
	}
	return raw(b)
}

func oneTagged(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	it := b.Struct("it", 4, btftest.Member{Name: "m", Type: i32})
	f := b.Func("it", b.FuncProto(i32, btftest.Param{Name: "p", Type: i32}), 1)
	for i := range n {
		switch i % 4 {
		case 0:
			b.DeclTag("tag", it, -1, false)
		case 1:
			b.DeclTag("tag", it, 0, false)
		case 2:
			b.DeclTag("tag", f, -1, false)
		case 3:
			b.DeclTag("tag", f, 0, false)
		}
	}
	return raw(b).with([]string{"it", "tag"}, []string{"it.m"}, nil)
}

// pointerFan has n ways to a struct with n members.
func pointerFan(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	it := b.Next() + 1
	pointer := b.Pointer(it)
	var members []btftest.Member
	for i := range n {
		members = append(members, btftest.Member{Name: fmt.Sprintf("m%d", i), Type: pointer, Offset: uint32(64 * i)})
	}
	b.Struct("it", uint32(8*n), members...)
	for range n {
		b.Func("f", b.FuncProto(i32, btftest.Param{Name: "p", Type: b.Const(b.Pointer(it))}), 1)
	}
	return raw(b).with([]string{"it", "f"}, []string{"it.m1->m2->m3", "it.m1->x"}, nil)
}

// hugeDatasec has sections whose entries are not in the order of their offsets.
func hugeDatasec(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	v := b.Var("it", i32, 1)
	several(n, func(_, count int) {
		var vars []btftest.Variable
		for i := range count {
			vars = append(vars, btftest.Variable{Type: v, Offset: uint32(4 * (count - i)), Size: 4})
		}
		b.Datasec(".data", uint32(4*count+4), vars...)
	})
	return raw(b).with([]string{".data", "it"}, nil, nil)
}

// object is an ELF file whose symbols say where n variables lie.
func object(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	var vars []btftest.Variable
	var symbols []btftest.Symbol
	for i := range n {
		name := fmt.Sprintf("v%d", i)
		if i%2 == 0 {
			name = "same"
		}
		vars = append(vars, btftest.Variable{Type: b.Var(name, i32, 1), Size: 4})
		symbols = append(symbols, btftest.Symbol{Name: name, Type: elf.STT_OBJECT, Section: 2, Value: uint64(4 * i), Size: 4})
	}
	b.Datasec(".data", 0, vars...)
	for range n / 16 {
		b.Datasec(".data", 0, vars[0])
	}
	symtab, strtab := btftest.Symbols(order, 4, symbols...)
	return input{file: btftest.ELF(elf.ELFCLASS64, order,
		btftest.Section{Name: ".BTF", Data: b.Bytes()},
		btftest.Section{Name: ".data", Data: make([]byte, 4*n)}, symtab, strtab)}.with([]string{".data", "v1", "same"}, nil, nil)
}

// sectionsOfOneName is an ELF file of n sections that all have one name of n bytes.
func sectionsOfOneName(n int) input {
	b := btftest.New(order)
	b.Struct("it", 4, btftest.Member{Name: "m", Type: b.Int("int", 4, btftest.Signed)})
	sections := []btftest.Section{{Name: ".BTF", Data: b.Bytes()}, {Name: strings.Repeat("s", n)}}
	file := btftest.ELF(elf.ELFCLASS64, order, append(sections, make([]btftest.Section, n)...)...)
	headers := file[order.Uint64(file[40:]):]
	long := order.Uint32(headers[2*64:])
	for i := 3; i < len(sections)+1+n; i++ {
		order.PutUint32(headers[i*64:], long)
	}
	return input{file: file}
}

// extRecords is a BPF object with functions, lines and relocations: so many records in
// each of so many sections.
func extRecords(records, sections int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	it := b.Struct("it", 4, btftest.Member{Name: "m", Type: i32})
	f := b.Func("f", b.FuncProto(i32), 1)
	name := suffixNames(b, max(records, sections))
	part := func(words ...uint32) (part []uint32) {
		part = append(part, uint32(4*len(words)+4))
		for s := range sections {
			part = append(part, name(s+1), uint32(records))
			for i := range records {
				part = append(append(part, uint32(8*i)), words...)
			}
		}
		return part
	}
	parts := [][]uint32{part(f), part(name(records), name(records), 5<<10|7), part(it, name(records), 0)}
	header := []uint32{32}
	at := 0
	for _, p := range parts {
		header = append(header, uint32(at), uint32(4*len(p)))
		at += 4 * len(p)
	}
	ext := []byte{0x9f, 0xeb, 1, 0}
	for _, words := range append([][]uint32{header}, parts...) {
		for _, w := range words {
			ext = order.AppendUint32(ext, w)
		}
	}
	return input{file: btftest.ELF(elf.ELFCLASS64, order,
		btftest.Section{Name: ".BTF", Data: b.Bytes()}, btftest.Section{Name: ".BTF.ext", Data: ext})}
}

// zlibBomb is an ELF file whose compressed .BTF has n bytes of strings.
func zlibBomb(n int) input {
	b := btftest.New(order)
	b.Struct("it", 4, btftest.Member{Name: "m", Type: b.Int("int", 4, btftest.Signed)})
	b.NewString(strings.Repeat("z", n))
	blob := b.Bytes()
	var data bytes.Buffer
	for _, word := range []uint64{uint64(elf.COMPRESS_ZLIB), uint64(len(blob)), 8} {
		data.Write(order.AppendUint64(nil, word))
	}
	w, _ := zlib.NewWriterLevel(&data, zlib.BestSpeed)
	w.Write(blob)
	w.Close()
	file := btftest.ELF(elf.ELFCLASS64, order, btftest.Section{Name: ".BTF", Flags: elf.SHF_COMPRESSED, Data: data.Bytes()})
	return input{file: file, expands: len(blob)}
}

// escapes has names that no terminal should see.
func escapes(n int) input {
	b := btftest.New(order)
	i := 0
	everyKind(b, n/16, func(int) string {
		i++
		return fmt.Sprintf("\x1b[2J\n\t\xff\xfe%d", i%64)
	})
	long := strings.Repeat("\x1b", n)
	b.Struct(long, 4, btftest.Member{Name: long, Type: 1})
	b.Func(long, 2, 1)
	b.Enum(long, 4, false, btftest.Value{Name: long, Value: 1})
	return raw(b).with([]string{long, "\x1b[2J\n\t\xff\xfe1"}, []string{"it\x1b.m", long, long + "." + long}, []string{"\x1b*"})
}

// longName has one name of n bytes, for types, members and all else.
func longName(n int) input {
	long := strings.Repeat("l", n)
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	it := b.Struct(long, 4, btftest.Member{Name: long, Type: i32})
	b.Typedef("it", it)
	b.Func(long, b.FuncProto(it, btftest.Param{Name: long, Type: b.Pointer(it)}), 1)
	b.Enum(long, 4, false, btftest.Value{Name: long, Value: 1})
	b.Datasec(long, 4, btftest.Variable{Type: b.Var(long, it, 1), Size: 4})
	b.DeclTag(long, it, 0, false)
	return raw(b).with([]string{long, "it"}, []string{long + "." + long, "it.x", "it." + long, "it->x[1]"}, []string{"l*l", "*"})
}

// longNameErrors asks for n members that a type with a name of n bytes does not have.
func longNameErrors(n int) input {
	b := btftest.New(order)
	long := strings.Repeat("l", n)
	b.Typedef("it", b.Struct(long, 4, btftest.Member{Name: "m", Type: b.Int("int", 4, btftest.Signed)}))
	var paths []string
	for range n / 2 {
		paths = append(paths, "it.x", "it.m.x|y|z|->x")
	}
	return raw(b).with([]string{"it", "nothing"}, paths, nil)
}

// globs has names of many equal bytes, and patterns of many stars.
func globs(n int) input {
	b := btftest.New(order)
	proto := b.FuncProto(b.Int("int", 4, btftest.Signed))
	name := suffixNames(b, 4000)
	for i := range n {
		b.Record(name(4000-i%64), btftest.Info(12, 0, false), proto)
	}
	return raw(b).with(nil, nil, []string{strings.Repeat("*a", 30) + "b", "*" + strings.Repeat("a", 2000) + "b", strings.Repeat("*[a-z]?", 30) + "b"})
}

// nearNames asks a struct for members whose names are nearly those of others.
func nearNames(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	name := func(i int) string { return strings.Repeat("n", 56) + fmt.Sprintf("%08d", i) }
	var members []btftest.Member
	for i := range n {
		members = append(members, btftest.Member{Name: name(i), Type: i32, Offset: uint32(32 * i)})
	}
	b.Struct("it", uint32(4*n), members...)
	var missing []string
	for i := range n / 4 {
		missing = append(missing, "x"+name(i))
	}
	return raw(b).with([]string{"it", "ti"}, []string{"it." + strings.Join(missing, "|"), "it.x"}, nil)
}

// missingNames asks n types for n names that they do not have, as a tracer asks an old
// kernel.
func missingNames(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	var paths, names []string
	for i := range n {
		b.Struct(fmt.Sprintf("kernel_type_%d", i), 4, btftest.Member{Name: "m", Type: i32})
		if i%4 == 0 {
			paths = append(paths, fmt.Sprintf("kernel_tpye_%d.m", i), fmt.Sprintf("other_%d.m", i))
			names = append(names, fmt.Sprintf("kernel_tpye_%d", i))
		}
	}
	return raw(b).with(names, paths, []string{"kernel_tpye*"})
}

// inlined has LOC_PROTOs and a LOCSEC of n elements, and n of them.
func inlined(n int) input {
	b := btftest.New(order)
	i32 := b.Int("int", 4, btftest.Signed)
	f := b.Func("it", b.FuncProto(i32, btftest.Param{Name: "p", Type: i32}), 0)
	param := b.LocParam(4, btftest.LocReg, slices.Repeat([]uint32{5}, min(n/4, 60000))...)
	proto := b.LocProto(slices.Repeat([]uint32{param}, min(n/4, 60000))...)
	several(n/4, func(_, count int) {
		b.Locsec(".text", slices.Repeat([]btftest.Site{{Func: f, Proto: proto}}, count)...)
	})
	for range n / 16 {
		b.Locsec(".text", btftest.Site{Func: f, Proto: proto})
		b.LocProto(param)
	}
	return raw(b).with([]string{".text", "it"}, nil, nil)
}
