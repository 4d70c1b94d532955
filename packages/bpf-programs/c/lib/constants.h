/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_CONSTANTS_H
#define AXO_CONSTANTS_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/*
 * Values of one endpoint or node. Each is declared once, with its width and byte order, and read like a function:
 *
 *	CONSTANT_U16(EP_ID);
 *	CONSTANT_BE32(EP_IPV4);
 *
 *	if (pkt->tuple.saddr != EP_IPV4())
 *
 * U: a number in host order. BE: as loaded from a packet. MAC: the same, 6 bytes in the low 48 bits, the first lowest.
 *
 * A constant is the address of a symbol that nothing defines: the compiler leaves an ld_imm64 with a relocation, the
 * templater writes the value into the instruction, and the verifier sees a known number. The symbol's name tells the
 * templater the width and order: EP_ID.u16, EP_IPV4.be32, POD_MAC.be48; 128 bits have two symbols, EP_IPV6.be128.0 for
 * the eight bytes that come first in memory and EP_IPV6.be128.1.
 *
 * weak: the compiler believes of other addresses that they are not null and differ from each other. char: it believes
 * of larger types that they are aligned. nodebug: the kernel refuses BTF of extern variables, and the verifier's log
 * shall show the line that reads the constant, not this file.
 */
#define CONSTANT_U8(name) AXO_CONSTANT(name, u8, __u8)
#define CONSTANT_U16(name) AXO_CONSTANT(name, u16, __u16)
#define CONSTANT_U32(name) AXO_CONSTANT(name, u32, __u32)
#define CONSTANT_U64(name) AXO_CONSTANT(name, u64, __u64)
#define CONSTANT_U128(name) AXO_CONSTANT_128(name, u128)
#define CONSTANT_BE16(name) AXO_CONSTANT(name, be16, __be16)
#define CONSTANT_BE32(name) AXO_CONSTANT(name, be32, __be32)
#define CONSTANT_BE64(name) AXO_CONSTANT(name, be64, __be64)
#define CONSTANT_BE128(name) AXO_CONSTANT_128(name, be128)
#define CONSTANT_MAC(name) AXO_CONSTANT(name, be48, __u64)

#define AXO_CONSTANT(name, format, type)                                   \
	AXO_SYMBOL(name##_symbol, #name "." #format);                      \
	static __always_inline __attribute__((nodebug)) type name(void)    \
	{                                                                  \
		return (type)(unsigned long)&name##_symbol;                \
	}

#define AXO_CONSTANT_128(name, format)                                               \
	AXO_SYMBOL(name##_symbol0, #name "." #format ".0");                          \
	AXO_SYMBOL(name##_symbol1, #name "." #format ".1");                          \
	static __always_inline __attribute__((nodebug)) unsigned __int128 name(void) \
	{                                                                            \
		return (unsigned __int128)(unsigned long)&name##_symbol1 << 64 |     \
		       (unsigned long)&name##_symbol0;                               \
	}

#define AXO_SYMBOL(variable, symbol) extern char variable __asm__(symbol) __attribute__((weak, nodebug))

#endif
