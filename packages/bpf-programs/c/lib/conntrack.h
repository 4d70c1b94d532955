/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_CONNTRACK_H
#define AXO_CONNTRACK_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

#include "packet.h"
#include "tcp.h"

/*
 * The state of a connection, for both address families. It is kept once for each endpoint that takes part, by the
 * programs of that endpoint, and once more for a connection to a service.
 */
enum ct_direction {
	/* An endpoint of this node opened it. */
	CT_EGRESS = 0,
	/* It was opened towards an endpoint of this node. */
	CT_INGRESS = 1,
	/* Opened by an endpoint of this node to a service: remembers the backend. */
	CT_SERVICE = 2,
} __attribute__((packed));

enum ct_flags {
	CT_FORWARD_CLOSED = 1 << 0,
	CT_REPLY_CLOSED = 1 << 1,
	CT_SEEN_NON_SYN = 1 << 2,
	/* An endpoint that reached itself through a service: the source is LOOPBACK_ADDRESS. */
	CT_LOOPBACK = 1 << 3,
} __attribute__((packed));

#define CT_CLOSED (CT_FORWARD_CLOSED | CT_REPLY_CLOSED)

/* Forward is the direction of the packet that opened the connection. */
struct ct_entry {
	__u64 forward_packets;
	__u64 forward_bytes;
	__u64 reply_packets;
	__u64 reply_bytes;
	/* Seconds of CLOCK_MONOTONIC. An entry past it does not exist for the datapath. */
	__u32 expires_seconds;
	__u32 created_seconds;
	/* Who policy was asked about: the other side's identity. Not used for CT_SERVICE. */
	__u32 peer_identity;
	/* The endpoint's epoch when policy was asked. */
	__u32 policy_epoch;
	__u32 rule_set;
	/* CT_SERVICE only. */
	__u32 backend_id;
	/* The service that replies seem to come from; 0: none. */
	__u16 rev_nat_index;
	/* Whose entry it is. */
	__u16 endpoint_id;
	enum ct_flags flags;
	/* All flags seen so far. */
	__u8 forward_tcp_flags;
	__u8 reply_tcp_flags;
	__u8 pad;
};

#define CT_LIFETIME_TCP_SYN_SECONDS 60
#define CT_LIFETIME_TCP_SECONDS 8000
#define CT_LIFETIME_CLOSING_SECONDS 10
#define CT_LIFETIME_OTHER_SECONDS 60
/* A service entry does not see the replies: it stays while the other half of the connection may still be open. */
#define CT_LIFETIME_SERVICE_CLOSING_SECONDS 120

#define NSEC_PER_SEC 1000000000ull

static __always_inline __u32 ct_now_seconds(void)
{
	return bpf_ktime_get_ns() / NSEC_PER_SEC;
}

static __always_inline __u32 ct_lifetime_seconds(const struct ct_entry *entry, __u8 protocol,
						  enum ct_direction direction)
{
	if (protocol != IPPROTO_TCP)
		return CT_LIFETIME_OTHER_SECONDS;
	if ((entry->flags & CT_CLOSED) == CT_CLOSED)
		return CT_LIFETIME_CLOSING_SECONDS;
	if (direction == CT_SERVICE && entry->flags & CT_FORWARD_CLOSED)
		return CT_LIFETIME_SERVICE_CLOSING_SECONDS;
	return entry->flags & CT_SEEN_NON_SYN ? CT_LIFETIME_TCP_SECONDS : CT_LIFETIME_TCP_SYN_SECONDS;
}

static __always_inline enum ct_flags ct_flags_after(enum ct_flags flags, __u8 tcp_flags, int is_reply)
{
	if (!(tcp_flags & TCP_SYN))
		flags |= CT_SEEN_NON_SYN;
	if (tcp_flags & TCP_RST)
		flags |= CT_CLOSED;
	else if (tcp_flags & TCP_FIN)
		flags |= is_reply ? CT_REPLY_CLOSED : CT_FORWARD_CLOSED;
	return flags;
}

struct ct_sighting {
	__u32 now_seconds;
	__u32 bytes;
	__u8 protocol;
	__u8 tcp_flags;
	__u8 is_reply;
	enum ct_direction direction;
};

/* Counts a packet and renews the lifetime. Writes only what changes: an entry is shared between CPUs. */
static __always_inline void ct_track(struct ct_entry *entry, struct ct_sighting seen)
{
	__u32 expires_seconds;

	if (seen.is_reply) {
		__sync_fetch_and_add(&entry->reply_packets, 1);
		__sync_fetch_and_add(&entry->reply_bytes, seen.bytes);
	} else {
		__sync_fetch_and_add(&entry->forward_packets, 1);
		__sync_fetch_and_add(&entry->forward_bytes, seen.bytes);
	}
	if (seen.protocol == IPPROTO_TCP) {
		__u8 *tcp_flags = seen.is_reply ? &entry->reply_tcp_flags : &entry->forward_tcp_flags;
		enum ct_flags flags = ct_flags_after(entry->flags, seen.tcp_flags, seen.is_reply);

		if ((*tcp_flags | seen.tcp_flags) != *tcp_flags)
			*tcp_flags |= seen.tcp_flags;
		if (flags != entry->flags)
			entry->flags = flags;
	}
	expires_seconds = seen.now_seconds + ct_lifetime_seconds(entry, seen.protocol, seen.direction);
	if (expires_seconds != entry->expires_seconds)
		entry->expires_seconds = expires_seconds;
}

/* NULL when there is no entry or its time is over. */
static __always_inline struct ct_entry *ct_find(void *map, const void *key, __u32 now_seconds)
{
	struct ct_entry *entry = bpf_map_lookup_elem(map, key);

	return entry && entry->expires_seconds >= now_seconds ? entry : NULL;
}

/* Whether a packet opens the connection anew: the old one is over, its state is not to be used. */
static __always_inline int ct_is_reopened(const struct ct_entry *entry, __u8 protocol, __u8 tcp_flags)
{
	return protocol == IPPROTO_TCP && entry->flags & CT_CLOSED && tcp_opens(tcp_flags);
}

#endif
