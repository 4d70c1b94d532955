/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_PEER4_H
#define AXO_PEER4_H

#include "endpoints.h"
#include "identity.h"
#include "ipcache.h"

/* Who has an address, and where. */
struct peer4 {
	__u32 identity;
	/* A pod of this node; 0: none. */
	__u16 endpoint_id;
	/* The node to tunnel to; 0: none. */
	__be32 tunnel_endpoint;
};

static __always_inline struct peer4 peer4_find(__be32 address)
{
	struct peer4 peer = { .identity = IDENTITY_WORLD };
	struct endpoint *endpoint = endpoint_lookup4(address);
	struct ipcache_value *entry;

	if (endpoint) {
		peer.identity = endpoint->identity;
		peer.endpoint_id = endpoint->id;
		return peer;
	}
	entry = ipcache_lookup4(address);
	if (entry) {
		peer.identity = entry->identity;
		peer.tunnel_endpoint = entry->tunnel_endpoint;
	}
	return peer;
}

#endif
