import { retryDelays, sharedIntervals } from '@axoneme/backoff'
import { getJson, K8sApiError, type K8sClient, patchJson, resourcePath } from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'
import { isConflict } from './cilium-node.ts'

// What the operator writes on Nodes: whether pods may come, as far as their network is concerned.

const taintSchema = z.looseObject({ key: z.string() })
const nodeSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  spec: z.looseObject({ taints: z.array(taintSchema).nullish() }).nullish(),
})

export type NodeWriteOutcome = 'written' | 'unchanged' | 'gone'

function nodePath(name: string, subresource?: 'status'): string {
  const place = { apiVersion: 'v1', resource: 'nodes', name }
  return resourcePath(subresource === undefined ? place : { ...place, subresource })
}

/**
 * Sets or removes the taint `key` (effect NoSchedule). All other taints stay as they are: the list is one value for the
 * API, so the version that was read guards the write.
 */
export async function writeNodeTaint({
  client,
  name,
  key,
  present,
  signal,
}: {
  client: K8sClient
  name: string
  key: string
  present: boolean
  signal: AbortSignal
}): Promise<NodeWriteOutcome> {
  let conflict: unknown
  for await (const _ of retryDelays({ ...sharedIntervals.apiserverConflict.retry, signal })) {
    try {
      const { metadata, spec } = nodeSchema.parse(await getJson(client, nodePath(name), { signal }))
      const have = spec?.taints ?? []
      if (have.some((taint) => taint.key === key) === present) return 'unchanged'
      const others = have.filter((taint) => taint.key !== key)
      const taints = present ? [...others, { key, effect: 'NoSchedule' }] : others
      const body = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { taints } }
      await patchJson(client, nodePath(name), { type: 'merge', body, signal })
      return 'written'
    } catch (error) {
      if (isNotFound(error)) return 'gone'
      if (!isConflict(error)) throw error
      conflict = error
    }
  }
  throw new CodedError('NODE_TAINT', `write taint ${key} of node ${name}: the node changes all the time`, {
    cause: conflict,
    retryable: true,
  })
}

/** Sets the condition NetworkUnavailable to False, with the reason that users' tools wait for. */
export async function markNetworkAvailable({
  client,
  name,
  now,
  signal,
}: {
  client: K8sClient
  name: string
  now: Date
  signal: AbortSignal
}): Promise<Exclude<NodeWriteOutcome, 'unchanged'>> {
  const time = now.toISOString().replace(/\.\d{3}Z$/, 'Z')
  const condition = {
    type: 'NetworkUnavailable',
    status: 'False',
    reason: 'CiliumIsUp',
    message: 'the network agent runs on this node',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  }
  try {
    // Merged by type: the kubelet's conditions stay.
    const body = { status: { conditions: [condition] } }
    await patchJson(client, nodePath(name, 'status'), { type: 'strategic', body, signal })
    return 'written'
  } catch (error) {
    if (isNotFound(error)) return 'gone'
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof K8sApiError && error.status === 404
}
