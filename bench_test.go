// Benchmarks each row of the budget.

package btf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// Figures vary between machines and hours; compare them with one another in one
// run. Load of a file and of the kernel includes the mapping, and Close.
//
//	go test -run '^$' -bench .

// benchInputs are the running kernel, where it has BTF, and the fixture.
func benchInputs(b *testing.B, f func(b *testing.B, path string)) {
	const kernel = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(kernel); err == nil {
		b.Run("kernel", func(b *testing.B) { f(b, kernel) })
	}
	b.Run("fixture", func(b *testing.B) { f(b, btftest.VmlinuxFile(b)) })
}

func openBench(b *testing.B, path string) *btf.Spec {
	b.Helper()
	spec, err := btf.LoadSpec(path)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, spec.Close()) })
	b.ReportAllocs()
	return spec
}

// BenchmarkLoad opens and closes.
func BenchmarkLoad(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		b.ReportAllocs()
		for b.Loop() {
			spec, err := btf.LoadSpec(path)
			require.NoError(b, err)
			require.NoError(b, spec.Close())
		}
	})
}

// BenchmarkColdOffset goes from a path to the offset of one field.
func BenchmarkColdOffset(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		b.ReportAllocs()
		for b.Loop() {
			spec, err := btf.LoadSpec(path)
			require.NoError(b, err)
			var sock btf.Struct
			require.NoError(b, spec.TypeByName("inet_sock", &sock))
			_, err = sock.MemberByName("inet_saddr")
			require.NoError(b, err)
			require.NoError(b, spec.Close())
		}
	})
}

// names25 are 25 names that every kernel has.
var names25 = []string{
	"task_struct", "mm_struct", "vm_area_struct", "file", "inode", "dentry",
	"super_block", "path", "sock", "inet_sock", "tcp_sock", "sk_buff",
	"net_device", "net", "socket", "cred", "nsproxy", "pid", "upid",
	"signal_struct", "css_set", "cgroup", "kernfs_node", "linux_binprm", "user_namespace",
}

// BenchmarkCold25Names goes from a path to 25 structs.
func BenchmarkCold25Names(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		b.ReportAllocs()
		for b.Loop() {
			spec, err := btf.LoadSpec(path)
			require.NoError(b, err)
			for _, name := range names25 {
				var s btf.Struct
				require.NoError(b, spec.TypeByName(name, &s))
			}
			require.NoError(b, spec.Close())
		}
	})
}

// BenchmarkWarmHit finds a struct in a Spec that was asked before.
func BenchmarkWarmHit(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		for b.Loop() {
			var s btf.Struct
			if err := spec.TypeByName("inet_sock", &s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWarmFind finds the types of a name without narrowing them.
func BenchmarkWarmFind(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		found := 0
		for b.Loop() {
			for range spec.TypesByName("inet_sock") {
				found++
			}
		}
		require.NotZero(b, found)
	})
}

// BenchmarkWarmMiss asks for a name that isn't there.
func BenchmarkWarmMiss(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		for b.Loop() {
			for t := range spec.TypesByName("no_such_struct") {
				b.Fatal(t)
			}
		}
	})
}

// BenchmarkTypeByID asks for ids all over the place.
func BenchmarkTypeByID(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		random, types := uint32(1), uint64(spec.NumTypes())
		for b.Loop() {
			random = random*1664525 + 1013904223
			if _, err := spec.TypeByID(btf.TypeID(uint64(random) * types >> 32)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMemberByName finds a member behind anonymous ones.
func BenchmarkMemberByName(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		var s btf.Struct
		require.NoError(b, spec.TypeByName("sk_buff", &s))
		for b.Loop() {
			if _, err := s.MemberByName("len"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAll reads kind and name of all types.
func BenchmarkAll(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		var sum int
		for b.Loop() {
			for t := range spec.All() {
				sum += int(t.Kind()) + len(t.NameBytes())
			}
		}
		require.NotZero(b, sum)
	})
}

// BenchmarkFuncs reads the parameters of all functions.
func BenchmarkFuncs(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		params := 0
		for b.Loop() {
			for t := range spec.All() {
				if t.Kind() != btf.KindFunc {
					continue
				}
				f, err := btf.As[btf.Func](t)
				if err != nil {
					b.Fatal(err)
				}
				for range f.Type().Params() {
					params++
				}
			}
		}
		require.NotZero(b, params)
	})
}

// BenchmarkFuncsFiltered finds the functions that a tracer of packets attaches to, all
// that begin with tcp_, and all kfuncs. BenchmarkWalk is one pass over all records.
func BenchmarkFuncsFiltered(b *testing.B) {
	for name, filter := range map[string]btf.FuncFilter{
		"pointer": {PointerTo: "sk_buff", FirstParams: 5},
		"glob":    {Name: "tcp_*"},
		"tag":     {Tag: "bpf_kfunc"},
	} {
		b.Run(name, func(b *testing.B) {
			benchInputs(b, func(b *testing.B, path string) {
				spec := openBench(b, path)
				for b.Loop() {
					for _, err := range spec.Funcs(filter) {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		})
	}
}

// BenchmarkField resolves the fifty-one paths of a table, one after the other.
func BenchmarkField(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		paths := tracerPaths["recorder"]
		for b.Loop() {
			for _, path := range paths {
				if _, err := spec.Field(path); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkColdAgent is what an agent does at start-up: it opens a file, resolves its
// table of paths, looks at functions and enumerators, and closes it.
func BenchmarkColdAgent(b *testing.B) {
	functions := []string{
		"vfs_read", "vfs_write", "vfs_open", "vfs_unlink", "vfs_rename", "do_unlinkat", "tcp_sendmsg", "tcp_recvmsg",
		"tcp_connect", "tcp_close", "udp_sendmsg", "udp_recvmsg", "inet_csk_accept", "ip_rcv", "ip_output", "security_file_open",
		"security_bprm_check", "security_inode_unlink", "wake_up_new_task", "do_exit", "begin_new_exec", "cgroup_attach_task",
		"commit_creds", "do_send_sig_info", "sock_sendmsg",
	}
	enumerators := map[string]string{
		"pid_type": "PIDTYPE_PGID", "bpf_func_id": "BPF_FUNC_snprintf_btf", "sock_type": "SOCK_STREAM",
		"bpf_prog_type": "BPF_PROG_TYPE_TRACING", "skb_drop_reason": "SKB_DROP_REASON_NO_SOCKET",
	}
	benchInputs(b, func(b *testing.B, path string) {
		b.ReportAllocs()
		for b.Loop() {
			spec, err := btf.LoadSpec(path)
			require.NoError(b, err)
			_, err = spec.Fields(tracerPaths["recorder"]...)
			require.NoError(b, err)
			for _, name := range functions {
				var f btf.Func
				if err := spec.TypeByName(name, &f); err != nil || f.Type().NumParams() == 0 {
					b.Fatal(name, err)
				}
			}
			for name, value := range enumerators {
				var e btf.Enum
				require.NoError(b, spec.TypeByName(name, &e))
				_, err := e.EnumeratorByName(value)
				require.NoError(b, err)
			}
			require.NoError(b, spec.Close())
		}
	})
}

// BenchmarkVerify narrows every record.
func BenchmarkVerify(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		spec := openBench(b, path)
		for b.Loop() {
			require.NoError(b, spec.Verify())
		}
	})
}

// BenchmarkSplit opens split BTF of 5,000 types, as many as a large module has, over
// a kernel that is open.
func BenchmarkSplit(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		base := openBench(b, path)
		under := btftest.Over(binary.LittleEndian, uint32(base.NumTypes()), base.Header().StringLength)
		for i := range 5000 {
			under.Struct(fmt.Sprintf("struct_of_a_module_%d", i), 8, btftest.Member{Name: "x", Type: 1})
		}
		split := under.Bytes()
		for b.Loop() {
			spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(split), base)
			require.NoError(b, err)
			require.NoError(b, spec.Close())
		}
	})
}

// BenchmarkHeapKept is no measure of time: it reports the bytes of heap that stay
// after loading, and after every index is built and everything was iterated.
func BenchmarkHeapKept(b *testing.B) {
	benchInputs(b, func(b *testing.B, path string) {
		heap := func() uint64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		var loaded, used uint64
		for b.Loop() {
			before := heap()
			spec, err := btf.LoadSpec(path)
			require.NoError(b, err)
			loaded = heap() - before

			for range 2 {
				for range spec.TypesByName("task_struct") {
				}
			}
			for range spec.TypesByEssentialName("task_struct") {
			}
			for t := range spec.All() {
				for range t.Tags() {
				}
			}
			require.NoError(b, spec.Verify())
			used = heap() - before
			runtime.KeepAlive(spec)
			require.NoError(b, spec.Close())
		}
		b.ReportMetric(float64(loaded), "B-loaded")
		b.ReportMetric(float64(used), "B-used")
		b.ReportMetric(0, "ns/op")
	})
}
