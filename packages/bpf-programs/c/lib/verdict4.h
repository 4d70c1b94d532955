/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_VERDICT4_H
#define AXO_VERDICT4_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "conntrack4.h"
#include "packet.h"
#include "policy.h"
#include "reasons.h"

/*
 * Whether a packet may pass an endpoint: its connection was allowed and nothing changed since, or policy allows it
 * now. "Changed" is another epoch of the endpoint or another identity of the peer, so that a policy change acts on
 * connections in both directions and costs the others two comparisons.
 */

static __always_inline int verdict4_ask_policy(struct packet *pkt, const struct connection4 *connection,
					       __u32 peer_identity)
{
	/* A reply is judged as the connection that it belongs to. */
	return policy_check(pkt, peer_identity, connection->key.direction == CT_EGRESS, connection->key.protocol,
			    connection->key.dport);
}

static __always_inline int verdict4_known(struct __sk_buff *ctx, struct packet *pkt,
					  struct connection4 *connection, __u32 peer_identity, __u32 epoch)
{
	struct ct_entry *entry = connection->entry;

	pkt->rule_set = entry->rule_set;
	if (entry->policy_epoch != epoch || entry->peer_identity != peer_identity) {
		int ret = verdict4_ask_policy(pkt, connection, peer_identity);

		/*
		 * The entry stays: without it the other side's next packet would open a connection of its own, which the
		 * policy of that direction may allow, and what is denied here would pass as its reply.
		 */
		if (ret)
			return ret;
		entry->peer_identity = peer_identity;
		entry->policy_epoch = epoch;
		entry->rule_set = pkt->rule_set;
	}
	/* The ports are in use for another service now: replies belong to the newest connection. */
	if (pkt->ct_state == CT_ESTABLISHED && entry->rev_nat_index != pkt->rev_nat_index)
		entry->rev_nat_index = pkt->rev_nat_index;
	ct4_track(connection, pkt, ctx->len);
	return 0;
}

static __always_inline int verdict4_new(struct __sk_buff *ctx, struct packet *pkt, struct connection4 *connection,
					__u32 peer_identity, struct ct_entry *first)
{
	int ret = verdict4_ask_policy(pkt, connection, peer_identity);

	if (ret)
		return ret;
	first->peer_identity = peer_identity;
	first->rule_set = pkt->rule_set;
	first->rev_nat_index = pkt->rev_nat_index;
	return ct4_create(connection, pkt, first, ctx->len);
}

/* 0 or a drop reason. The connection was looked up; pkt->ct_state says what was found. */
static __always_inline int verdict4(struct __sk_buff *ctx, struct packet *pkt, struct connection4 *connection,
				    __u32 peer_identity, __u16 endpoint_id)
{
	struct ct_entry first = {
		.endpoint_id = endpoint_id,
		.policy_epoch = policy_epoch(endpoint_id),
	};

	if (connection->entry)
		return verdict4_known(ctx, pkt, connection, peer_identity, first.policy_epoch);
	return verdict4_new(ctx, pkt, connection, peer_identity, &first);
}

#endif
