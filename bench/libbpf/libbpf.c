/* libbpf as a contender: the same questions, arguments and output as the Go ones
 * have (contest.Main). The lists of names come from there, too, as lists.h. */

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lists.h" /* names, paths, funcs, enums, in_module */

enum { FAILED = 1, UNSUPPORTED = 4 };

static uint64_t objects, bytes; /* allocated; see --wrap in ld(1) */

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);

void *__wrap_malloc(size_t n)
{
	objects++;
	bytes += n;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	objects++;
	bytes += n * size;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	objects++;
	bytes += n;
	return __real_realloc(p, n);
}

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(FAILED);
}

static struct btf *open_btf(const char *path)
{
	struct btf *btf = btf__parse(path, NULL);

	if (!btf)
		fail(path);
	return btf;
}

static unsigned number(unsigned kind)
{
	switch (kind) {
	case BTF_KIND_ENUM64:
		return BTF_KIND_ENUM;
	case BTF_KIND_TYPE_TAG:
		return BTF_KIND_DECL_TAG;
	}
	return kind;
}

static uint64_t structure(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	if (id <= 0)
		fail(name);
	return id;
}

/* member finds a member, looking into anonymous ones. */
static const struct btf_member *member(const struct btf *btf, const struct btf_type *in, const char *name, uint64_t *offset)
{
	const struct btf_member *m = btf_members(in);

	for (unsigned i = 0; i < btf_vlen(in); i++, m++) {
		uint64_t at = btf_member_bit_offset(in, i);

		if (!strcmp(btf__name_by_offset(btf, m->name_off), name)) {
			*offset += at;
			return m;
		}
		if (!m->name_off) {
			const struct btf_type *t = btf__type_by_id(btf, m->type);
			const struct btf_member *found;

			while (btf_is_mod(t) || btf_is_typedef(t))
				t = btf__type_by_id(btf, t->type);
			if (!btf_is_composite(t))
				continue;
			found = member(btf, t, name, offset);
			if (found) {
				*offset += at;
				return found;
			}
		}
	}
	return NULL;
}

/* path_offset returns the bits to struct.member.member, or -1. */
static int64_t path_offset(const struct btf *btf, const char *path)
{
	char copy[256], *rest = copy, *step;
	const struct btf_type *t;
	uint64_t offset = 0;
	int id;

	snprintf(copy, sizeof copy, "%s", path);
	id = btf__find_by_name_kind(btf, strsep(&rest, "."), BTF_KIND_STRUCT);
	if (id <= 0)
		return -1;
	t = btf__type_by_id(btf, id);
	while ((step = strsep(&rest, "."))) {
		const struct btf_member *m = NULL;

		while (btf_is_mod(t) || btf_is_typedef(t))
			t = btf__type_by_id(btf, t->type);
		if (btf_is_composite(t))
			m = member(btf, t, step, &offset);
		if (!m)
			return -1;
		t = btf__type_by_id(btf, m->type);
	}
	return offset;
}

static uint64_t params(const struct btf *btf, const struct btf_type *func, unsigned each)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *p = btf_params(proto);
	uint64_t sum = 0;

	for (unsigned i = 0; i < btf_vlen(proto); i++, p++)
		if (p->type)
			sum += each + strlen(btf__name_by_offset(btf, p->name_off));
	return sum;
}

static uint64_t all(const struct btf *btf)
{
	unsigned n = btf__type_cnt(btf);
	uint64_t sum = 0;

	for (unsigned id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		unsigned kind = number(btf_kind(t));

		if (kind != BTF_KIND_DECL_TAG)
			sum += kind + strlen(btf__name_by_offset(btf, t->name_off));
	}
	return sum;
}

static uint64_t all_funcs(const struct btf *btf)
{
	unsigned n = btf__type_cnt(btf);
	uint64_t sum = 0;

	for (unsigned id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_func(t))
			sum += 1 + params(btf, t, 0);
	}
	return sum;
}

static uint64_t names25(const struct btf *btf)
{
	uint64_t sum = 0;

	for (const char **name = names; *name; name++)
		sum += structure(btf, *name);
	return sum;
}

static uint64_t agent(const struct btf *btf)
{
	uint64_t sum = 0;

	for (const char **path = paths; *path; path++) {
		int64_t offset = path_offset(btf, *path);

		if (offset >= 0)
			sum += offset;
	}
	for (const char **name = funcs; *name; name++) {
		int id = btf__find_by_name_kind(btf, *name, BTF_KIND_FUNC);

		if (id > 0)
			sum += params(btf, btf__type_by_id(btf, id), 1);
	}
	for (const char **name = enums; *name; name++) {
		int id = btf__find_by_name_kind(btf, *name, BTF_KIND_ENUM);
		const struct btf_type *t;

		if (id <= 0)
			continue;
		t = btf__type_by_id(btf, id);
		for (unsigned i = 0; i < btf_vlen(t); i++) {
			int32_t value = btf_enum(t)[i].val;

			sum += btf_kflag(t) ? (uint64_t)(int64_t)value : (uint32_t)value;
		}
	}
	return sum;
}

static uint64_t ask(struct btf *btf, const char *question, const char *module)
{
	if (!strcmp(question, "load"))
		return 0;
	if (!strcmp(question, "name"))
		return structure(btf, "inet_sock");
	if (!strcmp(question, "names25"))
		return names25(btf);
	if (!strcmp(question, "miss"))
		return btf__find_by_name(btf, "no_such_struct") > 0;
	if (!strcmp(question, "ids")) {
		uint32_t random = 1;
		uint64_t sum = 0;

		for (int i = 0; i < 1000; i++) {
			random = random * 1664525 + 1013904223;
			sum += number(btf_kind(btf__type_by_id(btf, 1 + ((uint64_t)random * 40000 >> 32))));
		}
		return sum;
	}
	if (!strcmp(question, "early"))
		return path_offset(btf, "task_struct.pid");
	if (!strcmp(question, "late"))
		return path_offset(btf, "inet_sock.inet_saddr");
	if (!strcmp(question, "all"))
		return all(btf);
	if (!strcmp(question, "funcs"))
		return all_funcs(btf);
	if (!strcmp(question, "agent"))
		return agent(btf);
	if (!strcmp(question, "everything"))
		return names25(btf) + all(btf) + all_funcs(btf);
	if (!strcmp(question, "module") && module) {
		struct btf *split = btf__parse_split(module, btf);
		uint64_t id;

		if (!split)
			fail(module);
		id = structure(split, in_module);
		btf__free(split);
		return id;
	}
	exit(UNSUPPORTED);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static uint64_t peak_rss(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kb = 0;
	char line[256];

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %lu", &kb) == 1)
			break;
	return kb << 10;
}

int main(int argc, char **argv)
{
	uint64_t start = now(), answer = 0, before_objects, before_bytes, before_heap, kept, peak = 0;
	const char *module = argc > 5 ? argv[5] : NULL;
	struct btf *btf = NULL;
	int warm, cold, times;

	if (argc < 5)
		return FAILED;
	warm = !strcmp(argv[1], "warm");
	cold = !strcmp(argv[1], "cold");
	times = atoi(argv[3]);
	before_heap = heap();
	if (warm) {
		btf = open_btf(argv[4]);
		for (int i = 0; i < 3; i++)
			ask(btf, argv[2], module);
	}
	before_objects = objects, before_bytes = bytes;
	if (warm || cold)
		start = now();
	for (int i = 0; i < times; i++) {
		if (!warm) {
			btf__free(btf);
			btf = open_btf(argv[4]);
		}
		answer = ask(btf, argv[2], module);
	}
	start = now() - start;
	before_objects = objects - before_objects, before_bytes = bytes - before_bytes;
	kept = heap() - before_heap;
	if (!strcmp(argv[1], "peak"))
		peak = peak_rss();
	printf("%llu %llu %llu %llu %llu %llu\n", (unsigned long long)start, (unsigned long long)answer,
	       (unsigned long long)before_objects, (unsigned long long)before_bytes,
	       (unsigned long long)kept, (unsigned long long)peak);
	return 0;
}
