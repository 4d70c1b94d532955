import { getJson, K8sApiError, type K8sClient } from '@axoneme/k8s-client'
import { CodedError, sleep } from '@axoneme/lifecycle'
import { z } from 'zod'

const condition = z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() })
const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  generation: z.number().optional(),
  deletionTimestamp: z.string().nullish(),
})
const workloadSchema = z.looseObject({
  metadata,
  spec: z.looseObject({ replicas: z.number().optional() }),
  status: z
    .looseObject({
      observedGeneration: z.number().optional(),
      replicas: z.number().optional(),
      readyReplicas: z.number().optional(),
      numberReady: z.number().optional(),
      desiredNumberScheduled: z.number().optional(),
    })
    .optional(),
})
const podSchema = z.looseObject({
  metadata,
  spec: z.looseObject({ nodeName: z.string().optional() }),
  status: z
    .looseObject({
      phase: z.string().optional(),
      conditions: z.array(condition).optional(),
      containerStatuses: z
        .array(
          z.looseObject({
            state: z
              .looseObject({
                waiting: z
                  .looseObject({ reason: z.string().optional(), message: z.string().optional() })
                  .optional(),
              })
              .optional(),
          }),
        )
        .optional(),
    })
    .optional(),
})

type Pod = z.infer<typeof podSchema>

export type Progress = Readonly<{ podsReady: number; pods: number; missing: readonly string[] }>

const pollMs = 100

/**
 * Waits until every workload has its pods and every pod is ready.
 *
 * @throws PODS_NOT_READY, naming one pod or workload and why.
 */
export async function waitUntilReady(
  client: K8sClient,
  {
    timeoutMs,
    signal,
    onProgress,
  }: { timeoutMs: number; signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const progress = await readProgress(client, signal)
    onProgress(progress)
    if (progress.missing.length === 0 && progress.pods > 0) return
    if (performance.now() > deadlineMs) {
      const reason = progress.missing[0] ?? 'the manifests make no pods'
      throw new CodedError('PODS_NOT_READY', `${reason} (after ${Math.round(timeoutMs / 1000)} s)`)
    }
    await sleep(pollMs, { signal })
  }
}

async function readProgress(client: K8sClient, signal: AbortSignal): Promise<Progress> {
  const [pods, ...workloads] = await Promise.all([
    items(client, '/api/v1/pods', { schema: podSchema, signal }),
    ...['deployments', 'statefulsets', 'daemonsets'].map(async (resource) => {
      const workloads = await items(client, `/apis/apps/v1/${resource}`, { schema: workloadSchema, signal })
      return workloads.flatMap((workload) => whatIsMissing(resource, workload))
    }),
  ])
  const unready = pods.filter((pod) => !isReady(pod))
  return {
    pods: pods.length,
    podsReady: pods.length - unready.length,
    // A pod says more than the workload that waits for it.
    missing: [
      ...unready.map((pod) => `pod ${nameOf(pod)} is not ready: ${whyNot(pod)}`),
      ...workloads.flat(),
    ],
  }
}

function whatIsMissing(resource: string, workload: z.infer<typeof workloadSchema>): string[] {
  const { metadata: at, spec, status } = workload
  const name = `${resource.slice(0, -1)} ${nameOf(workload)}`
  if ((status?.observedGeneration ?? 0) < (at.generation ?? 0))
    return [`${name}: its controller has not looked at it`]
  const isDaemonSet = resource === 'daemonsets'
  const wanted = isDaemonSet ? (status?.desiredNumberScheduled ?? 1) : (spec.replicas ?? 1)
  const ready = (isDaemonSet ? status?.numberReady : status?.readyReplicas) ?? 0
  const surplus = isDaemonSet ? 0 : (status?.replicas ?? 0) - wanted
  if (ready < wanted) return [`${name}: ${ready} of ${wanted} pods are ready`]
  return surplus > 0 ? [`${name}: ${surplus} pods too many`] : []
}

async function items<T extends z.ZodType>(
  client: K8sClient,
  path: string,
  { schema, signal }: { schema: T; signal: AbortSignal },
): Promise<z.infer<T>[]> {
  try {
    return z.looseObject({ items: z.array(schema) }).parse(await getJson(client, path, { signal })).items
  } catch (error) {
    if (error instanceof K8sApiError && error.status === 404) return []
    throw error
  }
}

function isReady({ metadata: at, status }: Pod): boolean {
  if (at.deletionTimestamp != null) return false
  return (
    status?.phase === 'Succeeded' ||
    status?.conditions?.some((at) => at.type === 'Ready' && at.status === 'True') === true
  )
}

function whyNot({ metadata: at, spec, status }: Pod): string {
  if (at.deletionTimestamp != null) return 'it is being deleted'
  if (spec.nodeName === undefined) {
    const scheduled = status?.conditions?.find((at) => at.type === 'PodScheduled')
    return scheduled?.message ?? 'it is not bound to a node'
  }
  const waiting = status?.containerStatuses?.map((at) => at.state?.waiting).find((at) => at !== undefined)
  const message = waiting?.message ?? status?.conditions?.find((at) => at.type === 'Ready')?.message
  return (
    [waiting?.reason, message].filter((part) => part !== undefined && part !== '').join(': ') ||
    'no reason given'
  )
}

function nameOf({
  metadata: { name, namespace = 'default' },
}: {
  metadata: z.infer<typeof metadata>
}): string {
  return `${namespace}/${name}`
}
