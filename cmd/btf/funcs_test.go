// Compares functions, enumerators and names with bpftool's raw dump.

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// inOrder yields a dump's records by id.
func inOrder(types map[uint64]*dumped) []uint64 { return slices.Sorted(maps.Keys(types)) }

// decoded reads an object a line.
func decoded[T any](t *testing.T, text string) []T {
	t.Helper()
	var all []T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	for {
		var one T
		if err := decoder.Decode(&one); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return all
		}
		all = append(all, one)
	}
}

// behind follows typedefs, qualifiers and tags in a dump.
func behind(types map[uint64]*dumped, id uint64) *dumped {
	for {
		d := types[id]
		if d == nil {
			return &dumped{}
		}
		switch d.kind {
		case "TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG":
			id = d.target
		default:
			return d
		}
	}
}

// A function is an object that func and funcs print.
type function struct {
	Name, Module, Prototype, Linkage, Return string
	Params                                   []struct {
		Name, Type string
		Size       *uint64
		PointsTo   string `json:"points_to"`
		Tags       []string
	}
	Variadic bool
	Tags     []string
}

// TestFuncs compares all functions, and those that take a packet, with the dump.
func TestFuncs(t *testing.T) {
	t.Run("fixture", func(t *testing.T) { sameFuncs(t, btftest.VmlinuxFile(t)) })
	t.Run("kernel", func(t *testing.T) { sameFuncs(t, btftest.Kernel(t)) })
}

func sameFuncs(t *testing.T, path string) {
	types := readDump(t, path)
	stdout, stderr, status := btfRun("funcs", "--json", "--btf", path)
	require.Empty(t, stderr)
	require.Zero(t, status)
	got := decoded[function](t, stdout)
	var names, packets []string
	n := 0
	for _, id := range inOrder(types) {
		d := types[id]
		if d.kind != "FUNC" {
			continue
		}
		if n == len(got) || got[n].Name != d.name {
			require.Fail(t, "function missed", "%d: %s", id, d.name)
		}
		f, proto := got[n], types[d.target]
		n++
		params := proto.members
		if f.Variadic {
			last := params[len(params)-1]
			require.Zero(t, last.typ, f.Name)
			params = params[:len(params)-1]
		}
		if len(params) != len(f.Params) {
			require.Len(t, f.Params, len(params), f.Name)
		}
		packet := false
		for i, p := range params {
			to := ""
			if at := behind(types, p.typ); at.kind == "PTR" {
				to = strings.ReplaceAll(behind(types, at.target).name, "(anon)", "")
				packet = packet || i < 5 && to == "sk_buff"
			}
			if strings.ReplaceAll(p.name, "(anon)", "") != f.Params[i].Name || to != f.Params[i].PointsTo || sizeOf(types, p.typ) != *f.Params[i].Size {
				require.Fail(t, "parameter differs", "%s: %v, dumped as %v", f.Name, f.Params[i], p)
			}
		}
		names = append(names, d.name)
		if packet {
			packets = append(packets, d.name)
		}
	}
	require.Len(t, got, n)
	require.Greater(t, n, 40_000)
	require.Greater(t, len(packets), 1000)

	listed := func(args ...string) (found []string) {
		stdout, stderr, status := btfRun(append([]string{"funcs", "--json", "--btf", path}, args...)...)
		require.Empty(t, stderr)
		require.Zero(t, status)
		for _, f := range decoded[function](t, stdout) {
			found = append(found, f.Name)
		}
		return found
	}
	require.Equal(t, packets, listed("--param", "sk_buff", "--first", "5"))
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "tcp_") })
	require.NotEmpty(t, names)
	require.Equal(t, names, listed("--glob", "tcp_*"))
}

// TestFuncsClang lets clang read all prototypes behind the header that bpftool writes.
func TestFuncsClang(t *testing.T) {
	bpftool, clang := btftest.Tool(t, "bpftool"), btftest.Tool(t, "clang")
	file := btftest.VmlinuxFile(t)
	spec, err := btf.LoadSpec(file)
	require.NoError(t, err)
	defer spec.Close()
	stdout, stderr, status := btfRun("funcs", "--json", "--btf", file)
	require.Empty(t, stderr)
	require.Zero(t, status)
	var c strings.Builder
	c.WriteString(vmlinuxHeader(t, spec, bpftool, file))
	tag := regexp.MustCompile(`\b(?:struct|union|enum) (\w+)`)
	n := 0
	for i, f := range decoded[function](t, stdout) {
		// Of types that share a name, bpftool renames all but the first.
		if slices.ContainsFunc(tag.FindAllStringSubmatch(f.Prototype, -1), func(m []string) bool { return !only(spec, m[1]) }) {
			continue
		}
		// A name of its own, since several functions share one, or have that of a type.
		if strings.Count(f.Prototype, f.Name+"(") != 1 {
			require.Fail(t, "the name is not there once", f.Prototype)
		}
		fmt.Fprintln(&c, strings.Replace(f.Prototype, f.Name+"(", fmt.Sprintf("function%d(", i), 1))
		n++
	}
	t.Logf("%d prototypes", n)
	require.Greater(t, n, 40_000)
	source := filepath.Join(t.TempDir(), "functions.c")
	require.NoError(t, os.WriteFile(source, []byte(c.String()), 0o644))
	btftest.Output(t, clang, "-target", "x86_64-linux-gnu", "-std=gnu11", "-w", "-DBPF_NO_PRESERVE_ACCESS_INDEX", "-fsyntax-only", source)
}

func TestFunc(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	stdout, stderr, status := btfRun("func", "--btf", path, "tcp_sendmsg", "nope", "sk_buff", "bpf_prog_put")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);\nvoid bpf_prog_put(struct bpf_prog *prog);\n", stdout)
	require.Equal(t, "btf: function named \"nope\": not found\nbtf: function named \"sk_buff\": not found\n", stderr)

	stdout, stderr, status = btfRun("func", "--json", "--btf", path, "tcp_sendmsg", "nope")
	require.Equal(t, statusFailed, status)
	require.Empty(t, stderr)
	require.Equal(t, `{"name":"tcp_sendmsg","prototype":"int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);","linkage":"static","return":"int","params":[{"name":"sk","type":"struct sock *","size":8,"points_to":"sock"},{"name":"msg","type":"struct msghdr *","size":8,"points_to":"msghdr"},{"name":"size","type":"size_t","size":8}],"variadic":false}
{"name":"nope","error":"function named \"nope\": not found"}
`, stdout)
}

// TestFuncsBroken: a broken function does not keep the others from being printed.
func TestFuncsBroken(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	integer := b.Int("int", 4, btftest.Signed)
	proto := b.FuncProto(integer, btftest.Param{Name: "n", Type: integer}, btftest.Param{})
	b.Func("first", proto, 0)
	b.Func("broken", integer, 0)
	found := b.Func("last", proto, 2)
	b.DeclTag("bpf_kfunc", found, -1, false)
	b.DeclTag("arg", found, 0, false)
	path := written(t, b)
	stdout, stderr, status := btfRun("funcs", "--btf", path)
	require.Equal(t, "int first(int n, ...);\nextern int last(int n, ...) __attribute__((btf_decl_tag(\"bpf_kfunc\")));\n", stdout)
	require.Regexp(t, `^btf: types section at offset .*: FUNC needs a FUNC_PROTO.*\n$`, stderr)
	require.Equal(t, statusFailed, status)

	stdout, _, _ = btfRun("funcs", "--json", "--tag", "bpf_kfunc", "--btf", path)
	all := decoded[function](t, stdout)
	require.Len(t, all, 1)
	require.Equal(t, []string{"bpf_kfunc"}, all[0].Tags)
	require.Equal(t, []string{"arg"}, all[0].Params[0].Tags)
	require.True(t, all[0].Variadic)
	require.Equal(t, "extern", all[0].Linkage)
}

// TestEnum asks for every enum and enumerator whose name is unique, and compares them
// with the dump.
func TestEnum(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	types := readDump(t, path)
	taken := map[string]int{} // how often a name is asked about in another sense
	for _, d := range types {
		if taken[d.name]++; strings.HasPrefix(d.kind, "ENUM") {
			for _, m := range d.members {
				taken[m.name]++
			}
		}
	}
	in := filepath.Join(t.TempDir(), "names")
	var lines, want []string
	for _, id := range inOrder(types) {
		d := types[id]
		if !strings.HasPrefix(d.kind, "ENUM") || len(d.members) == 0 {
			continue
		}
		named := taken[d.name] == 1
		if named {
			lines = append(lines, d.name, "", "# none")
		}
		for _, m := range d.members {
			if !named && taken[m.name] == 1 && len(lines) < 10_000 && id%5 == 0 {
				lines = append(lines, "  "+m.name)
			} else if !named {
				continue
			}
			want = append(want, fmt.Sprintf("%s %s %s %d", strings.ReplaceAll(d.name, "(anon)", ""), m.name, m.value, d.size))
		}
	}
	require.NoError(t, os.WriteFile(in, []byte(strings.Join(lines, "\n")), 0o644))
	stdout, stderr, status := btfRun("enum", "--json", "--btf", path, "-f", in)
	require.Empty(t, stderr)
	require.Zero(t, status)
	var got []string
	for _, v := range decoded[value](t, stdout) {
		got = append(got, fmt.Sprintf("%s %s %s %d", v.Enum, v.Name, v.Value, v.Size))
	}
	require.Greater(t, len(got), 10_000)
	require.Equal(t, len(want), len(got))
	for i := range want {
		if want[i] != got[i] {
			require.Equal(t, want[i], got[i])
		}
	}

	stdout, stderr, status = btfRun("enum", "--btf", path, "PIDTYPE_PGID", "nope")
	require.Equal(t, statusFailed, status)
	require.Regexp(t, `^enum +name +value\npid_type +PIDTYPE_PGID +2\n$`, stdout)
	require.Equal(t, "btf: enum or enumerator named \"nope\": not found\n", stderr)
	stdout, _, status = btfRun("enum", "--json", "--btf", path, "nope")
	require.Equal(t, statusFailed, status)
	require.Equal(t, `{"name":"nope","error":"enum or enumerator named \"nope\": not found"}`+"\n", stdout)
}

// TestEnumWide: values of 64 bits, negative or not, are whole in JSON, and typedefs
// lead to enums.
func TestEnumWide(t *testing.T) {
	b := btftest.New(binary.LittleEndian)
	b.Enum64("wide", 8, false, btftest.Value{Name: "MOST", Value: -1})
	b.Typedef("deep", b.Enum64("", 8, true, btftest.Value{Name: "LEAST", Value: -1 << 63}))
	b.Enum("small", 4, true, btftest.Value{Name: "MINUS", Value: -2})
	b.Enum("later", 4, false)
	path := written(t, b)
	stdout, stderr, status := btfRun("enum", "--json", "--btf", path, "MOST", "deep", "small")
	require.Empty(t, stderr)
	require.Zero(t, status)
	require.Equal(t, `{"enum":"wide","name":"MOST","value":18446744073709551615,"size":8}
{"enum":"","name":"LEAST","value":-9223372036854775808,"size":8}
{"enum":"small","name":"MINUS","value":-2,"size":4}
`, stdout)
	_, stderr, _ = btfRun("enum", "--btf", path, "later")
	require.Equal(t, "btf: values of enum \"later\", which is only declared: not found\n", stderr)
	stdout, _, _ = btfRun("enum", "--btf", path, "deep")
	require.Regexp(t, `\n\{\.\.\.\} +LEAST +-9223372036854775808\n$`, stdout)
}

// TestFind compares the types that match globs with the dump.
func TestFind(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	var want []string
	types := readDump(t, path)
	for _, id := range inOrder(types) {
		if d := types[id]; strings.Contains(d.name, "sk_buff") || strings.HasPrefix(d.name, "pid_t") {
			want = append(want, fmt.Sprint(id, d.kind, d.name))
		}
	}
	require.Greater(t, len(want), 10)
	stdout, stderr, status := btfRun("find", "--json", "--btf", path, "*sk_buff*", "pid_t*")
	require.Empty(t, stderr)
	require.Zero(t, status)
	var got []string
	for line := range strings.Lines(stdout) {
		var one struct {
			Kind, Name string
			Size       *uint64
			ID         uint64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		got = append(got, fmt.Sprint(one.ID, one.Kind, one.Name))
		if one.Size != nil {
			require.Equal(t, sizeOf(types, one.ID), *one.Size, line)
		} else {
			require.Contains(t, []string{"FUNC", "FWD"}, one.Kind)
		}
	}
	require.Equal(t, want, got)

	stdout, stderr, status = btfRun("find", "--btf", path, "pid_typ?", "no such*")
	require.Equal(t, statusFailed, status)
	require.Regexp(t, `^kind +name +size +id\nENUM +pid_type +4 +\d+\n$`, stdout)
	require.Equal(t, "btf: name that matches \"no such*\": not found\n", stderr)
	_, stderr, status = btfRun("find", "--btf", path, "[")
	require.Equal(t, statusUsage, status)
	require.Contains(t, stderr, `"[" is not a glob`)
}

// loaded returns a directory like one with a host's /sys: it has a kernel, a module, a
// broken module, and a file that is no module.
func loaded(t *testing.T) (root string, vmlinuxBytes, moduleBytes int) {
	t.Helper()
	vmlinux := btftest.New(binary.LittleEndian)
	integer := vmlinux.Int("int", 4, btftest.Signed)
	vmlinux.Int("long", 8, btftest.Signed)
	packet := vmlinux.Struct("sk_buff", 4, btftest.Member{Name: "len", Type: integer})
	pointer := vmlinux.Pointer(packet)
	vmlinux.Func("receive", vmlinux.FuncProto(integer, btftest.Param{Name: "skb", Type: pointer}), 0)
	module := vmlinux.Split()
	module.Struct("own", 16, btftest.Member{Name: "skb", Type: pointer, Offset: 64})
	module.Func("filter", module.FuncProto(0, btftest.Param{Name: "skb", Type: pointer}), 0)
	module.Enum("verdict", 4, false, btftest.Value{Name: "DROP", Value: 0})

	root = t.TempDir()
	dir := filepath.Join(root, "sys", "kernel", "btf")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, b := range map[string][]byte{
		"vmlinux": vmlinux.Bytes(), "nf": module.Bytes(), "rotten": []byte("rotten"), "vmlinux.inline": []byte("?"),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o644))
	}
	return root, len(vmlinux.Bytes()), len(module.Bytes())
}

// TestRoot: commands look into the modules of a kernel, and name the module of a result.
func TestRoot(t *testing.T) {
	root, vmlinux, module := loaded(t)
	rotten := "btf: " + filepath.Join(root, "sys", "kernel", "btf", "rotten") + `: header at offset 0x0: begins with 72 6f, not with the magic number 0xeb9f in either byte order` + "\n"
	for _, test := range []struct {
		args   string
		want   string
		stderr string
	}{
		{"modules", fmt.Sprintf("module   types  bytes\nvmlinux  6      %d\nnf       4      %d\n", vmlinux, module), rotten},
		{"modules --json", fmt.Sprintf(`{"module":"vmlinux","types":6,"bytes":%d}`+"\n"+`{"module":"nf","types":4,"bytes":%d}`, vmlinux, module) + "\n" + `{"module":"rotten","error":"` + strings.TrimSuffix(strings.TrimPrefix(rotten, "btf: "), "\n") + `"}` + "\n", ""},
		{"func filter receive", "void filter(struct sk_buff *skb); /* nf */\nint receive(struct sk_buff *skb);\n", rotten},
		{"funcs --param sk_buff", "int receive(struct sk_buff *skb);\nvoid filter(struct sk_buff *skb); /* nf */\n", rotten},
		{"funcs -m nf", "void filter(struct sk_buff *skb); /* nf */\n", ""},
		{"func -m nf receive filter", "int receive(struct sk_buff *skb);\nvoid filter(struct sk_buff *skb); /* nf */\n", ""},
		{"find own", "kind    name  size  id\nSTRUCT  own   16    7 (nf)\n", rotten},
		{"find -m nf f*", "kind  name    size  id\nFUNC  filter        9 (nf)\n", ""},
		{"enum --json DROP", `{"enum":"verdict","name":"DROP","value":0,"size":4,"module":"nf"}` + "\n", rotten},
		{"offset own.skb->len sk_buff.len", "path          bits   bytes  size  type\nown.skb->len  64->0  8->0   4     int\nsk_buff.len   0      0      4     int\n", ""},
		{"offset -m nf --json own.skb", `{"path":"own.skb","bit_offset":64,"byte_offset":8,"size":8,"bitfield_size":0,"type":"struct sk_buff *"}` + "\n", ""},
		{"show -m nf verdict", "enum verdict {\n\tDROP = 0,\n};\n", ""},
		{"show int", "/* INT int: size 4, 32 bits, signed */\n", ""},
	} {
		t.Run(test.args, func(t *testing.T) {
			stdout, stderr, status := btfRun(append(strings.Fields(test.args), "--root", root)...)
			require.Equal(t, test.want, stdout)
			require.Equal(t, test.stderr, stderr)
			require.Equal(t, test.stderr != "" || strings.Contains(test.want, `"error"`), status == statusFailed)
		})
	}
	_, stderr, status := btfRun("show", "--root", t.TempDir(), "int")
	require.Equal(t, statusFailed, status)
	require.Regexp(t, `^btf: BTF of the kernel below /\S+ of unknown release \(.*\): there is no BTF in \S+/sys/kernel/btf/vmlinux: not supported\n$`, stderr)
	for args, of := range map[string]string{"": "the kernel below " + root, " -m nf": "module nf of the kernel below " + root} {
		stdout, _, status := btfRun(strings.Fields("offset --c sk_buff.len --root " + root + args)...)
		require.Zero(t, status)
		require.Contains(t, stdout, ", of "+of+".\n")
	}
	_, stderr, status = btfRun("show", "--root", root, "-m", "missing", "int")
	require.Equal(t, statusFailed, status)
	require.Contains(t, stderr, "no such file")
	_, stderr, status = btfRun("show", "--root", root, "--btf", "main.go", "int")
	require.Equal(t, statusUsage, status)
	require.Contains(t, stderr, "--root cannot be given together with --btf")
}

// TestLines: arguments may come from a file or from standard input.
func TestLines(t *testing.T) {
	path := btftest.VmlinuxFile(t)
	want, _, status := btfRun("offset", "--json", "--btf", path, "sk_buff.len", "pid_t", "inode.i_ino")
	require.Zero(t, status)
	const lines = "# what the agent reads\n\n pid_t \r\ninode.i_ino"
	file := filepath.Join(t.TempDir(), "paths")
	require.NoError(t, os.WriteFile(file, []byte(lines), 0o644))
	stdout, stderr, status := btfRun("offset", "--json", "--btf", path, "sk_buff.len", "-f", file)
	require.Empty(t, stderr)
	require.Zero(t, status)
	require.Equal(t, want, stdout)

	var out, complaints bytes.Buffer
	status = run([]string{"offset", "--json", "--btf", path, "-f", "-", "sk_buff.len"}, strings.NewReader(lines), &out, &complaints, btf.OpenKernel)
	require.Empty(t, complaints.String())
	require.Zero(t, status)
	require.Equal(t, want, out.String())

	_, stderr, status = btfRun("offset", "--btf", path, "-f", "missing")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "btf: missing: no such file or directory\n", stderr)
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte("x"), 1<<20), 0o644))
	_, stderr, status = btfRun("offset", "--btf", path, "-f", file)
	require.Equal(t, statusFailed, status)
	require.Contains(t, stderr, "token too long")
	_, _, status = btfRun("offset", "--btf", path, "-f", os.DevNull)
	require.Equal(t, statusUsage, status)
}
