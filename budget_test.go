// Tests that opening takes memory in proportion to the file, and not to its claims.

package btf_test

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// An elfFields is where fields of an ELF file are.
type elfFields struct {
	order                            btftest.Order
	wide                             bool
	shoff, phentsize, phnum          int
	shentsize, shnum, shstrndx       int
	header                           int // bytes of a section header
	shType, shOffset, shSize, shLink int
}

func fieldsOf(class elf.Class, order btftest.Order) elfFields {
	if class == elf.ELFCLASS64 {
		return elfFields{order, true, 0x28, 0x36, 0x38, 0x3a, 0x3c, 0x3e, 64, 4, 0x18, 0x20, 0x28}
	}
	return elfFields{order, false, 0x20, 0x2a, 0x2c, 0x2e, 0x30, 0x32, 40, 4, 0x10, 0x14, 0x18}
}

// put writes a field of the size of an offset.
func (f elfFields) put(b []byte, at int, v uint64) {
	if f.wide {
		f.order.PutUint64(b[at:], v)
	} else {
		f.order.PutUint32(b[at:], uint32(v))
	}
}

func (f elfFields) half(b []byte, at int, v uint16) { f.order.PutUint16(b[at:], v) }

func (f elfFields) table(b []byte) int {
	if f.wide {
		return int(f.order.Uint64(b[f.shoff:]))
	}
	return int(f.order.Uint32(b[f.shoff:]))
}

// sparse writes a file of size bytes that begins with b.
func sparse(t *testing.T, b []byte, size int64) string {
	t.Helper()
	path := file(t, b)
	require.NoError(t, os.Truncate(path, size))
	return path
}

// TestELFHeaders: headers and names of sections that a small or sparse file claims are
// refused before they are read.
func TestELFHeaders(t *testing.T) {
	raw := btftest.EveryKind(little).Bytes()
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		for name, order := range bothOrders {
			f := fieldsOf(class, order)
			sound := btftest.ELF(class, order, btftest.Section{Name: ".BTF", Data: raw}, btftest.Section{Name: strings.Repeat("n", 4096)})
			for _, c := range []struct {
				name string
				make func(b []byte) []byte
				size int64 // of the sparse file
				err  string
			}{
				{"section headers", func(b []byte) []byte {
					f.half(b, f.shnum, 0)
					f.put(b, f.table(b)+f.shSize, 1<<20)
					f.half(b, f.shstrndx, 3)
					return b
				}, 64 << 20, "1048576 section headers of " + strconv.Itoa(f.header) + " bytes must take at most 8388608 bytes"},
				{"section headers without names", func(b []byte) []byte {
					f.half(b, f.shnum, 0)
					f.put(b, f.table(b)+f.shSize, 1<<24)
					f.half(b, f.shstrndx, 0)
					return b
				}, 1 << 30, "16777216 section headers"},
				{"names in no section", func(b []byte) []byte {
					f.half(b, f.shnum, 0)
					f.put(b, f.table(b)+f.shSize, 0xff10)
					order.PutUint32(b[f.table(b)+f.shLink:], 0x10000)
					f.half(b, f.shstrndx, 0xffff)
					return b
				}, 8 << 20, "index of the section names must be below 65296, is 65536"},
				{"long section headers", func(b []byte) []byte {
					f.half(b, f.shentsize, 0xffff)
					f.half(b, f.shnum, 0xfeff)
					return b
				}, 5 << 30, "65279 section headers of 65535 bytes"},
				{"long program headers", func(b []byte) []byte {
					f.half(b, f.phentsize, 0xffff)
					f.half(b, f.phnum, 0xffff)
					return b
				}, 5 << 30, "65535 program headers of 65535 bytes must take at most 8388608 bytes"},
				{"names that are one", func(b []byte) []byte {
					// The headers move to the end, where most are copies of the third.
					from := f.table(b)
					long := b[from+2*f.header : from+3*f.header]
					b = append(b, b[from:]...)
					b = append(b, bytes.Repeat(long, 6000)...)
					at := len(b) - 6000*f.header - 4*f.header
					f.put(b, f.shoff, uint64(at))
					f.half(b, f.shnum, 6004)
					return b
				}, 0, "names of all sections must have at most 16777216 bytes, those up to section 4098 have more"},
			} {
				t.Run(fmt.Sprintf("%s/%v/%s", name, class, c.name), func(t *testing.T) {
					if strconv.IntSize == 32 && c.size > 1<<30 {
						t.Skip("files of 5 GB")
					}
					b := c.make(bytes.Clone(sound))
					path := sparse(t, b, max(c.size, int64(len(b))))
					for door, open := range map[string]func() (*btf.Spec, error){
						"path": func() (*btf.Spec, error) { return btf.LoadSpec(path) },
						"reader": func() (*btf.Spec, error) {
							r, err := os.Open(path)
							require.NoError(t, err)
							defer r.Close()
							return btf.LoadSpecFromReader(r)
						},
					} {
						size, err := allocated(func() error { _, err := open(); return err })
						var format *btf.FormatError
						require.ErrorAs(t, err, &format, door)
						require.Equal(t, "ELF", format.Section)
						require.ErrorContains(t, err, c.err, door)
						require.Less(t, size, uint64(2<<20), door)
					}
				})
			}
		}
	}
}

// bomb is a blob of size bytes, nearly all of them zeros, as a compressed section.
func bomb(class elf.Class, order btftest.Order, size, claim int) []byte {
	b := btftest.New(order)
	b.Int("int", 4, btftest.Signed)
	blob := b.Bytes()
	order.PutUint32(blob[20:], uint32(size)-24-uint32(order.Uint32(blob[16:]))) // length of the strings
	var z bytes.Buffer
	w, _ := zlib.NewWriterLevel(&z, zlib.BestCompression)
	_, _ = w.Write(blob)
	zeros := make([]byte, 1<<20)
	for left := size - len(blob); left > 0; left -= len(zeros) {
		_, _ = w.Write(zeros[:min(left, len(zeros))])
	}
	_ = w.Close()
	head := deflated(class, order, nil, uint64(claim))
	return append(head[:len(head)-len(deflatedNothing())], z.Bytes()...)
}

// deflatedNothing is what zlib makes of no bytes.
func deflatedNothing() []byte {
	var z bytes.Buffer
	_ = zlib.NewWriter(&z).Close()
	return z.Bytes()
}

// TestBombs: a compressed section takes as much memory as its bytes, all sections of a
// file have one limit, and a claim that cannot be true takes none.
func TestBombs(t *testing.T) {
	const size = 40 << 20
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		for name, order := range bothOrders {
			section := func(name string, data []byte) btftest.Section {
				return btftest.Section{Name: name, Data: data, Flags: elf.SHF_COMPRESSED}
			}
			open := func(t *testing.T, b []byte) (uint64, error) {
				t.Helper()
				took, err := allocated(func() error { _, err := btf.LoadSpecFromReader(bytes.NewReader(b)); return err })
				byPath, pathErr := allocated(func() error {
					spec, err := btf.LoadSpec(file(t, b))
					if err == nil {
						err = spec.Close()
					}
					return err
				})
				require.Equal(t, err == nil, pathErr == nil)
				return max(took, byPath), err
			}
			t.Run(fmt.Sprintf("%s/%v", name, class), func(t *testing.T) {
				whole := bomb(class, order, size, size)
				took, err := open(t, btftest.ELF(class, order, section(".BTF", whole)))
				require.NoError(t, err)
				require.Less(t, took, uint64(size+2<<20), "the size of the result")

				claims := bytes.Clone(whole)
				fieldsOf(class, order).put(claims, map[elf.Class]int{elf.ELFCLASS32: 4, elf.ELFCLASS64: 8}[class], uint64(len(whole))*1033)
				took, err = open(t, btftest.ELF(class, order, section(".BTF", claims[:len(claims)/8])))
				require.ErrorContains(t, err, "bytes decompressed, has")
				require.Less(t, took, uint64(1<<20))

				// Claims what it can have, and has less.
				small := bytes.Clone(whole[:2000])
				fieldsOf(class, order).put(small, map[elf.Class]int{elf.ELFCLASS32: 4, elf.ELFCLASS64: 8}[class], 2000*1000)
				took, err = open(t, btftest.ELF(class, order, section(".BTF", small)))
				require.ErrorContains(t, err, "cannot be decompressed")
				require.Less(t, took, uint64(4<<20))

				// Zstandard can do more, and no more than this.
				zstd := bytes.Clone(whole[:1000])
				order.PutUint32(zstd, uint32(elf.COMPRESS_ZSTD))
				took, err = open(t, btftest.ELF(class, order, section(".BTF", zstd)))
				require.ErrorContains(t, err, "bytes decompressed, has")
				require.Less(t, took, uint64(1<<20))
			})
		}
	}
	t.Run("one limit", func(t *testing.T) {
		const size = 135 << 20
		half := bomb(elf.ELFCLASS64, little, size, size)
		took, err := allocated(func() error {
			_, _, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(btftest.ELF(elf.ELFCLASS64, little,
				btftest.Section{Name: ".BTF", Data: half, Flags: elf.SHF_COMPRESSED},
				btftest.Section{Name: ".BTF.ext", Data: half, Flags: elf.SHF_COMPRESSED})))
			return err
		})
		require.ErrorContains(t, err, "decompressed section .BTF.ext must have at most 126877696 bytes, 268435456 being the limit for all such sections, has 141557760")
		require.Less(t, took, uint64(size+4<<20))
	})
}

// TestZstd opens a section that is compressed with Zstandard: one block, stored.
func TestZstd(t *testing.T) {
	raw := btftest.EveryKind(little).Bytes()
	data := little.AppendUint32(nil, uint32(elf.COMPRESS_ZSTD))
	data = little.AppendUint32(data, 0)
	data = little.AppendUint64(data, uint64(len(raw)))
	data = little.AppendUint64(data, 1)
	data = append(data, 0x28, 0xb5, 0x2f, 0xfd, 0xa0)                               // a single segment, its size in 4 bytes
	data = little.AppendUint32(data, uint32(len(raw)))                              // the size
	data = append(data, byte(len(raw)<<3|1), byte(len(raw)>>5), byte(len(raw)>>13)) // the last block, stored
	data = append(data, raw...)
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".BTF", Data: data, Flags: elf.SHF_COMPRESSED})))
	require.NoError(t, err)
	require.Equal(t, raw, spec.Bytes())
}

// TestCompressedSymbolNames: debug/elf decompresses a section because of its name.
func TestCompressedSymbolNames(t *testing.T) {
	names := append([]byte("ZLIB"), binary.BigEndian.AppendUint64(nil, 200<<20)...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(make([]byte, 200<<20))
	_ = w.Close()
	b := btftest.New(little)
	b.Datasec(".data", 0, btftest.Variable{Type: b.Var("v", b.Int("int", 4, btftest.Signed), 1), Size: 4})
	table, _ := btftest.Symbols(little, 4, btftest.Symbol{Name: "v", Type: elf.STT_OBJECT, Section: 1})
	object := btftest.ELF(elf.ELFCLASS64, little, btftest.Section{Name: ".data", Data: make([]byte, 4)}, btftest.Section{Name: ".BTF", Data: b.Bytes()},
		table, btftest.Section{Name: ".zdebug_str", Type: elf.SHT_STRTAB, Data: append(names, z.Bytes()...)})
	took, err := allocated(func() error {
		spec, err := btf.LoadSpecFromReader(bytes.NewReader(object))
		require.NoError(t, err)
		_ = spec.Verify()
		return nil
	})
	require.NoError(t, err)
	require.Less(t, took, uint64(2<<20))
}

// endless yields zeros after its bytes, and counts.
type endless struct {
	front io.Reader
	read  int64
}

func (e *endless) Read(b []byte) (int, error) {
	n, err := e.front.Read(b)
	if errors.Is(err, io.EOF) {
		clear(b)
		n, err = len(b), nil
	}
	e.read += int64(n)
	return n, err
}

// TestEndlessPipe: a pipe has the limit that readers have.
func TestEndlessPipe(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("opens a descriptor by its path in /dev/fd, as Linux has it")
	}
	claims := btftest.Put(little, btftest.Empty(), 12, 0xfffffff0)
	claims = btftest.Put(little, claims, 16, 0xfffffff0)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	done := make(chan int64)
	go func() {
		e := &endless{front: bytes.NewReader(claims)}
		_, _ = io.Copy(w, e)
		done <- e.read
	}()
	took, err := allocated(func() error {
		_, err := btf.LoadSpec("/dev/fd/" + strconv.Itoa(int(r.Fd())))
		return err
	})
	require.ErrorContains(t, err, "more than 268435456 are not read into memory")
	require.Less(t, took, uint64(1<<20))
	require.NoError(t, r.Close())
	require.Less(t, <-done, int64(1<<20))

	// Zeros in a file that has as many as the header says are not read into memory either.
	path := filepath.Join(t.TempDir(), "claims")
	require.NoError(t, os.WriteFile(path, claims, 0o644))
	require.NoError(t, os.Truncate(path, 9<<30))
	took, err = allocated(func() error {
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		_, err = btf.LoadSpecFromReader(f)
		return err
	})
	require.ErrorContains(t, err, "more than 268435456 are not read into memory")
	require.Less(t, took, uint64(1<<20))
}
