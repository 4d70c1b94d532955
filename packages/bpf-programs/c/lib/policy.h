/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_POLICY_H
#define AXO_POLICY_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

#include "function.h"
#include "identity.h"
#include "packet.h"
#include "reasons.h"

/*
 * An entry covers a peer in a direction, then optionally a protocol, then optionally the first bits of a port, which
 * makes port ranges prefixes. prefix_length counts from `identity` on: 40, 48 with a protocol, up to 64 with a whole
 * port. Identity 0 is any peer. A direction without enforcement is the entry {0, direction, any, any}.
 */
struct policy_key {
	__u32 prefix_length;
	__u32 identity;
	/* 1: the endpoint sends; 0: it receives. */
	__u8 egress;
	__u8 protocol;
	__be16 dport;
};

#define POLICY_FULL_PREFIX 64

enum policy_flags {
	POLICY_ALLOW = 0,
	POLICY_DENY = 1,
} __attribute__((packed));

struct policy_value {
	/* The policies behind this entry, as the control plane numbers them. */
	__u32 rule_set;
	enum policy_flags flags;
	__u8 pad[3];
};

/* The endpoint's own: one map per template instance, not pinned by its name. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct policy_key);
	__type(value, struct policy_value);
} axo_policy SEC(".maps");

/*
 * Policy epoch per endpoint id. The control plane writes a new number after it changed the endpoint's policy map, and
 * draws it from one counter for the whole node: a reused endpoint id never meets an old epoch.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u32);
} axo_epoch SEC(".maps");

/* Read it before the policy: a change in between is then seen as one. */
static __always_inline __u32 policy_epoch(__u32 endpoint_id)
{
	__u32 *epoch = bpf_map_lookup_elem(&axo_epoch, &endpoint_id);

	return epoch ? *epoch : 0;
}

/*
 * 0 or a drop reason. The most specific entry of the peer and the most specific entry of any peer both speak, and a
 * denial wins. The node itself always reaches its pods, as kubelet's probes must.
 */
GLOBAL_FUNCTION int policy_check(struct packet *pkt, __u32 peer_identity, __u8 egress, __u8 protocol, __be16 dport)
{
	struct policy_key key = {
		.prefix_length = POLICY_FULL_PREFIX,
		.identity = peer_identity,
		.egress = egress,
		.protocol = protocol,
		/* What stands in a port's place for ICMP is no port. */
		.dport = protocol == IPPROTO_ICMP ? 0 : dport,
	};
	struct policy_value *of_peer, *of_any;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	if (!egress && peer_identity == IDENTITY_HOST)
		return 0;

	of_peer = bpf_map_lookup_elem(&axo_policy, &key);
	if (of_peer) {
		pkt->rule_set = of_peer->rule_set;
		if (of_peer->flags & POLICY_DENY)
			return -DROP_POLICY_DENY;
	}
	key.identity = IDENTITY_ANY;
	of_any = bpf_map_lookup_elem(&axo_policy, &key);
	if (of_any && (!of_peer || of_any->flags & POLICY_DENY)) {
		pkt->rule_set = of_any->rule_set;
		if (of_any->flags & POLICY_DENY)
			return -DROP_POLICY_DENY;
	}
	return of_peer || of_any ? 0 : -DROP_POLICY;
}

#endif
