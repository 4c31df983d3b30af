// Tests diff with differences that are known, and with those that bpftool's dumps show.

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// written returns the path of a file with what a builder made.
func written(t testing.TB, b *btftest.Builder) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blob.btf")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

// The two kernels that package diff tests with, and every difference between them.
var (
	beforeFile  = filepath.Join("..", "..", "diff", "testdata", "before.btf")
	afterFile   = filepath.Join("..", "..", "diff", "testdata", "after.btf")
	changesFile = filepath.Join("..", "..", "diff", "testdata", "changes.txt")
)

// TestDiff compares two blobs whose differences are known.
func TestDiff(t *testing.T) {
	all, err := os.ReadFile(changesFile)
	require.NoError(t, err)
	for _, test := range []struct {
		names  []string
		want   string
		status int
	}{
		{nil, string(all), 1},
		{[]string{"task"}, lines(all, " task"), 1},
		{[]string{"struct t*"}, lines(all, " struct t"), 1},
		{[]string{"enum color", "grown", "word"}, lines(all, " word", " color", " grown"), 1},
		{[]string{"LIMIT"}, lines(all, "LIMIT"), 1},
		{[]string{"BLUE"}, "~ enumerator BLUE: 1 → 2\n", 1},
		{[]string{"enumerator M*"}, "~ enumerator MANY: 4294967295 → 18446744073709551615\n", 1},
		{[]string{"RED"}, "", 0},
		{[]string{"STAYS", "*/*"}, "", 2},
		{[]string{"STAYS"}, "", 0},
	} {
		t.Run(strings.Join(test.names, ","), func(t *testing.T) {
			stdout, stderr, status := btfRun(append([]string{"diff", beforeFile, afterFile}, test.names...)...)
			require.Equal(t, test.want, stdout)
			require.Equal(t, test.status, status)
			require.Equal(t, test.status == 2, stderr != "", stderr)
		})
	}
	for _, file := range []string{beforeFile, afterFile} {
		stdout, stderr, status := btfRun("diff", file, file)
		require.Empty(t, stdout+stderr)
		require.Zero(t, status)
	}
}

// lines returns the lines that contain one of the marks.
func lines(all []byte, marks ...string) string {
	var some strings.Builder
	for line := range strings.Lines(string(all)) {
		if slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(line, mark) }) {
			some.WriteString(line)
		}
	}
	return some.String()
}

// TestDiffPaths compares where paths lead, through named types and pointers as well.
func TestDiffPaths(t *testing.T) {
	file := filepath.Join(t.TempDir(), "paths")
	require.NoError(t, os.WriteFile(file, []byte("task.holder.x\ntask.same->x\ntask.flag\n"), 0o644))
	stdout, stderr, status := btfRun("diff", beforeFile, afterFile, "-f", file, "task.moved", "task.gone|fresh", "task.gone", "task.fresh[3]", "task.same")
	require.Empty(t, stderr)
	require.Equal(t, 1, status)
	require.Equal(t, `~ path task.moved: offset 24 → 32
~ path task.gone|fresh: offset 40, size 1 → 4, const char → char[4]
- path task.gone: offset 40, size 1, const char
+ path task.fresh[3]: offset 43, size 1, char
~ path task.flag: offset 9:0 → 9:1
`, stdout)
	stdout, stderr, status = btfRun("diff", "--json", beforeFile, afterFile, "task.same->x", "task.same", "nowhere.x")
	require.Empty(t, stdout)
	require.Regexp(t, `^btf: path "nowhere.x": type named "nowhere".*: not found\n$`, stderr)
	require.Equal(t, 2, status)

	moved := btftest.New(binary.LittleEndian)
	long := moved.Int("long", 8, 0)
	named := moved.Struct("named", 16, btftest.Member{Name: "x", Type: long, Offset: 64})
	moved.Struct("task", 16, btftest.Member{Name: "same", Type: moved.Pointer(named), Offset: 64})
	stdout, _, status = btfRun("diff", "--json", beforeFile, written(t, moved), "task.same->x")
	require.Equal(t, 1, status)
	require.Equal(t, `{"change":"changed","kind":"path","name":"task.same->x",`+
		`"before":{"bit_offset":0,"byte_offset":0,"offsets":[0,0],"bitfield_size":0,"size":8,"type":"unsigned long"},`+
		`"after":{"bit_offset":64,"byte_offset":8,"offsets":[8,8],"bitfield_size":0,"size":8,"type":"long"}}`+"\n", stdout)
	stdout, _, _ = btfRun("diff", beforeFile, written(t, moved), "task.same->x")
	require.Equal(t, "~ path task.same->x: offset 0->0 → 8->8, unsigned long → long\n", stdout)
}

// TestDiffJSON checks the form of a line, on which scripts rely.
func TestDiffJSON(t *testing.T) {
	stdout, stderr, status := btfRun("diff", "--json", beforeFile, afterFile, "before", "task", "both", "LIMIT", "old")
	require.Equal(t, 1, status)
	require.Empty(t, stderr)
	for _, line := range []string{
		`{"change":"vanished","kind":"struct","name":"before","before":{"size":0}}`,
		`{"change":"ambiguous","kind":"struct","name":"both","before":{"types":2},"after":{"types":2}}`,
		`{"change":"changed","kind":"struct","name":"task","member":"high","before":{"bit_offset":67,"byte_offset":8,"bitfield_size":5,"size":4,"type":"int"},"after":{"bit_offset":67,"byte_offset":8,"bitfield_size":6,"size":4,"type":"int"}}`,
		`{"change":"appeared","kind":"struct","name":"task","member":"fresh","after":{"bit_offset":320,"byte_offset":40,"bitfield_size":0,"size":4,"type":"char[4]"}}`,
		`{"change":"changed","kind":"enumerator","name":"LIMIT","before":{"value":32},"after":{"value":64}}`,
		`{"change":"vanished","kind":"func","name":"old","before":{"type":"int (...)"}}`,
	} {
		require.Contains(t, stdout, line+"\n")
	}
}

// TestDiffTrouble: the exit status tells a failure from a difference.
func TestDiffTrouble(t *testing.T) {
	good := beforeFile
	broken := btftest.New(binary.LittleEndian)
	broken.Typedef("broken", 1<<20)
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{good}, "needs two files"},
		{[]string{good, good, "["}, `"[" is not a glob`},
		{[]string{good, "missing"}, "btf: missing: no such file or directory\n"},
		{[]string{"main.go", good}, "btf: main.go: header at offset"},
		{[]string{good, good, "nosuch", "struct word"}, "btf: nosuch in either file: not found\nbtf: struct word in either file: not found\n"},
		{[]string{good, written(t, broken)}, "TYPEDEF type id must be below 2"},
		{[]string{good, good, `"it.q`}, "path \"\\\"it.q\": "}, // a quote that is not closed
	} {
		_, stderr, status := btfRun(append([]string{"diff"}, test.args...)...)
		require.Equal(t, 2, status)
		require.Contains(t, stderr, test.says)
	}
}

// TestDiffClosedPipe: a closed pipe is no failure, and does not hide that there is a
// difference.
func TestDiffClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, r.Close())
	var stderr bytes.Buffer
	require.Equal(t, 1, run([]string{"diff", beforeFile, afterFile}, nil, w, &stderr, btf.OpenKernel))
	require.Empty(t, stderr.String())
}

// A dumpedSide is what bpftool's raw dump says of one kernel.
type dumpedSide struct {
	types map[uint64]*dumped
	names map[string]map[string]string // kind and name → part → what there is to say
	said  map[uint64]string            // what words said before
}

// said puts into words everything that a dump says of a name, if one type alone has the
// name.
func said(t *testing.T, path string) dumpedSide {
	s := dumpedSide{readDump(t, path), map[string]map[string]string{}, map[uint64]string{}}
	count := map[string]int{}
	for _, d := range s.types {
		kind := strings.ToLower(strings.TrimSuffix(d.kind, "64"))
		name := kind + " " + d.name
		parts := map[string]string{}
		switch d.kind {
		case "STRUCT", "UNION":
			parts[""] = fmt.Sprint("size ", d.size)
			s.fields(d, "", 0, parts)
		case "ENUM", "ENUM64":
			parts[""] = fmt.Sprint("size ", d.size)
			for _, m := range d.members {
				parts[m.name] = m.value
			}
		case "FUNC":
			parts[""] = s.words(d.target)
		case "TYPEDEF":
			parts[""] = s.direct(d.target)
			if in := s.unnamed(d.target); in != nil {
				parts[""] = fmt.Sprint("size ", in.size)
				s.fields(in, "", 0, parts)
			}
		default:
			continue
		}
		count[name]++
		s.names[name] = parts
	}
	for name, n := range count {
		if n > 1 || strings.HasSuffix(name, " (anon)") {
			delete(s.names, name)
		}
	}
	return s
}

func (s dumpedSide) unnamed(id uint64) *dumped {
	for {
		switch d := s.types[id]; {
		case d == nil:
			return nil
		case d.kind == "CONST" || d.kind == "VOLATILE" || d.kind == "TYPE_TAG" || d.kind == "ARRAY":
			id = d.target
		case (d.kind == "STRUCT" || d.kind == "UNION") && d.name == "(anon)":
			return d
		default:
			return nil
		}
	}
}

func (s dumpedSide) fields(d *dumped, prefix string, outer uint64, into map[string]string) {
	for _, m := range d.members {
		path, in := prefix, s.types[m.typ]
		if m.name == "(anon)" {
			if in.kind == "STRUCT" || in.kind == "UNION" {
				s.fields(in, prefix, outer+m.offset, into)
			}
			continue
		}
		path += m.name
		into[path] = fmt.Sprintf("%d:%d %d %s", outer+m.offset, m.bitfields, sizeOf(s.types, m.typ), s.direct(m.typ))
		if inner := s.unnamed(m.typ); inner != nil {
			for in.kind != "STRUCT" && in.kind != "UNION" {
				if in.kind == "ARRAY" {
					path += "[0]"
				}
				in = s.types[in.target]
			}
			s.fields(inner, path+".", outer+m.offset, into)
		}
	}
}

// direct says what a type is, but not what is in an anonymous one.
func (s dumpedSide) direct(id uint64) string {
	switch d := s.types[id]; {
	case d == nil || d.name != "(anon)":
		return s.words(id)
	case d.kind == "CONST" || d.kind == "VOLATILE" || d.kind == "ARRAY":
		return fmt.Sprintf("%s %d of %s", d.kind, d.nrElems, s.direct(d.target))
	case d.kind == "STRUCT" || d.kind == "UNION" || d.kind == "ENUM" || d.kind == "ENUM64":
		return "unnamed " + d.kind
	}
	return s.words(id)
}

// words says what a type is, naming what has a name.
func (s dumpedSide) words(id uint64) string {
	words, ok := s.said[id]
	if !ok {
		words = s.newWords(id)
		s.said[id] = words
	}
	return words
}

func (s dumpedSide) newWords(id uint64) string {
	d := s.types[id]
	switch {
	case d == nil:
		return "void"
	case d.kind == "TYPE_TAG":
		return s.words(d.target)
	case d.kind == "FWD":
		return "struct or union " + d.name
	case d.name != "(anon)":
		kind := strings.ReplaceAll(d.kind, "STRUCT", "UNION")
		return strings.ReplaceAll(kind, "UNION", "struct or union") + " " + d.name
	case d.kind == "FUNC_PROTO", d.kind == "STRUCT", d.kind == "UNION", strings.HasPrefix(d.kind, "ENUM"):
		all := d.kind
		for _, m := range d.members {
			all += fmt.Sprintf(" %s:%s%s", m.name, m.value, s.words(m.typ))
		}
		return all + " of " + s.words(d.target)
	}
	return fmt.Sprintf("%s %d of %s", d.kind, d.nrElems, s.words(d.target))
}

// TestDiffKernels compares what diff finds between two real kernels with what two
// of bpftool's dumps say, put into other words.
func TestDiffKernels(t *testing.T) {
	btftest.Long(t)
	t.Run("6.12 to running", func(t *testing.T) { sameDifferences(t, btftest.VmlinuxFile(t), btftest.Kernel(t)) })
	t.Run("6.12 to 7.1", func(t *testing.T) {
		sameDifferences(t, btftest.VmlinuxFile(t), btftest.CorpusKernel("vmlinux-amd64-7.1-sorted-layout.btf.gz")(t))
	})
}

func sameDifferences(t *testing.T, a, b string) {
	before, after := said(t, a), said(t, b)
	want := map[string]bool{}
	for name, parts := range before.names {
		if _, both := after.names[name]; !both {
			continue
		}
		for part, words := range parts {
			switch now, ok := after.names[name][part]; {
			case !ok:
				want["vanished "+name+" "+part] = true
			case now != words:
				want["changed "+name+" "+part] = true
			}
		}
		for part := range after.names[name] {
			if _, ok := parts[part]; !ok {
				want["appeared "+name+" "+part] = true
			}
		}
	}
	stdout, stderr, status := btfRun("diff", "--json", a, b)
	require.Empty(t, stderr)
	require.Equal(t, 1, status)
	decoder := json.NewDecoder(strings.NewReader(stdout))
	compared := 0
	for decoder.More() {
		var c struct {
			Change, Kind, Name, Member string
			Before, After              place
		}
		if err := decoder.Decode(&c); err != nil {
			require.NoError(t, err)
		}
		name := c.Kind + " " + c.Name
		if before.names[name] == nil || after.names[name] == nil {
			continue
		}
		compared++
		found := c.Change + " " + name + " " + c.Member
		if !want[found] {
			require.Fail(t, "no such difference in the dumps", found)
		}
		delete(want, found)
		if c.Member != "" && c.Kind != "enum" {
			for side, at := range map[*dumpedSide]place{&before: c.Before, &after: c.After} {
				if words, ok := side.names[name][c.Member]; ok {
					require.Contains(t, words, fmt.Sprintf("%d:%d %d ", at.BitOffset, at.BitfieldSize, *at.Size), found)
				}
			}
		}
	}
	for missed := range want {
		t.Error(missed)
	}
	require.Greater(t, compared, 5000)
	t.Logf("%d differences", compared)
}

// TestDiffOneBad: a type that has no text costs itself only. It is no trouble, unlike a
// broken record.
func TestDiffOneBad(t *testing.T) {
	blob := func(more ...string) *btftest.Builder {
		b := btftest.New(binary.LittleEndian)
		pointer := b.Pointer(b.Next() + 1)
		b.Func("spin", b.FuncProto(pointer, btftest.Param{Name: "p", Type: pointer}), 0)
		for _, name := range more {
			b.Struct(name, 4)
		}
		return b
	}
	a, b := written(t, blob("fine")), written(t, blob("fine", "fine2"))
	note := func(file string) string {
		return "btf: " + file + ": func spin: FUNC_PROTO (id 2): prototypes or anonymous types more than 32 deep\n"
	}
	stdout, stderr, status := btfRun("diff", a, b)
	require.Equal(t, "+ struct fine2: size 4\n", stdout)
	require.Equal(t, note(a)+note(b), stderr)
	require.Equal(t, 1, status)
	stdout, stderr, status = btfRun("diff", a, a)
	require.Empty(t, stdout)
	require.Equal(t, note(a)+note(a), stderr)
	require.Zero(t, status)

	broken := blob("fine", "fine2")
	broken.Typedef("broken", 1<<20)
	stdout, stderr, status = btfRun("diff", a, written(t, broken))
	require.Equal(t, "+ struct fine2: size 4\n", stdout)
	require.Contains(t, stderr, "typedef broken: types section at offset")
	require.Equal(t, 2, status)
}
