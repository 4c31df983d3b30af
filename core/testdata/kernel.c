// The kernel that the relocations of program.bpf.c are resolved against.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

struct inner { long before; const int array[6]; volatile int a; };
enum color { BLUE, RED, GREEN };
enum anything { THING };
struct outer {
	char pad[24];
	union {
		struct { int deep; int nested; };
		long filler;
	};
	long u2;
	struct { int u1; };
	struct inner in;
	struct inner many[3];
	int matrix[2][3];
	void *wrong;
	const char *const pointer;
	union { int a; long b; } mixed;
	unsigned _Bool_pad : 3;
	int first;
	_Bool flag;
	float real;
	enum color color;
	enum anything anon;
	int last[];
};
struct outer___other { int renamed; };
typedef struct { long before; short t; } typed;

struct bits {
	u64 shift : 5;
	u32 a : 4;
	u32 plain : 6;
	int c : 9;
	u32 b : 7;
	u32 was_plain;
	u64 wide : 33;
	s64 s : 20;
	u16 small : 3;
};

struct there { char content[40]; };
union there_union { char content[12]; };
union kinds { int x; };
enum numbers { NEGATIVE = -7, ONE = 11, TWO = 12, RENAMED___v1 = 17 };
enum unsigned_numbers { SMALL = 4, BIG = 5 };
typedef short number;
typedef struct there there_t;
typedef int (*callback)(struct there *, int);
typedef int (*other_callback)(struct there *, int);
typedef int ints[9];
typedef long *int_pointer;

struct width {
	u64 pad;
	u64 grows; u32 shrinks; u64 far; u32 most; _Bool to_bool; s64 sign_grows; int sign_shrinks; u32 same; u32 becomes_unsigned;
	u64 array[2]; char *pointer; enum w { W } e; s64 becomes_signed; s64 signs[2];
};

struct twice { long pad; int a; };
struct twice___other { int a; };
struct twin { long pad; int a; };
struct twin___other { int pad; int other; int a; int only; };
struct crossing { u32 pad : 30; u64 a : 33; u64 b : 4; } __attribute__((packed));
struct element { int a[3]; };
struct far { char pad[40000]; int near; };
struct part { int common; int left; };
struct part___other { int common; int right; };

struct node { long pad; void (*call)(void); void *next; char *volatile name; };

struct odd { int x; int y; };

struct direct { u64 before; u32 pad; u32 a : 3; u32 : 2; u32 b : 8; u8 c; };

enum below { OTHER, BELOW = -7, UNDER = -3 };
enum above { ABOVE = 3000000000, OVER = 3000000001 };

struct all {
	enum below below; enum above above;
	struct direct direct;
	struct odd odd;
	struct node node;
	struct outer o; struct outer___other oo; typed t; struct bits b; struct there th; union there_union tu; union kinds k; enum numbers n;
	enum unsigned_numbers un; number num; there_t tt; callback cb; other_callback oc; ints i; int_pointer ip; struct width w;
	struct twice t1; struct twice___other t2; struct twin w1; struct twin___other w2; struct crossing c; struct element e; struct far f;
	struct part p1; struct part___other p2;
} *all;
