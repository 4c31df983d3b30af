// defect → at which stage it is found, and as what

package btf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/blob"
	"github.com/stretchr/testify/require"
)

var little = binary.LittleEndian

// A defect is a blob with one thing wrong. Each stage that is to fail says how its
// error reads; "" is no error.
type defect struct {
	name string
	blob []byte
	base []byte // if it is split BTF

	load   string // LoadRawSpec or LoadSplitSpecFromReader
	lookup string // AnyTypeByName("victim")
	narrow string // As of the view of its kind, of "victim"
	size   string // Sizeof of "victim"
	member string // MemberByName("wanted") of "victim"
	verify string // Verify, and whether iterating narrows everything
}

// headerWith is a sound blob with one word of its header overwritten.
func headerWith(off int, word uint32) []byte {
	return blob.Put(little, blob.EveryKind(little).Bytes(), off, word)
}

// victim builds a blob with an int, and then what build adds.
func victim(build func(b *blob.Builder)) []byte {
	b := blob.New(little)
	b.Int("int", 4, blob.Signed)
	build(b)
	return b.Bytes()
}

// truncatedRecord has an int and a record whose payload is cut short by a word.
func truncatedRecord(kind, vlen uint32, words int) []byte {
	return victim(func(b *blob.Builder) {
		b.Record(b.String("victim"), blob.Info(kind, vlen, false), 1, make([]uint32, words-1)...)
	})
}

func defects() []defect {
	whole := blob.EveryKind(little).Bytes()
	typeLen := little.Uint32(whole[12:])
	strings0 := 24 + int(typeLen)
	with := func(b []byte, off int, c byte) []byte {
		b = bytes.Clone(b)
		b[off] = c
		return b
	}
	const outside = 0x00fffff0
	all := []defect{
		{name: "no bytes", blob: nil, load: "header at offset 0x0: begins with , not with the magic number"},
		{name: "other magic", blob: with(whole, 0, 0), load: "header at offset 0x0: begins with 00 eb, not with the magic number"},
		{name: "version 2", blob: with(whole, 2, 2), load: "header at offset 0x2: version 1 wanted, it is 2"},
		{name: "flags", blob: with(whole, 3, 1), load: "header at offset 0x3: flags 0 wanted, they are 0x1"},
		{name: "header of 23 bytes", blob: headerWith(4, 23), load: "header at offset 0x4: header length of 24 or more wanted, it is 23"},
		{name: "header past the end", blob: headerWith(4, uint32(len(whole)+1)), load: "header at offset 0x4: header needs"},
		{name: "header of 4 GB", blob: headerWith(4, 0xffffffff), load: "header at offset 0x4: header needs 4294967295 bytes"},
		{name: "types not aligned", blob: headerWith(8, 2), load: "header at offset 0x8: type section at a multiple of 4 wanted"},
		{name: "types past the end", blob: headerWith(12, uint32(len(whole))), load: "type section at 0x18 needs"},
		{name: "types overflow 32 bits", blob: blob.Put(little, headerWith(8, 0xfffffffc), 12, 8), load: "type section at 0x100000014 needs 8 bytes"},
		{name: "strings past the end", blob: headerWith(20, uint32(len(whole))), load: "string section at"},
		{name: "strings overflow 32 bits", blob: blob.Put(little, headerWith(16, 0xffffffff), 20, 2), load: "string section at 0x100000017 needs 2 bytes"},
		{name: "layout past the end", blob: func() []byte {
			b := blob.Unknown(little).Bytes()
			return blob.Put(little, b, 28, 0xfffffffc)
		}(), load: "layout section at"},
		{name: "layout of 3 bytes", blob: func() []byte {
			b := blob.Unknown(little).Bytes()
			return blob.Put(little, b, 28, 3)
		}(), load: "layout section at offset 0x0: length of a multiple of 4 wanted, it is 3"},
		{name: "sections overlap", blob: headerWith(16, typeLen-4), load: "type section (0x0 to 0x274) and string section (0x270 to"},
		{name: "no final NUL", blob: with(whole, len(whole)-1, 'x'), load: "strings section at offset 0xed: final NUL wanted, it is 0x78"},
		{name: "no first NUL", blob: with(whole, strings0, 'x'), load: "strings section at offset 0x0: empty name wanted first, it begins with 0x78"},
		{name: "a record cut off", blob: blob.Put(little, whole, 12, typeLen-4), load: "(type 30): type record needs 12 bytes, 8 left"},
		{name: "name outside", blob: blob.Put(little, whole, 24, 0xee), load: "types section at offset 0x0 (type 1): INT record's name is at 0xee, the strings end at 0xee"},
		{name: "kind 0", blob: victim(func(b *blob.Builder) { b.Record(0, 0, 0) }), load: "types section at offset 0x10 (type 2): kind 0 is unknown"},
		{name: "kind 20 without a layout", blob: victim(func(b *blob.Builder) { b.Record(0, blob.Info(20, 0, false), 0) }), load: "(type 2): kind 20 is unknown"},
		{name: "kind 33 is no INT", blob: victim(func(b *blob.Builder) { b.Record(0, blob.Info(33, 0, false), 4, 32) }), load: "(type 2): kind 33 is unknown"},
		{name: "kind 127", blob: victim(func(b *blob.Builder) { b.Record(0, blob.Info(127, 0, false), 4, 32) }), load: "(type 2): kind 127 is unknown"},
		{name: "layout of odd size", blob: victim(func(b *blob.Builder) {
			b.Layout(30, 3, 0)
			b.Record(0, blob.Info(30, 0, false), 4)
		}), load: "(type 2): kind 30 is unknown"},
		{name: "layout of odd size, unused", blob: victim(func(b *blob.Builder) {
			b.Layout(30, 3, 0)
			b.Struct("victim", 4, blob.Member{Name: "wanted", Type: 1})
		})},
		{name: "layout cannot change a known kind", blob: victim(func(b *blob.Builder) {
			b.Layout(1, 40, 0)
			b.Layout(4, 0, 0)
			b.Struct("victim", 4, blob.Member{Name: "wanted", Type: 1})
		})},
		{name: "layout of 252 bytes, 2^24 times", blob: victim(func(b *blob.Builder) {
			b.Layout(30, 252, 252)
			b.Record(0, blob.Info(30, 0xffffff, false), 4)
		}), load: "(type 2): KIND(30) record needs 4227858444 bytes, 12 left"},
		{name: "vlen of 2^24-1", blob: victim(func(b *blob.Builder) { b.Record(0, blob.Info(4, 0xffffff, false), 4) }), load: "(type 2): STRUCT record needs 201326592 bytes, 12 left"},
		{name: "split without its base", blob: blob.Recipes()["split-mid.btf"], load: "split BTF is loaded over its base"},
		{name: "split of another order", base: blob.EveryKind(binary.BigEndian).Bytes(), blob: whole, load: "split BTF is little-endian, its base big-endian"},

		{name: "typedef of itself", blob: victim(func(b *blob.Builder) { b.Typedef("victim", 2) }),
			size: "more than 32 typedefs", member: "more than 32 typedefs"},
		{name: "typedefs of each other", blob: victim(func(b *blob.Builder) { b.Typedef("victim", 3); b.Typedef("other", 2) }),
			size: "more than 32 typedefs", member: "more than 32 typedefs"},
		{name: "array of itself", blob: victim(func(b *blob.Builder) {
			b.Record(b.String("victim"), blob.Info(3, 0, false), 0, 2, 1, 2)
		}), size: "more than 32 typedefs"},
		{name: "array of 2^96 bytes", blob: victim(func(b *blob.Builder) {
			b.Record(b.String("victim"), blob.Info(3, 0, false), 0, 3, 1, 0xffffffff)
			b.Array(4, 1, 0xffffffff)
			b.Array(1, 1, 0xffffffff)
		}), size: "more elements in nested arrays than 64 bits can count"},
		{name: "array of 2^66 bytes", blob: victim(func(b *blob.Builder) {
			b.Record(b.String("victim"), blob.Info(3, 0, false), 0, 3, 1, 0xffffffff)
			b.Array(1, 1, 0xffffffff)
		}), size: "elements of 4 bytes are more than 64 bits can count"},
		{name: "array of 2^96 times nothing", blob: victim(func(b *blob.Builder) {
			b.Record(b.String("victim"), blob.Info(3, 0, false), 0, 3, 1, 0)
			b.Array(4, 1, 0xffffffff)
			b.Array(1, 1, 0xffffffff)
		})},
		{name: "pointer, of nobody knows what width", blob: victim(func(b *blob.Builder) {
			b.Typedef("victim", 3)
			b.Pointer(0)
		}), size: "not found"},
		{name: "struct that holds itself unnamed", blob: victim(func(b *blob.Builder) {
			b.Struct("victim", 4, blob.Member{Type: 2})
		}), member: "anonymous members"},
		{name: "unnamed members nest 2^31 times", blob: victim(func(b *blob.Builder) {
			// Record n has two members, both of type n+1.
			for i := range uint32(31) {
				name := ""
				if i == 0 {
					name = "victim"
				}
				b.Struct(name, 4, blob.Member{Type: i + 3}, blob.Member{Type: i + 3})
			}
			b.Struct("", 4, blob.Member{Name: "x", Type: 1})
		}), member: "anonymous members"},
		{name: "unnamed members nest 31 deep", blob: victim(func(b *blob.Builder) {
			for i := range uint32(31) {
				name := ""
				if i == 0 {
					name = "victim"
				}
				b.Struct(name, 4, blob.Member{Type: i + 3})
			}
			b.Struct("", 4, blob.Member{Name: "wanted", Type: 1})
		})},
		{name: "unnamed member of a broken struct", blob: victim(func(b *blob.Builder) {
			b.Struct("victim", 4, blob.Member{Type: 3})
			b.Struct("", 4, blob.Member{Name: "x", Type: outside})
		}), member: "(type 3): STRUCT type id below 4 wanted", verify: "(type 3): STRUCT type id below 4 wanted"},
		{name: "FUNC of no prototype", blob: victim(func(b *blob.Builder) { b.Func("victim", 1, 0) }),
			narrow: "FUNC of a FUNC_PROTO wanted, type 1 is INT", verify: "FUNC of a FUNC_PROTO wanted, type 1 is INT", size: "not found"},
		{name: "FUNC of a broken prototype", blob: victim(func(b *blob.Builder) {
			b.Func("victim", 3, 0)
			b.FuncProto(0, blob.Param{Name: "p", Type: outside})
		}), narrow: "(type 3): FUNC_PROTO type id below 4 wanted", verify: "(type 3): FUNC_PROTO type id below 4 wanted", size: "not found"},
		{name: "two of the name", blob: victim(func(b *blob.Builder) {
			b.Struct("victim", 4)
			b.Struct("victim", 8)
		}), lookup: "multiple matching types"},
		{name: "none of the name", blob: victim(func(*blob.Builder) {}), lookup: "not found"},
	}
	for n := range 24 {
		says := "header needs 24 bytes, the blob has"
		if n < 2 {
			says = "not with the magic number"
		}
		all = append(all, defect{name: "first bytes of a header", blob: whole[:n], load: says})
	}
	// A chain of 32 is the longest that is followed.
	for links, says := range map[int]string{30: "", 31: "", 32: "more than 32 typedefs", 33: "more than 32 typedefs"} {
		all = append(all, defect{name: "a chain of qualifiers", blob: victim(func(b *blob.Builder) {
			b.Typedef("victim", 3)
			for i := range uint32(links - 1) {
				b.Const(i + 4)
			}
			b.Struct("", 4, blob.Member{Name: "wanted", Type: 1})
		}), size: says, member: says})
	}
	// Each id and each name that a record can hold, out of range; and each record,
	// cut short.
	for _, k := range []struct {
		name       string
		kind, vlen uint32
		third      uint32
		ids, names []int // words after the third that are ids, names
		words      int   // after the third
		thirdIsID  bool
		noSize     bool
	}{
		{name: "INT", kind: 1, third: 4, words: 1},
		{name: "PTR", kind: 2, third: 1, thirdIsID: true, noSize: true},
		{name: "ARRAY", kind: 3, words: 3, ids: []int{0, 1}},
		{name: "STRUCT", kind: 4, vlen: 2, third: 4, words: 6, names: []int{0, 3}, ids: []int{1, 4}},
		{name: "UNION", kind: 5, vlen: 1, third: 4, words: 3, names: []int{0}, ids: []int{1}},
		{name: "ENUM", kind: 6, vlen: 2, third: 4, words: 4, names: []int{0, 2}},
		{name: "TYPEDEF", kind: 8, third: 1, thirdIsID: true},
		{name: "VOLATILE", kind: 9, third: 1, thirdIsID: true},
		{name: "CONST", kind: 10, third: 1, thirdIsID: true},
		{name: "RESTRICT", kind: 11, third: 1, thirdIsID: true},
		{name: "FUNC", kind: 12, third: 1, thirdIsID: true, noSize: true},
		{name: "FUNC_PROTO", kind: 13, vlen: 2, third: 1, words: 4, names: []int{0, 2}, ids: []int{1, 3}, thirdIsID: true, noSize: true},
		{name: "VAR", kind: 14, third: 1, words: 1, thirdIsID: true},
		{name: "DATASEC", kind: 15, vlen: 2, third: 4, words: 6, ids: []int{0, 3}},
		{name: "DECL_TAG", kind: 17, third: 1, words: 1, thirdIsID: true},
		{name: "TYPE_TAG", kind: 18, third: 1, thirdIsID: true},
		{name: "ENUM64", kind: 19, vlen: 2, third: 8, words: 6, names: []int{0, 3}},
	} {
		record := func(third uint32, at int, word uint32) []byte {
			return victim(func(b *blob.Builder) {
				words := make([]uint32, k.words)
				for _, i := range k.ids {
					words[i] = 1
				}
				if at >= 0 {
					words[at] = word
				}
				b.Record(b.String("victim"), blob.Info(k.kind, k.vlen, false), third, words...)
			})
		}
		if k.words > 0 {
			all = append(all, defect{name: k.name + " cut short", blob: truncatedRecord(k.kind, k.vlen, k.words), load: k.name + " record needs"})
		}
		for _, id := range []uint32{3, outside, 0xffffffff} {
			says := k.name + " type id below 3 wanted"
			size := says
			if k.noSize {
				size = "not found"
			}
			if k.thirdIsID {
				d := defect{name: k.name + " of no type", blob: record(id, -1, 0), narrow: says, size: size, verify: says}
				if k.kind >= 8 && k.kind <= 11 || k.kind == 18 {
					d.member = says // looked through for a struct
				}
				all = append(all, d)
			}
			for _, at := range k.ids {
				d := defect{name: k.name + " with no type", blob: record(k.third, at, id), narrow: says, verify: says}
				switch {
				case k.kind == 4 || k.kind == 5:
					d.member = says
				case k.noSize:
					d.size = "not found"
				case k.kind == 3 && at == 0:
					d.size = says
				}
				all = append(all, d)
			}
		}
		for _, at := range k.names {
			says := k.name + " name below"
			d := defect{name: k.name + " with no name", blob: record(k.third, at, 0xffffffff), narrow: says, verify: says}
			switch {
			case k.kind == 4 || k.kind == 5:
				d.member = says
			case k.noSize:
				d.size = "not found"
			}
			all = append(all, d)
		}
	}
	return all
}

func TestDefects(t *testing.T) {
	rows := defects()
	require.Greater(t, len(rows), 100)
	for _, d := range rows {
		t.Run(d.name, func(t *testing.T) {
			var spec *btf.Spec
			var err error
			if d.base != nil {
				spec, err = btf.LoadSplitSpecFromReader(bytes.NewReader(d.blob), load(t, d.base))
			} else {
				spec, err = btf.LoadRawSpec(d.blob)
			}
			if !says(t, "load", d.load, err) {
				return
			}
			for typ := range spec.All() {
				touch(typ)
			}
			says(t, "verify", d.verify, spec.Verify())

			typ, err := spec.AnyTypeByName("victim")
			if !says(t, "lookup", d.lookup, err) {
				return
			}
			says(t, "narrow", d.narrow, narrowToOwn(typ))
			_, err = typ.Sizeof()
			says(t, "size", d.size, err)

			c, err := btf.As[btf.Composite](typ)
			if errors.Is(err, btf.ErrWrongKind) {
				require.Empty(t, d.member)
				return
			}
			if err == nil {
				_, err = c.MemberByName("wanted")
			}
			says(t, "member", d.member, err)
		})
	}
}

// says checks an error against how it is to read, and that it is one of those that
// the package promises. It reports whether none was wanted.
func says(t *testing.T, stage, want string, err error) bool {
	t.Helper()
	if want == "" {
		require.NoError(t, err, stage)
		return true
	}
	require.Error(t, err, stage)
	require.True(t, strings.HasPrefix(err.Error(), "btf: "), "%s: %v", stage, err)
	require.ErrorContains(t, err, want, stage)
	var format *btf.FormatError
	if !errors.As(err, &format) {
		require.True(t, errors.Is(err, btf.ErrNotFound) || errors.Is(err, btf.ErrMultipleMatches), "%s: %v", stage, err)
	}
	return false
}

// narrowToOwn narrows a type to the view of its kind.
func narrowToOwn(t btf.Type) error {
	narrow, ok := map[btf.Kind]func(btf.Type) error{
		btf.KindInt: into[btf.Int], btf.KindPointer: into[btf.Pointer], btf.KindArray: into[btf.Array],
		btf.KindStruct: into[btf.Struct], btf.KindUnion: into[btf.Union], btf.KindEnum: into[btf.Enum],
		btf.KindFwd: into[btf.Fwd], btf.KindTypedef: into[btf.Typedef], btf.KindVolatile: into[btf.Volatile],
		btf.KindConst: into[btf.Const], btf.KindRestrict: into[btf.Restrict], btf.KindFunc: into[btf.Func],
		btf.KindFuncProto: into[btf.FuncProto], btf.KindVar: into[btf.Var], btf.KindDatasec: into[btf.Datasec],
		btf.KindFloat: into[btf.Float], btf.KindDeclTag: into[btf.DeclTag], btf.KindTypeTag: into[btf.TypeTag],
		btf.KindEnum64: into[btf.Enum],
	}[t.Kind()]
	if !ok {
		return nil
	}
	return narrow(t)
}

func into[V btf.View](t btf.Type) error {
	_, err := btf.As[V](t)
	return err
}
