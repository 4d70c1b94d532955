/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_REASONS_H
#define AXO_REASONS_H

/*
 * Why a packet was forwarded or dropped. The numbers are Cilium's (pkg/monitor/api) for the reasons that exist there,
 * so that dashboards and runbooks keep their meaning; user space shows the names.
 *
 * Functions return 0 or a TC action when all is well, and the negated reason otherwise.
 */
enum packet_reason {
	REASON_FORWARDED = 0,
	/* Ours: the ring buffer was full, an event was not written. */
	REASON_EVENT_LOST = 64,

	DROP_INVALID_SOURCE_IP = 132,
	DROP_POLICY = 133,
	DROP_INVALID_PACKET = 134,
	DROP_CT_INVALID_HEADER = 135,
	DROP_CT_UNKNOWN_PROTOCOL = 137,
	DROP_UNKNOWN_L3 = 139,
	DROP_MISSED_TAIL_CALL = 140,
	DROP_WRITE_ERROR = 141,
	DROP_UNKNOWN_ICMP4_TYPE = 144,
	DROP_NO_TUNNEL_KEY = 147,
	DROP_UNROUTABLE_IP = 151,
	DROP_CSUM_L3 = 153,
	DROP_CSUM_L4 = 154,
	DROP_CT_CREATE_FAILED = 155,
	DROP_NO_SERVICE = 158,
	DROP_UNKNOWN_CT = 163,
	DROP_UNSUPPORTED_NAT_PROTOCOL = 168,
	DROP_INVALID_IDENTITY = 171,
	DROP_FRAGMENT_NOT_FOUND = 175,
	DROP_POLICY_DENY = 181,
} __attribute__((packed));

/* Seen from the endpoint; Cilium's numbers. */
enum traffic_direction {
	DIRECTION_INGRESS = 1,
	DIRECTION_EGRESS = 2,
} __attribute__((packed));

#endif
