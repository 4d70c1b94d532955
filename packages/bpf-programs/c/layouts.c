/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Names every type that user space reads or writes, so that its BTF is in one object. Compiled for the layouts, never
 * loaded.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lib/conntrack4.h"
#include "lib/delivery.h"
#include "lib/events.h"
#include "lib/fragments.h"
#include "lib/lb4.h"
#include "lib/metrics.h"
#include "lib/peer4.h"
#include "lib/policy.h"

struct packet_event layout_event;
