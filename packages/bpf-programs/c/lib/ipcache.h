/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_IPCACHE_H
#define AXO_IPCACHE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "address.h"

/* prefix_length counts from `pad` on: 32 for the part before the address, then the bits of the prefix. */
struct ipcache_key {
	__u32 prefix_length;
	__u8 pad[3];
	enum address_family family;
	union ip_address address;
};

#define IPCACHE_STATIC_BITS 32

struct ipcache_value {
	__u32 identity;
	/* The node to tunnel to; 0: the stack knows the way. */
	__be32 tunnel_endpoint;
	/* Index of the key that this destination decrypts with; 0: not encrypted. */
	__u8 encrypt_key;
	__u8 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 512000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct ipcache_key);
	__type(value, struct ipcache_value);
} axo_ipcache SEC(".maps");

static __always_inline struct ipcache_value *ipcache_lookup4(__be32 address)
{
	struct ipcache_key key = {
		.prefix_length = IPCACHE_STATIC_BITS + 32,
		.family = FAMILY_IPV4,
		.address.ip4 = address,
	};

	return bpf_map_lookup_elem(&axo_ipcache, &key);
}

#endif
