// Fuzzes fast forms against their plain forms.

package btf

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// typeSections returns the type sections of the small blobs, with what they know
// of kinds.
func typeSections(f *testing.F) (sections [][]byte) {
	paths, err := filepath.Glob("testdata/*.btf")
	require.NoError(f, err)
	require.NotEmpty(f, paths, "no blobs in testdata: go run ./testdata/gen")
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(f, err)
		header, raw, err := parseHeader(b)
		require.NoError(f, err)
		types, _, _, err := header.sections(raw)
		require.NoError(f, err)
		sections = append(sections, types.bytes)
	}
	return sections
}

// FuzzWalk: where the interleaved walk does not give up, it finds what the plain
// one does, and the plain one finds no fault. The records are repeated until
// there are enough for four stretches; what comes last, and the one byte that is
// damaged, make them differ.
func FuzzWalk(f *testing.F) {
	for _, types := range typeSections(f) {
		f.Add(types, []byte{}, uint16(0), byte(0), uint32(1<<16), false)
		f.Add(types, types, uint16(20), byte(4), uint32(1<<16), true)
		f.Add(types, []byte{1, 2, 3, 4}, uint16(3000), byte(0xff), uint32(0), false)
	}
	// Kind 100 is as if a layout section knew it.
	shapes := *knownShapes
	shapes[100] = known(4, 8)

	f.Fuzz(func(t *testing.T, records, last []byte, at uint16, damage byte, names uint32, big bool) {
		if len(records) == 0 || len(records) > 4096 || len(last) > 4096 {
			return
		}
		b := append(bytes.Repeat(records, 1+8192/len(records)), last...)
		b[int(at)%len(b)] ^= damage
		w := walker{types: section{b, big}, shapes: &shapes, names: uint64(names), first: 1}
		got, ok := w.interleaved()
		want, err := w.plain()
		if ok {
			require.NoError(t, err, "refused by the plain walk alone")
			require.Equal(t, want, got)
		}
		if err != nil {
			var format *FormatError
			require.ErrorAs(t, err, &format)
			return
		}
		var i uint32
		for off := range want.starts.all() {
			require.Equal(t, off, want.starts.offset(i))
			i++
		}
		require.Equal(t, want.starts.count, i)
	})
}

// FuzzStarts: the n-th record is the n-th of all, whatever their lengths.
func FuzzStarts(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add(bytes.Repeat([]byte{0}, 200))
	f.Add(bytes.Repeat([]byte{0, 255, 3}, 100))
	f.Fuzz(func(t *testing.T, gaps []byte) {
		gaps = gaps[:min(len(gaps), 300)]
		size := uint64(0)
		var want []uint32
		for _, gap := range gaps {
			want = append(want, uint32(size))
			// A square, so that records of many words are met too.
			size += recordSize + 4*uint64(gap)*uint64(gap)
		}
		s := newStarts(size)
		for _, off := range want {
			s.set(uint64(off))
		}
		s.finish()
		require.Equal(t, len(want), int(s.count))
		i := uint32(0)
		for off := range s.all() {
			require.Equal(t, want[i], off)
			require.Equal(t, want[i], s.offset(i))
			i++
		}
		require.Equal(t, s.count, i)
		require.Zero(t, s.offset(i), "past the last")
	})
}

// FuzzHash: a name is hashed to the same number wherever it stands: alone, before
// other names, and at the end of the strings; and a flavour to that of what it is
// one of.
func FuzzHash(f *testing.F) {
	for _, name := range []string{
		"", "a", "task_struct", "task_struct___v1", "___pskb_trim", "foo___", "a____b", "a___b___c",
		"exactly_thirty_two_bytes_long_is", "thirty_one_bytes_and_a_final_0s", "more_than_thirty_two_bytes_long___flavor",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01\x01\x01\x01\x01\x01\x01", "\x01\x80\x01\x80\x01\x80\x01\x80",
	} {
		f.Add([]byte(name), []byte{})
		f.Add([]byte(name), []byte("the next name, longer than thirty-two\x00"))
	}
	f.Fuzz(func(t *testing.T, name, rest []byte) {
		if i := bytes.IndexByte(name, 0); i >= 0 {
			name = name[:i]
		}
		table := append(append(bytes.Clone(name), 0), rest...)
		want := hashString(string(name))
		require.Equal(t, want, hashName(table))
		require.Equal(t, want, hashString(name))

		essential := name[:essentialLen(name)]
		require.Equal(t, len(essential), essentialLen(string(name)))

		// The same from a table of strings, at each place in the name.
		l := &layer{strings: strtab{start: 7, bytes: append([]byte{0}, table...)}, base: &layer{}}
		if n := len(l.strings.bytes); l.strings.bytes[n-1] != 0 {
			l.strings.bytes = append(l.strings.bytes, 0)
		}
		for i := range min(len(name), 64) {
			part := name[i:]
			want := part[:essentialLen(part)]
			got, flavored := l.essential(7 + 1 + uint32(i))
			require.Equal(t, len(want) < len(part), flavored, "%q", part)
			if flavored {
				require.Equal(t, string(want), string(got))
				require.True(t, bytes.HasPrefix(part[len(want):], []byte("___")))
			}
		}
	})
}
