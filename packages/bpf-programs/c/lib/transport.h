/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_TRANSPORT_H
#define AXO_TRANSPORT_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

#include "fragments.h"
#include "function.h"
#include "icmp.h"
#include "ipv4.h"
#include "packet.h"
#include "reasons.h"
#include "tcp.h"

struct l4_ports {
	__be16 sport;
	__be16 dport;
};

static __always_inline int l4_parse_ports(struct __sk_buff *ctx, struct packet *pkt)
{
	struct l4_ports ports;

	if (bpf_skb_load_bytes(ctx, pkt->l4_offset, &ports, sizeof(ports)))
		return -DROP_CT_INVALID_HEADER;
	pkt->tuple.sport = ports.sport;
	pkt->tuple.dport = ports.dport;
	return 0;
}

static __always_inline int l4_parse_header(struct __sk_buff *ctx, struct packet *pkt)
{
	switch (pkt->tuple.protocol) {
	case IPPROTO_TCP:
		if (bpf_skb_load_bytes(ctx, pkt->l4_offset + TCP_FLAGS_OFFSET, &pkt->tcp_flags, 1))
			return -DROP_CT_INVALID_HEADER;
		return l4_parse_ports(ctx, pkt);
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		return l4_parse_ports(ctx, pkt);
	case IPPROTO_ICMP:
		return icmp4_parse(ctx, pkt);
	default:
		return -DROP_CT_UNKNOWN_PROTOCOL;
	}
}

/*
 * Reads ports, TCP flags, or what an ICMP error quotes, of a packet whose IPv4 header was read and whose source is
 * credible. 0 or a drop reason.
 */
GLOBAL_FUNCTION int l4_parse(struct __sk_buff *ctx, struct packet *pkt)
{
	int ret;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	if (pkt->fragment == FRAGMENT_LATER)
		return frag4_recall(pkt);
	ret = l4_parse_header(ctx, pkt);
	if (!ret && pkt->fragment == FRAGMENT_FIRST)
		frag4_remember(pkt);
	return ret;
}

#endif
