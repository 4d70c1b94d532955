/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * One pod's programs, on the host side of its veth pair.
 *
 *   from_pod    tcx ingress: what the pod sends. Service translation, connection tracking, egress policy, routing.
 *   pod_policy  tail-called through axo_policy_calls: what arrives for the pod. Ingress policy and delivery. Also ICMP
 *               errors that the pod sends: so the two large programs are equally long, and load side by side.
 *   to_pod      tcx egress: what the node's own stack sends to the pod, for pod_policy to decide.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "lib/constants.h"
#include "lib/conntrack4.h"
#include "lib/delivery.h"
#include "lib/encap.h"
#include "lib/ethernet.h"
#include "lib/function.h"
#include "lib/icmp_nat4.h"
#include "lib/ipv4.h"
#include "lib/lb4.h"
#include "lib/peer4.h"
#include "lib/related4.h"
#include "lib/report.h"
#include "lib/transport.h"
#include "lib/verdict4.h"

#if defined(ROUTING_TUNNEL) == defined(ROUTING_NATIVE)
#error "define one of ROUTING_TUNNEL and ROUTING_NATIVE"
#endif

CONSTANT_U16(EP_ID);
CONSTANT_U32(EP_IDENTITY);
CONSTANT_BE32(EP_IPV4);
/* The host side of the veth pair. */
CONSTANT_U32(EP_IFINDEX);
CONSTANT_MAC(POD_MAC);
CONSTANT_MAC(HOST_MAC);
/* The VXLAN device. Only with ROUTING_TUNNEL. */
CONSTANT_U32(TUNNEL_IFINDEX);

#ifdef ROUTING_TUNNEL
#define TUNNELS 1
#else
#define TUNNELS 0
#endif

/* 169.254.42.1: whom a pod sees when it reaches itself through a service. */
#define LOOPBACK_ADDRESS bpf_htonl(0xa9fe2a01)

/* Hands the packet to the pod's own device, past the node's stack. The TC action or a drop reason. */
GLOBAL_FUNCTION int deliver_to_pod(struct __sk_buff *ctx)
{
	int ret = ethernet_write(ctx, POD_MAC(), HOST_MAC());

	if (ret)
		return ret;
	/* What came in a tunnel was addressed to another MAC, and the pod's stack would ignore it. */
	bpf_skb_change_type(ctx, PACKET_HOST);
	return bpf_redirect_peer(EP_IFINDEX(), 0);
}

/*
 * The pod is the backend that its own packet was sent to. A packet from oneself would be refused by the pod's stack,
 * so it gets another source. Not policed: nobody is kept from talking to himself.
 */
static __always_inline int loopback_forward(struct __sk_buff *ctx, struct packet *pkt,
					    struct connection4 *connection)
{
	struct ct_entry first = {
		.peer_identity = EP_IDENTITY(),
		.endpoint_id = EP_ID(),
		.rev_nat_index = pkt->rev_nat_index,
		.flags = CT_LOOPBACK,
	};
	int ret = nat4_source(ctx, pkt, LOOPBACK_ADDRESS, pkt->tuple.sport);

	if (ret)
		return ret;
	pkt->destination_identity = EP_IDENTITY();
	if (ct4_find_forward(connection, pkt, CT_INGRESS)) {
		pkt->ct_state = CT_ESTABLISHED;
		connection->entry->rev_nat_index = pkt->rev_nat_index;
		ct4_track(connection, pkt, ctx->len);
	} else {
		ret = ct4_create(connection, pkt, &first, ctx->len);
		if (ret)
			return ret;
	}
	return deliver_to_pod(ctx);
}

/* The pod answers itself: both addresses become those of the connection that it opened. */
static __always_inline int loopback_reply(struct __sk_buff *ctx, struct packet *pkt,
					  const struct connection4 *connection)
{
	int ret;

	pkt->destination_identity = EP_IDENTITY();
	ct4_track(connection, pkt, ctx->len);
	ret = nat4_destination(ctx, pkt, EP_IPV4(), pkt->tuple.dport);
	if (ret)
		return ret;
	ret = lb4_reverse_nat(ctx, pkt, connection->entry->rev_nat_index);
	return ret ? ret : deliver_to_pod(ctx);
}

static __always_inline int loopback_icmp_error(struct __sk_buff *ctx, struct packet *pkt,
					       const struct connection4 *connection)
{
	struct lb4_rev_nat *rev_nat = lb4_find_rev_nat(connection->entry->rev_nat_index);
	int ret;

	if (!rev_nat)
		return -DROP_NO_SERVICE;
	ret = icmp4_nat_towards_sender(ctx, pkt, rev_nat->address, rev_nat->port);
	if (!ret)
		ret = icmp4_nat_towards_receiver(ctx, pkt, EP_IPV4(), pkt->inner.sport);
	return ret ? ret : deliver_to_pod(ctx);
}

/* Where the packet goes from here: a TC action, DELIVER_LOCALLY or a drop reason. */
static __always_inline int route_from_pod(struct __sk_buff *ctx, const struct packet *pkt, const struct peer4 *peer)
{
	if (!may_be_routed(pkt))
		return TC_ACT_OK;
	if (peer->endpoint_id)
		return DELIVER_LOCALLY;
	if (TUNNELS && peer->tunnel_endpoint)
		return encap_redirect(ctx, peer->tunnel_endpoint, EP_IDENTITY(), TUNNEL_IFINDEX());
	return TC_ACT_OK;
}

/* An error about a packet that seemed to come from a service is meant for the backend behind it. */
static __always_inline int icmp_error_to_service(struct __sk_buff *ctx, struct packet *pkt,
						 struct connection4 *connection)
{
	struct lb4_backend *backend;

	connection->key = ct4_reply_key(&pkt->inner, CT_SERVICE);
	connection->entry = ct_find(&axo_ct4, &connection->key, connection->now_seconds);
	if (!connection->entry)
		return -DROP_UNKNOWN_CT;
	backend = lb4_find_backend(connection->entry->backend_id);
	/* Towards itself both ends would have to be translated; nobody waits for such an error. */
	if (!backend || backend->address == EP_IPV4())
		return -DROP_NO_SERVICE;
	return icmp4_nat_towards_receiver(ctx, pkt, backend->address, backend->port);
}

static __always_inline int from_pod_icmp_error(struct __sk_buff *ctx, struct packet *pkt,
					       struct connection4 *connection, struct peer4 *peer)
{
	int ret = related4_find(connection, pkt, CT_INGRESS, CT_EGRESS);

	if (ret == 0 && connection->entry->flags & CT_LOOPBACK)
		return loopback_icmp_error(ctx, pkt, connection);
	if (ret)
		ret = icmp_error_to_service(ctx, pkt, connection);
	if (ret)
		return ret;
	*peer = peer4_find(pkt->tuple.daddr);
	pkt->destination_identity = peer->identity;
	return route_from_pod(ctx, pkt, peer);
}

static __always_inline int from_pod_ipv4(struct __sk_buff *ctx, struct packet *pkt, struct peer4 *peer)
{
	struct connection4 connection = { .now_seconds = ct_now_seconds() };
	int ret = ipv4_parse(ctx, pkt);

	if (ret)
		return ret;
	if (pkt->tuple.saddr != EP_IPV4())
		return -DROP_INVALID_SOURCE_IP;
	ret = l4_parse(ctx, pkt);
	if (ret)
		return ret;
	if (pkt->is_icmp_error)
		return call_pod_policy(ctx, EP_ID(), EP_IDENTITY(), TASK_SENT_ICMP_ERROR);

	if (ct4_find_reply(&connection, pkt, CT_INGRESS)) {
		pkt->ct_state = CT_REPLY;
		if (connection.entry->flags & CT_LOOPBACK)
			return loopback_reply(ctx, pkt, &connection);
	} else {
		ret = lb4_translate(ctx, pkt, connection.now_seconds, EP_ID());
		if (ret)
			return ret;
		if (pkt->rev_nat_index && pkt->tuple.daddr == pkt->tuple.saddr)
			return loopback_forward(ctx, pkt, &connection);
		if (ct4_find_forward(&connection, pkt, CT_EGRESS))
			pkt->ct_state = CT_ESTABLISHED;
	}

	*peer = peer4_find(pkt->tuple.daddr);
	pkt->destination_identity = peer->identity;
	ret = verdict4(ctx, pkt, &connection, peer->identity, EP_ID());
	return ret ? ret : route_from_pod(ctx, pkt, peer);
}

/* Counts what the pod sent, and routes it when it is for another pod of this node. The TC action. */
static __always_inline int sent_by_pod(struct __sk_buff *ctx, struct packet *pkt, const struct peer4 *peer, int verdict)
{
	verdict = report(ctx, pkt, verdict, DIRECTION_EGRESS, EP_ID());
	if (verdict != DELIVER_LOCALLY)
		return verdict;
	verdict = deliver_to_endpoint4(ctx, pkt, peer->endpoint_id);
	return report(ctx, pkt, verdict, DIRECTION_EGRESS, EP_ID());
}

SEC("tc/from_pod")
int from_pod(struct __sk_buff *ctx)
{
	struct packet pkt = { .source_identity = EP_IDENTITY() };
	struct peer4 peer = {};
	int verdict;

	if (is_arp(ctx))
		return TC_ACT_OK;
	verdict = is_ipv4(ctx) ? from_pod_ipv4(ctx, &pkt, &peer) : -DROP_UNKNOWN_L3;
	return sent_by_pod(ctx, &pkt, &peer, verdict);
}

static __always_inline int pod_sent_icmp_error(struct __sk_buff *ctx)
{
	struct packet pkt = { .source_identity = EP_IDENTITY() };
	struct connection4 connection = { .now_seconds = ct_now_seconds() };
	struct peer4 peer = {};
	int verdict = ipv4_parse(ctx, &pkt);

	if (!verdict)
		verdict = l4_parse(ctx, &pkt);
	if (!verdict)
		verdict = from_pod_icmp_error(ctx, &pkt, &connection, &peer);
	return sent_by_pod(ctx, &pkt, &peer, verdict);
}

static __always_inline int towards_pod_icmp_error(struct __sk_buff *ctx, struct packet *pkt,
						  struct connection4 *connection)
{
	struct lb4_rev_nat *rev_nat;
	int ret = related4_find(connection, pkt, CT_EGRESS, CT_INGRESS);

	if (ret || connection->key.direction != CT_EGRESS || !connection->entry->rev_nat_index)
		return ret;
	pkt->rev_nat_index = connection->entry->rev_nat_index;
	rev_nat = lb4_find_rev_nat(pkt->rev_nat_index);
	if (!rev_nat)
		return -DROP_NO_SERVICE;
	return icmp4_nat_towards_sender(ctx, pkt, rev_nat->address, rev_nat->port);
}

/* Whether the packet may reach the pod, translated back if it answers a service's connection. 0 or a drop reason. */
static __always_inline int towards_pod_ipv4(struct __sk_buff *ctx, struct packet *pkt)
{
	struct connection4 connection = { .now_seconds = ct_now_seconds() };
	int ret;

	/* An endpoint id may have found a new owner while the packet was on its way. */
	if (pkt->tuple.daddr != EP_IPV4())
		return -DROP_UNROUTABLE_IP;
	ret = l4_parse(ctx, pkt);
	if (ret)
		return ret;
	if (pkt->is_icmp_error)
		return towards_pod_icmp_error(ctx, pkt, &connection);

	if (ct4_find_reply(&connection, pkt, CT_EGRESS))
		pkt->ct_state = CT_REPLY;
	else if (ct4_find_forward(&connection, pkt, CT_INGRESS))
		pkt->ct_state = CT_ESTABLISHED;

	ret = verdict4(ctx, pkt, &connection, pkt->source_identity, EP_ID());
	if (ret || pkt->ct_state != CT_REPLY || !connection.entry || !connection.entry->rev_nat_index)
		return ret;
	return lb4_reverse_nat(ctx, pkt, connection.entry->rev_nat_index);
}

static __always_inline int pod_receives(struct __sk_buff *ctx)
{
	struct packet pkt = {
		.source_identity = ctx->cb[CB_SOURCE_IDENTITY],
		.destination_identity = EP_IDENTITY(),
	};
	int verdict = ipv4_parse(ctx, &pkt);

	if (!verdict)
		verdict = towards_pod_ipv4(ctx, &pkt);
	if (!verdict && ctx->cb[CB_TASK] == TASK_DELIVER)
		verdict = deliver_to_pod(ctx);
	return report(ctx, &pkt, verdict, DIRECTION_INGRESS, EP_ID());
}

SEC("tc/pod_policy")
int pod_policy(struct __sk_buff *ctx)
{
	return ctx->cb[CB_TASK] == TASK_SENT_ICMP_ERROR ? pod_sent_icmp_error(ctx) : pod_receives(ctx);
}

SEC("tc/to_pod")
int to_pod(struct __sk_buff *ctx)
{
	struct packet pkt = { .destination_identity = EP_IDENTITY() };
	int verdict;

	if (is_arp(ctx))
		return TC_ACT_OK;
	verdict = is_ipv4(ctx) ? ipv4_parse(ctx, &pkt) : -DROP_UNKNOWN_L3;
	if (!verdict) {
		pkt.source_identity = peer4_find(pkt.tuple.saddr).identity;
		verdict = call_pod_policy(ctx, EP_ID(), pkt.source_identity, TASK_CHECK);
	}
	return report(ctx, &pkt, verdict, DIRECTION_INGRESS, EP_ID());
}

char _license[] SEC("license") = "Dual BSD/GPL";
