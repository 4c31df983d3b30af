// Tests each defect of a blob: at which stage it is found, and how it is reported.

package btf_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
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
	return btftest.Put(little, btftest.EveryKind(little).Bytes(), off, word)
}

// victim builds a blob with an int, and then what build adds.
func victim(build func(b *btftest.Builder)) []byte {
	b := btftest.New(little)
	b.Int("int", 4, btftest.Signed)
	build(b)
	return b.Bytes()
}

// truncatedRecord has an int and a record whose payload is cut short by a word.
func truncatedRecord(kind, vlen uint32, words int) []byte {
	return victim(func(b *btftest.Builder) {
		b.Record(b.String("victim"), btftest.Info(kind, vlen, false), 1, make([]uint32, words-1)...)
	})
}

func defects() []defect {
	whole := btftest.EveryKind(little).Bytes()
	typeLen := little.Uint32(whole[12:])
	strings0 := 24 + int(typeLen)
	with := func(b []byte, off int, c byte) []byte {
		b = bytes.Clone(b)
		b[off] = c
		return b
	}
	const outside = 0x00fffff0
	all := []defect{
		{name: "no bytes", blob: nil, load: "header at offset 0x0: header needs 24 bytes, the blob has 0"},
		{name: "other magic", blob: with(whole, 0, 0), load: "header at offset 0x0: begins with 00 eb, not with the magic number"},
		{name: "version 2", blob: with(whole, 2, 2), load: "header at offset 0x2: version must be 1, is 2"},
		{name: "flags", blob: with(whole, 3, 1), load: "header at offset 0x3: flags must be 0, are 0x1"},
		{name: "header of 23 bytes", blob: headerWith(4, 23), load: "header at offset 0x4: header length must be at least 24, is 23"},
		{name: "header past the end", blob: headerWith(4, uint32(len(whole)+1)), load: "header at offset 0x4: header needs"},
		{name: "header of 4 GB", blob: headerWith(4, 0xffffffff), load: "header at offset 0x4: header needs 4294967295 bytes"},
		{name: "types not aligned", blob: headerWith(8, 2), load: "header at offset 0x8: offset of the type section must be a multiple of 4, is 0x2"},
		{name: "types past the end", blob: headerWith(12, uint32(len(whole))), load: "type section at 0x18 needs"},
		{name: "types overflow 32 bits", blob: btftest.Put(little, headerWith(8, 0xfffffffc), 12, 8), load: "type section at 0x100000014 needs 8 bytes"},
		{name: "strings past the end", blob: headerWith(20, uint32(len(whole))), load: "string section at"},
		{name: "strings overflow 32 bits", blob: btftest.Put(little, headerWith(16, 0xffffffff), 20, 2), load: "string section at 0x100000017 needs 2 bytes"},
		{name: "layout past the end", blob: func() []byte {
			b := btftest.Unknown(little).Bytes()
			return btftest.Put(little, b, 28, 0xfffffffc)
		}(), load: "layout section at"},
		{name: "layout of 3 bytes", blob: func() []byte {
			b := btftest.Unknown(little).Bytes()
			return btftest.Put(little, b, 28, 3)
		}(), load: "layout section at offset 0x0: length must be a multiple of 4, is 3"},
		{name: "sections overlap", blob: headerWith(16, typeLen-4), load: "type section (0x0 to 0x274) and string section (0x270 to"},
		{name: "no final NUL", blob: with(whole, len(whole)-1, 'x'), load: "strings section at offset 0xed: last byte must be NUL, is 0x78"},
		{name: "no first NUL", blob: with(whole, strings0, 'x'), load: "strings section at offset 0x0: first byte must be NUL, is 0x78"},
		{name: "a record cut off", blob: btftest.Put(little, whole, 12, typeLen-4), load: "(type 30): type record needs 12 bytes, 8 left"},
		{name: "name outside", blob: btftest.Put(little, whole, 24, 0xee), load: "types section at offset 0x0 (type 1): INT name offset must be below 238, is 238"},
		{name: "kind 0", blob: victim(func(b *btftest.Builder) { b.Record(0, 0, 0) }), load: "types section at offset 0x10 (type 2): kind 0 is unknown"},
		{name: "kind 23 without a layout", blob: victim(func(b *btftest.Builder) { b.Record(0, btftest.Info(23, 0, false), 0) }), load: "(type 2): kind 23 is unknown"},
		{name: "kind 33 is no INT", blob: victim(func(b *btftest.Builder) { b.Record(0, btftest.Info(33, 0, false), 4, 32) }), load: "(type 2): kind 33 is unknown"},
		{name: "kind 127", blob: victim(func(b *btftest.Builder) { b.Record(0, btftest.Info(127, 0, false), 4, 32) }), load: "(type 2): kind 127 is unknown"},
		{name: "layout of odd size", blob: victim(func(b *btftest.Builder) {
			b.Layout(30, 3, 0)
			b.Record(0, btftest.Info(30, 0, false), 4)
		}), load: "(type 2): kind 30 is unknown"},
		{name: "layout of odd size, unused", blob: victim(func(b *btftest.Builder) {
			b.Layout(30, 3, 0)
			b.Struct("victim", 4, btftest.Member{Name: "wanted", Type: 1})
		})},
		{name: "layout cannot change a known kind", blob: victim(func(b *btftest.Builder) {
			b.Layout(1, 40, 0)
			b.Layout(4, 0, 0)
			b.Struct("victim", 4, btftest.Member{Name: "wanted", Type: 1})
		})},
		{name: "layout of 252 bytes, 2^24 times", blob: victim(func(b *btftest.Builder) {
			b.Layout(30, 252, 252)
			b.Record(0, btftest.Info(30, 0xffffff, false), 4)
		}), load: "(type 2): KIND(30) record needs 4227858444 bytes, 12 left"},
		{name: "vlen of 2^24-1", blob: victim(func(b *btftest.Builder) { b.Record(0, btftest.Info(4, 0xffffff, false), 4) }), load: "(type 2): STRUCT record needs 201326592 bytes, 12 left"},
		{name: "split without its base", blob: btftest.Recipes()["split-mid.btf"], load: "split BTF must be loaded over its base"},
		{name: "split of another order", base: btftest.EveryKind(binary.BigEndian).Bytes(), blob: whole, load: "split BTF is little-endian, its base is big-endian"},

		{name: "typedef of itself", blob: victim(func(b *btftest.Builder) { b.Typedef("victim", 2) }),
			size: "more than 32 typedefs", member: "more than 32 typedefs", verify: "more than 32 typedefs"},
		{name: "typedefs of each other", blob: victim(func(b *btftest.Builder) { b.Typedef("victim", 3); b.Typedef("other", 2) }),
			size: "more than 32 typedefs", member: "more than 32 typedefs", verify: "more than 32 typedefs"},
		{name: "array of itself", blob: victim(func(b *btftest.Builder) {
			b.Record(b.String("victim"), btftest.Info(3, 0, false), 0, 2, 1, 2)
		}), size: "more than 32 typedefs"},
		{name: "array of 2^96 bytes", blob: victim(func(b *btftest.Builder) {
			b.Record(b.String("victim"), btftest.Info(3, 0, false), 0, 3, 1, 0xffffffff)
			b.Array(4, 1, 0xffffffff)
			b.Array(1, 1, 0xffffffff)
		}), size: "number of elements of nested arrays must fit in 64 bits"},
		{name: "array of 2^66 bytes", blob: victim(func(b *btftest.Builder) {
			b.Record(b.String("victim"), btftest.Info(3, 0, false), 0, 3, 1, 0xffffffff)
			b.Array(1, 1, 0xffffffff)
		}), size: "elements of 4 bytes must fit in 64 bits"},
		{name: "array of 2^96 times nothing", blob: victim(func(b *btftest.Builder) {
			b.Record(b.String("victim"), btftest.Info(3, 0, false), 0, 3, 1, 0)
			b.Array(4, 1, 0xffffffff)
			b.Array(1, 1, 0xffffffff)
		})},
		{name: "pointer, of nobody knows what width", blob: victim(func(b *btftest.Builder) {
			b.Typedef("victim", 3)
			b.Pointer(0)
		}), size: "the size of a pointer is unknown: Spec.SetPointerSize sets it"},
		{name: "struct that holds itself unnamed", blob: victim(func(b *btftest.Builder) {
			b.Struct("victim", 4, btftest.Member{Type: 2})
		}), member: "anonymous members"},
		{name: "unnamed members nest 2^31 times", blob: victim(func(b *btftest.Builder) {
			// Record n has two members, both of type n+1.
			for i := range uint32(31) {
				name := ""
				if i == 0 {
					name = "victim"
				}
				b.Struct(name, 4, btftest.Member{Type: i + 3}, btftest.Member{Type: i + 3})
			}
			b.Struct("", 4, btftest.Member{Name: "x", Type: 1})
		}), member: "anonymous members"},
		{name: "unnamed members nest 31 deep", blob: victim(func(b *btftest.Builder) {
			for i := range uint32(31) {
				name := ""
				if i == 0 {
					name = "victim"
				}
				b.Struct(name, 4, btftest.Member{Type: i + 3})
			}
			b.Struct("", 4, btftest.Member{Name: "wanted", Type: 1})
		})},
		{name: "unnamed member of a broken struct", blob: victim(func(b *btftest.Builder) {
			b.Struct("victim", 4, btftest.Member{Type: 3})
			b.Struct("", 4, btftest.Member{Name: "x", Type: outside})
		}), member: "(type 3): STRUCT type id must be below 4", verify: "(type 3): STRUCT type id must be below 4"},
		{name: "FUNC of no prototype", blob: victim(func(b *btftest.Builder) { b.Func("victim", 1, 0) }),
			narrow: "FUNC needs a FUNC_PROTO, type 1 is INT", verify: "FUNC needs a FUNC_PROTO, type 1 is INT", size: "not found"},
		{name: "FUNC of a broken prototype", blob: victim(func(b *btftest.Builder) {
			b.Func("victim", 3, 0)
			b.FuncProto(0, btftest.Param{Name: "p", Type: outside})
		}), narrow: "(type 3): FUNC_PROTO type id must be below 4", verify: "(type 3): FUNC_PROTO type id must be below 4", size: "not found"},
		{name: "two of the name", blob: victim(func(b *btftest.Builder) {
			b.Struct("victim", 4)
			b.Struct("victim", 8)
		}), lookup: "multiple matching types"},
		{name: "none of the name", blob: victim(func(*btftest.Builder) {}), lookup: "not found"},
	}
	for n := range 24 {
		all = append(all, defect{name: "first bytes of a header", blob: whole[:n], load: "header needs 24 bytes, the blob has"})
	}
	// What the longest chain is that is followed, TestLongestChain says.
	for links, says := range map[int]string{30: "", 31: "", 33: "more than 32 typedefs", 40: "more than 32 typedefs"} {
		all = append(all, defect{name: "a chain of qualifiers", blob: victim(func(b *btftest.Builder) {
			b.Typedef("victim", 3)
			for i := range uint32(links - 1) {
				b.Const(i + 4)
			}
			b.Struct("", 4, btftest.Member{Name: "wanted", Type: 1})
		}), size: says, member: says, verify: says})
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
		{name: "LOC_PARAM", kind: 20, vlen: 2, third: 4, words: 3, noSize: true},
		{name: "LOC_PROTO", kind: 21, vlen: 2, words: 2, ids: []int{0, 1}, noSize: true},
		{name: "LOCSEC", kind: 22, vlen: 2, words: 6, ids: []int{0, 1, 3, 4}, noSize: true},
	} {
		record := func(third uint32, at int, word uint32) []byte {
			return victim(func(b *btftest.Builder) {
				words := make([]uint32, k.words)
				for _, i := range k.ids {
					words[i] = 1
				}
				if at >= 0 {
					words[at] = word
				}
				b.Record(b.String("victim"), btftest.Info(k.kind, k.vlen, false), third, words...)
			})
		}
		if k.words > 0 {
			all = append(all, defect{name: k.name + " cut short", blob: truncatedRecord(k.kind, k.vlen, k.words), load: k.name + " record needs"})
		}
		for _, id := range []uint32{3, outside, 0xffffffff} {
			says := k.name + " type id must be below 3"
			size := says
			switch {
			case k.kind == uint32(btf.KindPointer):
				size = "the size of a pointer is unknown"
			case k.noSize:
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
			says := k.name + " name offset must be below"
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
		require.True(t, errors.Is(err, btf.ErrNotFound) || errors.Is(err, btf.ErrMultipleMatches) || errors.Is(err, btf.ErrPointerSize), "%s: %v", stage, err)
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
		btf.KindEnum64: into[btf.Enum], btf.KindLocParam: into[btf.LocParam], btf.KindLocProto: into[btf.LocProto],
		btf.KindLocsec: into[btf.Locsec],
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

// allocated returns how many bytes f allocates, and how it ends.
func allocated(f func() error) (uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// TestReaderOfUnknownEnd: a SectionReader up to the end of all things, as debug/elf
// itself makes of an io.ReaderAt, says nothing about how much there is. What the
// header claims is not to be allocated because of it.
func TestReaderOfUnknownEnd(t *testing.T) {
	whole := btftest.EveryKind(little).Bytes()
	// Not so much that a failure takes the machine down, if it can be had at all.
	claim := uint32(256 << 20)
	if strconv.IntSize == 32 {
		claim = 3 << 30
	}
	const limit = 1 << 20
	raw := btftest.Put(little, whole, 12, claim)
	inELF := func(size uint64) []byte {
		return btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: whole, Size: size})
	}
	for name, b := range map[string][]byte{
		"header": raw, "ELF": inELF(uint64(claim)), "ELF, no slice is as long": inELF(1 << 62),
	} {
		for _, n := range []int64{1 << 40, math.MaxInt64} {
			if uint64(n) < 1<<62 && strings.Contains(name, "no slice") {
				continue // larger than what the reader says
			}
			t.Run(fmt.Sprintf("%s, of %d", name, n), func(t *testing.T) {
				require.NotPanics(t, func() {
					size, err := allocated(func() error {
						_, err := btf.LoadSpecFromReader(io.NewSectionReader(bytes.NewReader(b), 0, n))
						return err
					})
					var format *btf.FormatError
					require.ErrorAs(t, err, &format)
					require.Less(t, size, uint64(limit))
				})
			})
		}
	}
	// Sound bytes load, whatever the reader says of its end.
	for name, b := range map[string][]byte{"raw": whole, "ELF": inELF(0)} {
		t.Run("sound "+name, func(t *testing.T) {
			spec, err := btf.LoadSpecFromReader(io.NewSectionReader(bytes.NewReader(b), 0, math.MaxInt64))
			require.NoError(t, err)
			require.NoError(t, spec.Verify())
		})
	}
}

// TestELFClaims: a file of a few bytes may claim any number of sections, and any
// length of their names.
func TestELFClaims(t *testing.T) {
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		for name, order := range bothOrders {
			sound := btftest.ELF(class, order, btftest.Section{Name: ".BTF", Data: btftest.Empty()})
			// Where the number of sections, section 0 and the size of a section stand.
			count, table, entry, size := 48, int(order.Uint32(sound[32:])), 40, 20
			if class == elf.ELFCLASS64 {
				count, table, entry, size = 60, int(order.Uint64(sound[40:])), 64, 32
			}
			claim := func(b []byte, at int, v uint32) {
				if class == elf.ELFCLASS64 {
					order.PutUint64(b[at:], uint64(v)<<8)
				} else {
					order.PutUint32(b[at:], v)
				}
			}
			many := bytes.Clone(sound)
			order.PutUint16(many[count:], 0xfeff)
			more := bytes.Clone(sound) // the number stands in section 0
			order.PutUint16(more[count:], 0)
			claim(more, table+size, 0x0fffffff)
			names := bytes.Clone(sound)
			claim(names, table+2*entry+size, 0x7fffffff)
			for what, b := range map[string][]byte{"many sections": many, "more sections": more, "names": names} {
				t.Run(name+"/"+class.String()+"/"+what, func(t *testing.T) {
					size, err := allocated(func() error {
						_, err := btf.LoadSpecFromReader(bytes.NewReader(b))
						return err
					})
					var format *btf.FormatError
					require.ErrorAs(t, err, &format)
					require.Equal(t, "ELF", format.Section)
					// debug/elf reads what is claimed 10 MB at a time.
					require.Less(t, size, uint64(16<<20))
				})
			}
		}
	}
}

// TestLongestChain: the kernel takes 32 qualifiers in a row over an integer, and
// refuses 33 ("Exceeded max resolving depth:32").
func TestLongestChain(t *testing.T) {
	for links, follows := range map[uint32]bool{31: true, 32: true, 33: false} {
		t.Run(fmt.Sprint(links), func(t *testing.T) {
			spec := load(t, victim(func(b *btftest.Builder) {
				b.Typedef("victim", 3)
				for i := range links - 2 {
					b.Const(i + 4)
				}
				b.Const(1)
			}))
			typ, err := spec.AnyTypeByName("victim")
			require.NoError(t, err)
			_, err = btf.As[btf.Int](typ)
			_, underErr := typ.Underlying()
			_, sizeErr := typ.Sizeof()
			for what, err := range map[string]error{"As": err, "Underlying": underErr, "Sizeof": sizeErr} {
				if follows {
					require.NoError(t, err, what)
				} else {
					require.ErrorContains(t, err, "more than 32", what)
				}
			}
		})
	}
}

// TestVerifyChains: what Verify lets pass, no later narrowing refuses, as its
// comment says: not because of a loop either.
func TestVerifyChains(t *testing.T) {
	for name, b := range map[string][]byte{
		"typedef of itself":      victim(func(b *btftest.Builder) { b.Typedef("victim", 2) }),
		"typedefs of each other": victim(func(b *btftest.Builder) { b.Typedef("victim", 3); b.Typedef("other", 2) }),
		"qualifiers in a circle": victim(func(b *btftest.Builder) { b.Typedef("victim", 3); b.Const(4); b.Volatile(3) }),
	} {
		t.Run(name, func(t *testing.T) {
			spec := load(t, b)
			typ, err := spec.AnyTypeByName("victim")
			require.NoError(t, err)
			_, narrowErr := btf.As[btf.Struct](typ)
			if verifyErr := spec.Verify(); verifyErr == nil {
				require.ErrorIs(t, narrowErr, btf.ErrWrongKind, "verified, then refused")
			}
		})
	}
}

// TestErrorPlaces: a FormatError leads to the bytes it is about.
func TestErrorPlaces(t *testing.T) {
	for _, row := range []struct {
		name string
		blob []byte
		want btf.FormatError
	}{
		{"version", headerWith(0, 0x0002eb9f), btf.FormatError{Section: "header", Offset: 2}},
		{"header length", headerWith(4, 20), btf.FormatError{Section: "header", Offset: 4}},
		{"alignment", headerWith(8, 1), btf.FormatError{Section: "header", Offset: 8}},
		{"strings", btftest.Put(little, btftest.EveryKind(little).Bytes(), len(btftest.EveryKind(little).Bytes())-4, 0x78787878), btf.FormatError{Section: "strings", Offset: 237}},
		{"layout", btftest.Put(little, btftest.Unknown(little).Bytes(), 28, 5), btf.FormatError{Section: "layout"}},
		{"kind", victim(func(b *btftest.Builder) { b.Const(1); b.Record(0, btftest.Info(99, 0, false), 0) }), btf.FormatError{Section: "types", Offset: 28, TypeID: 3}},
		{"cut record", truncatedRecord(13, 2, 4), btf.FormatError{Section: "types", Offset: 16, TypeID: 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := btf.LoadRawSpec(row.blob)
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			require.Equal(t, row.want, btf.FormatError{Section: format.Section, Offset: format.Offset, TypeID: format.TypeID}, err)
		})
	}
	narrowed := []struct {
		name string
		blob []byte
		want btf.FormatError
	}{
		{"member type", victim(func(b *btftest.Builder) {
			b.Struct("victim", 8, btftest.Member{Name: "x", Type: 1}, btftest.Member{Name: "y", Type: 9})
		}), btf.FormatError{Section: "types", Offset: 16 + 12 + 12 + 4, TypeID: 2}},
		{"member name", victim(func(b *btftest.Builder) {
			b.Record(b.String("victim"), btftest.Info(4, 2, false), 8, 0, 1, 0, 0xffffff, 1, 0)
		}), btf.FormatError{Section: "types", Offset: 16 + 12 + 12, TypeID: 2}},
		{"result", victim(func(b *btftest.Builder) { b.Func("victim", 3, 0); b.FuncProto(77) }), btf.FormatError{Section: "types", Offset: 28 + 8, TypeID: 3}},
		{"array index", victim(func(b *btftest.Builder) { b.Record(b.String("victim"), btftest.Info(3, 0, false), 0, 1, 88, 4) }), btf.FormatError{Section: "types", Offset: 16 + 12 + 4, TypeID: 2}},
	}
	for _, row := range narrowed {
		t.Run(row.name, func(t *testing.T) {
			typ, err := load(t, row.blob).AnyTypeByName("victim")
			require.NoError(t, err)
			var format *btf.FormatError
			require.ErrorAs(t, narrowToOwn(typ), &format)
			require.Equal(t, row.want, btf.FormatError{Section: format.Section, Offset: format.Offset, TypeID: format.TypeID}, format)
		})
	}
}

// TestRewritten: bytes that somebody overwrites while a Spec reads them give wrong
// answers, and never a panic. The views were proved before that.
func TestRewritten(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for round := range 2000 {
		order := btftest.Order(binary.LittleEndian)
		if round%2 == 0 {
			order = binary.BigEndian
		}
		b := btftest.EveryKind(order).Bytes()
		spec := load(t, b)
		if round%3 == 0 {
			// Everything that is built on first use, from sound bytes.
			_, _ = spec.AnyTypeByName("no such type")
			_, _ = spec.AnyTypeByName("no such type")
			for range spec.TypesByEssentialName("thing") {
			}
			for range as[btf.Struct](t, spec, 13).Tags() {
			}
			_ = spec.PointerSize()
		}
		thing, taste, width := as[btf.Struct](t, spec, 13), as[btf.Enum](t, spec, 15), as[btf.Enum](t, spec, 16)
		describe, data := as[btf.Func](t, spec, 18), as[btf.Datasec](t, spec, 21)
		for range 1 + random.IntN(40) {
			b[24+random.IntN(len(b)-24)] = byte(random.Uint32())
		}
		require.NotPanics(t, func() {
			for typ := range spec.All() {
				consistent(false).touch(typ)
				few(spec.TypesByName(typ.Name()), func(btf.Type) {})
				few(spec.TypesByEssentialName(typ.Name()), func(btf.Type) {})
			}
			consistent(false).composite(thing.Composite())
			for _, e := range []btf.Enum{taste, width} {
				few(e.Enumerators(), func(v btf.Enumerator) { _, _ = v.Name(), v.Value() })
				_ = e.Enumerator(e.NumEnumerators() - 1).Name()
			}
			_ = describe.Type().Variadic()
			few(describe.Type().Params(), func(p btf.Param) { _, _ = p.Name(), p.Type().Kind() })
			few(data.Vars(), func(v btf.VarSecinfo) { _, _ = v.Type().Name(), v.Offset() })
			_, _, _ = spec.Verify(), strict.Verify(spec), spec.SortedByName()
		})
	}
}

// brokenReader gives some bytes and then an error, or nothing at all.
type brokenReader struct {
	b   []byte
	err error
}

func (r brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(r.b)) {
		return 0, r.err
	}
	n := copy(p, r.b[off:])
	if n < len(p) {
		return n, r.err
	}
	return n, nil
}

// TestBrokenReaders: what a reader says went wrong is in the error; one that
// gives no more, though it says nothing, has ended.
func TestBrokenReaders(t *testing.T) {
	whole := btftest.EveryKind(little).Bytes()
	inELF := btftest.ELF(elf.ELFCLASS32, little, btftest.Section{Name: ".BTF", Data: whole})
	broken := errors.New("the disk is on fire")
	for name, b := range map[string][]byte{"raw": whole, "ELF": inELF} {
		for _, n := range []int{0, 3, 10, 24, 31, 32, 33, 100, 300} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				_, err := btf.LoadSpecFromReader(brokenReader{b[:n], broken})
				require.ErrorIs(t, err, broken)
				_, err = btf.LoadSpecFromReader(brokenReader{b[:n], io.EOF})
				var format *btf.FormatError
				require.ErrorAs(t, err, &format)
				if name == "raw" {
					_, err = btf.LoadSpecFromReader(brokenReader{b[:n], nil})
					require.ErrorAs(t, err, &format)
				}
			})
		}
	}
}

// TestLongNames: name offsets may lie anywhere inside one long string, so that a
// few bytes a type are enough to give each a name of megabytes.
// Questions that are about no such name must not take the time to read them all.
func TestLongNames(t *testing.T) {
	const types = 4000
	build := func(length int) []byte {
		b := btftest.New(little)
		off := b.String(strings.Repeat("_", length))
		b.Int("int", 4, btftest.Signed)
		words := make([]uint32, 0, 3*types)
		for i := range uint32(types) {
			name := off + i%uint32(length)
			if i%2 == 0 {
				b.Record(name, btftest.Info(7, 0, false), 0)
			} else {
				b.Record(name, btftest.Info(1, 0, false), 8, 64)
			}
			words = append(words, name, 1, 0)
		}
		b.Record(b.String("victim"), btftest.Info(4, types, false), 4, words...)
		return b.Bytes()
	}
	short, long, longest := build(16), build(256<<10), build(4<<20)
	for name, ask := range map[string]func(spec *btf.Spec){
		"first look-up": func(spec *btf.Spec) { _, _ = spec.AnyTypeByName("int") },
		"look-ups": func(spec *btf.Spec) {
			for range 3 {
				_, _ = spec.AnyTypeByName("int")
			}
		},
		"essential name": func(spec *btf.Spec) {
			for range spec.TypesByEssentialName("int") {
			}
		},
		"member": func(spec *btf.Spec) {
			var victim btf.Struct
			_ = spec.TypeByName("victim", &victim)
			_, _ = victim.MemberByName("no such member")
		},
		"pointers": func(spec *btf.Spec) { _ = spec.PointerSize() },
		"verify":   func(spec *btf.Spec) { _ = spec.Verify() },
		"strictly": func(spec *btf.Spec) { _ = strict.Verify(spec) },
		"sorted":   func(spec *btf.Spec) { _ = spec.SortedByName() },
	} {
		t.Run(name, func(t *testing.T) {
			took := func(b []byte) time.Duration {
				least := time.Hour
				for range 3 {
					spec := load(t, b)
					begin := time.Now()
					ask(spec)
					least = min(least, time.Since(begin))
				}
				return least
			}
			// Far more than reading the long string once takes, and far less than
			// reading it for each type.
			limit := 30*time.Millisecond + 20*took(short)
			require.Less(t, took(long), limit, "names of 256 KB") // and no longer ones, which take minutes
			require.Less(t, took(longest), 3*limit, "names of 4 MB")
		})
	}
}

// TestMutated gives every word of the records other values that could stand there,
// so that most of the blobs load: an id of another type, another name, another
// kind or number of elements. What loads is asked everything.
func TestMutated(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	loaded := 0
	for round := range 4000 {
		order, recipe := btftest.Order(binary.LittleEndian), btftest.EveryKind
		if round%2 == 0 {
			order = binary.BigEndian
		}
		if round%5 == 0 {
			recipe = btftest.Unknown
		}
		b := recipe(order).Bytes()
		from := int(order.Uint32(b[4:]) + order.Uint32(b[8:]))
		words := int(order.Uint32(b[12:])) / 4
		for range 1 + random.IntN(4) {
			at := from + 4*random.IntN(words)
			old := order.Uint32(b[at:])
			var word uint32
			switch random.IntN(6) {
			case 0:
				word = random.Uint32N(34) // an id
			case 1:
				word = random.Uint32N(240) // a name
			case 2:
				word = old ^ 1<<random.IntN(32)
			case 3:
				word = old&0xff | random.Uint32N(32)<<24 | random.Uint32N(2)<<31 // a kind
			case 4:
				word = old + random.Uint32N(5) - 2
			case 5:
				word = random.Uint32()
			}
			order.PutUint32(b[at:], word)
		}
		spec, err := btf.LoadRawSpec(b)
		if err != nil {
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			continue
		}
		loaded++
		require.NotPanics(t, func() { touchSpec(t, spec) })
		if err := spec.Verify(); err != nil {
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			require.NotZero(t, format.TypeID)
			require.Equal(t, "types", format.Section)
		}
	}
	require.Greater(t, loaded, 1000)
}

// TestManyOfOne: many functions of one prototype with many parameters are asked
// about in the time that reading each record once takes.
func TestManyOfOne(t *testing.T) {
	// The functions come before what they refer to, which no compiler writes.
	functions := func(n int) []byte {
		b := btftest.New(little)
		proto := uint32(n + 1)
		for range n {
			b.Func("f", proto, 0)
		}
		b.FuncProto(0, make([]btftest.Param, n)...)
		b.Struct("s", 0)
		return b.Bytes()
	}
	filtered := func(filter btf.FuncFilter, want bool) func(t *testing.T, spec *btf.Spec) {
		return func(t *testing.T, spec *btf.Spec) {
			n := 0
			for _, err := range spec.Funcs(filter) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, want, n == spec.NumTypes()-2, n)
		}
	}
	for name, ask := range map[string]func(t *testing.T, spec *btf.Spec){
		"Verify":             func(t *testing.T, spec *btf.Spec) { require.NoError(t, spec.Verify()) },
		"Funcs":              filtered(btf.FuncFilter{}, true),
		"Funcs with pointer": filtered(btf.FuncFilter{PointerTo: "s"}, false),
		"ExtInfos": func(t *testing.T, spec *btf.Spec) {
			n := uint32(spec.NumTypes() - 2)
			words := []uint32{24, 0, 12 + 8*n, 0, 0, 8, 1, n}
			for i := range n {
				words = append(words, 8*i, i+1)
			}
			object := btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: written(t, spec)},
				btftest.Section{Name: ".BTF.ext", Data: ext(binary.LittleEndian, words...)})
			spec, infos, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(object))
			require.NoError(t, err)
			defer spec.Close()
			funcs := 0
			for s := range infos.Funcs() {
				for r := range s.Records() {
					funcs += min(r.Func().Type().NumParams(), 1)
				}
			}
			require.EqualValues(t, n, funcs)
		},
	} {
		t.Run(name, func(t *testing.T) {
			took := func(n int) time.Duration {
				spec := load(t, functions(n))
				least := time.Hour
				for range 3 {
					begin := time.Now()
					ask(t, spec)
					least = min(least, time.Since(begin))
				}
				return least
			}
			// Twenty times as much: 400 times as long, if it were quadratic.
			require.Less(t, took(20_000), 100*took(1000)+20*time.Millisecond)
		})
	}
}

// TestVerifyOverBrokenBase: Verify speaks of the Spec's own records. A function in
// it, of a prototype in its base that is broken, narrows no better for that.
func TestVerifyOverBrokenBase(t *testing.T) {
	b := btftest.New(little)
	b.FuncProto(0, btftest.Param{Name: "p", Type: 99})
	base := load(t, b.Bytes())
	over := b.Split()
	over.Func("victim", 1, 0)
	split := loadSplit(t, over.Bytes(), base)
	require.NoError(t, split.Verify())
	require.Error(t, base.Verify())
	var f btf.Func
	var format *btf.FormatError
	require.ErrorAs(t, split.TypeByName("victim", &f), &format)
	require.Equal(t, btf.TypeID(1), format.TypeID)
}
