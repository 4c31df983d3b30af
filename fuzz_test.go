// any bytes → answers or errors, never a panic

package btf_test

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/blob"
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
	_, _, _ = spec.SortedByName(), spec.PointerSize(), spec.Header()
	n := 0
	for typ := range spec.All() {
		if n++; n > 200 {
			break
		}
		touch(typ)
		if err := narrowToOwn(typ); err != nil && sound {
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
		d, k := blob.New(little), blob.New(little)
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
			raw := blob.EveryKind(order).Bytes()
			f.Add(blob.ELF(class, order, blob.Section{Name: ".BTF", Data: raw}))
			f.Add(blob.ELF(class, order, blob.Section{Name: ".BTF", Flags: elf.SHF_COMPRESSED, Data: deflated(class, order, raw, uint64(len(raw)))}))
			f.Add(blob.ELF(class, order, blob.Section{Name: ".text"}))
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
