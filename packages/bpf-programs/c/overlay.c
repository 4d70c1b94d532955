/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The VXLAN device, whose tunnel key carries the sender's identity.
 *
 *   from_overlay  tcx ingress: packets for pods of this node go to the pod's `pod_policy`, the rest to the stack.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "lib/delivery.h"
#include "lib/encap.h"
#include "lib/endpoints.h"
#include "lib/ethernet.h"
#include "lib/from_outside4.h"
#include "lib/ipv4.h"
#include "lib/report.h"

static __always_inline int from_overlay_ipv4(struct __sk_buff *ctx, struct packet *pkt, struct endpoint **endpoint)
{
	int ret = encap_identity(ctx, &pkt->source_identity);

	if (!ret)
		ret = ipv4_parse(ctx, pkt);
	if (!ret)
		ret = check_outside_source4(pkt);
	if (ret)
		return ret;
	*endpoint = endpoint_lookup4(pkt->tuple.daddr);
	if (!*endpoint || !may_be_routed(pkt))
		return TC_ACT_OK;
	pkt->destination_identity = (*endpoint)->identity;
	return DELIVER_LOCALLY;
}

SEC("tc/from_overlay")
int from_overlay(struct __sk_buff *ctx)
{
	struct packet pkt = {};
	struct endpoint *endpoint = NULL;
	int verdict;

	if (is_arp(ctx))
		return TC_ACT_OK;
	verdict = is_ipv4(ctx) ? from_overlay_ipv4(ctx, &pkt, &endpoint) : -DROP_UNKNOWN_L3;
	if (verdict == DELIVER_LOCALLY && endpoint)
		verdict = deliver_to_endpoint4(ctx, &pkt, endpoint->id);
	if (verdict < 0)
		return report(ctx, &pkt, verdict, DIRECTION_INGRESS, endpoint ? endpoint->id : 0);
	metrics_count(REASON_FORWARDED, DIRECTION_INGRESS, ctx->len);
	/* The sender did not know this device's MAC address. */
	bpf_skb_change_type(ctx, PACKET_HOST);
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
