package contest

// The job of an agent that starts: where its BPF programs find what they read,
// what the functions take that it attaches to, and the values it compares with.

// agent sums up the answers. What a kernel doesn't have counts 0 for all.
func agent(s Spec, _ Input) (uint64, error) {
	sum := uint64(0)
	for _, list := range []struct {
		names []string
		ask   func(string) (uint64, error)
	}{{Paths, s.Path}, {Funcs, s.Func}, {Enums, s.Enum}} {
		for _, name := range list.names {
			answer, err := list.ask(name)
			if err == ErrUnsupported {
				return 0, err
			}
			if err == nil {
				sum += answer
			}
		}
	}
	return sum, nil
}

// Names are 25 structs that every kernel has.
var Names = []string{
	"task_struct", "mm_struct", "vm_area_struct", "file", "inode", "dentry", "super_block", "path", "sock",
	"inet_sock", "tcp_sock", "sk_buff", "net_device", "net", "socket", "cred", "nsproxy", "pid", "upid",
	"signal_struct", "css_set", "cgroup", "kernfs_node", "linux_binprm", "user_namespace",
}

// InModule is a struct that the module of an [Input] has.
const InModule = "struct_of_a_module_4321"

// Paths are 50 places that tracing agents read.
var Paths = []string{
	"task_struct.pid", "task_struct.tgid", "task_struct.comm", "task_struct.mm", "task_struct.cred",
	"task_struct.real_parent", "task_struct.group_leader", "task_struct.nsproxy", "task_struct.signal",
	"task_struct.flags", "task_struct.exit_code", "task_struct.start_time",
	"mm_struct.exe_file", "mm_struct.arg_start", "vm_area_struct.vm_start", "vm_area_struct.vm_file",
	"file.f_path", "file.f_inode", "file.f_flags", "path.dentry", "path.mnt",
	"dentry.d_name", "dentry.d_parent", "dentry.d_inode", "qstr.name",
	"inode.i_ino", "inode.i_sb", "inode.i_mode", "super_block.s_dev", "super_block.s_magic",
	"vfsmount.mnt_root", "mount.mnt_mountpoint", "mount.mnt_parent",
	"cred.uid", "cred.cap_effective", "nsproxy.net_ns", "upid.nr", "signal_struct.tty",
	"sock.sk_protocol", "sock_common.skc_daddr", "sock_common.skc_dport", "inet_sock.inet_saddr", "inet_sock.inet_sport",
	"tcp_sock.srtt_us", "tcp_sock.bytes_acked", "sk_buff.len", "sk_buff.head",
	"net_device.ifindex", "ns_common.inum", "kernfs_node.id",
}

// Funcs are 25 functions to attach to.
var Funcs = []string{
	"tcp_sendmsg", "tcp_recvmsg", "tcp_v4_connect", "tcp_v6_connect", "tcp_close", "tcp_set_state", "inet_csk_accept",
	"inet_listen", "inet_bind", "udp_sendmsg", "udp_recvmsg", "ip_queue_xmit", "unix_stream_sendmsg",
	"security_file_open", "security_bprm_check", "security_inode_unlink", "security_socket_connect",
	"vfs_read", "vfs_write", "vfs_unlink", "vfs_rename", "do_exit", "begin_new_exec", "commit_creds", "oom_kill_process",
}

// Enums are 5 enumerations to compare with.
var Enums = []string{"pid_type", "bpf_map_type", "bpf_prog_type", "bpf_attach_type", "node_states"}
