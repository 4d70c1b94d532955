/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_FRAGMENTS_H
#define AXO_FRAGMENTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "packet.h"
#include "reasons.h"

/* Only the first fragment of a datagram carries ports; the later ones get them from here. */
struct frag4_key {
	__be32 saddr;
	__be32 daddr;
	__be16 ip_id;
	__u8 protocol;
	__u8 pad;
};

struct frag4_ports {
	__be16 sport;
	__be16 dport;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct frag4_key);
	__type(value, struct frag4_ports);
} axo_frag4 SEC(".maps");

static __always_inline struct frag4_key frag4_key_of(const struct packet *pkt)
{
	struct frag4_key key = {
		.saddr = pkt->tuple.saddr,
		.daddr = pkt->tuple.daddr,
		.ip_id = pkt->ip_id,
		.protocol = pkt->tuple.protocol,
	};

	return key;
}

/* A full map makes room by forgetting the oldest datagram; a failure costs this one its later fragments. */
static __always_inline void frag4_remember(const struct packet *pkt)
{
	struct frag4_key key = frag4_key_of(pkt);
	struct frag4_ports ports = { .sport = pkt->tuple.sport, .dport = pkt->tuple.dport };

	bpf_map_update_elem(&axo_frag4, &key, &ports, BPF_ANY);
}

/* 0 or a drop reason. */
static __always_inline int frag4_recall(struct packet *pkt)
{
	struct frag4_key key = frag4_key_of(pkt);
	struct frag4_ports *ports = bpf_map_lookup_elem(&axo_frag4, &key);

	if (!ports)
		return -DROP_FRAGMENT_NOT_FOUND;
	pkt->tuple.sport = ports->sport;
	pkt->tuple.dport = ports->dport;
	return 0;
}

#endif
