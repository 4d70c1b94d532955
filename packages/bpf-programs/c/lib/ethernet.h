/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_ETHERNET_H
#define AXO_ETHERNET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "reasons.h"

static __always_inline int is_arp(const struct __sk_buff *ctx)
{
	return ctx->protocol == bpf_htons(ETH_P_ARP);
}

static __always_inline int is_ipv4(const struct __sk_buff *ctx)
{
	return ctx->protocol == bpf_htons(ETH_P_IP);
}

/* Addresses have the first byte lowest, as a packet read into a little-endian number has. 0 or a drop reason. */
static __always_inline int ethernet_write(struct __sk_buff *ctx, __u64 destination, __u64 source)
{
	if (bpf_skb_store_bytes(ctx, offsetof(struct ethhdr, h_dest), &destination, ETH_ALEN, 0) ||
	    bpf_skb_store_bytes(ctx, offsetof(struct ethhdr, h_source), &source, ETH_ALEN, 0))
		return -DROP_WRITE_ERROR;
	return 0;
}

#endif
