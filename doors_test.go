// Tests that all doors open the same Spec.

package btf_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
	"golang.org/x/exp/mmap"
)

// file writes bytes to a file of this test.
func file(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, b, 0o644))
	return path
}

// A plainReader hides everything but ReadAt, and gives a page at a time as sysfs
// does.
type plainReader struct {
	r    io.ReaderAt
	read int64
}

func (p *plainReader) ReadAt(b []byte, off int64) (int, error) {
	short := false
	if len(b) > 4096 {
		b, short = b[:4096], true
	}
	n, err := p.r.ReadAt(b, off)
	p.read += int64(n)
	if short && err == nil {
		err = nil // sysfs says nothing of the rest
	}
	return n, err
}

// everyDoor opens the bytes by path and by reader.
func everyDoor(t *testing.T, b []byte, check func(t *testing.T, spec *btf.Spec, err error)) {
	t.Run("path", func(t *testing.T) {
		spec, err := btf.LoadSpec(file(t, b))
		check(t, spec, err)
		if err == nil {
			require.NoError(t, spec.Close())
		}
	})
	t.Run("reader", func(t *testing.T) {
		spec, err := btf.LoadSpecFromReader(bytes.NewReader(b))
		check(t, spec, err)
	})
	t.Run("plain reader", func(t *testing.T) {
		spec, err := btf.LoadSpecFromReader(&plainReader{r: bytes.NewReader(b)})
		check(t, spec, err)
	})
}

func deflated(class elf.Class, order btftest.Order, b []byte, claim uint64) []byte {
	var out []byte
	out = order.AppendUint32(out, uint32(elf.COMPRESS_ZLIB))
	if class == elf.ELFCLASS64 {
		out = order.AppendUint32(out, 0)
		out = order.AppendUint64(out, claim)
		out = order.AppendUint64(out, 1)
	} else {
		out = order.AppendUint32(out, uint32(claim))
		out = order.AppendUint32(out, 1)
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return append(out, z.Bytes()...)
}

func TestDoors(t *testing.T) {
	for name, order := range bothOrders {
		raw := btftest.EveryKind(order).Bytes()
		good := func(t *testing.T, spec *btf.Spec, err error) {
			require.NoError(t, err)
			require.NoError(t, spec.Verify())
			require.Equal(t, 30, spec.NumTypes())
		}
		t.Run(name+"/raw", func(t *testing.T) { everyDoor(t, raw, good) })
		t.Run(name+"/raw with a tail", func(t *testing.T) { everyDoor(t, append(bytes.Clone(raw), "tail"...), good) })
		for class, pointer := range map[elf.Class]int{elf.ELFCLASS32: 4, elf.ELFCLASS64: 8} {
			t.Run(name+"/"+class.String(), func(t *testing.T) {
				text := btftest.Section{Name: ".text", Data: make([]byte, 5000)}
				sound := func(t *testing.T, spec *btf.Spec, err error) {
					good(t, spec, err)
					require.Equal(t, pointer, spec.PointerSize(), "by the class")
				}
				t.Run("plain", func(t *testing.T) {
					everyDoor(t, btftest.ELF(class, order, text, btftest.Section{Name: ".BTF", Data: raw}), sound)
				})
				t.Run("compressed", func(t *testing.T) {
					everyDoor(t, btftest.ELF(class, order, text, btftest.Section{
						Name: ".BTF", Data: deflated(class, order, raw, uint64(len(raw))), Flags: elf.SHF_COMPRESSED,
					}), sound)
				})
				broken := func(name string, says string, s btftest.Section) {
					t.Run(name, func(t *testing.T) {
						everyDoor(t, btftest.ELF(class, order, text, s), func(t *testing.T, spec *btf.Spec, err error) {
							require.True(t, spec == nil)
							var format *btf.FormatError
							require.ErrorAs(t, err, &format)
							require.ErrorContains(t, err, says)
							require.NotErrorIs(t, err, btf.ErrNotFound)
						})
					})
				}
				broken("NOBITS", "SHT_NOBITS", btftest.Section{Name: ".BTF", Data: raw, Type: elf.SHT_NOBITS})
				broken("inflates to less", "cannot be decompressed", btftest.Section{
					Name: ".BTF", Data: deflated(class, order, raw, uint64(len(raw))+1), Flags: elf.SHF_COMPRESSED,
				})
				broken("claims gigabytes", "decompressed section .BTF must have at most 268435456 bytes", btftest.Section{
					Name: ".BTF", Data: deflated(class, order, raw, 3<<30), Flags: elf.SHF_COMPRESSED,
				})
				other := btftest.Order(binary.LittleEndian)
				if order.String() == other.String() {
					other = binary.BigEndian
				}
				broken("other order", "the ELF header says", btftest.Section{Name: ".BTF", Data: btftest.EveryKind(other).Bytes()})
				broken("no BTF inside", "magic number", btftest.Section{Name: ".BTF", Data: []byte("not BTF at all, of any order")})
				t.Run("ends past the file", func(t *testing.T) {
					everyDoor(t, btftest.ELF(class, order, text, btftest.Section{Name: ".BTF", Data: raw, Size: 1 << 30}), func(t *testing.T, spec *btf.Spec, err error) {
						require.True(t, spec == nil)
						var format *btf.FormatError
						require.ErrorAs(t, err, &format)
					})
				})
				t.Run("none", func(t *testing.T) {
					everyDoor(t, btftest.ELF(class, order, text), func(t *testing.T, spec *btf.Spec, err error) {
						require.True(t, spec == nil)
						require.ErrorIs(t, err, btf.ErrNotFound)
					})
				})
			})
		}
	}
}

// TestEndless: a reader that says nothing true of its end is read as far as the BTF
// goes, and no bytes after it are made up.
func TestEndless(t *testing.T) {
	b := btftest.New(little)
	b.Int("int", 4, btftest.Signed)
	for _, end := range []int64{math.MaxInt64, 1 << 40} {
		spec, err := btf.LoadSpecFromReader(io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, end))
		require.NoError(t, err)
		require.NoError(t, strict.Verify(spec))
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(append(b.Bytes(), 0)))
	require.NoError(t, err)
	require.ErrorContains(t, strict.Verify(spec), "the last section must end the blob, 1 bytes follow it")
}

// A lenReader says of its end what it likes.
type lenReader struct {
	io.ReaderAt
	len int
}

func (r lenReader) Len() int { return r.len }

// unreadReader has the Len of a [bytes.Reader], which is what is left to read, and not
// its Size.
type unreadReader struct{ r *bytes.Reader }

func (u unreadReader) ReadAt(b []byte, off int64) (int, error) { return u.r.ReadAt(b, off) }
func (u unreadReader) Len() int                                { return u.r.Len() }

// TestLen: the Len of a reader is its end if its bytes say so too, and else nothing is
// made of it.
func TestLen(t *testing.T) {
	raw := btftest.EveryKind(little).Bytes()
	tail := append(bytes.Clone(raw), "tail"...)
	elfFile := btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: raw})
	const behind, past = "4 bytes follow it", "the file has"

	mapped, err := mmap.Open(file(t, tail))
	require.NoError(t, err)
	defer mapped.Close()
	spec, err := btf.LoadSpecFromReader(mapped)
	require.NoError(t, err)
	require.ErrorContains(t, strict.Verify(spec), behind)

	cut := btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: raw, Size: 1 << 30})
	mappedELF, err := mmap.Open(file(t, cut))
	require.NoError(t, err)
	defer mappedELF.Close()
	_, err = btf.LoadSpecFromReader(mappedELF)
	require.ErrorContains(t, err, past)

	_, err = btf.LoadSpecFromReader(lenReader{bytes.NewReader(cut), len(cut)})
	require.ErrorContains(t, err, past)

	for _, wrong := range []int{math.MinInt, -1, 0, 1, 24, len(raw) - 1, len(raw), len(tail) - 1, len(tail) + 1, math.MaxInt} {
		spec, err := btf.LoadSpecFromReader(lenReader{bytes.NewReader(tail), wrong})
		require.NoError(t, err, wrong)
		require.NoError(t, spec.Verify(), wrong)
		require.Equal(t, 30, spec.NumTypes())
	}
	for _, wrong := range []int{math.MinInt, -1, 0, 1, 64, len(elfFile) - 1, len(elfFile) + 1, math.MaxInt} {
		spec, err := btf.LoadSpecFromReader(lenReader{bytes.NewReader(elfFile), wrong})
		require.NoError(t, err, wrong)
		require.NoError(t, spec.Verify(), wrong)
	}

	for _, b := range [][]byte{tail, elfFile} {
		begun := bytes.NewReader(b)
		_, err = begun.Seek(int64(len(b)/2), io.SeekStart)
		require.NoError(t, err)
		for _, r := range []io.ReaderAt{begun, unreadReader{begun}} {
			spec, err := btf.LoadSpecFromReader(r)
			require.NoError(t, err)
			require.NoError(t, spec.Verify())
		}
	}
	begun := bytes.NewReader(tail)
	_, err = begun.Seek(int64(len(raw)), io.SeekStart)
	require.NoError(t, err)
	spec, err = btf.LoadSpecFromReader(begun)
	require.NoError(t, err)
	require.ErrorContains(t, strict.Verify(spec), behind, "by its Size")
}

// TestCompressedFile: a file that is compressed as a whole is named as such, at each door.
func TestCompressedFile(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write(btftest.EveryKind(little).Bytes())
	require.NoError(t, w.Close())
	base := load(t, btftest.EveryKind(little).Bytes())
	for format, b := range map[string][]byte{
		"gzip":  gz.Bytes(),
		"xz":    []byte("\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46"),
		"zstd":  []byte("\x28\xb5\x2f\xfd\x24\x01\x09\x00\x00\x61"),
		"bzip2": []byte("BZh91AY&SY"),
		"lz4":   []byte("\x04\x22\x4d\x18\x64\x40\xa7"),
	} {
		t.Run(format, func(t *testing.T) {
			says := "begins with the magic number of " + format + ": decompress it first"
			everyDoor(t, b, func(t *testing.T, spec *btf.Spec, err error) {
				var broken *btf.FormatError
				require.ErrorAs(t, err, &broken)
				require.ErrorContains(t, err, says)
			})
			_, err := btf.LoadSplitSpec(file(t, b), base)
			require.ErrorContains(t, err, says)
			_, err = btf.LoadRawSpec(b)
			require.ErrorContains(t, err, says)
			everyDoor(t, btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: b}), func(t *testing.T, spec *btf.Spec, err error) {
				require.ErrorContains(t, err, says)
			})
		})
	}
}

// TestHugeELF: of a file of 600 MB, the headers and one window are touched.
func TestHugeELF(t *testing.T) {
	const huge = 600 << 20
	raw := btftest.EveryKind(binary.LittleEndian).Bytes()
	small := forX86(btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Size: uint64(len(raw)), Offset: huge + 24}))
	f, err := os.Create(filepath.Join(t.TempDir(), "vmlinux"))
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Write(small)
	require.NoError(t, err)
	_, err = f.WriteAt(raw, huge+24) // not at a page's start
	require.NoError(t, err)

	spec, err := btf.LoadSpec(f.Name())
	require.NoError(t, err)
	require.NoError(t, spec.Verify())
	require.NoError(t, spec.Close())

	counted := &plainReader{r: f}
	spec, err = btf.LoadSpecFromReader(counted)
	require.NoError(t, err)
	require.NoError(t, spec.Verify())
	require.Less(t, counted.read, int64(16<<10))
}

// TestNothingUnchecked: what a few bytes claim is not allocated.
func TestNothingUnchecked(t *testing.T) {
	raw := btftest.EveryKind(binary.LittleEndian).Bytes()
	claims := btftest.Put(binary.LittleEndian, raw, 12, 0xfffffff0) // types
	claims = btftest.Put(binary.LittleEndian, claims, 16, 0xfffffff0)
	claims = btftest.Put(binary.LittleEndian, claims, 20, 0xfffffff0)
	vlen := btftest.New(binary.LittleEndian)
	vlen.Record(0, btftest.Info(4, 0xffffff, false), 4)
	enormous := btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: raw, Size: 1<<63 - 1})
	bomb := btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{
		Name: ".BTF", Data: deflated(elf.ELFCLASS64, binary.LittleEndian, raw, 200<<20), Flags: elf.SHF_COMPRESSED,
	})
	for name, b := range map[string][]byte{"header": claims, "vlen": vlen.Bytes(), "ELF": enormous, "compressed": bomb} {
		t.Run(name, func(t *testing.T) {
			path := file(t, b)
			for door, open := range map[string]func() (*btf.Spec, error){
				"path":         func() (*btf.Spec, error) { return btf.LoadSpec(path) },
				"reader":       func() (*btf.Spec, error) { return btf.LoadSpecFromReader(bytes.NewReader(b)) },
				"plain reader": func() (*btf.Spec, error) { return btf.LoadSpecFromReader(&plainReader{r: bytes.NewReader(b)}) },
			} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := open()
				runtime.ReadMemStats(&after)
				require.Error(t, err, door)
				limit := uint64(1 << 20)
				if name == "compressed" {
					limit = 32 << 20 // debug/elf reads 10 MB at a time
				}
				require.Less(t, after.TotalAlloc-before.TotalAlloc, limit, door)
			}
		})
	}
}

// TestPipe: raw BTF may come through one.
func TestPipe(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("opens a descriptor by its path in /dev/fd, as Linux has it")
	}
	through := func(b []byte) (*btf.Spec, error) {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer r.Close()
		done := make(chan error)
		go func() {
			_, err := w.Write(b)
			done <- errors.Join(err, w.Close())
		}()
		spec, err := btf.LoadSpec("/dev/fd/" + strconv.Itoa(int(r.Fd())))
		_, _ = io.Copy(io.Discard, r)
		require.NoError(t, <-done)
		return spec, err
	}
	spec, err := through(btftest.EveryKind(binary.BigEndian).Bytes())
	require.NoError(t, err)
	require.NoError(t, spec.Verify())
	_, err = through([]byte("\x9f\xeb"))
	require.ErrorContains(t, err, "header needs 24 bytes, the blob has 2")
	_, err = through(btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: make([]byte, 100)}))
	require.ErrorContains(t, err, "pipe")
}

// forX86 makes a BPF object one of another machine.
func forX86(object []byte) []byte {
	binary.LittleEndian.PutUint16(object[18:], uint16(elf.EM_X86_64))
	return object
}

// TestNothingLeft: a load, failed or closed, leaves neither mapping nor
// descriptor.
func TestNothingLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts in /proc")
	}
	count := func() (maps, descriptors int) {
		b, err := os.ReadFile("/proc/self/maps")
		require.NoError(t, err)
		entries, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return bytes.Count(b, []byte(t.TempDir()[:len(os.TempDir())+5])), len(entries)
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // what the first finds to have a cleanup goes with the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	raw := btftest.EveryKind(binary.LittleEndian).Bytes()
	paths := []string{
		file(t, raw),
		file(t, btftest.Put(binary.LittleEndian, raw, 24, 0xffffff)), // a name offset
		file(t, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: raw})),
		file(t, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: raw[:100]})),
		file(t, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: btftest.EveryKind(binary.BigEndian).Bytes()})),
		file(t, forX86(btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: raw}))),
		file(t, forX86(btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: raw[:100]}))),
		file(t, withExt(binary.LittleEndian, ext(binary.LittleEndian, 24, 0, 20, 0, 0, 8, 1, 1, 16, 3))),
		file(t, withExt(binary.LittleEndian, ext(binary.LittleEndian, 24, 0, 20, 0, 0, 8, 1, 1, 16, 9))),
		file(t, nil),
		filepath.Join(t.TempDir(), "missing"),
		t.TempDir(),
	}
	rounds := 10_000
	if testing.Short() {
		rounds = 100
	}
	maps, descriptors := count()
	before := heap()
	failed := 0
	for range rounds {
		for _, path := range paths {
			spec, err := btf.LoadSpec(path)
			if err != nil {
				failed++
				continue
			}
			require.NoError(t, spec.Close())
			require.NoError(t, spec.Close())
		}
		for _, path := range paths {
			spec, ext, err := btf.LoadSpecAndExtInfos(path)
			if err != nil {
				require.True(t, spec == nil && ext == nil)
				failed++
				continue
			}
			require.NoError(t, spec.Close())
		}
	}
	require.Equal(t, rounds*(7+11), failed)
	mapsAfter, descriptorsAfter := count()
	require.Equal(t, maps, mapsAfter)
	require.Equal(t, descriptors, descriptorsAfter)
	require.Less(t, heap(), before+64<<10, "bytes of heap")

	// The counting counts: an open Spec is seen, or a mapping where that has a copy.
	spec, err := btf.LoadSpec(paths[0])
	require.NoError(t, err)
	mapsOpen, _ := count()
	if !btf.FilesAreMapped {
		require.Equal(t, maps, mapsOpen)
		r, err := mmap.Open(paths[0])
		require.NoError(t, err)
		defer r.Close()
		mapsOpen, _ = count()
	}
	require.Equal(t, maps+1, mapsOpen)
	require.NoError(t, spec.Close())
}

// TestOtherMachines: of an ELF file that is not compiled for BPF only the window is
// mapped, and variables stay where its compiler put them.
func TestOtherMachines(t *testing.T) {
	for name, order := range bothOrders {
		t.Run(name, func(t *testing.T) {
			extended := object(order, 0, nil, btftest.Section{Name: ".BTF.ext", Data: ext(order, 24, 0, 0, 0, 0)})
			for machine, size := range map[elf.Machine]uint32{elf.EM_X86_64: 0, elf.EM_BPF: 12} {
				order.PutUint16(extended[18:], uint16(machine))
				everyDoor(t, extended, func(t *testing.T, spec *btf.Spec, err error) {
					require.NoError(t, err)
					require.Equal(t, size, as[btf.Datasec](t, spec, 4).Size())
				})
				everyExtDoor(t, extended, func(t *testing.T, spec *btf.Spec, _ *btf.ExtInfos, err error) {
					require.NoError(t, err)
					require.Equal(t, size, as[btf.Datasec](t, spec, 4).Size())
				})
			}
			b := object(order, 0, nil)
			order.PutUint16(b[18:], uint16(elf.EM_X86_64))
			everyDoor(t, b, func(t *testing.T, spec *btf.Spec, err error) {
				require.NoError(t, err)
				require.NoError(t, spec.Verify())
				require.Equal(t, 8, spec.PointerSize())
				d := as[btf.Datasec](t, spec, 4)
				require.Zero(t, d.Size())
				require.Equal(t, "one", d.Var(0).Type().Name())
			})
			everyExtDoor(t, b, func(t *testing.T, _ *btf.Spec, _ *btf.ExtInfos, err error) {
				require.ErrorIs(t, err, btf.ErrNoExtendedInfo)
			})
			order.PutUint16(b[18:], uint16(elf.EM_BPF))
			everyDoor(t, b, func(t *testing.T, spec *btf.Spec, err error) {
				require.NoError(t, err)
				require.EqualValues(t, 12, as[btf.Datasec](t, spec, 4).Size())
			})
		})
	}
}

// TestClose: what a Spec gave away is inert after Close.
func TestClose(t *testing.T) {
	blobs := map[string]func() *btf.Spec{
		"mapped": func() *btf.Spec {
			spec, err := btf.LoadSpec(file(t, btftest.EveryKind(binary.LittleEndian).Bytes()))
			require.NoError(t, err)
			return spec
		},
		"borrowed": func() *btf.Spec { return load(t, btftest.EveryKind(binary.LittleEndian).Bytes()) },
	}
	for name, open := range blobs {
		t.Run(name, func(t *testing.T) {
			spec := open()
			types := []btf.Type{}
			for typ := range spec.All() {
				types = append(types, typ)
				touch(typ)
			}
			var thing btf.Struct
			require.NoError(t, spec.TypeByName("thing", &thing))
			member := thing.Member(2)
			var taste btf.Enum
			require.NoError(t, spec.TypeByName("taste", &taste))
			value := taste.Enumerator(0)
			var describe btf.Func
			require.NoError(t, spec.TypeByName("describe", &describe))
			param := describe.Type().Param(0)
			for range spec.TypesByEssentialName("thing") {
			}

			require.NoError(t, spec.Close())
			require.NoError(t, spec.Close())

			for _, typ := range types {
				require.Equal(t, btf.KindVoid, typ.Kind())
				require.Empty(t, typ.Name())
				touch(typ)
				_, err := btf.As[btf.Struct](typ)
				require.ErrorIs(t, err, btf.ErrWrongKind)
				_, err = typ.Sizeof()
				require.Error(t, err)
				for range typ.Tags() {
					t.Fatal("a tag")
				}
			}
			require.Zero(t, thing.NumMembers())
			require.Zero(t, thing.Size())
			for range thing.Members() {
				t.Fatal("a member")
			}
			_, err := thing.MemberByName("next")
			require.ErrorIs(t, err, btf.ErrNotFound)
			require.Empty(t, member.Name())
			require.Zero(t, member.Offset())
			require.Zero(t, member.BitfieldSize())
			require.Equal(t, btf.Type{}, member.Type())
			require.Empty(t, value.Name())
			require.Empty(t, param.Name())
			require.Equal(t, btf.Type{}, param.Type())
			require.Zero(t, describe.Type().NumParams())

			_, err = spec.TypeByID(1)
			require.ErrorIs(t, err, btf.ErrClosed)
			_, err = spec.AnyTypeByName("thing")
			require.ErrorIs(t, err, btf.ErrClosed)
			_, err = spec.AnyTypesByName("thing")
			require.ErrorIs(t, err, btf.ErrClosed)
			require.ErrorIs(t, spec.TypeByName("thing", &thing), btf.ErrClosed)
			require.ErrorIs(t, spec.Verify(), btf.ErrClosed)
			for range spec.TypesByName("thing") {
				t.Fatal("a type")
			}
			for range spec.TypesByEssentialName("thing") {
				t.Fatal("a type")
			}
			for range spec.All() {
				t.Fatal("a type")
			}
			require.Zero(t, spec.NumTypes())
			require.False(t, spec.SortedByName())
			_, err = btf.LoadSplitSpec(file(t, btftest.Empty()), spec)
			require.ErrorIs(t, err, btf.ErrClosed)
			_, err = btf.LoadSplitSpecFromReader(bytes.NewReader(btftest.Empty()), spec)
			require.ErrorIs(t, err, btf.ErrClosed)
		})
	}
	t.Run("base", func(t *testing.T) {
		b, m, _ := btftest.Stack(binary.LittleEndian)
		base := load(t, b.Bytes())
		split := loadSplit(t, m.Bytes(), base)
		middle := as[btf.Struct](t, split, 4)
		pointer := as[btf.Pointer](t, split, 3)
		require.NoError(t, base.Close())
		_, err := split.AnyTypeByName("middle")
		require.ErrorIs(t, err, btf.ErrClosed)
		require.Equal(t, btf.Type{}, pointer.Target(), "a type of the base")
		require.Empty(t, middle.Member(0).Name(), "a name of the base")
		require.NoError(t, split.Close())
	})
	t.Run("zero", func(t *testing.T) {
		var spec btf.Spec
		_, err := spec.AnyTypeByName("x")
		require.ErrorIs(t, err, btf.ErrClosed)
		require.NoError(t, spec.Close())
		var typ btf.Type
		touch(typ)
	})
	t.Run("no base", func(t *testing.T) {
		_, err := btf.LoadSplitSpec("x", nil)
		require.ErrorContains(t, err, "needs a base")
	})
}

// TestKernelModule: names that lead elsewhere are refused before a file is opened.
func TestKernelModule(t *testing.T) {
	base := load(t, btftest.EveryKind(binary.LittleEndian).Bytes())
	for _, name := range []string{"", "vmlinux", "../vmlinux", "a/b", ".."} {
		_, err := btf.LoadKernelModuleSpec(name, base)
		require.ErrorContains(t, err, "is not the name of a kernel module")
	}
	_, err := btf.LoadKernelModuleSpec("no_such_module", base)
	require.ErrorIs(t, err, syscall.ENOENT)
}

// TestKernel: mapped, read, and through a descriptor, the kernel's BTF is the same.
func TestKernel(t *testing.T) {
	const path = "/sys/kernel/btf/vmlinux"
	blob, err := os.ReadFile(path)
	if err != nil {
		_, loadErr := btf.LoadKernelSpec()
		require.Error(t, loadErr)
		t.Skipf("the running kernel has no BTF: %v", err)
	}
	mapped, err := btf.LoadKernelSpec()
	require.NoError(t, err)
	defer mapped.Close()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	read, err := btf.LoadSpecFromReader(f)
	require.NoError(t, err)
	borrowed, err := btf.LoadRawSpec(blob)
	require.NoError(t, err)
	for _, spec := range []*btf.Spec{mapped, read, borrowed} {
		require.NoError(t, spec.Verify())
		require.Equal(t, borrowed.NumTypes(), spec.NumTypes())
		require.Equal(t, borrowed.Header(), spec.Header())
		var want, got btf.Struct
		require.NoError(t, borrowed.TypeByName("task_struct", &want))
		require.NoError(t, spec.TypeByName("task_struct", &got))
		require.Equal(t, want.ID(), got.ID())
		require.Equal(t, want.Size(), got.Size())
	}
}

// TestDistilled: the .BTF of a file with a .BTF.base is opened over that, or relocated
// onto what it is to be split from.
func TestDistilled(t *testing.T) {
	d := btftest.New(binary.LittleEndian)
	d.Struct("shared", 4)
	m := d.Split()
	m.Pointer(1)
	for _, sections := range [][]btftest.Section{
		{{Name: ".BTF", Data: m.Bytes()}, {Name: ".BTF.base", Data: d.Bytes()}},
		{{Name: ".BTF", Flags: elf.SHF_COMPRESSED, Data: deflated(elf.ELFCLASS64, binary.LittleEndian, m.Bytes(), uint64(len(m.Bytes())))}, {Name: ".BTF.base", Data: d.Bytes()}},
	} {
		module := btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, sections...)
		everyDoor(t, module, func(t *testing.T, spec *btf.Spec, err error) {
			require.NoError(t, err)
			require.Equal(t, 1, spec.Base().NumTypes())
			require.Equal(t, "shared", as[btf.Pointer](t, spec, 2).Target().Name())
			require.Equal(t, 8, spec.PointerSize())
		})
		kernel := load(t, btftest.Recipes()["split-base.btf"])
		spec, err := btf.LoadSplitSpec(file(t, module), kernel)
		require.NoError(t, err)
		require.True(t, spec.Base() == kernel)
		shared := as[btf.Struct](t, spec, as[btf.Pointer](t, spec, 3).Target().ID())
		require.Equal(t, 1, shared.NumMembers())
	}
	// What the module does not say of pointers, its file does.
	narrow := btftest.ELF(elf.ELFCLASS32, binary.LittleEndian, btftest.Section{Name: ".BTF", Data: m.Bytes()}, btftest.Section{Name: ".BTF.base", Data: d.Bytes()})
	kernel := load(t, d.Bytes())
	require.Zero(t, kernel.PointerSize())
	spec, err := btf.LoadSplitSpec(file(t, narrow), kernel)
	require.NoError(t, err)
	require.Equal(t, 4, spec.PointerSize())
	for name, sections := range map[string][]btftest.Section{
		"no bytes":  {{Name: ".BTF", Data: m.Bytes()}, {Name: ".BTF.base", Type: elf.SHT_NOBITS, Data: d.Bytes()}},
		"no BTF":    {{Name: ".BTF", Data: m.Bytes()}, {Name: ".BTF.base", Data: []byte("nothing of the kind")}},
		"other end": {{Name: ".BTF", Data: m.Bytes()}, {Name: ".BTF.base", Data: btftest.EveryKind(binary.BigEndian).Bytes()}},
	} {
		t.Run(name, func(t *testing.T) {
			everyDoor(t, btftest.ELF(elf.ELFCLASS64, binary.LittleEndian, sections...), func(t *testing.T, spec *btf.Spec, err error) {
				require.True(t, spec == nil)
				var format *btf.FormatError
				require.ErrorAs(t, err, &format)
			})
		})
	}
}
