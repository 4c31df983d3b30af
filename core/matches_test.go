// Tests the rules of matching at their edges, on types that no compiler writes together.

package core_test

import (
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/core"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestTypeMatches compares pairs of types with CORETypeMatches, by the rules of libbpf's
// bpf_core_types_match.
func TestTypeMatches(t *testing.T) {
	type maker func(b *btftest.Builder) uint32
	member := func(name string, m maker) func(b *btftest.Builder) btftest.Member {
		return func(b *btftest.Builder) btftest.Member { return btftest.Member{Name: name, Type: m(b)} }
	}
	in := func(members ...func(b *btftest.Builder) btftest.Member) maker {
		return func(b *btftest.Builder) uint32 {
			var all []btftest.Member
			for _, m := range members {
				all = append(all, m(b))
			}
			return b.Struct("s", 8, all...)
		}
	}
	num := func(b *btftest.Builder) uint32 { return b.Int("int", 4, 1) }
	unsigned := func(b *btftest.Builder) uint32 { return b.Int("int", 4, 0) }
	short := func(b *btftest.Builder) uint32 { return b.Int("int", 2, 1) }
	other := func(b *btftest.Builder) uint32 { return b.Int("long", 4, 1) }
	fwd := func(b *btftest.Builder) uint32 { return b.Fwd("x", false) }
	fwdUnion := func(b *btftest.Builder) uint32 { return b.Fwd("x", true) }
	full := func(b *btftest.Builder) uint32 { return b.Struct("x", 4) }
	fuller := func(b *btftest.Builder) uint32 { return b.Struct("x", 4, btftest.Member{Name: "a", Type: num(b)}) }
	union := func(b *btftest.Builder) uint32 { return b.Union("x", 4) }
	to := func(m maker) maker { return func(b *btftest.Builder) uint32 { return b.Pointer(m(b)) } }
	array := func(m maker, n uint32) maker {
		return func(b *btftest.Builder) uint32 { return b.Array(m(b), num(b), n) }
	}
	enum := func(names ...string) maker {
		return func(b *btftest.Builder) uint32 {
			var values []btftest.Value
			for _, name := range names {
				values = append(values, btftest.Value{Name: name})
			}
			return b.Enum("e", 4, false, values...)
		}
	}
	field := func(m maker) maker { return in(member("m", m)) }
	for _, test := range []struct {
		name          string
		local, target maker
		want          uint64
	}{
		{"equal", field(num), field(num), 1},
		{"sign", field(num), field(unsigned), 0},
		{"size", field(num), field(short), 0},
		{"name of an integer", field(num), field(other), 0},
		{"members in another order", in(member("a", num), member("b", num)), in(member("b", num), member("a", num)), 1},
		{"member of another type", in(member("a", num), member("b", num)), in(member("b", num), member("a", unsigned)), 0},
		{"second of two with the name", in(member("a", num)), in(member("a", unsigned), member("a", num)), 1},
		{"more members", field(num), in(member("a", num), member("m", num)), 1},
		{"fewer members", in(member("a", num), member("m", num)), field(num), 0},
		{"one member twice", in(member("m", num), member("m", num)), field(num), 0},
		{"pointer to FWD of a struct", field(to(full)), field(to(fwd)), 1},
		{"pointer to FWD of a union", field(to(full)), field(to(fwdUnion)), 0},
		{"union and FWD of a union", field(to(union)), field(to(fwdUnion)), 1},
		{"FWD and pointer to a struct", field(to(fwd)), field(to(full)), 1},
		{"FWD and pointer to a union", field(to(fwd)), field(to(union)), 0},
		{"FWDs", field(to(fwd)), field(to(fwd)), 1},
		{"FWDs of two kinds", field(to(fwd)), field(to(fwdUnion)), 0},
		{"members behind a pointer", field(to(fuller)), field(to(full)), 1},
		{"members not behind a pointer", field(fuller), field(full), 0},
		{"struct and union", field(full), field(union), 0},
		{"lengths of arrays", field(array(num, 2)), field(array(num, 3)), 0},
		{"arrays", field(array(num, 2)), field(array(num, 2)), 1},
		{"FWD through an array of pointers", field(array(to(full), 2)), field(array(to(fwd), 2)), 1},
		{"fewer enumerators", field(enum("A")), field(enum("B", "A")), 1},
		{"more enumerators", field(enum("A", "A")), field(enum("A")), 0},
		{"other enumerators", field(enum("A")), field(enum("B")), 0},
		{"flavour of an enumerator", field(enum("A___1")), field(enum("A___2")), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, k := btftest.New(little), btftest.New(little)
			id := test.local(o)
			test.target(k)
			all, errs := resolve(object(t, little, o, record{0, id, "0", btf.CORETypeMatches}), loaded(t, k))
			require.NoError(t, errs[0])
			require.Equal(t, test.want, all[0].Target)
		})
	}
}

// TestFieldEdges compares fields at the ends of arrays, and of types that differ.
func TestFieldEdges(t *testing.T) {
	type side func(b *btftest.Builder, num uint32) uint32
	array := func(n uint32) side {
		return func(b *btftest.Builder, num uint32) uint32 { return b.Array(num, num, n) }
	}
	enum := func(name string) side {
		return func(b *btftest.Builder, _ uint32) uint32 { return b.Enum(name, 4, false) }
	}
	for _, test := range []struct {
		name          string
		local, target side
		access        string
		more          bool // a member follows on the target
		want          uint64
	}{
		{"last element", array(4), array(3), "0:0:2", false, 1},
		{"behind the last element", array(4), array(3), "0:0:3", false, 0},
		{"flexible", array(4), array(0), "0:0:3", false, 1},
		{"length 0 and not last", array(4), array(0), "0:0:3", true, 0},
		{"no array", array(4), func(_ *btftest.Builder, num uint32) uint32 { return num }, "0:0:3", false, 0},
		{"anonymous enum of the target", enum("e"), enum(""), "0:0", false, 1},
		{"anonymous enum of the object", enum(""), enum("e"), "0:0", false, 1},
		{"flavour of an enum", enum("e___1"), enum("e"), "0:0", false, 1},
		{"other enum", enum("e"), enum("f"), "0:0", false, 0},
		{"enum and integer", enum("e"), func(_ *btftest.Builder, num uint32) uint32 { return num }, "0:0", false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, k := btftest.New(little), btftest.New(little)
			id := o.Struct("s", 16, btftest.Member{Name: "m", Type: test.local(o, o.Int("int", 4, 1))})
			num := k.Int("int", 4, 1)
			members := []btftest.Member{{Name: "m", Type: test.target(k, num)}}
			if test.more {
				members = append(members, btftest.Member{Name: "next", Type: num})
			}
			k.Struct("s", 16, members...)
			all, errs := resolve(object(t, little, o, record{0, id, test.access, btf.COREFieldExists}), loaded(t, k))
			require.NoError(t, errs[0])
			require.Equal(t, test.want, all[0].Target)
		})
	}
}

// TestShiftsBigEndian has the shifts that gcc and clang use on s390x, worked out by hand: a
// bitfield begins at the highest bit.
func TestShiftsBigEndian(t *testing.T) {
	for _, test := range []struct{ offset, width, size, left, right uint64 }{
		{0, 3, 4, 32, 61}, {5, 7, 4, 37, 57}, {37, 9, 4, 37, 55}, {0, 40, 8, 0, 24}, {40, 20, 8, 40, 44}, {3, 5, 1, 59, 59},
	} {
		o, k := btftest.New(big), btftest.New(big)
		for _, b := range []*btftest.Builder{o, k} {
			b.Struct("s", 8, btftest.Member{Name: "m", Type: b.Int("t", uint32(test.size), 0), Offset: uint32(test.offset), Bitfield: uint32(test.width)})
		}
		infos := object(t, big, o, record{0, 2, "0:0", btf.COREFieldLShiftU64}, record{8, 2, "0:0", btf.COREFieldRShiftU64})
		all, errs := resolve(infos, loaded(t, k))
		require.Equal(t, make([]error, 2), errs)
		require.Equal(t, []uint64{test.left, test.right}, []uint64{all[0].Target, all[1].Target})
	}
}

// TestWidths says which loads get another width. libbpf compares the whole encoding with
// SIGNED, so that a signed char passes for unsigned there.
func TestWidths(t *testing.T) {
	const unsigned, signed, char, boolean = 0, 1, 2, 4
	for _, test := range []struct {
		local, localSize, target, targetSize uint32
		want                                 core.Access
		flags                                core.Flags
	}{
		{unsigned, 4, unsigned, 8, core.AccessResized, 0},
		{unsigned, 8, unsigned, 4, core.AccessResized, 0},
		{unsigned, 8, boolean, 1, core.AccessResized, 0},
		{char, 1, unsigned, 4, core.AccessResized, 0},
		{signed, 8, signed, 4, core.AccessRefused, 0},
		{signed, 4, signed, 8, core.AccessRefused, 0},
		{unsigned, 8, signed, 4, core.AccessRefused, 0},
		{signed | char, 1, unsigned, 4, core.AccessRefused, 0},
		{unsigned, 4, signed | char, 1, core.AccessRefused, 0},
		{signed, 4, unsigned, 4, core.AccessKept, core.SignChanged},
		{signed | char, 1, unsigned, 1, core.AccessKept, core.SignChanged},
		{signed, 4, signed, 4, core.AccessKept, 0},
	} {
		o, k := btftest.New(little), btftest.New(little)
		id := o.Struct("s", 8, btftest.Member{Name: "m", Type: o.Int("t", test.localSize, test.local)})
		k.Struct("s", 8, btftest.Member{Name: "m", Type: k.Int("t", test.targetSize, test.target)})
		all, errs := resolve(object(t, little, o, record{0, id, "0:0", btf.COREFieldByteOffset}), loaded(t, k))
		require.NoError(t, errs[0])
		require.Equal(t, test.want, all[0].Access, test)
		require.Equal(t, test.flags, all[0].Flags, test)
		require.Equal(t, []uint32{test.localSize, test.targetSize}, []uint32{all[0].LocalSize, all[0].TargetSize})
	}
}
