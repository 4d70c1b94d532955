/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_PACKET_H
#define AXO_PACKET_H

#include <linux/types.h>

/* Where a packet stands towards the connections that are known. Cilium's numbers. */
enum ct_state {
	CT_NEW = 0,
	CT_ESTABLISHED = 1,
	CT_REPLY = 2,
	CT_RELATED = 3,
} __attribute__((packed));

enum fragment_kind {
	FRAGMENT_NONE,
	FRAGMENT_FIRST,
	/* Carries no transport header. */
	FRAGMENT_LATER,
} __attribute__((packed));

/* The five that name a flow, as they stand in a packet. ICMP echo has its id as the requesting side's port. */
struct ipv4_tuple {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 pad[3];
};

/*
 * What a program knows of the packet at hand. `tuple` is what the packet carries now: who rewrites the packet
 * rewrites it too. Identities, rule_set and state are filled in as they become known, for the event that the packet
 * may cause.
 */
struct packet {
	struct ipv4_tuple tuple;
	__u32 source_identity;
	__u32 destination_identity;
	/* The policies behind the verdict, as the control plane numbers them; 0: none. */
	__u32 rule_set;
	/* From the start of the frame, as are all offsets. */
	__u32 l4_offset;
	__be16 ip_id;
	/* Of the service that the packet was or will be translated from; 0: none. */
	__u16 rev_nat_index;
	__u8 ttl;
	__u8 tcp_flags;
	enum fragment_kind fragment;
	enum ct_state ct_state;
	/* An ICMP error: `inner` is the flow of the packet that it quotes, at inner_offset. */
	__u8 is_icmp_error;
	__u8 pad[3];
	struct ipv4_tuple inner;
	__u32 inner_offset;
	__u32 inner_l4_offset;
};

#endif
