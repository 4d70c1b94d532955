/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same work on a full hash map as the benchmark does, in C: for each line "update", "update-batch" or "lookup" on
 * standard input, does it with all entries and prints the nanoseconds.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_BYTES 16
#define VALUE_BYTES 16

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned int entries = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned int i, count;
	char line[64], *keys, *values, value[VALUE_BYTES];
	long long started;
	int map;

	if (entries == 0) {
		fprintf(stderr, "usage: map-loop ENTRIES\n");
		return 2;
	}
	map = bpf_map_create(BPF_MAP_TYPE_HASH, "axo_bench_c", KEY_BYTES, VALUE_BYTES, entries, NULL);
	if (map < 0)
		fail("bpf_map_create");
	keys = calloc(entries, KEY_BYTES);
	values = calloc(entries, VALUE_BYTES);
	if (!keys || !values)
		fail("calloc");
	for (i = 0; i < entries; i++) {
		memcpy(keys + i * KEY_BYTES, &i, sizeof(i));
		memcpy(values + i * VALUE_BYTES, &i, sizeof(i));
	}
	count = entries;
	if (bpf_map_update_batch(map, keys, values, &count, NULL))
		fail("bpf_map_update_batch");
	while (fgets(line, sizeof(line), stdin)) {
		started = now_ns();
		if (!strcmp(line, "update\n")) {
			for (i = 0; i < entries; i++)
				if (bpf_map_update_elem(map, keys + i * KEY_BYTES, values + i * VALUE_BYTES, BPF_ANY))
					fail("bpf_map_update_elem");
		} else if (!strcmp(line, "update-batch\n")) {
			count = entries;
			if (bpf_map_update_batch(map, keys, values, &count, NULL))
				fail("bpf_map_update_batch");
		} else if (!strcmp(line, "lookup\n")) {
			for (i = 0; i < entries; i++)
				if (bpf_map_lookup_elem(map, keys + i * KEY_BYTES, value))
					fail("bpf_map_lookup_elem");
		} else {
			fprintf(stderr, "unknown command %s", line);
			return 2;
		}
		printf("%lld\n", now_ns() - started);
		fflush(stdout);
	}
	return 0;
}
