// Compares offsets with those worked out from bpftool's raw dump.

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// A dumped is a record of bpftool's raw dump.
type dumped struct {
	kind, name            string
	size, target, nrElems uint64
	members               []dumpedMember // of structs, unions and enums, and parameters
}

type dumpedMember struct {
	name                   string
	typ, offset, bitfields uint64
	value                  string
}

// readDump parses bpftool's raw dump of a file. It does so by hand, since regular
// expressions would take most of the time of all tests.
func readDump(t *testing.T, path string) map[uint64]*dumped {
	t.Helper()
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			require.NoError(t, err)
		}
		return n
	}
	types := map[uint64]*dumped{}
	var in *dumped
	for line := range strings.Lines(btftest.Output(t, btftest.Tool(t, "bpftool"), "btf", "dump", "file", path, "format", "raw")) {
		head, rest, named := strings.Cut(line, "'")
		if line[0] == '\t' && head != "\t" {
			continue // a variable in a section
		}
		if !named {
			require.Fail(t, "a line of no known form", line)
		}
		name, rest, _ := strings.Cut(rest, "' ")
		rest = " " + strings.TrimSuffix(rest, "\n")
		text := func(key string) string {
			_, value, _ := strings.Cut(rest, key)
			value, _, _ = strings.Cut(value, " ")
			return strings.TrimSuffix(value, ",")
		}
		field := func(key string) uint64 {
			if value := text(key); value != "" {
				return number(value)
			}
			return 0
		}
		if line[0] == '\t' {
			value := strings.TrimRight(text(" val="), "UL")
			in.members = append(in.members, dumpedMember{name, field(" type_id="), field(" bits_offset="), field(" bitfield_size="), value})
			continue
		}
		id, kind, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(head), "["), "] ")
		in = &dumped{kind: kind, name: name, size: field(" size="), target: field(" type_id=") + field(" ret_type_id="), nrElems: field(" nr_elems=")}
		types[number(id)] = in
	}
	require.NotEmpty(t, types)
	return types
}

// sizeOf returns the size of a type in the dump of a 64-bit machine.
func sizeOf(types map[uint64]*dumped, id uint64) uint64 {
	switch d := types[id]; d.kind {
	case "PTR":
		return 8
	case "ARRAY":
		return d.nrElems * sizeOf(types, d.target)
	case "TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG":
		return sizeOf(types, d.target)
	default:
		return d.size
	}
}

// collect adds the members that C can name, those of anonymous members too.
func collect(types map[uint64]*dumped, d *dumped, path string, outer uint64, into map[string]place) {
	for _, m := range d.members {
		switch inner := types[m.typ]; {
		case m.name != "(anon)":
			offset := outer + m.offset
			at := place{
				BitOffset: offset, ByteOffset: offset / 8,
				Size: new(uint64), BitfieldSize: m.bitfields,
			}
			*at.Size = sizeOf(types, m.typ)
			into[path+"."+m.name] = at
			// One level more, through typedefs, qualifiers and the last element of an array.
			inner, name := behind(types, m.typ), path+"."+m.name
			if inner.kind == "ARRAY" && inner.nrElems > 0 {
				last := inner.nrElems - 1
				offset += last * sizeOf(types, inner.target) * 8
				name += fmt.Sprintf("[%d]", last)
				inner = behind(types, inner.target)
			}
			if !strings.Contains(path, ".") && (inner.kind == "STRUCT" || inner.kind == "UNION") {
				collect(types, inner, name, offset, into)
			}
		case inner.kind == "STRUCT" || inner.kind == "UNION":
			collect(types, inner, path, outer+m.offset, into)
		}
	}
}

// TestOffset compares thousands of offsets with bpftool's raw dump.
func TestOffset(t *testing.T) {
	t.Run("fixture", func(t *testing.T) { sameOffsets(t, btftest.VmlinuxFile(t)) })
	t.Run("kernel", func(t *testing.T) { sameOffsets(t, btftest.Kernel(t)) })
}

func sameOffsets(t *testing.T, path string) {
	types := readDump(t, path)
	named := map[string]int{} // how many structs, unions and typedefs have a name
	for _, d := range types {
		switch d.kind {
		case "STRUCT", "UNION", "TYPEDEF":
			named[d.name]++
		}
	}
	wanted := map[string]place{}
	for _, d := range types {
		if (d.kind == "STRUCT" || d.kind == "UNION") && d.name != "(anon)" && named[d.name] == 1 {
			collect(types, d, d.name, 0, wanted)
		}
	}
	require.Contains(t, wanted, "task_struct.mm")
	// Nested in an anonymous union of an anonymous struct.
	require.Contains(t, wanted, "sk_buff.next")
	// Through a member with a name, and an array.
	require.Contains(t, wanted, "task_struct.se.vruntime")
	require.Contains(t, wanted, "task_struct.pid_links[3].next")

	args := []string{"offset", "--json", "--btf", path}
	options := len(args)
	for path := range wanted {
		if len(args) < 20_000 {
			args = append(args, path)
		}
	}
	args = append(args, "task_struct.mm", "sk_buff.next", "task_struct.se.vruntime", "task_struct.pid_links[3].next")
	stdout, stderr, status := btfRun(args...)
	require.Empty(t, stderr)
	require.Zero(t, status)
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	bitfields := 0
	for _, path := range args[options:] {
		var got place
		require.NoError(t, decoder.Decode(&got), path)
		want := wanted[path]
		want.Path, want.Type = path, got.Type
		require.NotNil(t, got.Size, path)
		if *want.Size != *got.Size || want.BitOffset != got.BitOffset || want.ByteOffset != got.ByteOffset || want.BitfieldSize != got.BitfieldSize || got.Path != path {
			require.Equal(t, want, got)
		}
		require.NotEmpty(t, got.Type, path)
		if got.BitfieldSize != 0 {
			bitfields++
		}
	}
	require.False(t, decoder.More())
	require.Greater(t, bitfields, 100)
}

// TestOffsetJSON checks the form of a line, on which scripts rely.
func TestOffsetJSON(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	stdout, stderr, status := btfRun("offset", "--btf", path, "task_struct.mm", "task_struct.nope", "sk_buff.len", "nope", "task_struct.mm->owner->pid", "--json")
	require.Equal(t, statusFailed, status)
	require.Empty(t, stderr)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, lines, 5)
	require.Regexp(t, `^{"path":"task_struct\.mm","bit_offset":\d+,"byte_offset":\d+,"size":8,"bitfield_size":0,"type":"struct mm_struct \*"}$`, lines[0])
	require.Regexp(t, `^{"path":"task_struct\.nope","error":"at \\"\.nope\\": STRUCT task_struct \(id \d+\) has no member \\"nope\\": not found"}$`, lines[1])
	require.Regexp(t, `^{"path":"sk_buff\.len",.*,"type":"unsigned int"}$`, lines[2])
	require.Regexp(t, `^{"path":"nope","error":"type named \\"nope\\".*: not found"}$`, lines[3])
	require.Regexp(t, `^{"path":"task_struct\.mm->owner->pid","bit_offset":(\d+),"byte_offset":\d+,"size":4,"bitfield_size":0,"type":"pid_t","offsets":\[\d+,\d+,\d+\]}$`, lines[4])

	before, _, status := btfRun("offset", "-json", "--btf", path, "task_struct.mm")
	require.Zero(t, status)
	require.Equal(t, lines[0]+"\n", before, "flags before the paths")
}

func TestOffsetText(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	stdout, stderr, status := btfRun("offset", "--btf", path, "task_struct.mm", "irq_info.irq", "task_struct.mm->owner->pid")
	require.Equal(t, statusFailed, status)
	require.Regexp(t, `^path +bits +bytes +size +type\ntask_struct\.mm +\d+ +\d+ +8 +struct mm_struct \*\ntask_struct\.mm->owner->pid +(\d+->){2}\d+ +(\d+->){2}\d+ +4 +pid_t\n$`, stdout)
	require.Regexp(t, `^btf: irq_info.irq: .*multiple matching types\n$`, stderr)

	stdout, stderr, status = btfRun("offset", "--btf", path, "nope.nope", "pid_t.nope", ".", "a.")
	require.Equal(t, statusFailed, status)
	require.Empty(t, stdout, "a head without lines")
	require.Regexp(t, `^btf: nope\.nope: type named "nope".*: not found
btf: pid_t\.nope: at "\.nope": needs a STRUCT or UNION, has INT int .*: wrong kind of type
btf: \.: at "\.": needs the name of a type
btf: a\.: at "\.": needs the name of a member
$`, stderr)
}

// TestOffsetBlobs tests what the fixture does not have: split BTF, and typedefs that
// share their name or are broken.
func TestOffsetBlobs(t *testing.T) {
	base := btftest.New(binary.BigEndian)
	integer := base.Int("int", 4, btftest.Signed)
	long := base.Int("long", 4, btftest.Signed)
	base.Struct("lower", 8, btftest.Member{Name: "first", Type: integer}, btftest.Member{Name: "second", Type: long, Offset: 32})
	base.Struct("both", 4, btftest.Member{Name: "kernel", Type: integer})
	same := base.Struct("same", 4, btftest.Member{Name: "x", Type: integer})
	base.Typedef("same", base.Const(same))
	base.Typedef("broken", 1<<20)
	split := base.Split()
	pointer := split.Pointer(same)
	split.Struct("both", 8, btftest.Member{Name: "own", Type: pointer, Offset: 32})
	split.Union("either", 4, btftest.Member{Name: "same", Type: same})

	dir := t.TempDir()
	lower, upper := filepath.Join(dir, "base.btf"), filepath.Join(dir, "split.btf")
	require.NoError(t, os.WriteFile(lower, base.Bytes(), 0o644))
	require.NoError(t, os.WriteFile(upper, split.Bytes(), 0o644))

	for _, test := range []struct{ path, want string }{
		{"lower.second", `"bit_offset":32,"byte_offset":4,"size":4,"bitfield_size":0,"type":"long"`},
		{"both.own", `"bit_offset":32,"byte_offset":4,"size":4,"bitfield_size":0,"type":"struct same *"`},
		{"either.same", `"bit_offset":0,"byte_offset":0,"size":4,"bitfield_size":0,"type":"struct same"`},
		{"same.x", `"bit_offset":0,"byte_offset":0,"size":4,"bitfield_size":0,"type":"int"`},
		{"both.kernel", `"error":"at \".kernel\": STRUCT both (id 10) has no member \"kernel\": not found"`},
		{"broken.x", `"error":"types section at offset`},
	} {
		t.Run(test.path, func(t *testing.T) {
			stdout, stderr, status := btfRun("offset", "--json", "--btf", upper, "--base", lower, test.path)
			require.Empty(t, stderr)
			require.Equal(t, strings.HasPrefix(test.want, `"error"`), status == statusFailed)
			require.Contains(t, stdout, `{"path":"`+test.path+`",`+test.want)
		})
	}
}

// TestOffsetUnknownSize: in a blob without a long, the offset of a pointer is known and
// its size is not.
func TestOffsetUnknownSize(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Struct("node", 16, btftest.Member{Name: "next", Type: 2}, btftest.Member{Name: "other", Type: 2, Offset: 64})
	b.Pointer(1)
	path := filepath.Join(t.TempDir(), "node.btf")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	stdout, stderr, status := btfRun("offset", "--json", "--btf", path, "node.other")
	require.Equal(t, `{"path":"node.other","bit_offset":64,"byte_offset":8,"size":null,"bitfield_size":0,"type":"struct node *"}`+"\n", stdout)
	require.Empty(t, stderr)
	require.Zero(t, status)
	stdout, _, _ = btfRun("offset", "--btf", path, "node.other")
	require.Regexp(t, `\nnode\.other +64 +8 +\? +struct node \*\n$`, stdout)
}

// TestOffsetNames: constants of types whose names have dots, and messages about long paths.
func TestOffsetNames(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Int("long int", 8, btftest.Signed)
	b.Struct("runtime.g", 16, btftest.Member{Name: "goid", Type: 1, Offset: 64})
	b.Var("main.g", 2, 1)
	path := written(t, b)
	stdout, stderr, status := btfRun("offset", "--c", "--btf", path, "runtime.g", `"runtime.g".goid`, "var main.g.goid")
	require.Empty(t, stderr)
	require.Zero(t, status)
	require.Contains(t, stdout, "#define SIZEOF_RUNTIME_G         16 // runtime.g: struct runtime.g, 16 bytes\n")
	require.Contains(t, stdout, "#define OFFSETOF_RUNTIME_G_GOID  8")
	require.Contains(t, stdout, "#define OFFSETOF_VAR_MAIN_G_GOID 8")
	for _, one := range []string{`"runtime.g"`, "`runtime.g`", "struct runtime.g", "struct  \"runtime.g\""} {
		stdout, _, _ := btfRun("offset", "--go", "--btf", path, one)
		require.Regexp(t, `\tsize\w*RuntimeG = 16 `, stdout)
	}
	stdout, _, _ = btfRun("offset", "--json", "--btf", path, strings.Repeat("x", 200)+".y", "x.y")
	require.Contains(t, stdout, `"error":"type named \"xxx`)
	require.Contains(t, stdout, `"error":"type named \"x\": not found"`)
}
