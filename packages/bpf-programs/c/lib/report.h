/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_REPORT_H
#define AXO_REPORT_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "events.h"
#include "function.h"
#include "metrics.h"
#include "packet.h"

/* DEBUG_TRACE: trace events for every packet, not only for the first of a connection. */
#ifdef DEBUG_TRACE
#define TRACE_EVERY_PACKET 1
#else
#define TRACE_EVERY_PACKET 0
#endif

/* Counts what became of the packet; tells of drops and new connections. Returns the TC action. */
GLOBAL_FUNCTION int report(struct __sk_buff *ctx, struct packet *pkt, int verdict, __u8 direction, __u16 endpoint_id)
{
	struct event_origin origin = {
		.type = verdict < 0 ? EVENT_DROP : EVENT_TRACE,
		.reason = verdict < 0 ? -verdict : REASON_FORWARDED,
		.direction = direction,
		.endpoint_id = endpoint_id,
	};

	if (!pkt)
		return TC_ACT_SHOT;
	metrics_count(origin.reason, direction, ctx->len);
	if (verdict < 0 || TRACE_EVERY_PACKET || pkt->ct_state == CT_NEW)
		event_write(ctx, pkt, origin);
	return verdict < 0 ? TC_ACT_SHOT : verdict;
}

#endif
