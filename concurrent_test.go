// Tests that many goroutines get the answers that one gets.

package btf_test

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/write"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConcurrent asks everything that is built on first use from many goroutines
// at once, so that the race detector sees all of it being built.
func TestConcurrent(t *testing.T) {
	alone := loadVmlinux(t)
	var want btf.Struct
	require.NoError(t, alone.TypeByName("task_struct", &want))
	wantSize, err := want.Sizeof()
	require.NoError(t, err)

	spec := loadVmlinux(t)
	const goroutines = 16
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range goroutines {
		done.Go(func() {
			start.Wait()
			names := []string{"task_struct", "inet_sock", "sk_buff", "___pskb_trim", "no_such_type"}
			for j := range 50 {
				name := names[(i+j)%len(names)]
				for typ := range spec.TypesByName(name) {
					if typ.Name() != name {
						t.Errorf("%v for %q", typ, name)
					}
				}
				for typ := range spec.TypesByEssentialName(name) {
					for range typ.Tags() {
					}
				}
			}
			var task btf.Struct
			if err := spec.TypeByName("task_struct", &task); err != nil {
				t.Error(err)
				return
			}
			size, err := task.Sizeof()
			if err != nil || size != wantSize || task.ID() != want.ID() {
				t.Errorf("%v of %d bytes, %v", task, size, err)
			}
			for m := range task.Members() {
				if m.Type().Kind() == btf.KindPointer {
					if size, err := m.Type().Sizeof(); err != nil || size != 8 {
						t.Errorf("pointer of %d bytes, %v", size, err)
					}
				}
			}
		})
	}
	start.Done()
	done.Wait()
}

// TestConcurrentSplit reads two split Specs over one base from many goroutines.
func TestConcurrentSplit(t *testing.T) {
	base := loadVmlinux(t)
	// The smallest split BTF: a typedef in it of a type of the base.
	var task btf.Struct
	require.NoError(t, base.TypeByName("task_struct", &task))
	names := "mine_t\x00"
	blob := []byte{0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0, byte(len(names)), 0, 0, 0}
	for _, word := range []uint32{base.Header().StringLength, uint32(btf.KindTypedef) << 24, uint32(task.ID())} {
		blob = append(blob, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	blob = append(blob, names...)

	var done sync.WaitGroup
	for range 2 {
		split, err := btf.LoadSplitSpecFromReader(bytes.NewReader(blob), base)
		require.NoError(t, err)
		for range 8 {
			done.Go(func() {
				for range 50 {
					typ, err := split.AnyTypeByName("mine_t")
					if err != nil {
						t.Error(err)
						return
					}
					s, err := btf.As[btf.Struct](typ)
					if err != nil || s != task {
						t.Errorf("%v, %v", s, err)
					}
					if _, err := s.MemberByName("mm"); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	done.Wait()
}

// TestConcurrentObject asks a BPF object from many goroutines at once, the first of
// which has its symbols read.
func TestConcurrentObject(t *testing.T) {
	table := withExt(binary.LittleEndian, ext(binary.LittleEndian, 24, 0, 20, 0, 0, 8, 1, 1, 16, 3))
	spec, infos, err := btf.LoadSpecAndExtInfos(file(t, table))
	require.NoError(t, err)
	defer spec.Close()
	data, err := btf.LoadSpec(file(t, object(binary.LittleEndian, 0, nil)))
	require.NoError(t, err)
	defer data.Close()
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			var d btf.Datasec
			assert.NoError(t, data.TypeByName(".data", &d))
			assert.EqualValues(t, 12, d.Size())
			assert.EqualValues(t, 4, d.Var(0).Offset())
			copied, err := data.Copy()
			if assert.NoError(t, err) {
				assert.NoError(t, copied.Verify())
			}
			_, err = write.Marshal(data, write.Options{ReplaceDeclarations: true})
			assert.NoError(t, err)
			funcs, _, _ := listed(infos)
			assert.Equal(t, []string{"text+16 main"}, funcs)
		})
	}
	wg.Wait()
}
