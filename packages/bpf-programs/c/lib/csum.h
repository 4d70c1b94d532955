/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_CSUM_H
#define AXO_CSUM_H

#include <linux/types.h>

/* RFC 1624: the checksum after bytes changed whose bpf_csum_diff is `diff`. */
static __always_inline __u16 csum_apply(__u16 check, __u32 diff)
{
	__u64 sum = (__u64)diff + (__u16)~check;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

#endif
