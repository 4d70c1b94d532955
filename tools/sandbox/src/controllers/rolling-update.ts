/** How many pods may exist beyond, and be missing from, what a Deployment asks for. */
export type RollingLimits = Readonly<{ maxSurge: number; maxUnavailable: number }>

/** What a decision needs to know of one ReplicaSet. */
export type SetCounts = Readonly<{ name: string; replicas: number; available: number }>

/**
 * Resolves counts and percentages of `desired`: a surge is rounded up, what may be missing down. Both may not be 0, or
 * nothing could ever move.
 */
export function rollingLimits(
  desired: number,
  given: { maxSurge: unknown; maxUnavailable: unknown },
): RollingLimits {
  const maxSurge = resolve(given.maxSurge, desired, Math.ceil)
  const maxUnavailable = Math.min(desired, resolve(given.maxUnavailable, desired, Math.floor))
  return maxSurge === 0 && maxUnavailable === 0
    ? { maxSurge, maxUnavailable: 1 }
    : { maxSurge, maxUnavailable }
}

function resolve(value: unknown, desired: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value
  const percent = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined
  return percent === undefined ? 0 : round((Number(percent) * desired) / 100)
}

/**
 * The next sizes, by name, on the way from the old sets to the new one (k8s.io/kubernetes/pkg/controller/deployment).
 * Only sets whose size changes are named.
 */
export function planRollingUpdate({
  desired,
  limits,
  current,
  old,
}: {
  desired: number
  limits: RollingLimits
  current: SetCounts
  old: readonly SetCounts[]
}): Map<string, number> {
  const total = current.replicas + old.reduce((sum, set) => sum + set.replicas, 0)
  if (current.replicas > desired) return new Map([[current.name, desired]])
  if (current.replicas < desired) {
    const room = desired + limits.maxSurge - total
    if (room > 0) return new Map([[current.name, Math.min(desired, current.replicas + room)]])
  }
  const notYetAvailable = current.replicas - current.available
  const removable = total - (desired - limits.maxUnavailable) - notYetAvailable
  return removable > 0 ? shrinkOld(old, { removable, desired, limits, current }) : new Map()
}

/** Broken pods of old sets go first; then working ones as far as enough stay available. */
function shrinkOld(
  old: readonly SetCounts[],
  {
    removable,
    desired,
    limits,
    current,
  }: { removable: number; desired: number; limits: RollingLimits; current: SetCounts },
): Map<string, number> {
  const plan = new Map<string, number>()
  let left = removable
  for (const set of old) {
    const broken = Math.min(left, Math.max(0, set.replicas - set.available))
    if (broken === 0) continue
    plan.set(set.name, set.replicas - broken)
    left -= broken
  }
  const available =
    current.available + old.reduce((sum, set) => sum + Math.min(set.available, set.replicas), 0)
  let spare = available - (desired - limits.maxUnavailable)
  for (const set of old) {
    const size = plan.get(set.name) ?? set.replicas
    const step = Math.min(spare, size)
    if (step <= 0) continue
    plan.set(set.name, size - step)
    spare -= step
  }
  return plan
}
