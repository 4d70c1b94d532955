/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef AXO_IDENTITY_H
#define AXO_IDENTITY_H

/* Reserved security identities; Cilium's numbers. Identity 0 in a policy stands for any peer. */
#define IDENTITY_ANY 0u
#define IDENTITY_HOST 1u
#define IDENTITY_WORLD 2u

#endif
