/**
 * What kubelets write although nothing happens: they renew their Lease every 10 s, and report their status every 5 min
 * (every 10 s before Kubernetes 1.17, which is what Cilium 1.5 met).
 */
export type HeartbeatPeriods = Readonly<{ leaseMs: number; statusMs: number }>

export const modernHeartbeats: HeartbeatPeriods = { leaseMs: 10_000, statusMs: 300_000 }
export const oldHeartbeats: HeartbeatPeriods = { leaseMs: 10_000, statusMs: 10_000 }

export type Beat = Readonly<{ kind: 'lease' | 'status'; node: number }>

/**
 * The beats in `[fromMs, toMs)` on a clock that starts anywhere: each node has its own phase, so the beats of a cluster
 * are spread evenly over the period.
 */
export function* beatsBetween(
  { nodes, periods }: { nodes: number; periods: HeartbeatPeriods },
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Generator<Beat> {
  for (let node = 0; node < nodes; node++) {
    if (isDue(node / nodes, periods.leaseMs, fromMs, toMs)) yield { kind: 'lease', node }
    if (isDue(node / nodes, periods.statusMs, fromMs, toMs)) yield { kind: 'status', node }
  }
}

/** Whether a moment `(k + phase) * periodMs` is in the interval. */
function isDue(phase: number, periodMs: number, fromMs: number, toMs: number): boolean {
  const next = (Math.ceil(fromMs / periodMs - phase) + phase) * periodMs
  return next < toMs
}
