// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// One of each thing that the templater handles. With ORACLE the constants are absolute symbols, so that clang and
// libbpf alone make the same instructions; clang keeps more than 32 bits of them only with -via-file-asm.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../../bpf-programs/c/lib/constants.h"

#ifdef ORACLE
#define SET(symbol, value) asm(".weak " symbol "\n.set " symbol ", " #value)
SET("EP_ID.u16", 0x2a01);
SET("EP_SECLABEL.u32", 0xfffffffe);
SET("EP_TAG.u8", 0xff);
SET("EP_COOKIE.u64", 0x8000000000000001);
SET("EP_PORT.be16", 0xbb01);                 /* 443 */
SET("EP_IPV4.be32", 0x0201000a);             /* 10.0.1.2 */
SET("EP_MAC.be48", 0x563412efbe02);          /* 02:be:ef:12:34:56 */
SET("EP_BEFORE.be64", 0x0807060504030201);   /* 0x0102030405060708 */
SET("EP_IPV6.be128.0", 0x0000000000b80d20);  /* 200d:b800::ff01 */
SET("EP_IPV6.be128.1", 0x01ff000000000000);
SET("EP_WIDE.u128.0", 0x8899aabbccddeeff);
SET("EP_WIDE.u128.1", 0x0011223344556677);
#endif

CONSTANT_U16(EP_ID);
CONSTANT_U32(EP_SECLABEL);
CONSTANT_U8(EP_TAG);
CONSTANT_U64(EP_COOKIE);
CONSTANT_BE16(EP_PORT);
CONSTANT_BE32(EP_IPV4);
CONSTANT_MAC(EP_MAC);
CONSTANT_BE64(EP_BEFORE);
CONSTANT_BE128(EP_IPV6);
CONSTANT_U128(EP_WIDE);

struct key {
	__u32 id;
	__u32 label;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct key);
	__type(value, __u64);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
#ifndef ORACLE
	__uint(pinning, LIBBPF_PIN_BY_NAME);
#endif
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 2);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

const volatile __u32 thresholds[4] = { 1, 10, 100, 1000 };

static __attribute__((noinline)) __u64 mix(__u64 value)
{
	return value * 0x9e3779b97f4a7c15ULL + EP_COOKIE();
}

static __attribute__((noinline)) __u64 count(struct __sk_buff *skb)
{
	struct key key = { .id = EP_ID(), .label = EP_SECLABEL() };
	__u64 one = 1, *value = bpf_map_lookup_elem(&seen, &key);

	if (!value) {
		bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
		return mix(skb->len);
	}
	*value += 1;
	return mix(*value);
}

static long each(__u32 index, void *context)
{
	*(__u64 *)context += index;
	return 0;
}

SEC("tc/main")
int main_program(struct __sk_buff *skb)
{
	__u64 mixed = count(skb);
	__u64 *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (record) {
		*record = mixed;
		bpf_ringbuf_submit(record, 0);
	}
	bpf_tail_call(skb, &calls, 1);
	return EP_ID();
}

SEC("tc/tail")
int tail_program(struct __sk_buff *skb)
{
	__u64 sum = 0;

	bpf_loop(4, each, &sum, 0);
	return sum + thresholds[skb->mark & 3] + (__u32)mix(1);
}

SEC("tc/plain")
int plain_program(struct __sk_buff *skb)
{
	return EP_SECLABEL() == 0xfffffffe ? 7 : 9;
}

/* Writes every constant into the packet, as it lies in memory. */
SEC("tc/widths")
int widths_program(struct __sk_buff *skb)
{
	struct {
		unsigned __int128 ipv6, wide;
		__u64 cookie, before, mac;
		__u32 label, ipv4;
		__u16 id, port;
		__u8 tag, end[3], padding[8];
	} all = {
		.ipv6 = EP_IPV6(), .wide = EP_WIDE(), .cookie = EP_COOKIE(), .before = EP_BEFORE(), .mac = EP_MAC(),
		.label = EP_SECLABEL(), .ipv4 = EP_IPV4(), .id = EP_ID(), .port = EP_PORT(), .tag = EP_TAG(),
	};

	/* Of the address of anything else the compiler would know the answers. */
	all.end[0] = EP_COOKIE() == 0;
	all.end[1] = EP_COOKIE() == EP_BEFORE();
	all.end[2] = (EP_COOKIE() & 7) == 1;
	return bpf_skb_store_bytes(skb, 0, &all, sizeof(all), 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
