// CO-RE relocations of every kind that clang writes, in two sections, with flavours,
// bitfields, arrays and enumerators.
#define SEC(name) __attribute__((section(name), used))
#define __core __attribute__((preserve_access_index))

struct inner {
	int a;
	unsigned bit : 3;
	int array[4];
} __core;

struct outer___old {
	long before;
	union {
		struct inner inner;
		long other;
	};
} __core;

enum state { FIRST, SECOND = 5 };
enum wide { NARROW, WIDE = 1ULL << 40 };

long out[12];

SEC("tc") int fields(struct outer___old *o)
{
	out[0] = o->inner.a;
	out[1] = o->inner.array[2];
	out[2] = __builtin_preserve_field_info(o->inner.bit, 0);
	out[3] = __builtin_preserve_field_info(o->inner.bit, 1);
	out[4] = __builtin_preserve_field_info(o->inner.bit, 2);
	out[5] = __builtin_preserve_field_info(o->inner.bit, 3);
	out[6] = __builtin_preserve_field_info(o->inner.bit, 4);
	out[7] = __builtin_preserve_field_info(o->inner.bit, 5);
	return 0;
}

SEC("socket") int types(void *ctx)
{
	out[8] = __builtin_btf_type_id(*(struct inner *)0, 0);
	out[9] = __builtin_btf_type_id(*(struct inner *)0, 1);
	out[10] = __builtin_preserve_type_info(*(struct inner *)0, 0);
	out[11] = __builtin_preserve_type_info(*(struct outer___old *)0, 1);
	return __builtin_preserve_enum_value(*(enum state *)SECOND, 0) +
	       __builtin_preserve_enum_value(*(enum wide *)WIDE, 1);
}

char LICENSE[] SEC("license") = "GPL";
