package bench

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	rival "github.com/cilium/ebpf/btf"
	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/bench/harness"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestRival: where cilium/ebpf and this package both accept a blob, both say the
// same of each type and find the same types by name.
func TestRival(t *testing.T) {
	bases := map[string]pair{}
	for _, in := range built.inputs {
		if in.Name == harness.Kernel || in.Name == harness.Fixture || in.Name == harness.Sorted {
			raw, err := os.ReadFile(in.Path)
			require.NoError(t, err)
			t.Run(in.Name, func(t *testing.T) {
				p, ok := agree(t, raw, pair{})
				require.True(t, ok, "both must take a kernel's")
				require.Greater(t, p.ours.NumTypes(), 100_000)

				module, err := os.ReadFile(in.Module)
				require.NoError(t, err)
				_, ok = agree(t, module, p)
				require.True(t, ok)
			})
		}
	}
	t.Run("old bitfields", func(t *testing.T) {
		b := btftest.New(binary.LittleEndian)
		b.Struct("old", 4,
			btftest.Member{Name: "low", Type: b.OldInt("unsigned int", 4, 0, 0, 5)},
			btftest.Member{Name: "high", Type: b.OldInt("unsigned int", 4, 0, 5, 27)})
		_, ok := agree(t, b.Bytes(), pair{})
		require.True(t, ok)
	})
	taken := 0
	for _, path := range files(t) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.HasSuffix(path, ".gz") {
			raw, err = btftest.Gunzip(path)
			require.NoError(t, err)
		}
		if section, err := fromELF(raw); err == nil {
			if section == nil {
				continue
			}
			raw = section
		}
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			p, ok := agree(t, raw, bases[baseOf(path)])
			bases[path] = p
			if ok {
				taken++
			}
		})
	}
	require.Greater(t, taken, 3)
}

// files are blobs and objects: the small ones of this repository, and those of the
// directory that BTF_CORPUS names, bases first.
func files(t *testing.T) (paths []string) {
	dirs := []string{btftest.Testdata("*.btf")}
	corpus := btftest.CorpusDir()
	if corpus == "" {
		t.Log("no corpus of blobs: BTF_CORPUS does not name one, and there is none beside the repository")
	}
	for _, pattern := range []string{"*.btf.gz", "*.base", "*.btf", "modules-*/*.btf", "bpf/*.o"} {
		dirs = append(dirs, filepath.Join(corpus, pattern))
	}
	for _, pattern := range dirs {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		paths = append(paths, found...)
	}
	return paths
}

// baseOf returns the file that one of [files] is split from, "" if it stands alone.
func baseOf(path string) string {
	dir, name := filepath.Split(path)
	release := strings.TrimPrefix(filepath.Base(dir), "modules-")
	switch {
	case name == "split-mid.btf":
		return dir + "split-base.btf"
	case name == "split-top.btf":
		return dir + "split-mid.btf"
	case name == "distilled-module.btf":
		return dir + name + ".base"
	case release != filepath.Base(dir):
		found, _ := filepath.Glob(filepath.Join(dir, "..", "vmlinux-"+release+"*.btf.gz"))
		if len(found) == 1 {
			return found[0]
		}
	}
	return ""
}

// fromELF returns the .BTF section of an object, nil if it has none.
func fromELF(b []byte) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	section := f.Section(".BTF")
	if section == nil {
		return nil, nil
	}
	return section.Data()
}

// A pair are both readings of a blob.
type pair struct {
	ours   *btf.Spec
	theirs *rival.Spec
}

// agree compares two readings. It reports whether there are two.
func agree(t *testing.T, raw []byte, base pair) (pair, bool) {
	var p pair
	var err, theirErr error
	r := bytes.NewReader(raw)
	if base.ours == nil {
		p.ours, err = btf.LoadRawSpec(raw)
	} else {
		p.ours, err = btf.LoadSplitSpecFromReader(r, base.ours)
	}
	if base.theirs == nil {
		p.theirs, theirErr = rival.LoadSpecFromReader(r)
	} else {
		p.theirs, theirErr = rival.LoadSplitSpecFromReader(r, base.theirs)
	}
	if err != nil || theirErr != nil || base.ours != nil && base.theirs == nil {
		t.Logf("not compared: this package says %v, the other %v", err, theirErr)
		return p, false
	}
	for typ := range p.ours.All() {
		if typ.Kind() > btf.KindEnum64 {
			t.Logf("not compared: the other reads %v as another kind", typ)
			return p, false
		}
	}

	ids := map[string][]string{}
	for typ := range p.ours.All() {
		their, err := p.theirs.TypeByID(rival.TypeID(typ.ID()))
		require.NoError(t, err)
		want, got := p.describeTheirs(their), p.describe(typ)
		if want != got {
			t.Fatalf("%v:\nthis package %s\nthe other    %s", typ, got, want)
		}
		if name := typ.Name(); name != "" && typ.Kind() != btf.KindDeclTag && typ.Kind() != btf.KindTypeTag {
			ids[name] = append(ids[name], fmt.Sprint(typ.ID()))
		}
	}
	for name := range ids {
		if strings.LastIndex(name, "___") == 0 {
			continue // the other takes all of it for a flavour, and never finds it
		}
		their, err := p.theirs.AnyTypesByName(name)
		require.NoError(t, err, name)
		ours, err := p.ours.AnyTypesByName(name)
		require.NoError(t, err, name)
		var want, got []string
		for _, typ := range their {
			// The other lets flavours slip through behind one that it took out.
			if typ.TypeName() == name {
				want = append(want, p.id(typ))
			}
		}
		for _, typ := range ours {
			if typ.Kind() != btf.KindDeclTag && typ.Kind() != btf.KindTypeTag {
				got = append(got, fmt.Sprint(typ.ID()))
			}
		}
		if w, g := strings.Join(want, " "), strings.Join(got, " "); w != g || g != strings.Join(ids[name], " ") {
			t.Fatalf("%q: this package finds %s, the other %s", name, g, w)
		}
	}
	return p, true
}

// id is the id of one of the other's types.
func (p pair) id(t rival.Type) string {
	id, err := p.theirs.TypeID(t)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(id)
}

// describe says all that both readers know of a type.
func (p pair) describe(t btf.Type) string {
	var b strings.Builder
	line := func(args ...any) { fmt.Fprintln(&b, args...) }
	as := func(err error) {
		if err != nil {
			line(err)
		}
	}
	tags := func() (texts []string) {
		for tag := range t.Tags() {
			texts = append(texts, tag.Name())
		}
		return texts
	}
	switch t.Kind() {
	case btf.KindInt:
		v, err := btf.As[btf.Int](t)
		as(err)
		line("int", v.Name(), v.Size(), uint8(v.Encoding()))
	case btf.KindPointer:
		v, err := btf.As[btf.Pointer](t)
		as(err)
		line("pointer", v.Target().ID())
	case btf.KindArray:
		v, err := btf.As[btf.Array](t)
		as(err)
		line("array", v.Index().ID(), v.Type().ID(), v.Nelems())
	case btf.KindStruct, btf.KindUnion:
		v, err := btf.As[btf.Composite](t)
		as(err)
		line(map[btf.Kind]string{btf.KindStruct: "struct", btf.KindUnion: "union"}[t.Kind()], v.Name(), v.Size(), tags())
		for m := range v.Members() {
			var texts []string
			for tag := range m.Tags() {
				texts = append(texts, tag.Name())
			}
			line(m.Name(), m.Type().ID(), uint64(m.Offset()), uint64(m.BitfieldSize()), texts)
		}
	case btf.KindEnum, btf.KindEnum64:
		v, err := btf.As[btf.Enum](t)
		as(err)
		line("enum", v.Name(), v.Size(), v.Signed())
		for e := range v.Enumerators() {
			line(e.Name(), e.Value())
		}
	case btf.KindFwd:
		v, err := btf.As[btf.Fwd](t)
		as(err)
		line("fwd", v.Name(), v.IsUnion())
	case btf.KindTypedef:
		v, err := btf.As[btf.Typedef](t)
		as(err)
		line("typedef", v.Name(), v.Type().ID(), tags())
	case btf.KindVolatile:
		v, err := btf.As[btf.Volatile](t)
		as(err)
		line("volatile", v.Type().ID())
	case btf.KindConst:
		v, err := btf.As[btf.Const](t)
		as(err)
		line("const", v.Type().ID())
	case btf.KindRestrict:
		v, err := btf.As[btf.Restrict](t)
		as(err)
		line("restrict", v.Type().ID())
	case btf.KindFunc:
		v, err := btf.As[btf.Func](t)
		as(err)
		line("func", v.Name(), uint32(v.Linkage()), v.Type().ID(), tags())
		params := v.Type().NumParams()
		if v.Type().Variadic() {
			params++ // which may be tagged as well
		}
		for i := range params {
			for tag := range v.ParamTags(i) {
				line(i, tag.Name())
			}
		}
	case btf.KindFuncProto:
		v, err := btf.As[btf.FuncProto](t)
		as(err)
		line("proto", v.Return().ID())
		for param := range v.Params() {
			line(param.Name(), param.Type().ID())
		}
		if v.Variadic() {
			line("", 0)
		}
	case btf.KindVar:
		v, err := btf.As[btf.Var](t)
		as(err)
		line("var", v.Name(), v.Type().ID(), uint32(v.Linkage()), tags())
	case btf.KindDatasec:
		v, err := btf.As[btf.Datasec](t)
		as(err)
		line("datasec", v.Name(), v.Size())
		for e := range v.Vars() {
			line(e.Type().ID(), e.Offset(), e.Size())
		}
	case btf.KindFloat:
		v, err := btf.As[btf.Float](t)
		as(err)
		line("float", v.Name(), v.Size())
	case btf.KindTypeTag:
		v, err := btf.As[btf.TypeTag](t)
		as(err)
		line("type tag", v.Name(), v.Type().ID())
	case btf.KindDeclTag:
		line("decl tag") // seen in what they tag
	}
	return b.String()
}

// describeTheirs is describe of the other's types.
func (p pair) describeTheirs(t rival.Type) string {
	var b strings.Builder
	line := func(args ...any) { fmt.Fprintln(&b, args...) }
	members := func(members []rival.Member) {
		for _, m := range members {
			line(m.Name, p.id(m.Type), uint64(m.Offset), uint64(m.BitfieldSize), m.Tags)
		}
	}
	switch v := t.(type) {
	case *rival.Int:
		line("int", v.Name, v.Size, uint8(v.Encoding))
	case *rival.Pointer:
		line("pointer", p.id(v.Target))
	case *rival.Array:
		line("array", p.id(v.Index), p.id(v.Type), v.Nelems)
	case *rival.Struct:
		line("struct", v.Name, v.Size, v.Tags)
		members(v.Members)
	case *rival.Union:
		line("union", v.Name, v.Size, v.Tags)
		members(v.Members)
	case *rival.Enum:
		line("enum", v.Name, v.Size, v.Signed)
		for _, e := range v.Values {
			line(e.Name, e.Value)
		}
	case *rival.Fwd:
		line("fwd", v.Name, v.Kind == rival.FwdUnion)
	case *rival.Typedef:
		line("typedef", v.Name, p.id(v.Type), v.Tags)
	case *rival.Volatile:
		line("volatile", p.id(v.Type))
	case *rival.Const:
		line("const", p.id(v.Type))
	case *rival.Restrict:
		line("restrict", p.id(v.Type))
	case *rival.Func:
		line("func", v.Name, uint32(v.Linkage), p.id(v.Type), v.Tags)
		for i, texts := range v.ParamTags {
			for _, text := range texts {
				line(i, text)
			}
		}
	case *rival.FuncProto:
		line("proto", p.id(v.Return))
		for _, param := range v.Params {
			line(param.Name, p.id(param.Type))
		}
	case *rival.Var:
		line("var", v.Name, p.id(v.Type), uint32(v.Linkage), v.Tags)
	case *rival.Datasec:
		line("datasec", v.Name, v.Size)
		for _, e := range v.Vars {
			line(p.id(e.Type), e.Offset, e.Size)
		}
	case *rival.Float:
		line("float", v.Name, v.Size)
	case *rival.TypeTag:
		line("type tag", v.Value, p.id(v.Type))
	default:
		line("decl tag")
	}
	return b.String()
}
