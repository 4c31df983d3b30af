// Tests modules with a distilled base.

package btf_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A chain is the records and names of split BTF and its base, as internal/btftest takes
// them apart: nothing here asks the package for anything.
type chain struct {
	records [][]uint32
	base    int // how many of them are the base's
	strings []byte
}

func chained(order btftest.Order, base, split []byte) chain {
	records, strings := btftest.Records(order, base)
	own, ownStrings := btftest.Records(order, split)
	return chain{append(slices.Clip(records), own...), len(records), append(slices.Clip(strings), ownStrings...)}
}

func (c *chain) name(off uint32) string { return string(btftest.NameAt(c.strings, off)) }

func kindOf(record []uint32) btf.Kind { return btf.Kind(record[1] >> 24 & 0x7f) }

// distil makes a distilled base for split BTF, and the split BTF over that, by the
// rules of libbpf's btf__distill_base.
func distil(order btftest.Order, base, split []byte) (distilled, module []byte) {
	c := chained(order, base, split)
	reached := map[uint32]bool{}
	todo := []uint32{}
	reach := func(record []uint32) {
		_, ids := btftest.Refs(record)
		for _, at := range ids {
			if id := record[at]; id != 0 && int(id) <= c.base && !reached[id] {
				reached[id] = true
				todo = append(todo, id)
			}
		}
	}
	named := func(r []uint32) bool { return c.name(r[0]) != "" }
	for _, r := range c.records[c.base:] {
		reach(r)
	}
	for ; len(todo) > 0; todo = todo[1:] {
		r := c.records[todo[0]-1]
		if k := kindOf(r); named(r) && (k == btf.KindStruct || k == btf.KindUnion) {
			continue
		}
		reach(r)
	}
	d := btftest.New(order)
	became := map[uint32]uint32{}
	var rest []uint32
	for id := uint32(1); int(id) <= c.base; id++ {
		if !reached[id] {
			continue
		}
		r := c.records[id-1]
		name := d.String
		switch k := kindOf(r); {
		case k == btf.KindInt || k == btf.KindFloat || k == btf.KindFwd:
			became[id] = d.Record(name(c.name(r[0])), r[1], r[2], r[3:]...)
		case named(r) && (k == btf.KindStruct || k == btf.KindUnion):
			became[id] = d.Record(name(c.name(r[0])), r[1]&^0xffffff, r[2])
		case named(r) && (k == btf.KindEnum || k == btf.KindEnum64):
			became[id] = d.Record(name(c.name(r[0])), btftest.Info(6, 0, r[1]>>31 != 0), r[2])
		default:
			rest = append(rest, id)
		}
	}
	m := d.Split()
	next := m.Next()
	for i := range c.records[c.base:] {
		became[uint32(c.base+i+1)] = next
		next++
	}
	for _, id := range rest {
		became[id] = next
		next++
	}
	write := func(r []uint32) {
		r = slices.Clone(r)
		names, ids := btftest.Refs(r)
		for _, at := range names {
			r[at] = m.String(c.name(r[at]))
		}
		for _, at := range ids {
			r[at] = became[r[at]]
		}
		m.Record(r[0], r[1], r[2], r[3:]...)
	}
	for _, r := range c.records[c.base:] {
		write(r)
	}
	for _, id := range rest {
		write(c.records[id-1])
	}
	return d.Bytes(), m.Bytes()
}

// alike compares what the types of split BTF mean, through all that they refer to, with
// as many of another. Types of the bases are alike if the one became the other.
func alike(t *testing.T, was, is *chain, became map[uint32]uint32) {
	t.Helper()
	type pair struct{ a, b uint32 }
	var todo []pair
	for i := range was.records[was.base:] {
		todo = append(todo, pair{uint32(was.base + i + 1), uint32(is.base + i + 1)})
	}
	seen := map[pair]bool{}
	for ; len(todo) > 0; todo = todo[1:] {
		p := todo[0]
		if seen[p] || p == (pair{}) {
			continue
		}
		seen[p] = true
		if p.a == 0 || p.b == 0 {
			t.Fatalf("types %d and %d", p.a, p.b)
		}
		if int(p.a) <= was.base && int(p.b) <= is.base {
			if want := became[p.a]; want != p.b {
				t.Fatalf("type %d of the base became %d, and is %d", p.a, want, p.b)
			}
			continue
		}
		x, y := slices.Clone(was.records[p.a-1]), slices.Clone(is.records[p.b-1])
		if len(x) != len(y) || x[1] != y[1] {
			t.Fatalf("record %d is %x, record %d %x", p.a, x, p.b, y)
		}
		names, ids := btftest.Refs(x)
		for _, at := range names {
			if was.name(x[at]) != is.name(y[at]) {
				t.Fatalf("%q of type %d is %q of type %d", was.name(x[at]), p.a, is.name(y[at]), p.b)
			}
			x[at], y[at] = 0, 0
		}
		for _, at := range ids {
			todo = append(todo, pair{x[at], y[at]})
			x[at], y[at] = 0, 0
		}
		if !slices.Equal(x, y) {
			t.Fatalf("record %d is %x, record %d %x", p.a, x, p.b, y)
		}
	}
}

// TestRelocateModules distils the modules of the corpus over their kernel, and
// relocates them back: onto the same kernel and onto one with its types in another
// order. What they refer to is what they referred to.
func TestRelocateModules(t *testing.T) {
	dir := btftest.Corpus(t)
	for release, order := range map[string]btftest.Order{"amd64-6.12": binary.LittleEndian, "s390x-6.1": binary.BigEndian} {
		t.Run(release, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(dir, "vmlinux-"+release+"*.btf.gz"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			raw, err := btftest.Gunzip(files[0])
			require.NoError(t, err)
			records, strs := btftest.Records(order, raw)

			permutation := rand.New(rand.NewPCG(13, 14)).Perm(len(records))
			shuffled := btftest.Join(order, btftest.Permute(records, permutation), strs)
			same, other := map[uint32]uint32{}, map[uint32]uint32{}
			for now, was := range permutation {
				same[uint32(was+1)] = uint32(was + 1)
				other[uint32(was+1)] = uint32(now + 1)
			}
			vmlinux, moved := load(t, raw), load(t, shuffled)

			modules, err := filepath.Glob(filepath.Join(dir, "modules-"+release, "*.btf"))
			require.NoError(t, err)
			require.NotEmpty(t, modules)
			for _, path := range modules {
				module, err := os.ReadFile(path)
				require.NoError(t, err)
				was := chained(order, raw, module)
				distilled, split := distil(order, raw, module)
				spec := loadSplit(t, split, load(t, distilled))
				require.NoError(t, spec.Verify())

				onto := func(raw []byte, base *btf.Spec, became map[uint32]uint32) error {
					got, err := spec.Relocate(base)
					if err != nil {
						return err
					}
					require.NoError(t, got.Verify())
					require.True(t, got.Base() == base)
					var b bytes.Buffer
					_, err = got.WriteTo(&b)
					require.NoError(t, err)
					is := chained(order, raw, b.Bytes())
					alike(t, &was, &is, became)
					return nil
				}
				require.NoError(t, onto(raw, vmlinux, same), path)
				require.NoError(t, onto(shuffled, moved, other), path)
			}
		})
	}
}

// TestRelocateDistilled relocates what the kernel's own tools distilled onto the
// kernel that stands beside it.
func TestRelocateDistilled(t *testing.T) {
	dir := btftest.Corpus(t)
	raw, err := btftest.Gunzip(filepath.Join(dir, "vmlinux-amd64-7.1-sorted-layout.btf.gz"))
	require.NoError(t, err)
	distilled, err := btf.LoadSpec(filepath.Join(dir, "distilled-module.btf.base"))
	require.NoError(t, err)
	defer distilled.Close()
	spec, err := btf.LoadSplitSpec(filepath.Join(dir, "distilled-module.btf"), distilled)
	require.NoError(t, err)
	defer spec.Close()
	got, err := spec.Relocate(load(t, raw))
	require.NoError(t, err)
	require.NoError(t, got.Verify())
	require.Equal(t, spec.NumTypes(), got.NumTypes())
	shift := btf.TypeID(got.Base().NumTypes() - distilled.NumTypes())
	below := 0
	for was := range spec.All() {
		is, err := got.TypeByID(was.ID() + shift)
		require.NoError(t, err)
		require.Equal(t, was.Name(), is.Name())
		p, err := btf.As[btf.Pointer](was)
		if err != nil || was.Kind() != btf.KindPointer || p.Target().ID() > btf.TypeID(distilled.NumTypes()) {
			continue
		}
		q, err := btf.As[btf.Pointer](is)
		require.NoError(t, err)
		require.LessOrEqual(t, q.Target().ID(), btf.TypeID(got.Base().NumTypes()))
		require.Equal(t, p.Target().Name(), q.Target().Name())
		if p.Target().ID() != 0 {
			require.Equal(t, p.Target().Kind(), q.Target().Kind())
			below++
		}
	}
	require.NotZero(t, below)
}

// relocation is a module with its distilled base, a kernel, and what comes of them.
type relocation struct {
	name      string
	distilled func(d *btftest.Builder)
	module    func(m *btftest.Builder) // over distilled; a pointer to its first type, if nil
	kernel    func(k *btftest.Builder)
	want      btf.TypeID // what the first distilled type became
	err       error
	text      string
}

func relocations() []relocation {
	m := btftest.Member{Name: "m", Type: 1}
	bitfield := btftest.Member{Name: "b", Type: 1, Bitfield: 3}
	fwd := func(union bool) func(*btftest.Builder) { return func(d *btftest.Builder) { d.Fwd("foo", union) } }
	foo := func(size uint32) func(*btftest.Builder) { return func(d *btftest.Builder) { d.Struct("foo", size) } }
	pad := func(k *btftest.Builder) { k.Int("int", 4, btftest.Signed) }
	embed := func(m *btftest.Builder) { m.Struct("outer", 16, btftest.Member{Name: "foo", Type: 1}) }
	embedDeep := func(m *btftest.Builder) {
		m.Struct("outer", 16, btftest.Member{Name: "foo", Type: m.Next() + 1})
		a := m.Array(m.Next()+1, m.Next()+1, 2)
		c := m.Const(a + 2)
		m.Typedef("foo_t", c+2)
		m.TypeTag("tag", 1, false)
	}
	embedUnder := func(n uint32) func(*btftest.Builder) {
		return func(m *btftest.Builder) {
			m.Struct("outer", 16, btftest.Member{Name: "foo", Type: m.Next() + 1})
			for range n - 1 {
				m.Const(m.Next() + 1)
			}
			m.Volatile(1)
		}
	}
	return []relocation{
		{name: "INT", distilled: func(d *btftest.Builder) { d.Int("long", 8, btftest.Signed) },
			kernel: func(k *btftest.Builder) {
				pad(k)
				k.Int("long", 4, btftest.Signed)
				k.Int("long", 8, 0)
				k.Int("long", 8, btftest.Signed)
			}, want: 4},
		{name: "INT of another encoding", distilled: func(d *btftest.Builder) { d.Int("long", 8, btftest.Signed) },
			kernel: func(k *btftest.Builder) { k.Int("long", 8, 0) }, err: btf.ErrNotFound, text: "INT long (id 1) of 8 bytes"},
		{name: "INT twice", distilled: func(d *btftest.Builder) { d.Int("long", 8, 0) },
			kernel: func(k *btftest.Builder) { k.Int("long", 8, 0); k.Int("long", 8, 0) }, err: btf.ErrMultipleMatches, text: "INT long (id 1) and INT long (id 2)"},
		{name: "FLOAT", distilled: func(d *btftest.Builder) { d.Float("double", 8) },
			kernel: func(k *btftest.Builder) { k.Float("double", 4); k.Float("double", 8) }, want: 2},
		{name: "FLOAT of another size", distilled: func(d *btftest.Builder) { d.Float("double", 8) },
			kernel: func(k *btftest.Builder) { k.Float("double", 4) }, err: btf.ErrNotFound},
		{name: "ENUM", distilled: func(d *btftest.Builder) { d.Enum("e", 4, false) },
			kernel: func(k *btftest.Builder) { k.Enum("e", 4, true, btftest.Value{Name: "A", Value: 1}) }, want: 1},
		{name: "ENUM that is an ENUM64", distilled: func(d *btftest.Builder) { d.Enum("e", 8, false) },
			kernel: func(k *btftest.Builder) { k.Enum64("e", 8, false, btftest.Value{Name: "A", Value: 1}) }, want: 1},
		{name: "ENUM of another size", distilled: func(d *btftest.Builder) { d.Enum("e", 4, false) },
			kernel: func(k *btftest.Builder) { k.Enum("e", 1, false) }, err: btf.ErrNotFound},
		{name: "STRUCT that grew", distilled: foo(8),
			kernel: func(k *btftest.Builder) { pad(k); k.Struct("foo", 24, m) }, want: 2},
		{name: "STRUCT that is a UNION", distilled: foo(8),
			kernel: func(k *btftest.Builder) { k.Union("foo", 8) }, err: btf.ErrNotFound, text: "match in the base"},
		{name: "STRUCT that is a typedef", distilled: foo(4),
			kernel: func(k *btftest.Builder) { pad(k); k.Typedef("foo", 1) }, err: btf.ErrNotFound},
		{name: "STRUCT that is declared", distilled: foo(4), kernel: fwd(false), err: btf.ErrNotFound},
		{name: "UNION", distilled: func(d *btftest.Builder) { d.Union("foo", 8) },
			kernel: func(k *btftest.Builder) { k.Union("foo", 9) }, want: 1},
		{name: "STRUCT of a name with two sizes", distilled: foo(8),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 4); k.Struct("foo", 8) }, want: 2},
		{name: "STRUCT beside a UNION", distilled: foo(8),
			kernel: func(k *btftest.Builder) { k.Union("foo", 8); k.Struct("foo", 8) }, want: 2},
		{name: "STRUCT of a name with two other sizes", distilled: foo(8),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 4); k.Struct("foo", 12) }, err: btf.ErrNotFound, text: "2 structs and unions of that name"},
		{name: "STRUCT twice", distilled: foo(8),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8); k.Struct("foo", 8, m) }, err: btf.ErrMultipleMatches, text: "STRUCT foo (id 1) and STRUCT foo (id 2)"},
		{name: "STRUCT embedded", distilled: foo(8), module: embed,
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8) }, want: 1},
		{name: "STRUCT embedded that grew", distilled: foo(8), module: embed,
			kernel: func(k *btftest.Builder) { k.Struct("foo", 12) }, err: btf.ErrNotFound, text: "size of a type embedded in a struct must match, STRUCT foo (id 1) has 12 bytes"},
		{name: "STRUCT embedded in an array", distilled: foo(8), module: embedDeep,
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8) }, want: 1},
		{name: "STRUCT embedded in an array that grew", distilled: foo(8), module: embedDeep,
			kernel: func(k *btftest.Builder) { k.Struct("foo", 12) }, err: btf.ErrNotFound, text: "type embedded in a struct must match"},
		{name: "STRUCT pointed to that grew", distilled: foo(8), module: func(m *btftest.Builder) {
			m.Struct("outer", 8, btftest.Member{Name: "foo", Type: m.Pointer(1)})
		}, kernel: func(k *btftest.Builder) { k.Struct("foo", 12) }, want: 1},
		{name: "FWD of a struct", distilled: fwd(false), kernel: func(k *btftest.Builder) { k.Struct("foo", 8, m) }, want: 1},
		{name: "FWD of a struct with bitfields", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8, bitfield) }, want: 1},
		{name: "FWD of a struct that is a union with bitfields", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Union("foo", 8, bitfield) }, err: btf.ErrNotFound},
		{name: "FWD of a struct that is a union", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Union("foo", 8) }, err: btf.ErrNotFound},
		{name: "FWD of a union", distilled: fwd(true), kernel: func(k *btftest.Builder) { k.Union("foo", 8, m) }, want: 1},
		{name: "FWD of a union with bitfields", distilled: fwd(true),
			kernel: func(k *btftest.Builder) { k.Union("foo", 8, bitfield) }, want: 1},
		{name: "FWD of a union that is a struct with bitfields", distilled: fwd(true),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8, bitfield) }, err: btf.ErrNotFound},
		{name: "FWD of a FWD", distilled: fwd(true), kernel: func(k *btftest.Builder) { k.Fwd("foo", false); k.Fwd("foo", true) }, want: 2},
		{name: "FWD of a FWD and of what it declares", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Fwd("foo", false); k.Struct("foo", 8) }, err: btf.ErrMultipleMatches},
		{name: "FWD beside two structs", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 4); k.Struct("foo", 8); k.Fwd("foo", false) }, want: 3},
		{name: "FWD of two structs", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 4); k.Struct("foo", 8) }, err: btf.ErrMultipleMatches, text: "STRUCT foo (id 1) and STRUCT foo (id 2)"},
		{name: "FWD of a struct beside a union", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Union("foo", 4); k.Struct("foo", 8) }, want: 2},
		{name: "FWD beside a struct and a union", distilled: fwd(false),
			kernel: func(k *btftest.Builder) { k.Union("foo", 4); k.Struct("foo", 8); k.Fwd("foo", false) }, want: 3},
		{name: "FWD of a union beside two structs", distilled: fwd(true),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 4); k.Struct("foo", 8) }, err: btf.ErrNotFound, text: "match in the base"},
		{name: "nothing of that name", distilled: foo(8), kernel: pad, err: btf.ErrNotFound, text: "relocating STRUCT foo (id 1)"},
		{name: "PTR in the base", distilled: func(d *btftest.Builder) { d.Pointer(0) }, kernel: pad, text: "must be INT, FLOAT, ENUM, STRUCT, UNION or FWD, is PTR"},
		{name: "ENUM64 in the base", distilled: func(d *btftest.Builder) { d.Enum64("e", 8, false) }, kernel: pad, text: "must be INT, FLOAT, ENUM, STRUCT, UNION or FWD, is ENUM64"},
		{name: "no name", distilled: func(d *btftest.Builder) { d.Struct("", 8) }, kernel: pad, text: "name of 1 to 511 bytes"},
		{name: "name of a kilobyte", distilled: func(d *btftest.Builder) { d.Struct(strings.Repeat("a", 1024), 8) }, kernel: pad, text: "name of 1 to 511 bytes"},
		{name: "id out of range", distilled: foo(8), module: func(m *btftest.Builder) { m.Pointer(99) },
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8) }, text: "PTR type id must be below 4, is 99"},
		{name: "STRUCT embedded under 32 qualifiers that grew", distilled: foo(8), module: embedUnder(32),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 12) }, err: btf.ErrNotFound, text: "type embedded in a struct must match"},
		{name: "STRUCT embedded under 33 qualifiers", distilled: foo(8), module: embedUnder(33),
			kernel: func(k *btftest.Builder) { k.Struct("foo", 8) }, text: "typedefs, qualifiers or arrays follow each other"},
		{name: "typedefs in a circle", distilled: foo(8), module: func(m *btftest.Builder) {
			t := m.Typedef("t", m.Next())
			m.Struct("outer", 8, btftest.Member{Name: "t", Type: t})
		}, kernel: func(k *btftest.Builder) { k.Struct("foo", 8) }, text: "typedefs, qualifiers or arrays follow each other"},
		{name: "unknown kind", distilled: foo(8), module: func(m *btftest.Builder) {
			m.Layout(100, 0, 4)
			m.Record(0, btftest.Info(100, 1, false), 0, 1)
		}, kernel: func(k *btftest.Builder) { k.Struct("foo", 8) }, err: btf.ErrNotSupported},
	}
}

// TestRelocate has a row for each rule, through the raw pair and through an ELF file.
func TestRelocate(t *testing.T) {
	for _, r := range relocations() {
		for name, order := range bothOrders {
			t.Run(r.name+"/"+name, func(t *testing.T) {
				d, k := btftest.New(order), btftest.New(order)
				r.distilled(d)
				r.kernel(k)
				m := d.Split()
				first := m.Next()
				if r.module != nil {
					r.module(m)
				}
				pointer := m.Pointer(1)
				kernel := load(t, k.Bytes())
				raw := loadSplit(t, m.Bytes(), load(t, d.Bytes()))
				object := btftest.ELF(elf.ELFCLASS64, order,
					btftest.Section{Name: ".BTF", Data: m.Bytes()}, btftest.Section{Name: ".BTF.base", Data: d.Bytes()})

				byPair, err1 := raw.Relocate(kernel)
				byPath, err2 := btf.LoadSplitSpec(file(t, object), kernel)
				byReader, err3 := btf.LoadSplitSpecFromReader(bytes.NewReader(object), kernel)
				for _, got := range []struct {
					spec *btf.Spec
					err  error
				}{{byPair, err1}, {byPath, err2}, {byReader, err3}} {
					if r.want == 0 {
						require.True(t, got.spec == nil)
						require.ErrorContains(t, got.err, r.text)
						if r.err != nil {
							require.ErrorIs(t, got.err, r.err)
						} else {
							var format *btf.FormatError
							require.ErrorAs(t, got.err, &format)
						}
						continue
					}
					require.NoError(t, got.err)
					require.NoError(t, got.spec.Verify())
					require.Equal(t, raw.NumTypes(), got.spec.NumTypes())
					id := btf.TypeID(pointer-first) + btf.TypeID(kernel.NumTypes()) + 1
					require.Equal(t, r.want, as[btf.Pointer](t, got.spec, id).Target().ID())
					require.True(t, got.spec.Base() == kernel)
				}
			})
		}
	}
}

// TestRelocateNames: names in the distilled base, in the split BTF's own strings and in the
// middle of one of those are what they were. In the middle of a string of the base they are
// refused: see TestWrongBase.
func TestRelocateNames(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			d, k := btftest.New(order), btftest.New(order)
			d.Struct("task_struct", 8)
			long := d.NewString("a_string_of_no_type")
			k.Int("int", 4, 0)
			k.Struct("task_struct", 8)
			m := d.Split()
			m.Struct("own", 8, btftest.Member{Name: "task_struct", Type: 1}, btftest.Member{Type: 1}, btftest.Member{Name: "own", Type: 1})
			m.Record(m.NewString("task_struct")+5, btftest.Info(7, 0, false), 0)
			m.Record(long, btftest.Info(7, 0, false), 0)
			spec := loadSplit(t, m.Bytes(), load(t, d.Bytes()))
			got, err := spec.Relocate(load(t, k.Bytes()))
			require.NoError(t, err)
			var names []string
			for typ := range got.All() {
				names = append(names, typ.Name())
			}
			require.Equal(t, []string{"own", "struct", "a_string_of_no_type"}, names)
			own := as[btf.Struct](t, got, 3)
			names = nil
			for member := range own.Members() {
				names = append(names, member.Name())
				require.Equal(t, btf.TypeID(2), member.Type().ID())
			}
			require.Equal(t, []string{"task_struct", "", "own"}, names)

			// It needs what it was made from no more.
			require.NoError(t, spec.Base().Close())
			require.NoError(t, spec.Close())
			require.Equal(t, "struct", as[btf.Fwd](t, got, 4).Name())
		})
	}
}

// TestRelocateOntoNothing: over a base that has no strings, not even the empty name,
// the first name is no other.
func TestRelocateOntoNothing(t *testing.T) {
	for _, base := range [][]byte{btftest.Empty(), btftest.New(little).Bytes()} {
		d := btftest.New(little)
		d.NewString("of the distilled base")
		m := d.Split()
		m.Struct("own", 0)
		m.Fwd("of the distilled base", false)
		got, err := loadSplit(t, m.Bytes(), load(t, d.Bytes())).Relocate(load(t, base))
		require.NoError(t, err)
		require.Equal(t, "own", as[btf.Struct](t, got, 1).Name())
		require.Equal(t, "of the distilled base", as[btf.Fwd](t, got, 2).Name())
	}
}

// TestRelocateWrong: bases that are none.
func TestRelocateWrong(t *testing.T) {
	b, m, top := btftest.Stack(binary.LittleEndian)
	base := load(t, b.Bytes())
	mid := loadSplit(t, m.Bytes(), base)
	for _, wrong := range [][2]*btf.Spec{{base, base}, {mid, mid}, {loadSplit(t, top.Bytes(), mid), base}, {mid, nil}} {
		got, err := wrong[0].Relocate(wrong[1])
		require.True(t, got == nil)
		require.Error(t, err)
	}
	big, _, _ := btftest.Stack(binary.BigEndian)
	_, err := mid.Relocate(load(t, big.Bytes()))
	var format *btf.FormatError
	require.ErrorAs(t, err, &format)
	closed := load(t, b.Bytes())
	require.NoError(t, closed.Close())
	_, err = mid.Relocate(closed)
	require.ErrorIs(t, err, btf.ErrClosed)

	// A base that gives the number of a kind to one with longer records.
	d, k := btftest.New(little), btftest.New(little)
	d.Struct("foo", 4)
	k.Struct("foo", 4)
	k.Layout(20, 12, 4)
	over := d.Split()
	over.LocParam(4, 0, 1, 2, 3, 4, 5)
	_, err = loadSplit(t, over.Bytes(), load(t, d.Bytes())).Relocate(load(t, k.Bytes()))
	require.Error(t, err)
	k = btftest.New(little)
	k.Struct("foo", 4)
	k.Layout(20, 4, 0)
	over = d.Split()
	over.LocParam(4, 0, 7, 10<<24, 0) // is a TYPE_TAG too many
	_, err = loadSplit(t, over.Bytes(), load(t, d.Bytes())).Relocate(load(t, k.Bytes()))
	require.ErrorIs(t, err, btf.ErrNotSupported)
}

// TestRelocateMany: names that all have one hash take no longer than others.
func TestRelocateMany(t *testing.T) {
	took := func(name string) time.Duration {
		d, k := btftest.New(little), btftest.New(little)
		for i := range 20_000 {
			d.Struct(fmt.Sprintf(name, i), 4)
			k.Struct(fmt.Sprintf(name, i), 4)
		}
		m := d.Split()
		m.Pointer(1)
		split, kernel := loadSplit(t, m.Bytes(), load(t, d.Bytes())), load(t, k.Bytes())
		least := time.Hour
		for range 3 {
			start := time.Now()
			_, err := split.Relocate(kernel)
			require.NoError(t, err)
			least = min(least, time.Since(start))
		}
		return least
	}
	plain := took("name_%08d_of_no_great_length")
	require.Less(t, took("\x08\xc9\xbc\xf3\x67\xe6\x09\x6a%08d"), 10*plain+20*time.Millisecond)
	require.Less(t, took(strings.Repeat("as_long_as_names_are_hashed", 4)+"%08d"), 10*plain+20*time.Millisecond)
}
