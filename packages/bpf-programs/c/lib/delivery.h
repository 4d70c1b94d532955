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

/* What the calling program tells `pod_policy`: indexes in skb->cb. */
#define CB_SOURCE_IDENTITY 0
#define CB_ALLOWED_ACTION 1

/* What happens to a packet that policy lets in. */
enum allowed_action {
	/* It is on the way to the pod already. */
	ALLOWED_PASS = 0,
	ALLOWED_REDIRECT = 1,
};

/* A verdict besides the TC actions: report the packet, then deliver_to_endpoint4. */
#define DELIVER_LOCALLY 0x100

/* A packet that may travel no further is left to the stack, which answers with "time exceeded". */
static __always_inline int may_be_routed(const struct packet *pkt)
{
	return pkt->ttl > 1;
}

/* Lets the pod's `pod_policy` decide. Returns only when that fails: a drop reason. */
static __always_inline int call_pod_policy(struct __sk_buff *ctx, __u16 endpoint_id, __u32 source_identity,
					   enum allowed_action action)
{
	ctx->cb[CB_SOURCE_IDENTITY] = source_identity;
	ctx->cb[CB_ALLOWED_ACTION] = action;
	bpf_tail_call(ctx, &axo_policy_calls, endpoint_id);
	return -DROP_MISSED_TAIL_CALL;
}

/* Routes the packet to a pod of this node by its `pod_policy`. Returns only when that fails: a drop reason. */
static __always_inline int deliver_to_endpoint4(struct __sk_buff *ctx, struct packet *pkt, __u16 endpoint_id)
{
	int ret = ipv4_decrement_ttl(ctx, pkt);

	return ret ? ret : call_pod_policy(ctx, endpoint_id, pkt->source_identity, ALLOWED_REDIRECT);
}

#endif
