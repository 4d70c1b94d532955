/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_ICMP_H
#define AXO_ICMP_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

#include "ipv4.h"
#include "packet.h"
#include "reasons.h"

/* RFC 792. <linux/icmp.h> brings in libc. */
#define ICMP4_ECHO_REPLY 0
#define ICMP4_UNREACHABLE 3
#define ICMP4_ECHO 8
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAMETER_PROBLEM 12

struct icmp4_header {
	__u8 type;
	__u8 code;
	__u16 check;
	/* Echo; unused or a next hop's MTU in errors. */
	__be16 echo_id;
	__be16 echo_sequence;
};

/* Reads the flow of the packet that an ICMP error quotes. 0 or a drop reason. */
static __always_inline int icmp4_parse_inner(struct __sk_buff *ctx, struct packet *pkt)
{
	struct iphdr ip;
	struct icmp4_header echo;
	__u32 l4_offset;

	pkt->inner_offset = pkt->l4_offset + sizeof(struct icmp4_header);
	if (bpf_skb_load_bytes(ctx, pkt->inner_offset, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return -DROP_CT_INVALID_HEADER;
	if (ipv4_fragment_kind(ip.frag_off) == FRAGMENT_LATER)
		return -DROP_FRAGMENT_NOT_FOUND;
	l4_offset = pkt->inner_offset + ip.ihl * 4;
	pkt->inner_l4_offset = l4_offset;
	pkt->inner.saddr = ip.saddr;
	pkt->inner.daddr = ip.daddr;
	pkt->inner.protocol = ip.protocol;

	/* RFC 792: at least eight bytes of the quoted datagram. */
	if (bpf_skb_load_bytes(ctx, l4_offset, &echo, sizeof(echo)))
		return -DROP_CT_INVALID_HEADER;
	switch (ip.protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		return bpf_skb_load_bytes(ctx, l4_offset, &pkt->inner.sport, 4) ? -DROP_CT_INVALID_HEADER : 0;
	case IPPROTO_ICMP:
		if (echo.type == ICMP4_ECHO)
			pkt->inner.sport = echo.echo_id;
		else if (echo.type == ICMP4_ECHO_REPLY)
			pkt->inner.dport = echo.echo_id;
		else
			return -DROP_UNKNOWN_ICMP4_TYPE;
		return 0;
	default:
		return -DROP_CT_UNKNOWN_PROTOCOL;
	}
}

/* Echo has its id in place of the requesting side's port, so that requests and replies are one connection. */
static __always_inline int icmp4_parse(struct __sk_buff *ctx, struct packet *pkt)
{
	struct icmp4_header icmp;

	if (bpf_skb_load_bytes(ctx, pkt->l4_offset, &icmp, sizeof(icmp)))
		return -DROP_CT_INVALID_HEADER;
	switch (icmp.type) {
	case ICMP4_ECHO:
		pkt->tuple.sport = icmp.echo_id;
		return 0;
	case ICMP4_ECHO_REPLY:
		pkt->tuple.dport = icmp.echo_id;
		return 0;
	case ICMP4_UNREACHABLE:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAMETER_PROBLEM:
		pkt->is_icmp_error = 1;
		return icmp4_parse_inner(ctx, pkt);
	default:
		return -DROP_UNKNOWN_ICMP4_TYPE;
	}
}

#endif
