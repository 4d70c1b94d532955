/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_REPORT_H
#define AXO_REPORT_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "events.h"
#include "metrics.h"
#include "packet.h"

/* Counts a drop and tells why. Returns the TC action. */
static __always_inline int report_drop(struct __sk_buff *ctx, const struct packet *pkt,
				       enum traffic_direction direction, __u16 endpoint_id, int verdict)
{
	struct event_origin origin = {
		.type = EVENT_DROP,
		.reason = -verdict,
		.direction = direction,
		.endpoint_id = endpoint_id,
	};

	metrics_count(origin.reason, direction, ctx->len);
	event_write(ctx, pkt, origin);
	return TC_ACT_SHOT;
}

/* Counts a packet that passes and tells of new connections; DEBUG_TRACE: of every packet. */
static __always_inline void report_forwarded(struct __sk_buff *ctx, const struct packet *pkt,
					     enum traffic_direction direction, __u16 endpoint_id)
{
	struct event_origin origin = {
		.type = EVENT_TRACE,
		.reason = REASON_FORWARDED,
		.direction = direction,
		.endpoint_id = endpoint_id,
	};

	metrics_count(REASON_FORWARDED, direction, ctx->len);
#ifndef DEBUG_TRACE
	if (pkt->ct_state != CT_NEW)
		return;
#endif
	event_write(ctx, pkt, origin);
}

#endif
