/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_IPV4_H
#define AXO_IPV4_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "packet.h"
#include "reasons.h"

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

#define IPV4_OFFSET(field) (ETH_HLEN + offsetof(struct iphdr, field))

/* The IPv4 header, readable, or NULL. Helpers that write to the packet invalidate the pointer. */
static __always_inline struct iphdr *ipv4_header(struct __sk_buff *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;

	if (data + ETH_HLEN + sizeof(struct iphdr) > data_end) {
		if (bpf_skb_pull_data(ctx, ETH_HLEN + sizeof(struct iphdr)))
			return NULL;
		data = (void *)(long)ctx->data;
		data_end = (void *)(long)ctx->data_end;
		if (data + ETH_HLEN + sizeof(struct iphdr) > data_end)
			return NULL;
	}
	return data + ETH_HLEN;
}

static __always_inline enum fragment_kind ipv4_fragment_kind(__be16 frag_off)
{
	if (frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return FRAGMENT_LATER;
	return frag_off & bpf_htons(IPV4_MORE_FRAGMENTS) ? FRAGMENT_FIRST : FRAGMENT_NONE;
}

/* Reads addresses and what else the IPv4 header says. 0 or a drop reason. */
static __always_inline int ipv4_parse(struct __sk_buff *ctx, struct packet *pkt)
{
	struct iphdr *ip = ipv4_header(ctx);

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return -DROP_INVALID_PACKET;
	pkt->tuple.saddr = ip->saddr;
	pkt->tuple.daddr = ip->daddr;
	pkt->tuple.protocol = ip->protocol;
	pkt->ttl = ip->ttl;
	pkt->ip_id = ip->id;
	pkt->fragment = ipv4_fragment_kind(ip->frag_off);
	pkt->l4_offset = ETH_HLEN + ip->ihl * 4;
	return 0;
}

/* A router's part: one hop less. Only for packets with a TTL above 1. 0 or a drop reason. */
static __always_inline int ipv4_decrement_ttl(struct __sk_buff *ctx, struct packet *pkt)
{
	__be16 before = bpf_htons(pkt->ttl << 8 | pkt->tuple.protocol);
	__u8 ttl = pkt->ttl - 1;
	__be16 after = bpf_htons(ttl << 8 | pkt->tuple.protocol);

	if (bpf_l3_csum_replace(ctx, IPV4_OFFSET(check), before, after, sizeof(after)))
		return -DROP_CSUM_L3;
	if (bpf_skb_store_bytes(ctx, IPV4_OFFSET(ttl), &ttl, sizeof(ttl), 0))
		return -DROP_WRITE_ERROR;
	pkt->ttl = ttl;
	return 0;
}

#endif
