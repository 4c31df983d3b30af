// Tests each rule about the header and the sections with a blob that breaks it.

package strict_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/seed-6c4a6465/btf/strict"
	"github.com/stretchr/testify/require"
)

// TestHeader has a row for each rule about where the sections are.
func TestHeader(t *testing.T) {
	build := func(headerLen uint32, gap int, parts ...btftest.Part) []byte {
		b := btftest.New(little)
		b.Int("int", 4, btftest.Signed) // 16 bytes, and 5 of strings
		b.Layout(3, 12, 0)
		b.HeaderLen = max(headerLen, 32)
		raw := b.Arrange(gap, parts...)
		raw = append(raw[:headerLen:headerLen], raw[b.HeaderLen:]...)
		little.PutUint32(raw[4:], headerLen)
		return raw
	}
	last := func(b []byte, headerLen int) []byte {
		b[headerLen-1] = 7
		return b
	}
	sound := build(24, 0, btftest.Types, btftest.Strings)
	unaligned := build(32, 0, btftest.Types, btftest.Strings, btftest.Layout)
	nameless := btftest.New(little)
	nameless.Float("", 4)
	withoutStrings := btftest.Put(little, nameless.Arrange(0, btftest.Types), 16, 12)
	many := btftest.New(little).Bytes()
	stringsFirst := btftest.New(little)
	stringsFirst.Int("int128", 16, 0)
	oddLayout := append(build(32, 0, btftest.Types, btftest.Strings), 0, 0, 0, 0)
	oddLayout = btftest.Put(little, btftest.Put(little, oddLayout, 24, 21), 28, 4)
	float := []byte{0, 0, 0, 0, 0, 0, 0, 16, 4, 0, 0, 0}
	floats := func(n int) []byte {
		b := btftest.Put(little, btftest.Put(little, nameless.Bytes(), 12, uint32(12*n)), 16, uint32(12*n))
		return append(append(b[:24:24], bytes.Repeat(float, n)...), 0)
	}
	for _, row := range []struct {
		name string
		blob []byte
		want string
	}{
		{"types, strings", sound, ""},
		{"types, layout, strings", build(32, 0, btftest.Types, btftest.Layout, btftest.Strings), ""},
		{"layout, strings, no types", build(32, 0, btftest.Layout, btftest.Strings), "0xc: no type found: the type section is empty"},
		{"strings first", build(24, 0, btftest.Strings, btftest.Types), "0x1d: unsupported section found: type section must be at 0x5, is at 0x8"},
		{"strings before types", stringsFirst.Arrange(0, btftest.Strings, btftest.Types), "0x10: string section is not at the end: the type section is, which needs a header of 32 bytes, has 24"},
		{"all ids", floats(0xffffe), ""},
		{"an id too many", floats(0xfffff), "0xc: exceeded max num of types: ids must be at most 1048574, go up to 1048575"},
		{"odd layout", oddLayout, "0x18: unaligned layout_off: must be a multiple of 4, is 0x15"},
		{"empty layout elsewhere", btftest.Put(little, build(32, 0, btftest.Types, btftest.Strings), 24, 4), "0x24: section overlap found: layout section must be at 0x10, is at 0x4"},
		{"a longer header of zeros", build(40, 0, btftest.Types, btftest.Strings), ""},
		{"a longer header of something", last(build(40, 0, btftest.Types, btftest.Strings), 40), "0x27: unsupported btf_header: bytes after the known fields must be 0, one is 0x07"},
		{"half a field", last(build(31, 0, btftest.Types, btftest.Strings), 31), "0x1e: unsupported btf_header: bytes after the known fields must be 0, one is 0x07"},
		{"gaps", build(24, 4, btftest.Types, btftest.Strings), "0x18: unsupported section found: type section must be at 0x0, is at 0x4"},
		{"bytes after the end", append(bytes.Clone(sound), 0, 0, 0), "0x2d: unsupported section found: the last section must end the blob, 3 bytes follow it"},
		{"layout not aligned", unaligned, "0x35: unsupported section found: layout section must be at 0x15, is at 0x18"},
		{"no strings", withoutStrings, "0x14: invalid string section: needs at least 1 byte, has 0"},
		{"no types", btftest.New(little).Bytes(), "0xc: no type found: the type section is empty"},
		{"16 MB of strings and a byte", append(btftest.Put(little, many, 20, 1<<24+1), make([]byte, 1<<24)...), "0x0: blob must have at most 16777216 bytes, has 16777241"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := strict.Verify(load(t, row.blob))
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			var format *btf.FormatError
			require.ErrorAs(t, err, &format)
			require.ErrorContains(t, err, "btf: header at offset "+row.want)
		})
	}

	t.Run("every door", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "long.btf")
		require.NoError(t, os.WriteFile(path, append(bytes.Clone(sound), 1, 2, 3), 0o644))
		spec, err := btf.LoadSpec(path)
		require.NoError(t, err)
		defer spec.Close()
		require.NoError(t, spec.Verify())
		require.ErrorContains(t, strict.Verify(spec), "3 bytes follow it")
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		fromReader, err := btf.LoadSpecFromReader(f)
		require.NoError(t, err)
		require.ErrorContains(t, strict.Verify(fromReader), "3 bytes follow it")
	})
	t.Run("closed", func(t *testing.T) {
		spec := load(t, sound)
		require.NoError(t, spec.Close())
		require.ErrorIs(t, strict.Verify(spec), btf.ErrClosed)
		require.ErrorIs(t, strict.Verify(new(btf.Spec)), btf.ErrClosed)
	})
}
