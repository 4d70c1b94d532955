/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_FROM_OUTSIDE4_H
#define AXO_FROM_OUTSIDE4_H

#include "delivery.h"
#include "endpoints.h"
#include "identity.h"
#include "ipv4.h"
#include "packet.h"
#include "reasons.h"

/* What came over the network: nobody there speaks for this node or one of its pods. 0 or a drop reason. */
static __always_inline int check_outside_source4(const struct packet *pkt)
{
	if (pkt->source_identity == IDENTITY_HOST || pkt->source_identity == IDENTITY_ANY)
		return -DROP_INVALID_IDENTITY;
	if (endpoint_lookup4(pkt->tuple.saddr))
		return -DROP_INVALID_SOURCE_IP;
	return 0;
}

#endif
