// Variables in every section that a compiler leaves without size and offsets:
// static, weak, hidden, of odd alignment, and in sections of their own.
#define SEC(name) __attribute__((section(name), used))

struct pair {
	char first;
	long second;
} __attribute__((aligned(32)));

struct nothing {
};
enum forward;

int zero;
struct nothing empty;
enum forward *pointer;
static volatile char odd[3];
struct pair pairs[2];
static volatile struct pair last;
__attribute__((weak)) short weak_one;
__attribute__((visibility("hidden"))) long hidden_one;

int one = 1;
static volatile char text[] = "text";
struct pair filled = {1, 2};

const volatile int limit = 7;
static const volatile struct pair constant = {3, 4};

int in_custom SEC(".data.custom") = 5;
const volatile long in_rodata SEC(".rodata.custom") = 6;

struct {
	int (*type)[1];
	int *key;
	struct pair *value;
	int (*max_entries)[16];
} table SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

SEC("socket") int touch_all(void *ctx)
{
	static volatile int inside;
	inside += odd[0] + last.first + text[0] + limit + constant.first + in_rodata;
	return inside + zero + pairs[1].first + weak_one + hidden_one + one + filled.first + in_custom;
}
