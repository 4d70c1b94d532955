import { isDeepStrictEqual } from 'node:util'
import { retryDelays, sharedIntervals } from '@axoneme/backoff'
import { K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import { CiliumNodeError, ciliumNodePath, isConflict, podCidrsOf, readCiliumNode } from './cilium-node.ts'

export type PodCidrsOutcome =
  /** The node has the ranges: written now, or there already. */
  | Readonly<{ kind: 'written' | 'unchanged' }>
  /** The node has other ranges than the caller believed: those count, nothing was written. */
  | Readonly<{ kind: 'taken'; podCidrs: readonly string[] }>
  | Readonly<{ kind: 'gone' }>

/**
 * Gives a node the ranges of its pods (spec.ipam.podCIDRs), if it has what the caller believes: none, or `replaces`.
 * The version that was looked at guards the write, so two operators cannot give one node different ranges; when the
 * object changes in between for another reason, it is looked at again.
 */
export async function patchCiliumNodePodCidrs({
  client,
  name,
  podCidrs,
  replaces = [],
  signal,
}: {
  client: K8sClient
  name: string
  podCidrs: readonly string[]
  replaces?: readonly string[]
  signal: AbortSignal
}): Promise<PodCidrsOutcome> {
  let conflict: unknown
  for await (const _ of retryDelays({ ...sharedIntervals.apiserverConflict.retry, signal })) {
    const stored = await readCiliumNode(client, name, signal)
    if (stored === undefined) return { kind: 'gone' }
    const have = podCidrsOf(stored)
    if (isDeepStrictEqual(have, [...podCidrs])) return { kind: 'unchanged' }
    if (!isDeepStrictEqual(have, [...replaces])) return { kind: 'taken', podCidrs: have }
    const { resourceVersion } = stored.metadata
    const body = { metadata: { resourceVersion }, spec: { ipam: { podCIDRs: podCidrs } } }
    try {
      await patchJson(client, ciliumNodePath(name), { type: 'merge', body, signal })
      return { kind: 'written' }
    } catch (error) {
      if (error instanceof K8sApiError && error.status === 404) return { kind: 'gone' }
      if (!isConflict(error)) throw error
      conflict = error
    }
  }
  throw new CiliumNodeError(`write the pod CIDRs of CiliumNode ${name}: it changes all the time`, {
    cause: conflict,
    retryable: true,
  })
}
