/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_FUNCTION_H
#define AXO_FUNCTION_H

/*
 * A function that the verifier checks once, by itself, for any arguments of its types; an inlined one is checked again
 * on every path that leads to it. For what is long and used on many paths: checking is what loading an endpoint costs.
 *
 * Its parameters are the context, numbers, and pointers to structs of numbers. The verifier insists that such a pointer
 * is compared with NULL, and (before Linux 6.3) that no byte of the struct is left without a value: name the padding.
 */
#define GLOBAL_FUNCTION __attribute__((noinline))

#endif
