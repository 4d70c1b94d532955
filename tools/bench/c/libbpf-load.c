/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads an object through libbpf again and again: for each line "load" on standard input, prints the nanoseconds from
 * bpf_object__open_mem to the end of bpf_object__load, and the programs' names and tags. The maps are made once, as
 * those of a node are, and reading the file is not counted.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bytes {
	void *data;
	size_t size;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct bytes read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct bytes bytes;

	if (!file || fseek(file, 0, SEEK_END))
		fail(path);
	bytes.size = ftell(file);
	rewind(file);
	bytes.data = malloc(bytes.size);
	if (!bytes.data || fread(bytes.data, 1, bytes.size, file) != bytes.size)
		fail(path);
	fclose(file);
	return bytes;
}

/* With the maps of `node` if there is one, otherwise with new ones that are not pinned. */
static struct bpf_object *load(struct bytes bytes, struct bpf_object *node)
{
	struct bpf_object *object = bpf_object__open_mem(bytes.data, bytes.size, NULL);
	struct bpf_program *program;
	struct bpf_map *map, *shared;

	if (!object)
		fail("bpf_object__open_mem");
	bpf_object__for_each_program(program, object)
		if (bpf_program__set_type(program, BPF_PROG_TYPE_SCHED_CLS))
			fail("bpf_program__set_type");
	bpf_object__for_each_map(map, object) {
		shared = node ? bpf_object__find_map_by_name(node, bpf_map__name(map)) : NULL;
		if (bpf_map__set_pin_path(map, NULL))
			fail("bpf_map__set_pin_path");
		if (shared && bpf_map__reuse_fd(map, bpf_map__fd(shared)))
			fail("bpf_map__reuse_fd");
	}
	if (bpf_object__load(object))
		fail("bpf_object__load");
	return object;
}

static void print_tags(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			fail("bpf_obj_get_info_by_fd");
		printf(" %s=", bpf_program__name(program));
		for (size_t i = 0; i < sizeof(info.tag); i++)
			printf("%02x", info.tag[i]);
	}
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	struct bpf_object *node, *object;
	struct bytes bytes;
	long long started;
	char line[64];

	if (argc != 2) {
		fprintf(stderr, "usage: libbpf-load OBJECT\n");
		return 2;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	bytes = read_file(argv[1]);
	node = load(bytes, NULL);
	while (fgets(line, sizeof(line), stdin)) {
		started = now_ns();
		object = load(bytes, node);
		printf("%lld", now_ns() - started);
		print_tags(object);
		printf("\n");
		fflush(stdout);
		bpf_object__close(object);
	}
	bpf_object__close(node);
	return 0;
}
