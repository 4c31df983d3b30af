// Tests files that change while they are mapped.

//go:build unix

package btf_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
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

// everything asks a Spec everything, and leaves it open.
func everything(spec *btf.Spec, infos *btf.ExtInfos) {
	for typ := range spec.All() {
		consistent(false).touch(typ)
		name := typ.Name()
		few(spec.TypesByName(name), func(btf.Type) {})
		few(spec.TypesByEssentialName(name), func(btf.Type) {})
		_, _ = spec.AnyTypeByName(name)
		_ = spec.Has(name)
	}
	_, _ = spec.Fields("thing.next", "thing.no such member", "no such type.x")
	for f, err := range spec.Funcs(btf.FuncFilter{}) {
		if err == nil {
			consistent(false).touch(f.AsType())
		}
	}
	_, _, _ = spec.SortedByName(), spec.PointerSize(), spec.NumTypes()
	_, _ = spec.Verify(), strict.Verify(spec)
	_, _ = spec.WriteTo(io.Discard)
	if copied, err := spec.Copy(); err == nil {
		_ = copied.Verify()
	}
	_, _ = write.Marshal(spec, write.Options{Order: binary.BigEndian, ReplaceDeclarations: true})
	if infos != nil {
		listed(infos)
	}
}

// TestRewrittenFile reads files, mapped, that another goroutine writes over all the
// while: what loads may answer nonsense, and answers.
func TestRewrittenFile(t *testing.T) {
	under, module, _ := btftest.Stack(binary.LittleEndian)
	stack := load(t, under.Bytes())
	type opener func(path string) (*btf.Spec, *btf.ExtInfos, error)
	for name, c := range map[string]struct {
		bytes []byte
		open  opener
	}{
		"little-endian": {btftest.EveryKind(binary.LittleEndian).Bytes(), func(path string) (*btf.Spec, *btf.ExtInfos, error) {
			spec, err := btf.LoadSpec(path)
			return spec, nil, err
		}},
		"big-endian": {btftest.EveryKind(binary.BigEndian).Bytes(), func(path string) (*btf.Spec, *btf.ExtInfos, error) {
			spec, err := btf.LoadSpec(path)
			return spec, nil, err
		}},
		"inlined functions": {btftest.Recipes()["inline.btf"], func(path string) (*btf.Spec, *btf.ExtInfos, error) {
			spec, err := btf.LoadSpec(path)
			return spec, nil, err
		}},
		"split": {module.Bytes(), func(path string) (*btf.Spec, *btf.ExtInfos, error) {
			spec, err := btf.LoadSplitSpec(path, stack)
			return spec, nil, err
		}},
		"object": {withEveryExt(), btf.LoadSpecAndExtInfos},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, c.bytes)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer f.Close()
			var stop atomic.Bool
			var writes int
			var writer sync.WaitGroup
			writer.Go(func() {
				random := rand.New(rand.NewPCG(1, 2))
				for ; !stop.Load(); writes++ {
					_, err := f.WriteAt(c.bytes, 0)
					for range 1 + random.IntN(20) {
						b := []byte{byte(random.Uint32())}
						_, _ = f.WriteAt(b, int64(random.IntN(len(c.bytes))))
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
			var loaded, refused atomic.Int64
			var readers sync.WaitGroup
			until := time.Now().Add(soakTime(t) / 4)
			for range 4 {
				readers.Go(func() {
					for time.Now().Before(until) {
						spec, infos, err := c.open(path)
						if err != nil {
							refused.Add(1)
							continue
						}
						loaded.Add(1)
						for range 3 {
							everything(spec, infos)
						}
						if err := spec.Close(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			readers.Wait()
			stop.Store(true)
			writer.Wait()
			t.Logf("%d writes, %d loaded and read, %d refused", writes, loaded.Load(), refused.Load())
			require.Positive(t, loaded.Load())
			require.Positive(t, refused.Load(), "nothing was written under the readers")
		})
	}
}

// TestRewrittenRecords writes out records whose kind and number of elements go back and
// forth: what comes of it may be nonsense of either length.
func TestRewrittenRecords(t *testing.T) {
	b := btftest.New(little)
	b.Datasec(".ksyms", 0, make([]btftest.Variable, 50)...)
	b.Record(b.String("tag"), btftest.Info(17, 0, false), 0, 0)
	raw := b.Bytes()
	path := file(t, raw)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	spec, err := btf.LoadSpec(path)
	require.NoError(t, err)
	defer spec.Close()
	section, tag := as[btf.Datasec](t, spec, 1), as[btf.DeclTag](t, spec, 2)

	words := map[int64][2]uint32{
		24 + 4:              {btftest.Info(15, 50, false), btftest.Info(15, 1, false)},
		24 + 12 + 12*50 + 4: {btftest.Info(17, 0, false), btftest.Info(7, 0, false)},
	}
	var stop atomic.Bool
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; !stop.Load(); i++ {
			for at, info := range words {
				if _, err := f.WriteAt(little.AppendUint32(nil, info[i%2]), at); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	done := 0
	for until := time.Now().Add(soakTime(t)); time.Now().Before(until); done++ {
		_, _ = write.Marshal(spec, write.Options{ReplaceDeclTags: true, ReplaceDeclarations: true})
		var b write.Builder
		_, _ = b.Add(section.AsType())
		_, _ = b.Add(tag.AsType())
	}
	stop.Store(true)
	writer.Wait()
	t.Logf("%d times", done)
}

// TestTruncated shows in processes of their own what becomes of readers of a file that
// is cut off below them: who has it mapped dies of SIGBUS, as the documentation of
// LoadSpec says; who has a copy reads on, as all do with the build tag btf_copy.
func TestTruncated(t *testing.T) {
	const door, answer = "BTF_TEST_TRUNCATED", "read to the end"
	if name := os.Getenv(door); name != "" {
		path := os.Args[len(os.Args)-1]
		var spec *btf.Spec
		var err error
		switch name {
		case "LoadSpec", "Copy":
			spec, err = btf.LoadSpec(path)
		case "LoadSpecFromReader":
			var f *os.File
			if f, err = os.Open(path); err == nil {
				defer f.Close()
				spec, err = btf.LoadSpecFromReader(f)
			}
		}
		require.NoError(t, err)
		if name == "Copy" {
			spec, err = spec.Copy()
			require.NoError(t, err)
		}
		require.NoError(t, os.Truncate(path, 0))
		require.NoError(t, spec.Verify())
		os.Stdout.WriteString(answer)
		return
	}
	for name, dies := range map[string]bool{"LoadSpec": btf.FilesAreMapped, "LoadSpecFromReader": false, "Copy": false} {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run=^TestTruncated$", btftest.VmlinuxFile(t))
			child.Env = append(os.Environ(), door+"="+name)
			var out bytes.Buffer
			child.Stdout, child.Stderr = &out, &out
			err := child.Run()
			if dies {
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit, "%.2000s", out.String())
				require.Contains(t, out.String(), "SIGBUS")
				require.NotContains(t, out.String(), answer)
			} else {
				require.NoError(t, err, "%.2000s", out.String())
				require.True(t, strings.Contains(out.String(), answer), "%.2000s", out.String())
			}
		})
	}
}
