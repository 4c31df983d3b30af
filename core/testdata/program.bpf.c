// Relocations for every rule, to be resolved against kernel.c. Case is the set of
// programs to compile: sets that libbpf refuses are alone.
#define SEC(name) __attribute__((section(name), used))
#define __core __attribute__((preserve_access_index))
#define byte_off(x) __builtin_preserve_field_info(x, 0)
#define byte_size(x) __builtin_preserve_field_info(x, 1)
#define exists(x) __builtin_preserve_field_info(x, 2)
#define is_signed(x) __builtin_preserve_field_info(x, 3)
#define lshift(x) __builtin_preserve_field_info(x, 4)
#define rshift(x) __builtin_preserve_field_info(x, 5)
#define bits(x) (byte_off(x) + byte_size(x) + is_signed(x) + lshift(x) + rshift(x))
#define type_exists(T) __builtin_preserve_type_info(*(T *)0, 0)
#define type_size(T) __builtin_preserve_type_info(*(T *)0, 1)
#define local_id(T) __builtin_btf_type_id(*(T *)0, 0)
#define target_id(T) __builtin_btf_type_id(*(T *)0, 1)
#define value_exists(E, v) __builtin_preserve_enum_value(*(E *)v, 0)
#define value(E, v) __builtin_preserve_enum_value(*(E *)v, 1)
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#if Case == 1 // fields
struct inner { int a; int array[4]; } __core;
struct outer {
	int first;
	struct inner in;
	int nested;          // inside an anonymous union of the target
	union { int u1; long u2; }; // outside of one
	struct inner many[3];
	int matrix[2][3];
	int gone;
	void *pointer;
	int wrong;           // a pointer in the target
	struct inner mixed;  // a union in the target
	_Bool flag;
	float real;
	enum color { RED } color;
	enum { ANON } anon;
	int last[];
} __core;
struct outer___flavour { int gone; int renamed; } __core;
struct alone { int x; } __core;
typedef struct { int t; } typed;
struct many___a { int a; int b; } __core;
struct many___b { int a; int c; } __core;
SEC("tc") int load(struct outer *o)
{
	return o->first + o->in.a + o->in.array[3] + o->nested + o->u1 + o->u2 + o->many[2].a +
	       o->many[1].array[1] + o->matrix[1][2] + (long)o->pointer + o->mixed.a + o->flag +
	       o->color + o->anon + o->last[7] + o[2].first;
}
SEC("tc") int ask(struct outer *o)
{
	return exists(o->gone) + exists(o->first) + exists(o->wrong) + exists(o->matrix[1]) +
	       exists(o->matrix) + exists(o->last[9]) + exists(o->many[2]) + exists(o->real) +
	       byte_size(o->in) + byte_size(o->in.array) + byte_size(o->matrix[1]) +
	       byte_size(o->pointer) + byte_off(o->in.array[2]) + byte_off(o->matrix) + byte_off(o[3]) +
	       is_signed(o->first) + is_signed(o->flag) + is_signed(o->color) +
	       lshift(o->first) + rshift(o->first) + rshift(o->flag);
}
SEC("tc") int missing(struct outer *o, struct outer___flavour *f, struct alone *l)
{
	return o->gone + f->gone + f->renamed + l->x + exists(l->x) + byte_size(l->x) + byte_off(o->wrong);
}
SEC("tc") int typedefs(typed *p) { return byte_off(p->t) + byte_size(p->t) + exists(p->t); }
#endif

#if Case == 2 // bitfields
struct bits { u32 a : 3; u32 b : 7; int c : 5; u32 plain; u32 was_plain; u32 wide : 9; s64 s : 40; u8 small : 2; } __core;
SEC("tc") int f(struct bits *p)
{
	return bits(p->a) + bits(p->b) + bits(p->c) + bits(p->plain) + bits(p->was_plain) + bits(p->wide) + bits(p->s) + bits(p->small);
}
#endif

#if Case == 3 // types and enumerators
struct there { int other; };
union there_union { int other; };
struct kinds { int x; };
enum numbers { NEGATIVE = -5, ONE = 1, TWO = 2, RENAMED___v2 = 7, GONE = 9 };
enum unsigned_numbers { SMALL = 1, BIG = 2000000000 };
enum nowhere { NOWHERE = 3 };
typedef int number;
typedef struct there there_t;
typedef int (*callback)(struct there *, int);
typedef int (*other_callback)(struct there *);
typedef int ints[4];
typedef int *int_pointer;
struct absent { int x; };
SEC("tc") int f(void *ctx)
{
	return type_exists(struct there) + type_exists(union there_union) + type_exists(struct kinds) +
	       type_exists(enum numbers) + type_exists(number) + type_exists(there_t) + type_exists(callback) +
	       type_exists(other_callback) + type_exists(ints) + type_exists(int_pointer) + type_exists(struct absent);
}
SEC("tc") int g(void *ctx)
{
	return type_size(struct there) + type_size(union there_union) + type_size(number) + type_size(ints) +
	       type_size(callback) + type_size(struct absent) + type_size(enum numbers) + target_id(struct there) +
	       target_id(struct absent) + target_id(callback) + local_id(struct there) + local_id(struct absent) + local_id(int);
}
SEC("tc") int h(void *ctx)
{
	return value_exists(enum numbers, NEGATIVE) + value_exists(enum numbers, RENAMED___v2) +
	       value_exists(enum numbers, GONE) + value_exists(enum nowhere, NOWHERE) +
	       value_exists(enum unsigned_numbers, BIG) + value(enum numbers, ONE) + value(enum numbers, TWO) +
	       value(enum numbers, RENAMED___v2) + value(enum unsigned_numbers, BIG) + value(enum numbers, GONE) +
	       value(enum nowhere, NOWHERE);
}
#endif

#if Case == 4 // widths of loads and stores
struct width {
	u32 grows; u64 shrinks; u16 far; u8 most; u64 to_bool; int sign_grows; s64 sign_shrinks; u32 same; int becomes_unsigned;
	u32 array[2]; void *pointer; enum w { W } e; u32 becomes_signed; int signs[2];
} __core;
SEC("tc") long load(struct width *p)
{
	return p->grows + p->shrinks + p->far + p->most + p->to_bool + p->same + p->becomes_unsigned + p->array[1] + (long)p->pointer;
}
SEC("tc") long lost(struct width *p) { return p->sign_grows + p->sign_shrinks + p->becomes_signed + p->signs[1]; }
SEC("tc") int store(struct width *p)
{
	p->grows = 1;
	p->shrinks = 2;
	p->most = 3;
	p->array[0] = 4;
	p->sign_grows = 5;
	return 0;
}
SEC("tc") long number(struct width *p) { return byte_off(p->sign_grows) + byte_off(p->grows) + byte_size(p->grows) + byte_off(p->array); }
#endif

#if Case == 5 // two types with different offsets
struct twice { int a; } __core;
SEC("tc") int f(struct twice *p) { return p->a; }
#endif

#if Case == 6 // two types with the same answer
struct twin { int a; int only; } __core;
SEC("tc") int f(struct twin *p) { return p->a + exists(p->only); }
#endif

#if Case == 7 // a bitfield that no load of 8 bytes reads
struct crossing { u64 a : 60; u64 b : 4; } __core;
SEC("tc") int f(struct crossing *p) { return byte_off(p->b); }
#endif

#if Case == 8 // a shift of an array element
struct element { int a[3]; } __core;
SEC("tc") int f(struct element *p) { return lshift(p->a[1]); }
#endif

#if Case == 9 // an offset that does not fit
struct far { int near; } __core;
SEC("tc") int f(struct far *p) { return p->near; }
#endif

#if Case == 10 // no one candidate has all fields: the first relocation decides in libbpf
struct part { int common; int left; int right; } __core;
SEC("tc") int f(struct part *p) { return exists(p->left) + exists(p->right) + exists(p->common); }
#endif

#if Case == 11 // pointers, the rest of types
struct node { struct node *next; const char *name; int (*call)(struct node *, int); } __core;
SEC("tc") int f(struct node *p) { return exists(p->next) + exists(p->call) + byte_size(p->name) + (long)p->next + (long)p->call; }
#endif

#if Case == 12 // sizes that follow from pointers, on real kernels
struct files_struct { void *fd_array[8]; } __core;
struct list_head { struct list_head *next, *prev; } __core;
struct odd___ { int x; } __core;
struct odd____v2 { int y; } __core;
SEC("tc") long f(struct files_struct *p, struct list_head *l, struct odd___ *o, struct odd____v2 *v)
{
	return (long)p->fd_array[7] + byte_size(p->fd_array) + byte_off(p->fd_array[3]) + byte_size(l->next) +
	       byte_off(l[3]) + type_size(struct list_head) + (long)l->prev +
	       exists(o->x) + exists(v->y);
}
#endif

#if Case == 13 // bitfields that are loaded without their shifts being relocated
struct direct { u32 pad; u32 a : 3; u32 b : 8; u32 c : 5; } __core;
SEC("tc") int kept(struct direct *p) { return p->a; }
SEC("tc") int moved(struct direct *p) { return p->b; }
SEC("tc") int plain(struct direct *p) { return p->c; }
#endif

#if Case == 14 // values of enumerators that have bit 31 set
enum below { BELOW = -5, UNDER = 1 };
SEC("tc") long f(void *ctx) { return value(enum below, BELOW) + value(enum below, UNDER); }
#endif

#if Case == 15
enum above { ABOVE = 4000000000, OVER = 1 };
SEC("tc") long f(void *ctx) { return value(enum above, OVER) + value(enum above, ABOVE); }
#endif

char LICENSE[] SEC("license") = "GPL";
