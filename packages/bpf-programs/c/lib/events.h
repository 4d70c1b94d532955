/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_EVENTS_H
#define AXO_EVENTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "address.h"
#include "metrics.h"
#include "packet.h"
#include "reasons.h"

/* Cilium's numbers. */
enum event_type {
	EVENT_DROP = 1,
	EVENT_TRACE = 4,
} __attribute__((packed));

/* One record of axo_events. Addresses and ports are those that the verdict was made on: services are translated. */
struct packet_event {
	/* CLOCK_MONOTONIC. */
	__u64 time_ns;
	enum event_type type;
	enum packet_reason reason;
	enum traffic_direction direction;
	enum address_family family;
	__u8 protocol;
	__u8 tcp_flags;
	enum ct_state ct_state;
	__u8 pad1;
	/* 0: not known when the packet was dropped. */
	__u32 source_identity;
	__u32 destination_identity;
	union ip_address saddr;
	union ip_address daddr;
	__be16 sport;
	__be16 dport;
	/* 0: the packet was dropped before it reached an endpoint. */
	__u16 endpoint_id;
	__u16 rev_nat_index;
	__u32 ifindex;
	__u32 length;
	__u32 rule_set;
	__u32 pad2;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_events SEC(".maps");

struct event_origin {
	enum event_type type;
	enum packet_reason reason;
	enum traffic_direction direction;
	__u16 endpoint_id;
};

static __always_inline void event_write(struct __sk_buff *ctx, const struct packet *pkt, struct event_origin origin)
{
	struct packet_event *event = bpf_ringbuf_reserve(&axo_events, sizeof(*event), 0);

	if (!event) {
		metrics_count(REASON_EVENT_LOST, origin.direction, ctx->len);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_ns();
	event->type = origin.type;
	event->reason = origin.reason;
	event->direction = origin.direction;
	event->endpoint_id = origin.endpoint_id;
	event->family = FAMILY_IPV4;
	event->protocol = pkt->tuple.protocol;
	event->tcp_flags = pkt->tcp_flags;
	event->ct_state = pkt->ct_state;
	event->source_identity = pkt->source_identity;
	event->destination_identity = pkt->destination_identity;
	event->saddr.ip4 = pkt->tuple.saddr;
	event->daddr.ip4 = pkt->tuple.daddr;
	event->sport = pkt->tuple.sport;
	event->dport = pkt->tuple.dport;
	event->rev_nat_index = pkt->rev_nat_index;
	event->rule_set = pkt->rule_set;
	event->ifindex = ctx->ifindex;
	event->length = ctx->len;
	/* The reader polls: waking it for each record would cost more than the record. */
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

#endif
