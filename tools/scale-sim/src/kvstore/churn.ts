import { createJson, deleteJson, openK8sClient } from '@axoneme/k8s-client'
import { type IdentityTable, identityKey } from '@axoneme/kvstore-sync'
import { describeError, Scope, sleep } from '@axoneme/lifecycle'
import { type ClusterShape, churnPod, podAddress, podNamespace, podObject } from '../model/index.ts'
import { distributionOf } from './distribution.ts'
import { type KernelIpcache, openKernelIpcache } from './kernel-ipcache.ts'
import type { NodeAgents } from './node-agents.ts'
import type { ChurnResult, ChurnSettings } from './protocol.ts'

/** How often the kernels are looked at, and so how exact the figures are. */
const pollMs = 5
const patienceMs = 30_000
/** Pods at a time: a look at thousands each 5 ms would be what they wait for. */
const maxLooks = 300

type Awaited = { address: string; identity: number | undefined; fromMs: number; endpointMs: number }

/**
 * Pods come and go: each is created at the apiserver, gets an identity and an entry from its node's agent, lives, and is
 * deleted again. Meanwhile the kernels of the real agents are asked again and again what they know of it.
 */
export async function runChurn(
  settings: ChurnSettings,
  {
    shape,
    agents,
    table,
    signal,
  }: { shape: ClusterShape; agents: NodeAgents; table: IdentityTable; signal: AbortSignal },
): Promise<Omit<ChurnResult, 'operations'>> {
  await using scope = new Scope('churn', { signal })
  const client = scope.use(
    await openK8sClient({ kubeconfigPath: settings.kubeconfig, userAgent: 'axoneme-churn/0.1.0' }),
  )
  const caches = settings.ipcaches.map((path) => scope.use(closable(openKernelIpcache(path))))
  const samples = {
    create: [] as number[],
    identity: [] as number[],
    podToKernel: [] as number[],
    endpointToKernel: [] as number[],
    toTable: [] as number[],
    deletion: [] as number[],
  }
  const arriving = new Set<Awaited>()
  const leaving = new Set<Awaited>()
  const unseenIdentities = new Map<number, number>()
  const problems: string[] = []
  let [created, deleted, running] = [0, 0, 0]

  const poll = () => {
    const nowMs = performance.now()
    for (const pod of nextOf(arriving)) {
      const { identity, address } = pod
      if (!caches.every((cache) => cache.identityOf(address) === identity)) continue
      arriving.delete(pod)
      samples.podToKernel.push(nowMs - pod.fromMs)
      samples.endpointToKernel.push(nowMs - pod.endpointMs)
    }
    for (const pod of nextOf(leaving)) {
      if (!caches.every((cache) => cache.identityOf(pod.address) === undefined)) continue
      leaving.delete(pod)
      samples.deletion.push(nowMs - pod.fromMs)
    }
    for (const [identity, fromMs] of unseenIdentities) {
      if (!table.has(identityKey(identity))) continue
      unseenIdentities.delete(identity)
      samples.toTable.push(nowMs - fromMs)
    }
  }
  const poller = setInterval(poll, pollMs)
  scope.defer(() => clearInterval(poller))

  const live = async (pod: number) => {
    const {
      uid: _uid,
      resourceVersion: _version,
      managedFields: _fields,
      ...metadata
    } = podObject(shape, pod).metadata
    const path = `/api/v1/namespaces/${podNamespace(shape, pod)}/pods`
    const address = podAddress(shape, pod)
    const fromMs = performance.now()
    await createJson(client, path, { body: { ...podObject(shape, pod), metadata }, signal: scope.signal })
    created++
    const endpointMs = performance.now()
    samples.create.push(endpointMs - fromMs)
    const identity = await agents.publish(pod)
    samples.identity.push(performance.now() - endpointMs)
    const awaited = { address, identity, fromMs, endpointMs }
    arriving.add(awaited)
    unseenIdentities.set(identity, endpointMs)
    await sleep(settings.lifeMs, { signal: scope.signal })
    // One that was not seen in its whole life is reported, and no longer waited for.
    const deletedMs = performance.now()
    await deleteJson(client, `${path}/${metadata.name}`, {
      query: { gracePeriodSeconds: 0 },
      signal: scope.signal,
    })
    leaving.add({ ...awaited, fromMs: deletedMs })
    await agents.withdraw(pod, identity)
    deleted++
  }

  const startedMs = performance.now()
  for (let turn = 0; performance.now() - startedMs < settings.durationMs; ) {
    const due = ((performance.now() - startedMs) / 1000) * settings.perSecond
    for (; turn < due; turn++) {
      running++
      live(churnPod(shape, turn))
        .catch((error: unknown) => problems.push(describeError(error)))
        .finally(() => running--)
    }
    await sleep(5, { signal: scope.signal })
  }
  const deadlineMs = performance.now() + settings.lifeMs + patienceMs
  const isOver = () => running + arriving.size + leaving.size + unseenIdentities.size === 0
  while (!isOver() && performance.now() < deadlineMs) await sleep(50, { signal: scope.signal })
  return {
    created,
    deleted,
    identities: samples.toTable.length,
    createMs: distributionOf(samples.create),
    identityMs: distributionOf(samples.identity),
    podToKernelMs: distributionOf(samples.podToKernel),
    endpointToKernelMs: distributionOf(samples.endpointToKernel),
    endpointToIdentityTableMs: distributionOf(samples.toTable),
    deletionToKernelMs: distributionOf(samples.deletion),
    neverSeen: arriving.size + unseenIdentities.size,
    neverGone: leaving.size,
    problems: problems.slice(0, 5),
  }
}

/** Some of them, and others the next time. */
function* nextOf(pods: Set<Awaited>): Generator<Awaited> {
  let left = Math.min(maxLooks, pods.size)
  for (const pod of pods) {
    if (left-- === 0) return
    pods.delete(pod)
    pods.add(pod)
    yield pod
  }
}

function closable(cache: KernelIpcache): KernelIpcache & AsyncDisposable {
  return Object.assign(cache, { [Symbol.asyncDispose]: async () => cache[Symbol.dispose]() })
}
