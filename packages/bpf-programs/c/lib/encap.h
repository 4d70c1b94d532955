/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_ENCAP_H
#define AXO_ENCAP_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "reasons.h"

#define TUNNEL_TTL 64

/* Sends the packet to another node; the VXLAN network identifier is the sender's identity. */
static __always_inline int encap_redirect(struct __sk_buff *ctx, __be32 tunnel_endpoint, __u32 identity,
					  __u32 tunnel_ifindex)
{
	struct bpf_tunnel_key key = {
		.tunnel_id = identity,
		/* Host order, as the helper wants it. */
		.remote_ipv4 = bpf_ntohl(tunnel_endpoint),
		.tunnel_ttl = TUNNEL_TTL,
	};

	if (bpf_skb_set_tunnel_key(ctx, &key, sizeof(key), BPF_F_ZERO_CSUM_TX))
		return -DROP_WRITE_ERROR;
	return bpf_redirect(tunnel_ifindex, 0);
}

/* The sender's identity, or a drop reason. */
static __always_inline int encap_identity(struct __sk_buff *ctx, __u32 *identity)
{
	struct bpf_tunnel_key key = {};

	if (bpf_skb_get_tunnel_key(ctx, &key, sizeof(key), 0))
		return -DROP_NO_TUNNEL_KEY;
	*identity = key.tunnel_id;
	return 0;
}

#endif
