// Tests every kind of question from 64 goroutines.

package btf_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/require"
)

// soakTime is how long a test asks again and again: a second or two, or what BTF_SOAK
// says, such as 1m.
func soakTime(t *testing.T) time.Duration {
	text := os.Getenv("BTF_SOAK")
	if text == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err, "BTF_SOAK")
	return d
}

// soaked is what the goroutines share.
type soaked struct {
	vmlinux, kinds, data, inline *btf.Spec
	kernel                       *btf.Kernel
	infos                        *btf.ExtInfos
}

func newSoaked(t *testing.T, root kernelRoot) soaked {
	opened := func(spec *btf.Spec, err error) *btf.Spec {
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, spec.Close()) })
		return spec
	}
	s := soaked{
		vmlinux: opened(btf.LoadSpec(btftest.VmlinuxFile(t))),
		kinds:   opened(btf.LoadSpec(file(t, btftest.EveryKind(little).Bytes()))),
		data:    opened(btf.LoadSpec(file(t, object(little, 0, nil)))),
		inline:  opened(btf.LoadSpec(filepath.Join("testdata", "inline.btf"))),
		kernel:  openKernel(t, root),
	}
	spec, infos, err := btf.LoadSpecAndExtInfos(file(t, withEveryExt()))
	s.infos = infos
	opened(spec, err)
	return s
}

// questions are of every kind that there is, each with its answer in text.
func (s soaked) questions() map[string]func() string {
	say := fmt.Sprint
	spec := s.vmlinux
	return map[string]func() string{
		"any type": func() string { return say(spec.AnyTypeByName("task_struct")) },
		"no type":  func() string { return say(spec.AnyTypeByName("no_such_type")) },
		"by view": func() string {
			var v btf.Union
			return say(spec.TypeByName("thread_union", &v), v.ID())
		},
		"by id": func() string { return say(spec.TypeByID(4711)) },
		"names": func() string { return say(slices.Collect(spec.TypesByName("pid_t"))) },
		"essential names": func() string {
			return say(slices.Collect(spec.TypesByEssentialName("___pskb_trim")), slices.Collect(s.kinds.TypesByEssentialName("thing")))
		},
		"has": func() string { return say(spec.Has("vfs_read", btf.KindFunc), spec.Has("vfs_read", btf.KindStruct)) },
		"members": func() string {
			var v btf.Struct
			err := spec.TypeByName("sk_buff", &v)
			sum := btf.Bits(0)
			for m := range v.Members() {
				sum += m.Offset()
			}
			m, missing := v.MemberByName("len")
			return say(err, sum, m.Offset(), missing)
		},
		"paths": func() string {
			fields, err := spec.Fields("task_struct.mm->pgd", "sk_buff.cb[3]", "task_struct.no_such_member")
			text := say(err)
			for _, f := range fields {
				size, err := f.Size()
				text += say(f.Offset(), size, err)
			}
			return text
		},
		"enumerators": func() string {
			var v btf.Enum
			err := spec.TypeByName("bpf_map_type", &v)
			e, byName := v.EnumeratorByName("BPF_MAP_TYPE_RINGBUF")
			f, byValue := v.EnumeratorByValue(e.Value())
			return say(err, e.Name(), byName, f.Value(), byValue)
		},
		"functions": func() string {
			text := ""
			for f, err := range spec.Funcs(btf.FuncFilter{Name: "vfs_re*"}) {
				text += say(f.Name(), f.Type().NumParams(), err)
			}
			return text
		},
		"tags": func() string { t, err := s.kinds.AnyTypeByName("thing"); return say(slices.Collect(t.Tags()), err) },
		"all": func() string {
			n := 0
			for t := range s.kinds.All() {
				touch(t)
				n++
			}
			return say(n)
		},
		"verify": func() string { return say(s.kinds.Verify(), strict.Verify(s.kinds), s.inline.Verify()) },
		"sorted": func() string { return say(spec.SortedByName(), spec.PointerSize(), spec.NumTypes()) },
		"copy": func() string {
			c, err := s.kinds.Copy()
			return say(err, c.NumTypes(), c.Close())
		},
		"marshal": func() string {
			b, err := write.Marshal(s.kinds, write.Options{ReplaceDeclarations: true, StripFuncLinkage: true})
			var w bytes.Buffer
			n, written := s.data.WriteTo(&w)
			return say(len(b), err, n, written)
		},
		"build": func() string {
			var b write.Builder
			t, err := s.kinds.AnyTypeByName("thing")
			id, added := b.Add(t)
			blob, built := b.Marshal(write.Options{})
			return say(err, id, added, len(blob), built)
		},
		"data": func() string {
			var d btf.Datasec
			return say(s.data.TypeByName(".data", &d), d.Size(), d.Var(0).Offset())
		},
		"ext infos": func() string { return say(listed(s.infos)) },
		"inlined": func() string {
			var v btf.Locsec
			return say(s.inline.TypeByName(".text", &v), v.Site(1).Func())
		},
		"modules": func() string { return say(modulesOf(s.kernel)) },
		"module": func() string {
			m, err := s.kernel.Module("nf_conntrack")
			return say(m.NumTypes(), err)
		},
		"of all modules": func() string {
			n := 0
			for range s.kernel.TypesByName("nf_conn") {
				n++
			}
			f, err := s.kernel.Field("nf_conn.mark")
			_, differ := s.kernel.Field("nf_conn.moved")
			return say(n, f.Offset(), err, differ)
		},
		"open and close": func() string {
			split, err := btf.LoadSplitSpecFromReader(bytes.NewReader(btftest.Empty()), spec)
			t, found := split.AnyTypeByName("x")
			return say(err, t, found, split.Close())
		},
	}
}

// TestSoak asks one set of Specs everything from 64 goroutines, again and again, in an
// order of chance. BTF_SOAK=1m makes it a minute; what it was is in its log.
func TestSoak(t *testing.T) {
	root := smallKernel(t)
	want := map[string]string{}
	for name, ask := range newSoaked(t, root).questions() {
		want[name] = ask()
		require.Equal(t, want[name], ask(), name)
	}
	questions := newSoaked(t, root).questions()
	names := slices.Sorted(maps.Keys(questions))
	const goroutines = 64
	var asked atomic.Int64
	var wg sync.WaitGroup
	until := time.Now().Add(soakTime(t))
	for i := range goroutines {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for time.Now().Before(until) {
				name := names[random.IntN(len(names))]
				if got := questions[name](); got != want[name] {
					t.Errorf("%s: %.300s, alone it was %.300s", name, got, want[name])
					return
				}
				asked.Add(1)
			}
		})
	}
	wg.Wait()
	t.Logf("%d goroutines × %d kinds of questions: %d asked", goroutines, len(names), asked.Load())
	require.Greater(t, asked.Load(), int64(goroutines*len(names)))
}
