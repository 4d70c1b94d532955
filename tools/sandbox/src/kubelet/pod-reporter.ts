import { isDeepStrictEqual } from 'node:util'
import { type RetryPolicy, retry } from '@axoneme/backoff'
import { deleteJson, K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import type { Logger } from '@axoneme/log'
import { type KubeletPod, podKey } from './api-types.ts'

export type PodReporter = {
  /** Writes the status unless it is the one that was written last. Repeats until the apiserver took it. */
  report(pod: KubeletPod, status: Record<string, unknown>): Promise<void>
  /** Takes the object away for good: the kubelet's confirmation that nothing of the pod is left. */
  confirmDeletion(pod: KubeletPod): Promise<void>
}

const policy: RetryPolicy = { minMs: 50, maxMs: 5_000 }

export function createPodReporter({
  client,
  log,
  signal,
}: {
  client: K8sClient
  log: Logger
  signal: AbortSignal
}): PodReporter {
  const written = new Map<string, Record<string, unknown>>()
  const pathOf = ({ metadata }: KubeletPod) =>
    `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`
  const repeat = (pod: KubeletPod, action: string, operation: () => Promise<unknown>) =>
    retry(operation, {
      ...policy,
      signal,
      onRetry: (error, attempt) => log.warn(`${action} failed`, { pod: podKey(pod), attempt, error }),
    }).catch((error: unknown) => {
      // Somebody else took the object away, or one of the same name has its place.
      if (isGone(error)) return
      throw error
    })
  return {
    async report(pod, status) {
      const { uid } = pod.metadata
      if (isDeepStrictEqual(written.get(uid), status)) return
      await repeat(pod, 'writing the status', () =>
        patchJson(client, `${pathOf(pod)}/status`, {
          type: 'strategic',
          body: { metadata: { uid }, status },
          signal,
        }),
      )
      written.set(uid, status)
    },
    async confirmDeletion(pod) {
      const { uid } = pod.metadata
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } }
      await repeat(pod, 'deleting', () => deleteJson(client, pathOf(pod), { signal, body }))
      written.delete(uid)
    },
  }
}

function isGone(error: unknown): boolean {
  return error instanceof K8sApiError && (error.status === 404 || error.status === 409)
}
