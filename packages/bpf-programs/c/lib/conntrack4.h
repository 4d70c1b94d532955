/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_CONNTRACK4_H
#define AXO_CONNTRACK4_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "conntrack.h"
#include "reasons.h"

/* Source and destination of the connection's first packet, as the endpoint's programs saw it after translation. */
struct ct4_key {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	enum ct_direction direction;
	__u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct ct4_key);
	__type(value, struct ct_entry);
} axo_ct4 SEC(".maps");

/* A packet's connection. Without an entry it is a new one, which `key` will stand for. */
struct connection4 {
	struct ct4_key key;
	struct ct_entry *entry;
	__u32 now_seconds;
};

static __always_inline struct ct4_key ct4_forward_key(const struct ipv4_tuple *tuple, enum ct_direction direction)
{
	struct ct4_key key = {
		.saddr = tuple->saddr,
		.daddr = tuple->daddr,
		.sport = tuple->sport,
		.dport = tuple->dport,
		.protocol = tuple->protocol,
		.direction = direction,
	};

	return key;
}

static __always_inline struct ct4_key ct4_reply_key(const struct ipv4_tuple *tuple, enum ct_direction direction)
{
	struct ct4_key key = {
		.saddr = tuple->daddr,
		.daddr = tuple->saddr,
		.sport = tuple->dport,
		.dport = tuple->sport,
		.protocol = tuple->protocol,
		.direction = direction,
	};

	return key;
}

/* Whether the packet answers a connection of `direction`. */
static __always_inline int ct4_find_reply(struct connection4 *connection, const struct packet *pkt,
					  enum ct_direction direction)
{
	connection->key = ct4_reply_key(&pkt->tuple, direction);
	connection->entry = ct_find(&axo_ct4, &connection->key, connection->now_seconds);
	if (!connection->entry)
		return 0;
	if (ct_is_reopened(connection->entry, pkt->tuple.protocol, pkt->tcp_flags)) {
		/* The other side opens a new connection with the ports of a closed one, whose entry would shadow it. */
		bpf_map_delete_elem(&axo_ct4, &connection->key);
		connection->entry = NULL;
		return 0;
	}
	return 1;
}

/* Whether the packet belongs to a connection of `direction` in the direction that opened it. */
static __always_inline int ct4_find_forward(struct connection4 *connection, const struct packet *pkt,
					    enum ct_direction direction)
{
	connection->key = ct4_forward_key(&pkt->tuple, direction);
	connection->entry = ct_find(&axo_ct4, &connection->key, connection->now_seconds);
	if (connection->entry && ct_is_reopened(connection->entry, pkt->tuple.protocol, pkt->tcp_flags))
		connection->entry = NULL;
	return connection->entry != NULL;
}

/* Adds the new connection of this packet; an old entry under its key is replaced. 0 or a drop reason. */
static __always_inline int ct4_create(const struct connection4 *connection, const struct packet *pkt,
				      struct ct_entry *entry, __u32 bytes)
{
	entry->created_seconds = connection->now_seconds;
	entry->forward_packets = 1;
	entry->forward_bytes = bytes;
	if (pkt->tuple.protocol == IPPROTO_TCP) {
		entry->forward_tcp_flags = pkt->tcp_flags;
		entry->flags = ct_flags_after(entry->flags, pkt->tcp_flags, 0);
	}
	entry->expires_seconds =
		connection->now_seconds + ct_lifetime_seconds(entry, pkt->tuple.protocol, connection->key.direction);
	if (bpf_map_update_elem(&axo_ct4, &connection->key, entry, BPF_ANY))
		return -DROP_CT_CREATE_FAILED;
	return 0;
}

static __always_inline void ct4_track(const struct connection4 *connection, const struct packet *pkt, __u32 bytes)
{
	struct ct_sighting seen = {
		.now_seconds = connection->now_seconds,
		.bytes = bytes,
		.protocol = pkt->tuple.protocol,
		.tcp_flags = pkt->tcp_flags,
		.is_reply = pkt->ct_state == CT_REPLY,
		.direction = connection->key.direction,
	};

	ct_track(connection->entry, seen);
}

#endif
