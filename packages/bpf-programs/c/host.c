/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The node's devices.
 *
 *   from_netdev  tcx ingress: packets for pods of this node go to the pod's `pod_policy`; the stack has the rest.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "lib/delivery.h"
#include "lib/endpoints.h"
#include "lib/ethernet.h"
#include "lib/from_outside4.h"
#include "lib/ipv4.h"
#include "lib/peer4.h"
#include "lib/report.h"

static __always_inline int from_netdev_ipv4(struct __sk_buff *ctx, struct packet *pkt, struct endpoint **endpoint)
{
	int ret = ipv4_parse(ctx, pkt);

	/* What is malformed is the stack's to refuse: it may not be ours at all. */
	if (ret)
		return TC_ACT_OK;
	*endpoint = endpoint_lookup4(pkt->tuple.daddr);
	if (!*endpoint || !may_be_routed(pkt))
		return TC_ACT_OK;
	pkt->destination_identity = (*endpoint)->identity;
	pkt->source_identity = peer4_find(pkt->tuple.saddr).identity;
	ret = check_outside_source4(pkt);
	return ret ? ret : DELIVER_LOCALLY;
}

SEC("tc/from_netdev")
int from_netdev(struct __sk_buff *ctx)
{
	struct packet pkt = {};
	struct endpoint *endpoint = NULL;
	int verdict;

	/* A frame for another machine, flooded by a switch, is not ours to deliver. */
	if (!is_ipv4(ctx) || ctx->pkt_type != PACKET_HOST)
		return TC_ACT_OK;
	verdict = from_netdev_ipv4(ctx, &pkt, &endpoint);
	if (verdict == DELIVER_LOCALLY && endpoint)
		verdict = deliver_to_endpoint4(ctx, &pkt, endpoint->id);
	if (verdict < 0)
		return report(ctx, &pkt, verdict, DIRECTION_INGRESS, endpoint ? endpoint->id : 0);
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
