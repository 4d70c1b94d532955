// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// One of each thing that the templater handles. With ORACLE the constants are absolute symbols, so that clang and
// libbpf alone make the same instructions; clang writes 32 bits of such a symbol, so none is wider here.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifdef ORACLE
asm(".globl EP_ID\n.set EP_ID, 42");
asm(".globl EP_SECLABEL\n.set EP_SECLABEL, 0xfffffffe");
asm(".globl EP_MAC\n.set EP_MAC, 0xbeef1234");
#endif

#define CONSTANT(name) extern char name __attribute__((nodebug))
#define VALUE(name) ((__u64)(unsigned long)&name)

CONSTANT(EP_ID);
CONSTANT(EP_SECLABEL);
CONSTANT(EP_MAC);

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
	return value * 0x9e3779b97f4a7c15ULL + VALUE(EP_MAC);
}

static __attribute__((noinline)) __u64 count(struct __sk_buff *skb)
{
	struct key key = { .id = (__u32)VALUE(EP_ID), .label = (__u32)VALUE(EP_SECLABEL) };
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
	return (__u32)VALUE(EP_ID);
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
	return VALUE(EP_SECLABEL) == 0xfffffffe ? 7 : 9;
}

char _license[] SEC("license") = "Dual BSD/GPL";
