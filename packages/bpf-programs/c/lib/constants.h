/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_CONSTANTS_H
#define AXO_CONSTANTS_H

#include <linux/types.h>

/*
 * Values of one endpoint or node. Each is the address of a symbol that nothing defines: the compiler leaves an
 * ld_imm64 with a relocation against the symbol's name, the templater writes the value into the instruction, and the
 * verifier sees a known number. nodebug: the kernel refuses BTF of extern variables.
 *
 * The compiler believes that an address is not null: never compare a constant with zero.
 */
#define DECLARE_CONSTANT(name) extern char name __attribute__((nodebug))

#define CONSTANT_U64(name) ((__u64)(unsigned long)&(name))
#define CONSTANT_U32(name) ((__u32)(unsigned long)&(name))
#define CONSTANT_U16(name) ((__u16)(unsigned long)&(name))

#endif
