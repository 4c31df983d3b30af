// What an object expects of the kernel and of its configuration: sections that no
// ELF file has.
#define SEC(name) __attribute__((section(name), used))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __weak __attribute__((weak))

typedef _Bool bool;
enum tristate { NO, YES, MODULE };

extern bool CONFIG_FLAG __kconfig __weak;
extern unsigned long CONFIG_NUMBER __kconfig;
extern char CONFIG_TEXT[13] __kconfig __weak;
extern enum tristate CONFIG_STATE __kconfig __weak;
extern unsigned short CONFIG_SHORT __kconfig __weak;

struct task_struct;
extern const void bpf_prog_active __ksym;
extern const int runqueues __ksym __weak;
extern struct task_struct *bpf_task_acquire(struct task_struct *) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

long result;

__attribute__((noinline, weak)) int weak_function(int a, unsigned char b) { return a + b; }
static __attribute__((noinline)) int static_function(long *a, const char *format, ...) { return *a; }

SEC("tp_btf/sched_switch") int on_switch(unsigned long long *ctx)
{
	struct task_struct *task = bpf_task_acquire((void *)ctx[1]);
	if (task)
		bpf_task_release(task);
	result = CONFIG_FLAG + CONFIG_NUMBER + CONFIG_TEXT[1] + CONFIG_STATE + CONFIG_SHORT;
	result += (long)&bpf_prog_active + (long)&runqueues;
	return weak_function(1, 2) + static_function(&result, "");
}

char LICENSE[] SEC("license") = "GPL";
