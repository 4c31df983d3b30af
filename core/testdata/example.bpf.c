// The program of the examples. example.o is made from it:
//
//	clang -target bpf -g -O2 -c example.bpf.c -o example.o && llvm-strip -g example.o
struct task_struct {
	int pid;
	unsigned int flags;
	char comm[16];
} __attribute__((preserve_access_index));

struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

enum policy { POLICY_IDLE = 1 };

__attribute__((section("raw_tp"), used)) long program(struct task_struct *t)
{
	long sum = t->pid + t->flags + t->comm[1] + __builtin_preserve_enum_value(*(enum policy *)POLICY_IDLE, 1);
	struct task_struct___old *old = (void *)t;
	if (__builtin_preserve_field_info(old->state, 2))
		sum += old->state;
	return sum;
}

char LICENSE[] __attribute__((section("license"), used)) = "GPL";
