// Compares the answers for tracers with C compilers and bpftool.

package btf_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// tracerPaths are shaped like the tables of real agents. Where a field has had
// several names, the newest is not always the first.
var tracerPaths = map[string][]string{
	// A profiler: where a thread's local storage, its stack and its mappings are.
	"profiler": {
		"task_struct.stack", "task_struct.thread.fsbase|thread.uw.tp_value",
		"task_struct.group_leader", "task_struct.start_time", "task_struct.real_parent",
		"vm_area_struct.vm_file", "vm_area_struct.vm_flags|__vm_flags",
	},
	// A recorder of processes and files: fifty-one, six of them with an older name.
	"recorder": {
		"cgroup.kn", "cred.cap_ambient", "cred.cap_bset", "cred.cap_effective", "cred.cap_inheritable",
		"cred.cap_permitted", "cred.egid", "cred.euid", "cred.gid", "cred.sgid", "cred.suid", "cred.uid", "cred.user_ns",
		"css_set.dfl_cgrp", "dentry.d_name.name", "dentry.d_parent", "file.f_inode", "file.f_path",
		"fs_struct.pwd.dentry", "fs_struct.pwd.mnt", "fs_struct.root.dentry", "fs_struct.root.mnt",
		"inode.i_atime_sec|i_atime.tv_sec|__i_atime.tv_sec", "inode.i_ctime_sec|__i_ctime.tv_sec|i_ctime.tv_sec",
		"inode.i_mode", "inode.i_size", "kernfs_node.name", "kernfs_node.parent|__parent",
		"mm_struct.arg_end", "mm_struct.arg_start", "mount.mnt", "mount.mnt_mountpoint",
		"net.ns.inum", "nsproxy.net_ns", "nsproxy.uts_ns", "path.dentry", "path.mnt",
		"pid.numbers[0].nr", "qstr.len", "qstr.name", "signal_struct.tty", "sock.__sk_common.skc_family",
		"task_struct.comm", "task_struct.cred", "task_struct.exit_code", "task_struct.mm", "task_struct.nsproxy",
		"task_struct.real_start_time|start_boottime", "task_struct.__state|state", "vfsmount.mnt_root",
		"kernfs_node.iattr|missing_once",
	},
	// A policy engine: from an argument of a hook through pointers and arrays.
	"policy": {
		"linux_binprm.file->f_path.dentry->d_name.name", "linux_binprm.mm->owner->real_parent->comm",
		"linux_binprm.mm->owner->comm[3]", "task_struct.signal->rlim[7].rlim_max",
		"file.f_op->owner->name[0]", "task_struct.nsproxy->pid_ns_for_children->ns.inum",
		"task_struct.cgroups->subsys[0]->cgroup->kn->id", "sk_buff.cb[16]", "sk_buff.dev->nd_net.net->ns.inum",
	},
	// A security agent: fields and sizes.
	"sizes": {"inode", "upid", "pid", "inode.i_sb", "super_block.s_dev", "sock.sk_protocol|__sk_common.skc_state"},
}

// TestTracerPaths lets C compilers lay out the kernel's types, from the header that
// bpftool writes, and assert where we say that fields lie.
func TestTracerPaths(t *testing.T) {
	bpftool, compilers := btftest.Tool(t, "bpftool"), []string{btftest.Tool(t, "clang"), btftest.Tool(t, "gcc")}
	require.Len(t, tracerPaths["recorder"], 51)
	btftest.Kernels(t, func(t *testing.T, file string) {
		spec, err := btf.LoadSpec(file)
		require.NoError(t, err)
		defer spec.Close()
		var c strings.Builder
		header := btftest.Output(t, bpftool, "btf", "dump", "file", file, "format", "c")
		for typ := range spec.All() { // bpftool 7.1 forgets that an enum smaller than an int is packed
			if e, err := btf.As[btf.Enum](typ); err == nil && typ.Name() != "" && e.Size() < 4 {
				header = strings.Replace(header, "\nenum "+e.Name()+" {", "\nenum __attribute__((packed)) "+e.Name()+" {", 1)
			}
		}
		c.WriteString(header)
		asserts := 0
		assert := func(format string, args ...any) {
			fmt.Fprintf(&c, "_Static_assert(%s, \"\");\n", fmt.Sprintf(format, args...))
			asserts++
		}
		for _, paths := range tracerPaths {
			fields, err := spec.Fields(paths...)
			require.NoError(t, err)
			for i, path := range paths {
				name, steps, _ := strings.Cut(existing(t, spec, path), ".")
				size, err := fields[i].Size()
				require.NoError(t, err, path)
				in := "struct " + name
				if steps == "" {
					assert("sizeof(%s) == %d", in, size)
					continue
				}
				offsets := slices.Collect(fields[i].Offsets())
				pieces := strings.Split(steps, "->")
				require.Len(t, pieces, len(offsets), path)
				for j, piece := range pieces {
					assert("__builtin_offsetof(%s, %s) == %d", in, piece, offsets[j].Bytes())
					if j == len(pieces)-1 {
						assert("sizeof(((%s *)0)->%s) == %d", in, piece, size)
					}
					in = fmt.Sprintf("__typeof__(*((%s *)0)->%s)", in, piece)
				}
			}
		}
		for name, values := range map[string][]string{
			"pid_type": {"PIDTYPE_PGID", "PIDTYPE_SID"}, "bpf_func_id": {"BPF_FUNC_snprintf_btf"},
			"skb_drop_reason": {"SKB_DROP_REASON_NO_SOCKET", "SKB_DROP_REASON_TCP_CSUM"},
			"sock_type":       {"SOCK_STREAM"}, "bpf_prog_type": {"BPF_PROG_TYPE_TRACING"},
		} {
			var e btf.Enum
			require.NoError(t, spec.TypeByName(name, &e))
			for _, value := range values {
				assert("%s == %d", value, must(e.EnumeratorByName(value)).Value())
			}
		}
		require.Greater(t, asserts, 150)
		source := filepath.Join(t.TempDir(), "asserts.c")
		require.NoError(t, os.WriteFile(source, []byte(c.String()), 0o644))
		for _, compiler := range compilers {
			args := []string{"-std=gnu11", "-w", "-DBPF_NO_PRESERVE_ACCESS_INDEX", "-fsyntax-only", source}
			if strings.HasSuffix(compiler, "clang") {
				args = append([]string{"-target", "x86_64-linux-gnu"}, args...) // as the fixture's kernel is
			}
			btftest.Output(t, compiler, args...)
		}
	})
}

// existing returns the path with the one alternative that can be resolved by itself.
func existing(t *testing.T, spec *btf.Spec, path string) string {
	t.Helper()
	name, steps, ok := strings.Cut(path, ".")
	if !ok {
		return path
	}
	for alternative := range strings.SplitSeq(steps, "|") {
		if _, err := spec.Field(name + "." + alternative); err == nil {
			return name + "." + alternative
		}
	}
	t.Fatalf("no alternative of %s exists", path)
	return ""
}

// A rawType is a type as bpftool prints it.
type rawType struct {
	kind, name string
	target     int
	whole      bool // of a tag: not of a component
	params     []int
	paramNames []string
}

// rawTypes reads bpftool's raw dump, as far as functions need it.
func rawTypes(t *testing.T, file string) []rawType {
	t.Helper()
	id := func(s string) int {
		_, s, _ = strings.Cut(s, " type_id=")
		s, _, _ = strings.Cut(s, " ")
		n, _ := strconv.Atoi(s)
		return n
	}
	types := []rawType{{kind: "VOID"}}
	lines := bufio.NewScanner(strings.NewReader(btftest.Output(t, btftest.Tool(t, "bpftool"), "btf", "dump", "file", file, "format", "raw")))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		front, rest, _ := strings.Cut(lines.Text(), "'")
		name, rest, _ := strings.Cut(rest, "'")
		if number, kind, ok := strings.Cut(front, "] "); ok {
			if number != "["+strconv.Itoa(len(types)) {
				t.Fatalf("type %d wanted, it is %s]", len(types), number)
			}
			whole := strings.HasSuffix(rest, " component_idx=-1")
			types = append(types, rawType{kind: strings.TrimSpace(kind), name: name, target: id(rest), whole: whole})
		} else if last := &types[len(types)-1]; front == "\t" && last.kind == "FUNC_PROTO" {
			last.params = append(last.params, id(rest))
			last.paramNames = append(last.paramNames, name)
		}
	}
	require.NoError(t, lines.Err())
	return types
}

// TestTracerFuncs finds the functions with a pointer to some struct among their first
// parameters, and which of them it is, in what bpftool prints.
func TestTracerFuncs(t *testing.T) {
	btftest.Kernels(t, func(t *testing.T, file string) {
		types := rawTypes(t, file)
		spec, err := btf.LoadSpec(file)
		require.NoError(t, err)
		defer spec.Close()
		require.Len(t, types, spec.NumTypes()+1)
		strip := func(id int) int {
			for slices.Contains([]string{"TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG"}, types[id].kind) {
				id = types[id].target
			}
			return id
		}
		for _, filter := range []btf.FuncFilter{
			{PointerTo: "sk_buff", FirstParams: 5}, {PointerTo: "sk_buff"}, {PointerTo: "sk_buff", FirstParams: 1},
			{PointerTo: "task_struct", FirstParams: 2}, {PointerTo: "char"}, {PointerTo: "irq_info"}, {PointerTo: "no_such_struct"},
			{PointerTo: "device", Name: "*_show"}, {}, {Tag: "bpf_kfunc"}, {Tag: "bpf_kfunc", PointerTo: "task_struct", Name: "bpf_*"},
		} {
			t.Run(fmt.Sprintf("%+v", filter), func(t *testing.T) {
				tagged := map[int]bool{}
				for _, typ := range types {
					if typ.kind == "DECL_TAG" && typ.name == filter.Tag && typ.whole {
						tagged[typ.target] = true
					}
				}
				var want []string
				for id, typ := range types {
					if typ.kind != "FUNC" || filter.Name != "" && !must(filepath.Match(filter.Name, typ.name)) {
						continue
					}
					if filter.Tag != "" && !tagged[id] {
						continue
					}
					proto := types[typ.target]
					at := -1
					for i, param := range proto.params {
						if filter.PointerTo == "" || filter.FirstParams > 0 && i >= filter.FirstParams || at >= 0 {
							break
						}
						if pointer := types[strip(param)]; pointer.kind == "PTR" && types[strip(pointer.target)].name == filter.PointerTo {
							at = i
						}
					}
					if at >= 0 {
						want = append(want, fmt.Sprint(id, typ.name, at, proto.paramNames[at]))
					} else if filter.PointerTo == "" {
						want = append(want, fmt.Sprint(id, typ.name))
					}
				}
				var got []string
				for f, err := range spec.Funcs(filter) {
					require.NoError(t, err)
					line := fmt.Sprint(f.ID(), f.Name())
					for p := range f.Type().Params() {
						if target, err := p.Type().Pointee(); err == nil && filter.PointerTo != "" && target.Name() == filter.PointerTo {
							line = fmt.Sprint(f.ID(), f.Name(), p.Index(), p.Name())
							if p.Name() != "" {
								require.LessOrEqual(t, must(f.Type().ParamByName(p.Name())).Index(), p.Index())
							}
							break
						}
					}
					got = append(got, line)
				}
				// No diff: it would take longer than the test.
				require.True(t, slices.Equal(want, got), "%d functions wanted, %d found", len(want), len(got))
				if filter.PointerTo != "no_such_struct" && (filter.Tag == "" || len(tagged) > 0) { // 6.12 has no tags
					require.NotEmpty(t, want)
				}
			})
		}
	})
}
