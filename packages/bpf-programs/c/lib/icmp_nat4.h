/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_ICMP_NAT4_H
#define AXO_ICMP_NAT4_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>

#include "csum.h"
#include "icmp.h"
#include "nat4.h"
#include "packet.h"
#include "reasons.h"

/*
 * Translates ICMP errors: the packet that one quotes must look to the receiver like the packet that it sent, and the
 * quoted checksums must stay right.
 */

/* The quoted bytes that a translation changes; a whole number of 32-bit words for bpf_csum_diff. */
struct icmp4_quote {
	__be32 address;
	__be16 port;
	__u16 l4_check;
	__u16 ip_check;
	__u16 pad;
};

/* Where those bytes are. */
struct icmp4_quote_offsets {
	__u32 address;
	__u32 port;
	/* 0: the quote has no transport checksum, or is cut off before it. */
	__u32 l4_check;
	__u32 ip_check;
};

static __always_inline int icmp4_read_quote(struct __sk_buff *ctx, struct icmp4_quote_offsets *at,
					    struct icmp4_quote *quote)
{
	if (bpf_skb_load_bytes(ctx, at->address, &quote->address, sizeof(quote->address)) ||
	    bpf_skb_load_bytes(ctx, at->port, &quote->port, sizeof(quote->port)) ||
	    bpf_skb_load_bytes(ctx, at->ip_check, &quote->ip_check, sizeof(quote->ip_check)))
		return -DROP_CT_INVALID_HEADER;
	if (at->l4_check && bpf_skb_load_bytes(ctx, at->l4_check, &quote->l4_check, sizeof(quote->l4_check)))
		at->l4_check = 0;
	return 0;
}

static __always_inline int icmp4_write_quote(struct __sk_buff *ctx, const struct icmp4_quote_offsets *at,
					     const struct icmp4_quote *quote)
{
	if (bpf_skb_store_bytes(ctx, at->address, &quote->address, sizeof(quote->address), 0) ||
	    bpf_skb_store_bytes(ctx, at->port, &quote->port, sizeof(quote->port), 0) ||
	    bpf_skb_store_bytes(ctx, at->ip_check, &quote->ip_check, sizeof(quote->ip_check), 0))
		return -DROP_WRITE_ERROR;
	if (at->l4_check &&
	    bpf_skb_store_bytes(ctx, at->l4_check, &quote->l4_check, sizeof(quote->l4_check), 0))
		return -DROP_WRITE_ERROR;
	return 0;
}

static __always_inline void icmp4_translate_quote(struct icmp4_quote *quote, __be32 address, __be16 port,
						  __u8 protocol)
{
	__be32 from_words[2] = { quote->address, quote->port };
	__be32 to_words[2] = { address, port };
	__u32 address_diff = bpf_csum_diff(from_words, 4, to_words, 4, 0);
	__u32 both_diff = bpf_csum_diff(from_words, 8, to_words, 8, 0);
	int has_l4_check = protocol != IPPROTO_UDP || quote->l4_check != 0;

	quote->ip_check = csum_apply(quote->ip_check, address_diff);
	if (has_l4_check)
		quote->l4_check = csum_apply(quote->l4_check, both_diff);
	if (has_l4_check && protocol == IPPROTO_UDP && quote->l4_check == 0)
		quote->l4_check = 0xffff;
	quote->address = address;
	quote->port = port;
}

/* Replaces the quoted source or destination. 0 or a drop reason. */
static __always_inline int icmp4_nat_quote(struct __sk_buff *ctx, const struct packet *pkt, int is_source,
					   __be32 address, __be16 port)
{
	__u32 csum_offset = nat4_csum_offset(pkt->inner.protocol);
	struct icmp4_quote_offsets at = {
		.address = pkt->inner_offset +
			   (is_source ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr)),
		.port = pkt->inner_l4_offset + (is_source ? 0 : 2),
		.ip_check = pkt->inner_offset + offsetof(struct iphdr, check),
		.l4_check = csum_offset ? pkt->inner_l4_offset + csum_offset : 0,
	};
	struct icmp4_quote before = {}, after;
	__u32 diff;
	int ret = icmp4_read_quote(ctx, &at, &before);

	if (ret)
		return ret;
	after = before;
	icmp4_translate_quote(&after, address, port, pkt->inner.protocol);
	if (!at.l4_check)
		after.l4_check = before.l4_check;
	ret = icmp4_write_quote(ctx, &at, &after);
	if (ret)
		return ret;
	diff = bpf_csum_diff((__be32 *)&before, sizeof(before), (__be32 *)&after, sizeof(after), 0);
	if (bpf_l4_csum_replace(ctx, pkt->l4_offset + offsetof(struct icmp4_header, check), 0, diff, 0))
		return -DROP_CSUM_L4;
	return 0;
}

/*
 * The error comes back to who sent the quoted packet, and believes to have sent it to this address and port. 0 or a
 * drop reason.
 */
GLOBAL_FUNCTION int icmp4_nat_towards_sender(struct __sk_buff *ctx, struct packet *pkt, __be32 address, __be16 port)
{
	int ret;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	ret = icmp4_nat_quote(ctx, pkt, 0, address, port);
	if (ret)
		return ret;
	/* A router on the way speaks for itself; the quoted destination itself is hidden behind the address. */
	if (pkt->tuple.saddr == pkt->inner.daddr)
		ret = nat4_source(ctx, pkt, address, pkt->tuple.sport);
	pkt->inner.daddr = address;
	pkt->inner.dport = port;
	return ret;
}

/*
 * The error goes out to who sent the quoted packet from this address and port, though it arrived as if from the error's
 * destination. 0 or a drop reason.
 */
GLOBAL_FUNCTION int icmp4_nat_towards_receiver(struct __sk_buff *ctx, struct packet *pkt, __be32 address, __be16 port)
{
	int ret;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	ret = icmp4_nat_quote(ctx, pkt, 1, address, port);
	if (ret)
		return ret;
	pkt->inner.saddr = address;
	pkt->inner.sport = port;
	return nat4_destination(ctx, pkt, address, pkt->tuple.dport);
}

#endif
