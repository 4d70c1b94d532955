/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_METRICS_H
#define AXO_METRICS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "reasons.h"

struct metrics_key {
	enum packet_reason reason;
	enum traffic_direction direction;
	__u16 pad;
};

struct metrics_value {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct metrics_key);
	__type(value, struct metrics_value);
} axo_metrics SEC(".maps");

static __always_inline void metrics_count(enum packet_reason reason, enum traffic_direction direction, __u64 bytes)
{
	struct metrics_key key = { .reason = reason, .direction = direction };
	struct metrics_value *value = bpf_map_lookup_elem(&axo_metrics, &key);

	if (value) {
		value->packets += 1;
		value->bytes += bytes;
	} else {
		struct metrics_value first = { .packets = 1, .bytes = bytes };

		/* A full map loses this one count; there are fewer reasons than entries. */
		bpf_map_update_elem(&axo_metrics, &key, &first, BPF_ANY);
	}
}

#endif
