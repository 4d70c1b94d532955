import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { nextDelayMs, type RetryPolicy, retry } from '@axoneme/backoff'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { createNetns, deleteNetns } from '@axoneme/syscalls'
import { raiseLoopback } from '../topology.ts'
import { isDeleting, type KubeletPod, podKey } from './api-types.ts'
import { addressOf, type CniAttachment, type CniResult, type CniRuntime } from './cni.ts'
import type { PodReporter } from './pod-reporter.ts'
import { createPodServers } from './pod-servers.ts'
import { podStatus } from './pod-status.ts'
import type { ServedPort } from './ports.ts'

type PodState = 'creating' | 'running' | 'stopping' | 'gone'

export type PodWorker = {
  /** The pod's newest version, and what it is to serve now. A deletion timestamp begins its end. */
  update(pod: KubeletPod, ports: readonly ServedPort[]): void
  /** The object is gone from the apiserver: ends the pod without a word to it. */
  forget(): void
  view(): Readonly<{ pod: KubeletPod; netns: string; ip: string; state: PodState }>
  /** Settles when nothing of the pod is left. */
  readonly done: Promise<void>
}

export type PodWorkerOptions = Readonly<{
  pod: KubeletPod
  ports: readonly ServedPort[]
  node: Readonly<{ address: string; netns: string }>
  /** The network namespace to make; a pod of the host network uses the node's. */
  netns: string
  cni: CniRuntime
  reporter: PodReporter
  /** Bounds how many pods are set up at a time. */
  inTurn: <T>(task: () => Promise<T>) => Promise<T>
  onCniAdd: (durationMs: number) => void
  log: Logger
  /** The end of the whole kubelet: the pod is left as it is. */
  signal: AbortSignal
}>

/** Between the wish to end a pod and the end of its servers, so that services can turn away from it. */
const stopGraceMs = 300
const setUpRetry: RetryPolicy = { minMs: 100, maxMs: 5_000 }

/** The life of one pod, from its network namespace to its last trace; steps that fail are repeated. */
export function startPodWorker(options: PodWorkerOptions): PodWorker {
  const { node, cni, reporter, signal } = options
  const hostNetwork = options.pod.spec.hostNetwork === true
  const netns = hostNetwork ? node.netns : options.netns
  const log = options.log.child('pod', { pod: podKey(options.pod) })
  const servers = createPodServers({ netns, name: podKey(options.pod) })
  const startTime = new Date().toISOString()
  const stopping = new AbortController()

  let pod = options.pod
  let ports = options.ports
  let forgotten = false
  let state: PodState = 'creating'
  let ip = ''
  let attachment: CniAttachment | undefined
  let result: CniResult | undefined
  let readySince: string | undefined
  let wake = () => {}

  const report = (message?: string) =>
    reporter.report(
      pod,
      podStatus(pod, {
        hostIp: node.address,
        startTime,
        ...(ip !== '' && { podIp: ip }),
        ...(readySince !== undefined && { readySince }),
        ...(attachment !== undefined && { containerId: attachment.containerId }),
        ...(message !== undefined && { message }),
      }),
    )

  const detach = async () => {
    if (attachment === undefined) return
    await cni.del(attachment, result)
    attachment = undefined
    result = undefined
  }

  const attach = () =>
    options.inTurn(async () => {
      attachment = attachmentOf(pod, netns)
      const startedMs = performance.now()
      result = await cni.add(attachment, { signal })
      options.onCniAdd(performance.now() - startedMs)
      ip = addressOf(result)
    })

  const setUp = async () => {
    if (hostNetwork) {
      ip = node.address
      return
    }
    createNetns(netns)
    raiseLoopback(netns)
    for (let attempt = 1, delayMs = 0; !stopping.signal.aborted; attempt++) {
      try {
        await detach()
        return await attach()
      } catch (error) {
        signal.throwIfAborted()
        delayMs = nextDelayMs(setUpRetry, { attempt, previousMs: delayMs, random: Math.random })
        log.warn('network not ready', { attempt, retryInMs: Math.round(delayMs), error })
        await report(describeError(error))
        await pause(delayMs)
      }
    }
  }

  /** Waits; other ports and the pod's end cut the wait short. */
  const pause = (delayMs?: number) =>
    new Promise<void>((resolve, reject) => {
      const timer = delayMs === undefined ? undefined : setTimeout(resolve, delayMs)
      const abort = () => reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      wake = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        resolve()
      }
    })

  const serve = async () => {
    for (let attempt = 1, delayMs = 0; !stopping.signal.aborted; attempt++) {
      const wanted = ports
      try {
        await servers.serve(wanted)
        state = 'running'
        readySince ??= new Date().toISOString()
        await report()
        attempt = 0
        if (wanted === ports && !stopping.signal.aborted) await pause()
      } catch (error) {
        signal.throwIfAborted()
        readySince = undefined
        delayMs = nextDelayMs(setUpRetry, { attempt, previousMs: delayMs, random: Math.random })
        log.warn('not serving', { attempt, retryInMs: Math.round(delayMs), error })
        await report(describeError(error))
        await pause(delayMs)
      }
    }
  }

  const tearDown = async () => {
    state = 'stopping'
    const immediately = forgotten || pod.metadata.deletionGracePeriodSeconds === 0
    if (!immediately) await sleep(stopGraceMs, { signal })
    await servers[Symbol.asyncDispose]()
    await retry(detach, {
      ...setUpRetry,
      signal,
      onRetry: (error, attempt) => log.warn('network not released', { attempt, error }),
    })
    if (!hostNetwork) deleteNetns(netns)
    if (!forgotten) await reporter.confirmDeletion(pod)
    state = 'gone'
  }

  const live = async () => {
    await setUp()
    await serve()
    await tearDown()
  }

  const worker: PodWorker = {
    update(next, nextPorts) {
      pod = next
      const portsChanged = !isDeepStrictEqual(ports, nextPorts)
      if (portsChanged) ports = nextPorts
      if (isDeleting(next)) stopping.abort()
      // Most updates are our own status coming back; they must not cut a retry's delay short.
      if (portsChanged || isDeleting(next)) wake()
    },
    forget() {
      forgotten = true
      stopping.abort()
      wake()
    },
    view: () => ({ pod, netns, ip, state }),
    done: Promise.resolve()
      .then(live)
      .finally(() => servers[Symbol.asyncDispose]()),
  }
  if (isDeleting(pod)) stopping.abort()
  return worker
}

/** A new id for each try: a plugin may still hold something of the last one. */
function attachmentOf(pod: KubeletPod, netns: string): CniAttachment {
  return {
    containerId: randomBytes(32).toString('hex'),
    netns,
    ifName: 'eth0',
    podNamespace: pod.metadata.namespace,
    podName: pod.metadata.name,
    podUid: pod.metadata.uid,
  }
}
