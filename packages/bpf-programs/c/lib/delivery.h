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
#define CB_TASK 1
#define CB_ENDPOINT_ID 2

enum pod_task {
	/* A packet for the pod, to be handed over if policy lets it in. */
	TASK_DELIVER = 0,
	/* One that is on the way through the pod's device already. */
	TASK_CHECK = 1,
	/* An ICMP error that the pod sent. */
	TASK_SENT_ICMP_ERROR = 2,
};

/* A verdict besides the TC actions: report the packet, then deliver_to_endpoint4. */
#define DELIVER_LOCALLY 0x100

/* A packet that may travel no further is left to the stack, which answers with "time exceeded". */
static __always_inline int may_be_routed(const struct packet *pkt)
{
	return pkt->ttl > 1;
}

/*
 * Lets the pod's `pod_policy` go on. Returns only when that fails: a drop reason. A number that the verifier knows, as
 * the caller's own, would be patched into the caller, and each change of the map would wait for a grace period
 * (bpf_arch_poke_desc_update): from the context it is known to nobody.
 */
static __always_inline int call_pod_policy(struct __sk_buff *ctx, __u16 endpoint_id, __u32 source_identity,
					   enum pod_task task)
{
	ctx->cb[CB_SOURCE_IDENTITY] = source_identity;
	ctx->cb[CB_TASK] = task;
	ctx->cb[CB_ENDPOINT_ID] = endpoint_id;
	bpf_tail_call(ctx, &axo_policy_calls, *(volatile __u32 *)&ctx->cb[CB_ENDPOINT_ID]);
	return -DROP_MISSED_TAIL_CALL;
}

/* Routes the packet to a pod of this node by its `pod_policy`. Returns only when that fails: a drop reason. */
static __always_inline int deliver_to_endpoint4(struct __sk_buff *ctx, struct packet *pkt, __u16 endpoint_id)
{
	int ret = ipv4_decrement_ttl(ctx, pkt);

	return ret ? ret : call_pod_policy(ctx, endpoint_id, pkt->source_identity, TASK_DELIVER);
}

#endif
