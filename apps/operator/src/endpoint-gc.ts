import { createPace, jitteredPeriod, type Period } from '@axoneme/backoff'
import { getJson, K8sApiError, type K8sClient, resourcePath } from '@axoneme/k8s-client'
import { deleteCiliumEndpoint } from '@axoneme/k8s-writers'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { objectKey, type SlimCiliumEndpoint } from '@axoneme/slim-types'
import { allInitialized, type Table } from '@axoneme/tables'
import { z } from 'zod'
import { isPodOver, type PodPresence } from './endpoint-rows.ts'
import { operatorIntervals } from './intervals.ts'

export type EndpointGcOptions = Readonly<{
  client: K8sClient
  endpoints: Table<SlimCiliumEndpoint>
  pods: Table<PodPresence>
  period: Period
  log: Logger
  signal: AbortSignal
  onRemoval?: (outcome: 'success' | 'fail') => void
  random?: () => number
}>

/** CiliumEndpoints whose pod is not there or over, by key, with their uids. */
export function orphans(
  endpoints: Iterable<SlimCiliumEndpoint>,
  pods: Pick<Table<PodPresence>, 'get'>,
): Map<string, string> {
  const found = new Map<string, string>()
  for (const endpoint of endpoints) {
    if (endpoint.isOwnedByOther) continue
    const key = objectKey(endpoint)
    if (pods.get(key)?.isOver !== false) found.set(key, endpoint.uid)
  }
  return found
}

/**
 * Removes CiliumEndpoints that were without a pod in two passes. Kubernetes does so itself for those that name their
 * pod as owner; this is for all others, and for what an agent that vanished left behind. The apiserver is asked for the
 * pod once more before: what this process knows of pods may be old.
 */
export async function runEndpointGc(options: EndpointGcOptions): Promise<void> {
  const { client, endpoints, pods, period, log, signal, onRemoval, random = Math.random } = options
  await allInitialized([endpoints, pods], signal)
  const pace = createPace(operatorIntervals.endpointRemoval.period)
  let before: ReadonlyMap<string, string> = new Map()
  for (;;) {
    await sleep(jitteredPeriod(period, { random }), { signal })
    const found = orphans(endpoints.rows(), pods)
    for (const [key, uid] of found) {
      const row = endpoints.get(key)
      if (before.get(key) !== uid || row === undefined) continue
      await pace(signal)
      const { namespace, name } = row
      try {
        if (!(await isPodGone({ client, namespace, name, signal }))) continue
        if (await deleteCiliumEndpoint({ client, namespace, name, uid, signal })) onRemoval?.('success')
        log.info('CiliumEndpoint without a pod removed', { namespace, name })
      } catch (error) {
        signal.throwIfAborted()
        onRemoval?.('fail')
        log.warn('CiliumEndpoint not removed', { namespace, name, error: describeError(error) })
      }
    }
    before = found
  }
}

const podSchema = z.object({ status: z.object({ phase: z.string().nullish() }).nullish() })

async function isPodGone({
  client,
  namespace,
  name,
  signal,
}: {
  client: K8sClient
  namespace: string
  name: string
  signal: AbortSignal
}): Promise<boolean> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name })
  try {
    const { status } = podSchema.parse(await getJson(client, path, { signal }))
    return isPodOver(status?.phase ?? '')
  } catch (error) {
    if (error instanceof K8sApiError && error.status === 404) return true
    throw error
  }
}
