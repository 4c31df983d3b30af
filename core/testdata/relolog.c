// Prints what libbpf says about the relocations of an object: relolog OBJECT BTF
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return vfprintf(stdout, format, args);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	libbpf_set_print(print);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = argv[2]);
	struct bpf_object *object = bpf_object__open_file(argv[1], &opts);
	if (!object)
		return 0; // it needs more than this target
	bpf_object__load(object); // without the right to load, it fails after the relocations
	bpf_object__close(object);
	return 0;
}
