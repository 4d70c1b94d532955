/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_ADDRESS_H
#define AXO_ADDRESS_H

#include <linux/types.h>

/* Cilium's numbers. */
enum address_family {
	FAMILY_IPV4 = 1,
	FAMILY_IPV6 = 2,
} __attribute__((packed));

/* An address of either family in network order. An IPv4 address is followed by twelve zero bytes. */
union ip_address {
	__be32 ip4;
	__u8 ip6[16];
};

#endif
