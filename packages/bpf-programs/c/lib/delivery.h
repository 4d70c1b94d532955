/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_DELIVERY_H
#define AXO_DELIVERY_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "endpoints.h"
#include "ipv4.h"
#include "packet.h"
#include "reasons.h"

/* `pod_policy` of each endpoint of this node, by endpoint id. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 65536);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} axo_policy_calls SEC(".maps");

/* Index in skb->cb of the source identity, from the program that calls to `pod_policy`. */
#define CB_SOURCE_IDENTITY 0

/* A verdict besides the TC actions: report the packet, then deliver_to_endpoint4. */
#define DELIVER_LOCALLY 0x100

/* A packet that may travel no further is left to the stack, which answers with "time exceeded". */
static __always_inline int may_be_routed(const struct packet *pkt)
{
	return pkt->ttl > 1;
}

/* Routes the packet to a pod of this node by its `pod_policy`. Returns only when that fails: a drop reason. */
static __always_inline int deliver_to_endpoint4(struct __sk_buff *ctx, struct packet *pkt, __u16 endpoint_id)
{
	int ret = ipv4_decrement_ttl(ctx, pkt);

	if (ret)
		return ret;
	ctx->cb[CB_SOURCE_IDENTITY] = pkt->source_identity;
	bpf_tail_call(ctx, &axo_policy_calls, endpoint_id);
	return -DROP_MISSED_TAIL_CALL;
}

#endif
