/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Gives a packet the tunnel key that a VXLAN device would have taken from its outer header, then calls the program in
 * slot 0. The identity is the mark that the test sets.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} next SEC(".maps");

SEC("tc/from_tunnel")
int from_tunnel(struct __sk_buff *ctx)
{
	struct bpf_tunnel_key key = { .tunnel_id = ctx->mark, .remote_ipv4 = 0xc0000201 };

	bpf_skb_set_tunnel_key(ctx, &key, sizeof(key), 0);
	bpf_tail_call(ctx, &next, 0);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
