// Fuzzes every door: any bytes give answers or errors.

package btf_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
)

// seeds calls add with every small blob there is, sound and broken.
func seeds(f *testing.F, add func(blob, base []byte)) {
	files, err := filepath.Glob("testdata/*.btf")
	if err != nil || len(files) == 0 {
		f.Fatalf("no blobs in testdata (%v): go run ./testdata/gen", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(b, nil)
	}
	for _, d := range defects() {
		add(d.blob, d.base)
	}
}

// touchSpec asks a Spec everything, as far as its first types go.
func touchSpec(t *testing.T, spec *btf.Spec) {
	sound := true
	for s := spec; s != nil; s = s.Base() {
		sound = sound && s.Verify() == nil
	}
	_, _, _, _ = strict.Verify(spec), spec.SortedByName(), spec.PointerSize(), spec.Header()
	n := 0
	for typ := range spec.All() {
		if n++; n > 200 {
			break
		}
		touch(typ)
		moved := func(err error) bool { return typ.Kind() > btf.KindEnum64 && errors.Is(err, btf.ErrNotSupported) }
		if err := narrowToOwn(typ); err != nil && sound && !moved(err) {
			t.Fatalf("verified, but %v", err)
		}
		if again, err := spec.TypeByID(typ.ID()); err != nil || again != typ {
			t.Fatalf("%v by its id is %v, %v", typ, again, err)
		}
		name := typ.Name()
		if name == "" {
			continue
		}
		for _, find := range []func(string) func(func(btf.Type) bool){
			func(name string) func(func(btf.Type) bool) { return spec.TypesByName(name) },
			func(name string) func(func(btf.Type) bool) { return spec.TypesByEssentialName(name) },
		} {
			found := false
			for other := range find(name) {
				found = found || other == typ
			}
			if !found {
				t.Fatalf("%v is not found by its name", typ)
			}
		}
		var s btf.Struct
		_ = spec.TypeByName(name, &s)
	}
	if n <= 200 && n != spec.NumTypes() {
		t.Fatalf("%d types iterated, %d counted", n, spec.NumTypes())
	}
}

// FuzzSpec loads a blob.
func FuzzSpec(f *testing.F) {
	seeds(f, func(blob, _ []byte) { f.Add(blob) })
	f.Fuzz(func(t *testing.T, blob []byte) {
		spec, err := btf.LoadRawSpec(blob)
		if err != nil {
			if spec != nil {
				t.Fatal("a Spec and an error")
			}
			return
		}
		touchSpec(t, spec)
		read, err := btf.LoadSpecFromReader(bytes.NewReader(blob))
		if err != nil || read.NumTypes() != spec.NumTypes() {
			t.Fatalf("from a reader: %v", err)
		}
		if err := spec.Close(); err != nil {
			t.Fatal(err)
		}
		for typ := range read.All() {
			_ = typ.String()
			break
		}
	})
}

// FuzzSplit loads a blob over another.
func FuzzSplit(f *testing.F) {
	seeds(f, func(blob, base []byte) {
		if base != nil {
			f.Add(base, blob)
		}
		f.Add(blob, blob)
	})
	f.Fuzz(func(t *testing.T, base, split []byte) {
		under, err := btf.LoadRawSpec(base)
		if err != nil {
			return
		}
		spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(split), under)
		if err != nil {
			return
		}
		touchSpec(t, spec)
		touchSpec(t, under)
	})
}

// FuzzRelocate moves a blob from one base to another. If it could be, its records are
// what they were but for names' offsets and ids, and as sound.
func FuzzRelocate(f *testing.F) {
	for _, r := range relocations() {
		d, k := btftest.New(little), btftest.New(little)
		r.distilled(d)
		r.kernel(k)
		m := d.Split()
		if r.module != nil {
			r.module(m)
		}
		m.Typedef("own", 1)
		f.Add(k.Bytes(), d.Bytes(), m.Bytes())
	}
	f.Fuzz(func(t *testing.T, base, distilled, split []byte) {
		kernel, err := btf.LoadRawSpec(base)
		if err != nil {
			return
		}
		under, err := btf.LoadRawSpec(distilled)
		if err != nil {
			return
		}
		spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(split), under)
		if err != nil {
			return
		}
		got, err := spec.Relocate(kernel)
		if err != nil {
			return
		}
		if was, is := spec.Verify(), got.Verify(); (was == nil) != (is == nil) {
			t.Fatalf("%v, before: %v", is, was)
		}
		if got.NumTypes() != spec.NumTypes() {
			t.Fatalf("%d types were %d", got.NumTypes(), spec.NumTypes())
		}
		is := slices.Collect(got.All())
		for was := range spec.All() {
			now := is[0]
			is = is[1:]
			if was.Kind() != now.Kind() || was.Name() != now.Name() || was.KindFlag() != now.KindFlag() {
				t.Fatalf("%v was %v", now, was)
			}
		}
		touchSpec(t, got)
	})
}

// FuzzELF loads what may be an ELF file. What debug/elf finds in it, and takes to
// be whole, is what was read.
func FuzzELF(f *testing.F) {
	for _, order := range bothOrders {
		for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
			raw := btftest.EveryKind(order).Bytes()
			f.Add(btftest.ELF(class, order, btftest.Section{Name: ".BTF", Data: raw}))
			f.Add(btftest.ELF(class, order, btftest.Section{Name: ".BTF", Flags: elf.SHF_COMPRESSED, Data: deflated(class, order, raw, uint64(len(raw)))}))
			f.Add(btftest.ELF(class, order, btftest.Section{Name: ".text"}))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		spec, err := btf.LoadSpecFromReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		touchSpec(t, spec)
		if !bytes.HasPrefix(file, []byte(elf.ELFMAG)) {
			return
		}
		e, err := elf.NewFile(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		data, err := e.Section(".BTF").Data()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := btf.LoadRawSpec(data)
		if err != nil || raw.NumTypes() != spec.NumTypes() || raw.Header() != spec.Header() {
			t.Fatalf("the section alone: %v", err)
		}
	})
}

// FuzzNames asks a Spec for any name: the first look-up, which has no index, those
// after it, and looking at each type are to find the same.
func FuzzNames(f *testing.F) {
	files, err := filepath.Glob("testdata/*.btf")
	if err != nil || len(files) == 0 {
		f.Fatalf("no blobs in testdata (%v): go run ./testdata/gen", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range []string{"", "int", "thing", "thing___old", "thing___new", "___describe", "after", "list", "upper", "no such type", "int\x00unsigned long", "int\x00shared", "thing___n\x80\x00", "thing\x00___n"} {
			f.Add(b, name)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		spec, err := btf.LoadRawSpec(b)
		if err != nil || spec.NumTypes() > 1000 {
			return
		}
		var want, wantFlavors []btf.Type
		for typ := range spec.All() {
			if had := typ.Name(); had != "" && had == name {
				want = append(want, typ)
			}
			// The rule is that of names_test.go, not the package's own.
			if had := typ.Name(); had != "" && essential(had) == essential(name) {
				wantFlavors = append(wantFlavors, typ)
			}
		}
		for _, when := range []string{"without an index", "with one", "again"} {
			if got := slices.Collect(spec.TypesByName(name)); !slices.Equal(want, got) {
				t.Fatalf("%q %s: %v, by looking at each: %v", name, when, got, want)
			}
		}
		if got := slices.Collect(spec.TypesByEssentialName(name)); !slices.Equal(wantFlavors, got) {
			t.Fatalf("flavours of %q: %v, by looking at each: %v", name, got, wantFlavors)
		}
		typ, err := spec.AnyTypeByName(name)
		switch {
		case len(want) == 1 && (err != nil || typ != want[0]),
			len(want) == 0 && !errors.Is(err, btf.ErrNotFound),
			len(want) > 1 && !errors.Is(err, btf.ErrMultipleMatches):
			t.Fatalf("%q is %v, %v, by looking at each: %v", name, typ, err, want)
		}
	})
}

// FuzzObject loads a BPF object of any .BTF, any .BTF.ext and any symbols.
func FuzzObject(f *testing.F) {
	for _, order := range bothOrders {
		b := btftest.New(order)
		i := b.Int("int", 4, btftest.Signed)
		b.Func("main", b.FuncProto(i), 1)
		b.Datasec(".data", 0, btftest.Variable{Type: b.Var("one", i, 1), Size: 4}, btftest.Variable{Type: b.Var("two", i, 1), Size: 4})
		b.Datasec(".kconfig", 0, btftest.Variable{Type: b.Var("three", b.Array(i, i, 3), 2), Size: 12}, btftest.Variable{Type: b.Var("four", i, 2), Size: 4})
		table, names := btftest.Symbols(order, 5, btftest.Symbol{Name: "two", Type: elf.STT_OBJECT, Section: 1}, btftest.Symbol{Name: "one", Type: elf.STT_OBJECT, Section: 1, Value: 4})
		f.Add(b.Bytes(), ext(order, 32, 0, 20, 20, 28, 48, 28, 8, 1, 1, 16, 3, 16, 1, 1, 8, 1, 1, 7<<10|3, 16, 1, 1, 8, 1, 1, 12), table.Data, names.Data)
	}
	path := filepath.Join(f.TempDir(), "object")
	f.Fuzz(func(t *testing.T, types, ext, symbols, names []byte) {
		order := btftest.Order(binary.LittleEndian)
		if len(types) > 0 && types[0] == 0xeb {
			order = binary.BigEndian
		}
		table, strings := btftest.Symbols(order, 5)
		table.Data, strings.Data = symbols, names
		object := btftest.ELF(elf.ELFCLASS64, order, btftest.Section{Name: ".data", Data: make([]byte, 16)},
			btftest.Section{Name: ".BTF", Data: types}, btftest.Section{Name: ".BTF.ext", Data: ext}, table, strings)
		spec, err := btf.LoadSpecFromReader(bytes.NewReader(object))
		if err != nil {
			return
		}
		touchSpec(t, spec)
		if err := os.WriteFile(path, object, 0o644); err != nil {
			t.Fatal(err)
		}
		mapped, err := btf.LoadSpec(path)
		if err != nil {
			t.Fatalf("read, but not mapped: %v", err)
		}
		touchSpec(t, mapped)
		if one, other := spec.Verify(), mapped.Verify(); (one == nil) != (other == nil) {
			t.Fatalf("%v, mapped: %v", one, other)
		}
		if err := mapped.Close(); err != nil {
			t.Fatal(err)
		}
		again, infos, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(object))
		if err != nil {
			return
		}
		n := 0
		for s := range infos.Funcs() {
			for f := range s.Records() {
				if f.Func().Kind() != btf.KindFunc || f.Func().Type().Kind() != btf.KindFuncProto {
					t.Fatal("a function that is none")
				}
				n++
			}
		}
		listed(infos)
		if n*8 > len(ext) {
			t.Fatalf("%d functions in %d bytes", n, len(ext))
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if funcs, lines, relocations := listed(infos); funcs != nil || lines != nil || relocations != nil {
			t.Fatal("something is left after Close")
		}
	})
}

// FuzzMarshal writes what it loads, in the other order too, and what a Builder makes
// of it: each means the same.
func FuzzMarshal(f *testing.F) {
	seeds(f, func(blob, _ []byte) { f.Add(blob) })
	f.Fuzz(func(t *testing.T, b []byte) {
		spec, err := btf.LoadRawSpec(b)
		if err != nil || spec.NumTypes() > 1000 {
			return
		}
		sound := spec.Verify() == nil
		other := binary.ByteOrder(binary.BigEndian)
		if spec.ByteOrder() == binary.BigEndian {
			other = binary.LittleEndian
		}
		var built write.Builder
		known := true
		for typ := range spec.All() {
			known = known && typ.Kind() <= btf.KindEnum64
			if _, err := built.Add(typ); err != nil && sound && typ.Kind() <= btf.KindEnum64 && !errors.Is(err, btf.ErrNotSupported) {
				t.Fatalf("adding %v: %v", typ, err)
			}
		}
		if _, err := built.Spec(); err != nil && sound {
			t.Fatal(err)
		}
		for _, opts := range []write.Options{
			{}, {Order: other},
			{StripLayout: true, StripFuncLinkage: true, ReplaceDeclTags: true, ReplaceTypeTags: true, ReplaceEnum64: true, ReplaceDeclarations: true},
		} {
			raw, err := write.Marshal(spec, opts)
			if err != nil {
				if sound && known {
					t.Fatal(err)
				}
				continue
			}
			got, err := btf.LoadRawSpec(raw)
			if err != nil {
				t.Fatal(err)
			}
			if sound && got.Verify() != nil {
				t.Fatal(got.Verify())
			}
			if sound && !opts.StripLayout {
				requireSame(t, spec, got)
			}
		}
	})
}

// FuzzPath asks a Spec for any path. What one alternative answers is what it answers
// among others, and from its type.
func FuzzPath(f *testing.F) {
	paths := []string{
		"", "thing", "thing.a", "thing.next->next->name[3]", "thing.low|high", "thing.name[16]", "thing.x|name[15]", "thing.a.",
		"outer.table[3][1].more", "outer.next->right", "victim.wanted", "victim.wanted->wanted[4294967295]", "int", "int[0]", "outer.tail[9]",
		"outer.table[18446744073709551615]", "thing->a", ".a|->b|[0]", "a|b",
	}
	seeds(f, func(blob, _ []byte) {
		for _, path := range paths {
			f.Add(blob, path)
		}
	})
	for _, path := range paths {
		f.Add(pathBlob(little).Bytes(), path)
	}
	f.Fuzz(func(t *testing.T, b []byte, path string) {
		spec, err := btf.LoadRawSpec(b)
		if err != nil {
			return
		}
		for typ := range spec.All() {
			if f, err := typ.Field(path); err != nil && f != (btf.Field{}) {
				t.Fatal("a field and an error")
			}
			if typ.ID() > 20 {
				break
			}
		}
		field, err := spec.Field(path)
		if err != nil {
			if field != (btf.Field{}) || !strings.HasPrefix(err.Error(), "btf: path ") {
				t.Fatalf("%v and %v", field, err)
			}
			return
		}
		offsets := slices.Collect(field.Offsets())
		if len(offsets) != field.NumPointers()+1 || offsets[len(offsets)-1] != field.Offset() || !field.Agrees(field) {
			t.Fatalf("%q: %v", path, field)
		}
		of, ofErr := field.Size()
		if size, err := field.Type().Sizeof(); size != of || (err == nil) != (ofErr == nil) || err != nil && spec.PointerSize() != 0 {
			t.Fatalf("%q: %d bytes, %v, %d, %v", path, of, ofErr, size, err)
		}
		end := strings.IndexAny(path, ".[")
		if arrow := strings.Index(path, "->"); arrow >= 0 && (end < 0 || arrow < end) {
			end = arrow
		}
		if end < 0 {
			return // the type alone
		}
		name, steps := path[:end], path[end:]
		if again, err := spec.Field(path + "|no such member"); err != nil || again != field {
			t.Fatalf("%q with another alternative: %v, %v", path, again, err)
		}
		if again, err := spec.Field(name + ".no such member|" + steps); err != nil || again != field {
			t.Fatalf("%q after another alternative: %v, %v", path, again, err)
		}
		agreed := false
		for typ := range spec.TypesByName(name) {
			again, err := typ.Field(steps)
			agreed = agreed || err == nil && again == field
		}
		if !agreed {
			t.Fatalf("%q: no type of that name has it", path)
		}
	})
}

// FuzzFuncs filters the functions of any blob: looking at each finds the same.
func FuzzFuncs(f *testing.F) {
	seeds(f, func(blob, base []byte) {
		if base == nil {
			base = blob
		}
		f.Add(base, blob, "*", "thing", "third", 1)
		f.Add(base, blob, "", "int", "", 0)
	})
	f.Fuzz(func(t *testing.T, base, split []byte, name, pointerTo, tag string, params int) {
		under, err := btf.LoadRawSpec(base)
		if err != nil || under.NumTypes() > 2000 {
			return
		}
		specs := []*btf.Spec{under}
		if spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(split), under); err == nil {
			specs = append(specs, spec)
		}
		for i := range len(name) {
			if name[i] >= 0x80 || name[i] == '/' {
				return // path.Match takes runes, and a slash for the end of a name
			}
		}
		filter := btf.FuncFilter{Name: name, PointerTo: pointerTo, Tag: tag, FirstParams: params}
		for _, spec := range specs {
			for f, err := range spec.Funcs(filter) {
				if err != nil && f == (btf.Func{}) {
					return // it makes no sense
				}
				break
			}
			for typ := range spec.All() {
				if bytes.ContainsFunc(typ.NameBytes(), func(r rune) bool { return r >= 0x80 || r == '/' }) {
					return
				}
			}
			compareFuncs(t, spec, filter)
		}
	})
}
