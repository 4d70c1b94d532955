/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_LB4_H
#define AXO_LB4_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "conntrack4.h"
#include "nat4.h"
#include "packet.h"
#include "reasons.h"

/* Slot 0 is the service itself, slots 1 to its count are its backends. */
struct lb4_service_key {
	__be32 address;
	__be16 port;
	__u16 slot;
	__u8 protocol;
	__u8 pad[3];
};

struct lb4_service {
	/* Slots only. */
	__u32 backend_id;
	/* Slot 0 only: how many slots follow. */
	__u16 count;
	/* Slot 0 only: not 0. */
	__u16 rev_nat_index;
	/* None is defined yet. */
	__u16 flags;
	__u16 pad;
};

enum lb_backend_state {
	BACKEND_ACTIVE = 0,
	/* Serves the connections it has; no slot points to it. */
	BACKEND_TERMINATING = 1,
} __attribute__((packed));

struct lb4_backend_key {
	__u32 id;
};

struct lb4_backend {
	__be32 address;
	__be16 port;
	__u8 protocol;
	enum lb_backend_state state;
};

struct lb4_rev_nat_key {
	__u16 index;
};

/* The address that replies of a service's backends seem to come from. */
struct lb4_rev_nat {
	__be32 address;
	__be16 port;
	__u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct lb4_service_key);
	__type(value, struct lb4_service);
} axo_lb4_services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct lb4_backend_key);
	__type(value, struct lb4_backend);
} axo_lb4_backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct lb4_rev_nat_key);
	__type(value, struct lb4_rev_nat);
} axo_lb4_revnat SEC(".maps");

static __always_inline struct lb4_service *lb4_find_slot(const struct ipv4_tuple *tuple, __u16 slot)
{
	struct lb4_service_key key = {
		.address = tuple->daddr,
		.port = tuple->dport,
		.slot = slot,
		.protocol = tuple->protocol,
	};

	return bpf_map_lookup_elem(&axo_lb4_services, &key);
}

static __always_inline struct lb4_backend *lb4_find_backend(__u32 id)
{
	struct lb4_backend_key key = { .id = id };

	return bpf_map_lookup_elem(&axo_lb4_backends, &key);
}

/* Where replies seem to come from, or NULL when the service is gone. */
static __always_inline struct lb4_rev_nat *lb4_find_rev_nat(__u16 index)
{
	struct lb4_rev_nat_key key = { .index = index };

	return bpf_map_lookup_elem(&axo_lb4_revnat, &key);
}

/* A backend for a new connection, each with the same chance. NULL when the service has none. */
static __always_inline struct lb4_backend *lb4_choose_backend(const struct ipv4_tuple *tuple, __u16 count,
							      __u32 *backend_id)
{
	struct lb4_service *slot;

	if (count == 0)
		return NULL;
	slot = lb4_find_slot(tuple, bpf_get_prandom_u32() % count + 1);
	if (!slot)
		return NULL;
	*backend_id = slot->backend_id;
	return lb4_find_backend(slot->backend_id);
}

/*
 * Translates a packet to a service: to the backend of its connection's first packet for as long as that exists.
 * 0, also for a packet to no service (rev_nat_index stays 0), or a drop reason.
 */
GLOBAL_FUNCTION int lb4_translate(struct __sk_buff *ctx, struct packet *pkt, __u32 now_seconds, __u16 endpoint_id)
{
	struct connection4 connection = { .now_seconds = now_seconds };
	struct lb4_backend *backend = NULL;
	struct ct_entry first = { .endpoint_id = endpoint_id };
	struct lb4_service *service;
	int ret;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	service = lb4_find_slot(&pkt->tuple, 0);
	if (!service)
		return 0;
	pkt->rev_nat_index = service->rev_nat_index;
	first.rev_nat_index = service->rev_nat_index;

	if (ct4_find_forward(&connection, pkt, CT_SERVICE))
		backend = lb4_find_backend(connection.entry->backend_id);
	if (backend) {
		ct4_track(&connection, pkt, ctx->len);
	} else {
		backend = lb4_choose_backend(&pkt->tuple, service->count, &first.backend_id);
		if (!backend)
			return -DROP_NO_SERVICE;
		ret = ct4_create(&connection, pkt, &first, ctx->len);
		if (ret)
			return ret;
	}
	return nat4_destination(ctx, pkt, backend->address, backend->port);
}

/* Makes a reply seem to come from the service that the connection was opened to. 0 or a drop reason. */
static __always_inline int lb4_reverse_nat(struct __sk_buff *ctx, struct packet *pkt, __u16 rev_nat_index)
{
	struct lb4_rev_nat *rev_nat = lb4_find_rev_nat(rev_nat_index);

	if (!rev_nat)
		return -DROP_NO_SERVICE;
	pkt->rev_nat_index = rev_nat_index;
	return nat4_source(ctx, pkt, rev_nat->address, rev_nat->port);
}

#endif
