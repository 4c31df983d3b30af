// The kernels of the examples: old.btf, and new.btf with -DNEW.
//
//	clang -target bpf -g -c [-DNEW] example-kernel.c -o k.o && llvm-objcopy --dump-section .BTF=old.btf k.o
struct task_struct {
#ifdef NEW
	char comm[16];
	unsigned int __state;
	unsigned long flags;
	int pid;
#else
	long state;
	int pid;
	unsigned int flags;
	char comm[16];
#endif
} *task;

enum policy {
	POLICY_NORMAL,
#ifdef NEW
	POLICY_BATCH,
	POLICY_EXT,
#endif
	POLICY_IDLE,
} policy;
