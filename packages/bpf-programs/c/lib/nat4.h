/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_NAT4_H
#define AXO_NAT4_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>

#include "function.h"
#include "ipv4.h"
#include "packet.h"
#include "reasons.h"

/* Where a transport's checksum is and how it changes; 0: addresses and ports are not in it. */
static __always_inline __u32 nat4_csum_offset(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
		return offsetof(struct udphdr, check);
	default:
		return 0;
	}
}

/* A UDP checksum of zero means none and stays so; one that becomes zero is written as 0xffff. */
static __always_inline __u64 nat4_csum_flags(__u8 protocol)
{
	return protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
}

static __always_inline int nat4_write_address(struct __sk_buff *ctx, const struct packet *pkt, __u32 offset,
					      __be32 before, __be32 after)
{
	__u32 csum_offset = nat4_csum_offset(pkt->tuple.protocol);
	__u64 flags = nat4_csum_flags(pkt->tuple.protocol) | BPF_F_PSEUDO_HDR | sizeof(after);

	if (before == after)
		return 0;
	if (bpf_l3_csum_replace(ctx, IPV4_OFFSET(check), before, after, sizeof(after)))
		return -DROP_CSUM_L3;
	if (csum_offset && pkt->fragment != FRAGMENT_LATER &&
	    bpf_l4_csum_replace(ctx, pkt->l4_offset + csum_offset, before, after, flags))
		return -DROP_CSUM_L4;
	if (bpf_skb_store_bytes(ctx, offset, &after, sizeof(after), 0))
		return -DROP_WRITE_ERROR;
	return 0;
}

/* Whether the transport's checksum is in use: UDP may go without. */
static __always_inline int nat4_has_csum(struct __sk_buff *ctx, const struct packet *pkt, __u32 csum_offset)
{
	__u16 check = 0;

	if (pkt->tuple.protocol != IPPROTO_UDP)
		return 1;
	return !bpf_skb_load_bytes(ctx, pkt->l4_offset + csum_offset, &check, sizeof(check)) && check != 0;
}

static __always_inline int nat4_write_port(struct __sk_buff *ctx, const struct packet *pkt, __u32 offset,
					   __be16 before, __be16 after)
{
	__u32 csum_offset = nat4_csum_offset(pkt->tuple.protocol);
	__u64 csum_flags = nat4_csum_flags(pkt->tuple.protocol) | sizeof(after);
	__u64 store_flags = 0;

	if (before == after || pkt->fragment == FRAGMENT_LATER)
		return 0;
	/* SCTP's CRC covers the whole packet: its ports cannot be changed here. */
	if (!csum_offset)
		return -DROP_UNSUPPORTED_NAT_PROTOCOL;
	/* Without a checksum to make up for the change, the device's sum over the packet must follow it. */
	if (!nat4_has_csum(ctx, pkt, csum_offset))
		store_flags = BPF_F_RECOMPUTE_CSUM;
	else if (bpf_l4_csum_replace(ctx, pkt->l4_offset + csum_offset, before, after, csum_flags))
		return -DROP_CSUM_L4;
	if (bpf_skb_store_bytes(ctx, pkt->l4_offset + offset, &after, sizeof(after), store_flags))
		return -DROP_WRITE_ERROR;
	return 0;
}

/* Both rewrite the packet with its checksums, then the tuple. 0 or a drop reason. */
GLOBAL_FUNCTION int nat4_source(struct __sk_buff *ctx, struct packet *pkt, __be32 address, __be16 port)
{
	int ret;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	ret = nat4_write_address(ctx, pkt, IPV4_OFFSET(saddr), pkt->tuple.saddr, address);
	if (!ret)
		ret = nat4_write_port(ctx, pkt, 0, pkt->tuple.sport, port);
	if (ret)
		return ret;
	pkt->tuple.saddr = address;
	pkt->tuple.sport = port;
	return 0;
}

GLOBAL_FUNCTION int nat4_destination(struct __sk_buff *ctx, struct packet *pkt, __be32 address, __be16 port)
{
	int ret;

	if (!pkt)
		return -DROP_INVALID_PACKET;
	ret = nat4_write_address(ctx, pkt, IPV4_OFFSET(daddr), pkt->tuple.daddr, address);
	if (!ret)
		ret = nat4_write_port(ctx, pkt, 2, pkt->tuple.dport, port);
	if (ret)
		return ret;
	pkt->tuple.daddr = address;
	pkt->tuple.dport = port;
	return 0;
}

#endif
