import type { IdentityId } from '@axoneme/identity'
import type { IdentitySource } from './controller.ts'

type Labels = Readonly<Record<string, string>>

/**
 * References to the identities of pods that this node is about to run, taken when the pod is scheduled: the ADD that
 * follows then waits for no round trip to the kvstore. A preparation that fails is no failure: the ADD allocates for
 * itself.
 */
export type PreparedIdentities = {
  /** Takes one reference for the pod, unless it has one. */
  prepare(pod: string, labels: Labels): void
  /** Gives the pod's reference back, once its endpoint has its own or the pod will have none. */
  drop(pod: string): void
}

export function prepareIdentities({
  identities,
  release,
  signal,
}: {
  identities: Pick<IdentitySource, 'allocate'>
  release: (id: IdentityId) => void
  signal: AbortSignal
}): PreparedIdentities {
  const held = new Map<string, Promise<IdentityId | undefined>>()
  return {
    prepare(pod, labels) {
      if (held.has(pod)) return
      held.set(
        pod,
        identities.allocate(labels, { signal }).catch(() => undefined),
      )
    },
    drop(pod) {
      const reference = held.get(pod)
      if (reference === undefined) return
      held.delete(pod)
      void reference.then((id) => {
        if (id !== undefined) release(id)
      })
    },
  }
}
