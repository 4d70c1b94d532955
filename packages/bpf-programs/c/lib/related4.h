/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_RELATED4_H
#define AXO_RELATED4_H

#include "conntrack4.h"
#include "packet.h"
#include "reasons.h"

/*
 * The connection that an ICMP error is about. The quoted packet went the other way through the same endpoint: as a
 * forward packet of a connection of `forward`, or as a reply in one of `reply`.
 */
static __always_inline int related4_find(struct connection4 *connection, struct packet *pkt,
					 enum ct_direction forward, enum ct_direction reply)
{
	pkt->ct_state = CT_RELATED;
	connection->key = ct4_forward_key(&pkt->inner, forward);
	connection->entry = ct_find(&axo_ct4, &connection->key, connection->now_seconds);
	if (connection->entry)
		return 0;
	connection->key = ct4_reply_key(&pkt->inner, reply);
	connection->entry = ct_find(&axo_ct4, &connection->key, connection->now_seconds);
	return connection->entry ? 0 : -DROP_UNKNOWN_CT;
}

#endif
