/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_ENDPOINTS_H
#define AXO_ENDPOINTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "address.h"

struct endpoint_key {
	union ip_address address;
	enum address_family family;
	__u8 pad[3];
};

/* A pod of this node. */
struct endpoint {
	/* Host side of the veth pair. */
	__u32 ifindex;
	__u32 identity;
	__u16 id;
	__u8 mac[6];
	__u8 host_mac[6];
	__u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct endpoint_key);
	__type(value, struct endpoint);
} axo_endpoints SEC(".maps");

static __always_inline struct endpoint *endpoint_lookup4(__be32 address)
{
	struct endpoint_key key = { .address.ip4 = address, .family = FAMILY_IPV4 };

	return bpf_map_lookup_elem(&axo_endpoints, &key);
}

#endif
