// Reads the current task with a layout of its own, for a kernel to run.
#define SEC(name) __attribute__((section(name), used))
#define exists(x) __builtin_preserve_field_info(x, 2)
typedef unsigned int u32;
typedef unsigned long long u64;

struct task_struct {
	u32 start_boottime; // 8 bytes in the kernel
	char comm[16];
	u64 flags; // 4 bytes in the kernel
	int tgid, pid;
	struct task_struct *group_leader;
	u64 never_was;
	signed char exit_signal; // an int in the kernel
} __attribute__((preserve_access_index));

enum pid_type { PIDTYPE_TGID = 99 };

static struct task_struct *(*current)(void) = (void *)158; // bpf_get_current_task_btf

SEC("pid") int run_1(void *ctx) { return current()->pid; }
SEC("tgid") int run_2(void *ctx) { return current()->group_leader->tgid; }
SEC("flags") int run_3(void *ctx) { return current()->flags; }
SEC("start") int run_4(void *ctx) 
{
	u64 v = current()->start_boottime;
	asm volatile("" : "+r"(v)); // all of the register counts
	return v / 10000000;
}
SEC("comm") int run_5(void *ctx) { return current()->comm[3]; }
SEC("enum") int run_6(void *ctx) { return __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_TGID, 1); }
SEC("guarded") int run_7(void *ctx)
{
	struct task_struct *t = current();
	return exists(t->never_was) ? t->never_was : 7;
}
SEC("poisoned") int run_8(void *ctx) { return current()->never_was; }
SEC("signed") int run_9(void *ctx) { return current()->exit_signal; }

char LICENSE[] SEC("license") = "GPL";
