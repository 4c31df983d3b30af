// Compares layouts with clang's, and lets it compile definitions.

package cdecl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6c4a6465/btf"
	"github.com/seed-6c4a6465/btf/internal/btftest"
	"github.com/stretchr/testify/require"
)

// TestClangLayouts lets clang lay out the kernel's types from the header that bpftool
// writes, and assert the offsets and sizes that LayoutOf returns and Append prints.
func TestClangLayouts(t *testing.T) {
	btftest.Long(t)
	bpftool, clang := btftest.Tool(t, "bpftool"), btftest.Tool(t, "clang")
	for _, test := range []struct {
		name string
		file func(testing.TB) string
	}{
		{"running kernel", btftest.Kernel},
		{"6.12", btftest.VmlinuxFile},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := test.file(t)
			spec, err := btf.LoadSpec(file)
			require.NoError(t, err)
			defer spec.Close()

			var c strings.Builder
			c.WriteString(vmlinuxHeader(t, spec, bpftool, file))
			structs, members := 0, 0
			for typ := range spec.All() {
				if typ.Kind() != btf.KindStruct && typ.Kind() != btf.KindUnion || !only(spec, typ.Name()) {
					continue
				}
				layout, err := LayoutOf(typ, 8)
				require.NoError(t, err)
				text, err := Append(nil, typ, Options{PointerSize: 8})
				require.NoError(t, err)
				word, err := keyword(typ)
				require.NoError(t, err)
				of := word + " " + typ.Name()
				fmt.Fprintf(&c, "_Static_assert(sizeof(%s) == %d, \"\");\n", of, layout.Size)
				structs++
				printed := direct(string(text))
				for _, m := range layout.Members {
					if m.BitfieldSize != 0 || m.Member.Name() == "" {
						continue
					}
					require.Equal(t, []string{m.Member.Name(), fmt.Sprint(m.Offset)}, printed[0][:], of)
					printed = printed[1:]
					fmt.Fprintf(&c, "_Static_assert(__builtin_offsetof(%s, %s) == %d && sizeof(((%[1]s *)0)->%[2]s) == %[4]d, \"\");\n", of, m.Member.Name(), m.Offset, m.Size)
					members++
				}
				require.Empty(t, printed, of)
			}
			t.Logf("%d structs and unions, %d members", structs, members)
			require.Greater(t, structs, 5000)
			require.Greater(t, members, 30000)

			source := filepath.Join(t.TempDir(), "asserts.c")
			require.NoError(t, os.WriteFile(source, []byte(c.String()), 0o644))
			// The fixture is one of x86-64, as its va_list shows.
			btftest.Output(t, clang, "-target", "x86_64-linux-gnu", "-std=c11", "-w", "-DBPF_NO_PRESERVE_ACCESS_INDEX", "-fsyntax-only", "-ferror-limit=0", source)
		})
	}
}

// vmlinuxHeader returns the header that bpftool writes of a file, with the packed
// attributes that it forgets.
func vmlinuxHeader(t *testing.T, spec *btf.Spec, bpftool, file string) string {
	t.Helper()
	header := btftest.Output(t, bpftool, "btf", "dump", "file", file, "format", "c")
	for typ := range spec.All() {
		if word := forgottenPacking(t, typ); word != "" {
			line := "\n" + word + " " + typ.Name() + " {"
			header = strings.Replace(header, line, "\n"+word+" __attribute__((packed)) "+typ.Name()+" {", 1)
		}
	}
	return header
}

// forgottenPacking returns the keyword of a type that bpftool 7.1 forgets to declare
// packed: an enum smaller than an int, or a union.
func forgottenPacking(t *testing.T, typ btf.Type) string {
	t.Helper()
	switch typ.Kind() {
	case btf.KindEnum:
		e, err := btf.As[btf.Enum](typ)
		require.NoError(t, err)
		if e.Size() < 4 {
			return "enum"
		}
	case btf.KindUnion:
		layout, err := LayoutOf(typ, 8)
		require.NoError(t, err)
		if layout.Packed {
			return "union"
		}
	}
	return ""
}

// only reports whether one type alone has the name, of the structs, unions and enums,
// which share a name space. If several have it, bpftool renames all but the first.
func only(spec *btf.Spec, name string) bool {
	n := 0
	for typ := range spec.TypesByName(name) {
		switch typ.Kind() {
		case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindFwd:
			n++
		}
	}
	return n == 1
}

// direct returns the names and offsets in our text of the members that are no
// bitfields.
func direct(text string) [][2]string {
	var facts [][2]string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "\t\t") {
			continue
		}
		if m, ok := placedIn(strings.TrimSpace(line)); ok && m.bit == "" && m.name != "" {
			facts = append(facts, [2]string{m.name, m.offset})
		}
	}
	return facts
}

// tricky has one example of each difficulty of C's declarations. A type comes before
// those that depend on it.
const tricky = `
struct later;
typedef int number;
typedef unsigned long long big;
typedef number matrix[3][4];
typedef int handler(struct later *, int, ...);
typedef handler *handler_ptr;
typedef int (*table[5])(void);
typedef char *(*(*chain)(int (*)(char), void (*)(void)))(const char *);
typedef const volatile char *const *mixed;
typedef char (*row)[16];
typedef char (*(*rows)[2])[16];
typedef void *(*allocator)(unsigned long, void *restrict);
typedef struct { int a; union { int b; float c; }; } bare;
typedef union { char bytes[8]; double number; } *bare_ptr;
typedef enum { RED, GREEN = 5, BLUE = -3 } color;
typedef int *__attribute__((btf_type_tag("rcu"))) *tagged_ptr;
typedef const int __attribute__((btf_type_tag("user"))) *user_ptr;
enum plain { PLAIN_A, PLAIN_B = 7 };
enum negative { NEG = -2147483647 - 1, POS = 2147483647 };
enum top { TOP = 4294967295u };
enum __attribute__((packed)) tiny { TINY_A, TINY_B = 200 };
struct later { struct later *next; };
struct bits {
	unsigned int a:3;
	unsigned int b:7;
	unsigned int :4;
	unsigned int c:11;
	unsigned int :0;
	unsigned int d:1;
	unsigned char e:4;
	unsigned char f:4;
	long long g:33;
	_Bool h:1;
	enum plain i:4;
	short j;
};
struct holes {
	char a;
	short b;
	char c;
	long d;
	struct later e;
	char f;
};
struct padded { struct holes inner; char tail; };
struct __attribute__((packed)) packed {
	char a;
	int b;
	long c;
	struct bits d;
};
struct __attribute__((packed)) misplaced { char a; int b; char c[3]; };
struct __attribute__((packed)) astride { unsigned int a:31; unsigned int b:32; unsigned int c:1; };
struct inside { char c; struct misplaced m; struct astride s; };
struct far {
	char big[100];
	struct { char x[64]; int y; } *elsewhere;
	int after;
};
struct deep {
	int first;
	struct {
		int x;
		union {
			char c;
			long l;
			struct { short s[3]; } t;
		};
		struct { int y; } *elsewhere;
		struct { int z; char w; } several[3];
		enum { INSIDE = 2 } e;
	};
	const struct { int q; } fixed;
	int (*const op)(struct deep *, char (*)[4]);
	int *(*ops[2][3])(int, void (*)(int));
	const char *const names[2];
	volatile int flag;
	char (*(*nested)(int (*)[5]))[7];
	matrix m;
	struct later *__attribute__((btf_type_tag("rcu"))) *rcu;
	int marked __attribute__((btf_decl_tag("here")));
	int tail[];
} __attribute__((btf_decl_tag("there")));
struct middle { int n; int none[0]; int more; };
struct empty {};
struct zero { int none[0]; };
union both { int i; char c[4]; struct { short lo, hi; }; unsigned int low:5; };
`

// TestClangRoundTrip compiles tricky, prints the types in it, compiles what was
// printed, and prints that: the second text must be the first. Without the comments,
// the text must compile to the same types.
func TestClangRoundTrip(t *testing.T) {
	clang := btftest.Tool(t, "clang")
	names := []string{
		"struct later", "number", "big", "matrix", "handler", "handler_ptr", "table", "chain", "mixed", "row", "rows",
		"allocator", "bare", "bare_ptr", "color", "tagged_ptr", "user_ptr",
		"enum plain", "enum negative", "enum top", "enum tiny",
		"struct bits", "struct holes", "struct padded", "struct packed",
		"struct misplaced", "struct astride", "struct inside", "struct far", "struct deep",
		"struct middle", "struct empty", "struct zero", "union both",
	}
	first := definitions(t, clang, tricky, names, Options{PointerSize: 8})
	second := definitions(t, clang, "struct later;\n"+first, names, Options{PointerSize: 8})
	require.Equal(t, first, second)

	short := definitions(t, clang, tricky, names, Options{PointerSize: 8, NoComments: true})
	require.NotContains(t, short, "/*")
	require.Equal(t, first, definitions(t, clang, "struct later;\n"+short, names, Options{PointerSize: 8}))

	for _, line := range []string{
		"typedef char *(*(*chain)(int (*)(char), void (*)(void)))(const char *);",
		"typedef volatile const char *const *mixed;",
		"typedef char (*(*rows)[2])[16];",
		"typedef int (*table[5])(void);",
		"typedef number matrix[3][4];",
		"typedef int handler(struct later *, int, ...);",
		"\tTOP = 4294967295,",
		"TINY_B = 200,\n} __attribute__((__packed__)); /* size: 1 */",
		"char c[3]; /* 5 3 */ /* size: 8, cachelines: 1, members: 3 */ /* last cacheline: 8 bytes */ } __attribute__((__packed__));",
		"char x[64]; /* 0 64 */ /* --- cacheline 1 boundary (64 bytes) --- */ int y; /* 64 4 */ } *elsewhere; /* 104 8 */ int after;",
		"struct astride s; /* 9 8 */ /* size: 17, cachelines: 1, members: 3 */ /* last cacheline: 17 bytes */ };",
		"\tint * (*ops[2][3])(int, void (*)(int)); /*",
		"\tchar (*(*nested)(int (*)[5]))[7];",
	} {
		require.Contains(t, strings.Join(strings.Fields(first), " "), strings.Join(strings.Fields(line), " "))
	}
	for _, tag := range []string{`btf_type_tag("rcu")`, `btf_type_tag("user")`, `btf_decl_tag("here")`, `btf_decl_tag("there")`} {
		require.Contains(t, first, tag)
	}
}

// definitions compiles a header and prints the types in it that have the names. They
// are used, since clang drops those that are not.
func definitions(t *testing.T, clang, header string, names []string, opts Options) string {
	t.Helper()
	source := filepath.Join(t.TempDir(), "header.c")
	object := source + ".o"
	c := header
	for i, name := range names {
		c += fmt.Sprintf("%s *use%d;\n", name, i)
		if name != "handler" {
			c += fmt.Sprintf("%s have%d;\n", name, i)
		}
	}
	require.NoError(t, os.WriteFile(source, []byte(c), 0o644))
	btftest.Output(t, clang, "-target", "bpf", "-g", "-O2", "-w", "-c", "-o", object, source)

	spec, err := btf.LoadSpec(object)
	require.NoError(t, err)
	defer spec.Close()
	require.Equal(t, opts.PointerSize, spec.PointerSize())
	var text []byte
	for _, name := range names {
		word, bare, tagged := strings.Cut(name, " ")
		if !tagged {
			word, bare = "", name
		}
		n := 0
		for typ := range spec.TypesByName(bare) {
			if is, err := keyword(typ); err != nil || is != word {
				continue
			}
			text, err = Append(text, typ, opts)
			require.NoError(t, err)
			n++
		}
		require.NotZero(t, n, name)
	}
	return string(text)
}
