// Tests that questions do not allocate.

package btf_test

import (
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestAllocs covers the way from a name to an offset, and every list on it. Specs
// are loaded before; a name asked for as a string is the caller's wish.
func TestAllocs(t *testing.T) {
	spec := loadVmlinux(t)
	var task btf.Struct
	require.NoError(t, spec.TypeByName("task_struct", &task))
	var printk btf.Func
	require.NoError(t, spec.TypeByName("_printk", &printk))
	var reasons btf.Enum
	require.NoError(t, spec.TypeByName("skb_drop_reason", &reasons))

	var sink uint64
	for name, question := range map[string]func(){
		"TypeByName": func() {
			var s btf.Struct
			if spec.TypeByName("inet_sock", &s) == nil {
				sink += uint64(s.Size())
			}
		},
		"TypeByID": func() {
			typ, _ := spec.TypeByID(1000)
			sink += uint64(typ.Kind())
		},
		"AnyTypeByName": func() {
			typ, _ := spec.AnyTypeByName("inet_sock")
			sink += uint64(typ.ID())
		},
		"TypesByName": func() {
			for typ := range spec.TypesByName("task_struct") {
				sink += uint64(typ.ID())
			}
		},
		"TypesByName, a miss": func() {
			for typ := range spec.TypesByName("no_such_struct") {
				sink += uint64(typ.ID())
			}
		},
		"TypesByEssentialName": func() {
			for typ := range spec.TypesByEssentialName("task_struct___mine") {
				sink += uint64(typ.ID())
			}
		},
		"All, Kind, NameBytes, Sizeof": func() {
			for typ := range spec.All() {
				sink += uint64(typ.Kind()) + uint64(len(typ.NameBytes()))
				if typ.Kind() == btf.KindTypedef {
					size, _ := typ.Sizeof()
					sink += size
					break // a failing Sizeof, as of void, says why in a string
				}
			}
		},
		"As, through typedefs": func() {
			for typ := range spec.TypesByName("atomic_t") {
				s, err := btf.As[btf.Struct](typ)
				if err == nil {
					sink += uint64(s.Size())
				}
			}
		},
		"As, another kind": func() {
			if _, err := btf.As[btf.Enum](task.AsType()); err != nil {
				sink++
			}
		},
		"Members": func() {
			for m := range task.Members() {
				sink += uint64(m.Offset()) + uint64(m.BitfieldSize()) + uint64(len(m.NameBytes())) + uint64(m.Type().ID())
			}
		},
		"MemberByName": func() {
			m, _ := task.MemberByName("mm")
			sink += m.Offset().Bytes()
		},
		"Params": func() {
			for p := range printk.Type().Params() {
				sink += uint64(p.Type().Kind()) + uint64(len(p.NameBytes()))
			}
		},
		"Enumerators": func() {
			for e := range reasons.Enumerators() {
				sink += e.Value() + uint64(len(e.NameBytes()))
			}
		},
		"ParamByName, Index, Pointee": func() {
			p, _ := printk.Type().ParamByName("fmt")
			target, _ := p.Type().Pointee()
			sink += uint64(p.Index()) + uint64(target.ID())
		},
		"EnumeratorByName, EnumeratorByValue": func() {
			e, _ := reasons.EnumeratorByName("SKB_DROP_REASON_NO_SOCKET")
			e, _ = reasons.EnumeratorByValue(e.Value())
			sink += uint64(len(e.NameBytes()))
		},
		"Has": func() {
			if spec.Has("tcp_sendmsg", btf.KindFunc) && !spec.Has("no_such_function", btf.KindFunc, btf.KindFuncProto) {
				sink++
			}
		},
		"Field": func() {
			f, _ := spec.Field("sk_buff.cb[8]")
			size, _ := f.Size()
			sink += uint64(f.Offset()) + size + uint64(f.BitfieldSize())
		},
		"Field, the last of many alternatives": func() {
			f, _ := spec.Field("task_struct.absent|comm.x|mm.owner|comm[16]|comm->x|thread.uw.tp_value|thread.fsbase")
			sink += uint64(f.Offset())
		},
		"Field, through pointers": func() {
			f, _ := spec.Field("linux_binprm.file->f_path.dentry->d_name.name")
			for off := range f.Offsets() {
				sink += uint64(off)
			}
		},
		"Field of a type": func() {
			f, _ := task.Field("mm->owner->pid")
			sink += uint64(f.Offset())
		},
		"Funcs": func() {
			for f := range spec.Funcs(btf.FuncFilter{}) {
				sink += uint64(f.ID())
			}
		},
		"Funcs, with a pointer": func() {
			for f, err := range spec.Funcs(btf.FuncFilter{PointerTo: "sk_buff", FirstParams: 5}) {
				if err == nil {
					sink += uint64(f.ID())
				}
			}
		},
		"Funcs, by name and tag": func() {
			for f := range spec.Funcs(btf.FuncFilter{Name: "*[0-9]?a*", Tag: "no tag"}) {
				sink += uint64(f.ID())
			}
			for f := range spec.Funcs(btf.FuncFilter{Name: "tcp_*"}) {
				sink += uint64(f.ID())
			}
		},
		"Tags": func() {
			for tag := range printk.Tags() {
				sink += uint64(len(tag.NameBytes()))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			question() // builds what is built once
			require.Zero(t, testing.AllocsPerRun(10, question))
		})
	}
	require.NotZero(t, sink)
}

// TestColdAllocs counts the whole way from a file to an offset, which has a fixed
// number of allocations however large the file is.
func TestColdAllocs(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	allocs := testing.AllocsPerRun(10, func() {
		spec, err := btf.LoadSpec(path)
		if err != nil {
			t.Fatal(err)
		}
		var sock btf.Struct
		if err := spec.TypeByName("inet_sock", &sock); err != nil {
			t.Fatal(err)
		}
		if _, err := sock.MemberByName("inet_saddr"); err != nil {
			t.Fatal(err)
		}
		if err := spec.Close(); err != nil {
			t.Fatal(err)
		}
	})
	// The Spec, its two tables of starts, and what os and syscall need to open,
	// stat and map a file.
	limit := 16.0
	if !btf.FilesAreMapped {
		limit = 20 // the copy, and what opens the file again to map it
	}
	require.LessOrEqual(t, allocs, limit)
}

// TestFieldsAllocs: a table of paths takes the allocation of its answers, and that of
// the index, once.
func TestFieldsAllocs(t *testing.T) {
	spec := loadVmlinux(t)
	paths := tracerPaths["recorder"]
	require.Equal(t, 1.0, testing.AllocsPerRun(10, func() {
		if _, err := spec.Fields(paths...); err != nil {
			t.Fatal(err)
		}
	}))
}

// TestFirstLookupAllocs: the look-up that finds no index allocates nothing either,
// however long the name.
func TestFirstLookupAllocs(t *testing.T) {
	name := strings.Repeat("x", 100)
	specs := make([]*btf.Spec, 20)
	for i := range specs {
		specs[i] = loadVmlinux(t)
	}
	next := 0
	require.Zero(t, testing.AllocsPerRun(len(specs)-1, func() {
		for typ := range specs[next].TypesByName(name) {
			t.Error(typ)
		}
		next++
	}))
}
