// Tests the views of inlined functions.

package btf_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// checkInline looks at what btftest.Inline puts in, through the views. Its types have
// the ids from first on.
func checkInline(t *testing.T, spec *btf.Spec, first btf.TypeID) {
	t.Helper()
	id := func(i btf.TypeID) btf.TypeID { return first + i - 1 }
	require.NoError(t, spec.Verify())

	reg := as[btf.LocParam](t, spec, id(4))
	require.Equal(t, uint32(4), reg.Size())
	require.Equal(t, btf.LocReg, reg.Flags())
	require.Equal(t, 1, reg.NumValues())
	require.Equal(t, uint32(5), reg.Value(0))
	require.Zero(t, reg.Value(1))
	require.Zero(t, reg.Value(-1))
	_, err := reg.Sizeof()
	require.ErrorIs(t, err, btf.ErrNotFound)

	deref := as[btf.LocParam](t, spec, id(5))
	require.Equal(t, btf.LocReg|btf.LocDeref|btf.LocOffset, deref.Flags())
	require.Equal(t, []uint32{6, 0xfffffff0}, []uint32{deref.Value(0), deref.Value(1)})

	constant := as[btf.LocParam](t, spec, id(6))
	require.Equal(t, btf.LocConst|btf.LocSigned, constant.Flags())
	require.Equal(t, int64(-2), int64(uint64(constant.Value(1))<<32|uint64(constant.Value(0))))

	proto := as[btf.LocProto](t, spec, id(7))
	require.Equal(t, 3, proto.NumParams())
	require.Equal(t, []btf.Type{reg.AsType(), {}, constant.AsType()}, slices.Collect(proto.Params()))
	for i, p := range slices.Collect(proto.Params()) {
		require.Equal(t, p, proto.Param(i))
	}
	require.Equal(t, btf.Type{}, proto.Param(3))
	require.Equal(t, btf.Type{}, proto.Param(-1))
	require.Zero(t, as[btf.LocProto](t, spec, id(10)).NumParams())

	var sec btf.Locsec
	require.NoError(t, spec.TypeByName(".text", &sec))
	require.Equal(t, id(9), sec.ID())
	require.Equal(t, 3, sec.NumSites())
	clamp := as[btf.Func](t, spec, id(3))
	for i, site := range slices.Collect(sec.Sites()) {
		require.Equal(t, site, sec.Site(i))
		require.Equal(t, clamp.AsType(), site.Func())
		require.Equal(t, []uint32{0x10, 0x40, 1<<32 - 4}[i], site.Offset())
		require.Equal(t, []btf.TypeID{id(7), id(8), 0}[i], site.Proto().ID())
	}
	require.Equal(t, btf.LocSite{}, sec.Site(3))
	require.Equal(t, btf.Type{}, sec.Site(-1).Func())
	for range sec.Sites() {
		break
	}
	_, err = btf.As[btf.Datasec](sec.AsType())
	require.ErrorIs(t, err, btf.ErrWrongKind)
	require.Contains(t, sec.String(), "LOCSEC .text (id ")
}

func TestInline(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			b := btftest.Inline(order)
			spec := load(t, b.Bytes())
			checkInline(t, spec, 1)

			// The same with a layout section that says what this package knows.
			b.Layout(20, 4, 4)
			b.Layout(21, 0, 4)
			b.Layout(22, 0, 12)
			checkInline(t, load(t, b.Bytes()), 1)

			// Written in the other order, and without what is not referred to.
			for _, out := range bothOrders {
				raw, err := write.Marshal(spec, write.Options{Order: out, StripLayout: true})
				require.NoError(t, err)
				checkInline(t, load(t, raw), 1)
			}
			var sec btf.Locsec
			require.NoError(t, spec.TypeByName(".text", &sec))
			var builder write.Builder
			_, err := builder.Add(sec.AsType())
			require.NoError(t, err)
			some, err := builder.Spec()
			require.NoError(t, err)
			require.Equal(t, 9, some.NumTypes(), "all but the prototype that nothing refers to")
			require.NoError(t, some.TypeByName(".text", &sec))
			require.Equal(t, "clamp", sec.Site(1).Func().Name())
			proto, err := btf.As[btf.LocProto](sec.Site(1).Proto())
			require.NoError(t, err)
			require.Equal(t, proto.Param(0), proto.Param(1))
			require.Equal(t, btf.KindLocParam, proto.Param(2).Kind())
		})
	}
}

// TestInlineSplit: what was inlined in a module is split BTF over the module's, which
// is over the kernel's. Functions of all three were inlined there.
func TestInlineSplit(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			kernel := btftest.New(order)
			kernel.Int("int", 4, btftest.Signed)
			kernel.FuncProto(1, btftest.Param{Name: "a", Type: 1})
			kernel.Func("of_the_kernel", 2, 0)
			module := kernel.Split()
			module.Func("of_the_module", 2, 0)
			inline := module.Split()
			param := inline.LocParam(8, btftest.LocReg, 0xffffffff)
			proto := inline.LocProto(param)
			sec := inline.Locsec("of_the_module", btftest.Site{Func: 3, Proto: proto, Offset: 4}, btftest.Site{Func: 4, Proto: proto, Offset: 8})

			spec := loadSplit(t, inline.Bytes(), loadSplit(t, module.Bytes(), load(t, kernel.Bytes())))
			require.NoError(t, spec.Verify())
			s := as[btf.Locsec](t, spec, btf.TypeID(sec))
			require.Equal(t, "of_the_module", s.Name(), "a string of the module's")
			var names []string
			for site := range s.Sites() {
				f, err := btf.As[btf.Func](site.Func())
				require.NoError(t, err)
				names = append(names, f.Name())
				p, err := btf.As[btf.LocProto](site.Proto())
				require.NoError(t, err)
				require.Equal(t, 1, p.NumParams())
				require.Equal(t, btf.TypeID(param), p.Param(0).ID())
			}
			require.Equal(t, []string{"of_the_kernel", "of_the_module"}, names)
		})
	}
}

// TestInlineMoved: where the layout section, perhaps that of the base, gives these
// numbers to other kinds, they are stepped over and no view takes them.
func TestInlineMoved(t *testing.T) {
	base := btftest.New(binary.LittleEndian)
	base.Layout(20, 0, 8)
	base.Layout(22, 8, 0)
	over := base.Split()
	for _, b := range []*btftest.Builder{base, over} {
		param := b.Record(b.String("moved"), btftest.Info(20, 2, false), 1, 2, 3, 4, 5)
		b.Record(0, btftest.Info(22, 7, false), 0, 8, 9)
		b.LocProto(param, 0)
		b.Int("int", 4, 0)
	}
	base.Layout(21, 0, 4)
	under := load(t, base.Bytes())
	for _, spec := range []*btf.Spec{under, loadSplit(t, over.Bytes(), under)} {
		require.Equal(t, 4, spec.NumTypes())
		var i btf.Int
		require.NoError(t, spec.TypeByName("int", &i))
		moved, err := spec.AnyTypeByName("moved")
		require.NoError(t, err)
		require.Equal(t, btf.KindLocParam, moved.Kind())
		_, err = btf.As[btf.LocParam](moved)
		require.ErrorIs(t, err, btf.ErrNotSupported)
		require.ErrorContains(t, err, "the layout section defines LOC_PARAM as a kind that this package does not know")
		sec, err := spec.TypeByID(moved.ID() + 1)
		require.NoError(t, err)
		_, err = btf.As[btf.Locsec](sec)
		require.ErrorIs(t, err, btf.ErrNotSupported)
		require.NoError(t, spec.Verify())
		require.Equal(t, 2, as[btf.LocProto](t, spec, moved.ID()+2).NumParams())
		_, err = write.Marshal(spec, write.Options{Order: binary.BigEndian})
		require.Error(t, err)
	}
}

func TestLocFlags(t *testing.T) {
	for flags, want := range map[btf.LocFlags]string{
		0: "0", btf.LocReg: "REG", btf.LocReg | btf.LocDeref | btf.LocOffset: "REG|DEREF|OFFSET",
		btf.LocSigned | btf.LocConst | btf.LocAddr: "SIGNED|CONST|ADDR", 0x40: "0x40", btf.LocReg | 0x80000000: "REG|0x80000000",
	} {
		require.Equal(t, want, flags.String())
	}
}
