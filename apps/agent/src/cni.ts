import {
  type CniAddResult,
  CniError,
  type CniHandlers,
  type CniRequest,
  cniErrorCode,
} from '@axoneme/agent-api'
import type { Datapath, EndpointDatapathRow, PodNetwork } from '@axoneme/datapath'
import {
  type Attachment,
  attachmentKey,
  type EndpointController,
  type EndpointRow,
  endpointKey,
} from '@axoneme/endpoint'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { ReconcileStatus } from '@axoneme/reconciler'
import type { Table } from '@axoneme/tables'
import { cniUndoPatienceMs } from './intervals.ts'

/**
 * What a call waited for. `cniEndpoint`: address, labels and identity of an ADD; `cniDatapath`: from there until its
 * packets flow; `cniRemoval`: of a DEL, until nothing is left.
 */
export type CniStep = 'cniEndpoint' | 'cniDatapath' | 'cniRemoval'

type DatapathStatus = Table<ReconcileStatus<EndpointDatapathRow>>

/** What CNI calls need once the agent is up. */
export type CniBackend = Readonly<{
  controller: EndpointController
  endpoints: Table<EndpointRow>
  datapath: Pick<Datapath, 'endpoints' | 'network' | 'verify'>
}>

/**
 * CNI calls -> endpoint controller and datapath. ADD returns when packets flow under the right policy; when any part
 * fails it undoes everything. `backend` resolves when the agent has started: until then calls wait, and are told to
 * try again when their time is over.
 */
export function createCniHandlers({
  backend,
  timeoutMs,
  waitingOn,
  onWait,
  onStep,
  log,
}: {
  backend: Promise<CniBackend>
  timeoutMs: number
  /** What the start waits on, for people. */
  waitingOn: () => string
  /** Hears of each call that comes before the agent has started. */
  onWait?: () => void
  /** Hears of each step that succeeded. */
  onStep?: (step: CniStep, durationMs: number) => void
  log: Logger
}): CniHandlers {
  let started = false
  backend.then(
    () => {
      started = true
    },
    // Those who wait are told.
    () => {},
  )
  const withBackend = async <T>(
    signal: AbortSignal,
    run: (agent: CniBackend, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    if (!started) onWait?.()
    const agent = await orAbort(backend, deadline).catch((cause: unknown) => {
      throw new CniError(cniErrorCode.tryAgainLater, `the agent is starting: ${waitingOn()}`, { cause })
    })
    return run(agent, deadline)
  }
  return {
    add: (request, signal) =>
      withBackend(signal, async (agent, deadline) => {
        const startedMs = performance.now()
        const pod = podOf(request)
        const endpoint = await agent.controller.add({ ...request, ...pod }, deadline)
        const addedMs = performance.now()
        onStep?.('cniEndpoint', addedMs - startedMs)
        try {
          await untilRealised(agent.datapath.endpoints.status, endpoint, deadline)
          onStep?.('cniDatapath', performance.now() - addedMs)
        } catch (error) {
          agent.controller.remove(request)
          await untilGone(
            agent.datapath.endpoints.status,
            endpoint,
            AbortSignal.timeout(cniUndoPatienceMs),
          ).catch(() => {})
          throw error
        }
        const durationMs = Math.round(performance.now() - startedMs)
        log.info('pod added', {
          pod: `${pod.namespace}/${pod.podName}`,
          endpoint: endpoint.id,
          ip: endpoint.ipv4,
          durationMs,
        })
        return addResult(endpoint, agent.datapath.network)
      }),
    del: (request, signal) =>
      withBackend(signal, async (agent, deadline) => {
        const endpoint = find(agent, request)
        if (endpoint === undefined) return
        const startedMs = performance.now()
        agent.controller.remove(request)
        await untilGone(agent.datapath.endpoints.status, endpoint, deadline)
        onStep?.('cniRemoval', performance.now() - startedMs)
        log.info('pod deleted', { pod: `${endpoint.namespace}/${endpoint.podName}`, endpoint: endpoint.id })
      }),
    check: (request, signal) =>
      withBackend(signal, async (agent) => {
        const endpoint = find(agent, request)
        if (endpoint === undefined) {
          throw new CniError(cniErrorCode.unknownContainer, `no endpoint for ${attachmentKey(request)}`)
        }
        const wrong = request.config.prevResult?.ips?.every(
          ({ address }) => address.split('/')[0] !== endpoint.ipv4,
        )
        if (wrong === true) {
          throw new CniError(
            cniErrorCode.invalidConfig,
            `prevResult has no address ${endpoint.ipv4} of the pod`,
          )
        }
        agent.datapath.verify(endpoint)
      }),
    gc: (valid, signal) =>
      withBackend(signal, async (agent, deadline) => {
        const keep = new Set(valid.map(attachmentKey))
        const stale = [...agent.endpoints.rows()].filter((row) => !keep.has(attachmentKey(row)))
        for (const row of stale) agent.controller.remove(row)
        await Promise.all(stale.map((row) => untilGone(agent.datapath.endpoints.status, row, deadline)))
      }),
    status: async (signal) => {
      signal.throwIfAborted()
      const ready = await Promise.race([backend.then(() => true), Promise.resolve(false)])
      if (!ready) throw new CniError(cniErrorCode.notAvailable, `the agent is starting: ${waitingOn()}`)
    },
  }
}

function podOf({ args }: CniRequest): { namespace: string; podName: string; podUid: string } {
  const { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: podName, K8S_POD_UID: podUid = '' } = args
  if (!namespace || !podName) {
    throw new CniError(cniErrorCode.invalidEnvironment, 'CNI_ARGS lacks K8S_POD_NAMESPACE or K8S_POD_NAME', {
      hint: 'the container runtime of a Kubernetes node passes them',
    })
  }
  return { namespace, podName, podUid }
}

function find(agent: CniBackend, attachment: Attachment): EndpointRow | undefined {
  return agent.endpoints.byIndex('attachment', attachmentKey(attachment))[0]
}

function addResult(endpoint: EndpointRow, { gateway, mtu }: PodNetwork): CniAddResult {
  return {
    ip: endpoint.ipv4,
    gateway,
    hostIfName: endpoint.hostIfName,
    hostMac: endpoint.hostMac,
    podMac: endpoint.podMac,
    mtu,
    routes: [{ destination: '0.0.0.0/0', gateway }],
  }
}

/** Resolves when the datapath of this very endpoint stands; rejects with the first failure of it. */
async function untilRealised(
  status: DatapathStatus,
  endpoint: EndpointRow,
  signal: AbortSignal,
): Promise<void> {
  using changes = status.changes()
  for (;;) {
    const row = status.get(endpointKey(endpoint.id))
    if (row?.row.endpoint.podMac === endpoint.podMac) {
      if (row.state === 'done') return
      if (row.state === 'error') throw row.error
    }
    changes.take()
    await changes.wait(signal).catch((cause: unknown) => {
      throw new CniError(
        cniErrorCode.tryAgainLater,
        `the policy of endpoint ${endpoint.id} is not computed yet`,
        { cause },
      )
    })
  }
}

async function untilGone(status: DatapathStatus, endpoint: EndpointRow, signal: AbortSignal): Promise<void> {
  using changes = status.changes()
  for (;;) {
    const row = status.get(endpointKey(endpoint.id))
    if (row === undefined || row.row.endpoint.podMac !== endpoint.podMac) return
    changes.take()
    await changes.wait(signal).catch((cause: unknown) => {
      const reason = row.error === undefined ? '' : `: ${describeError(row.error)}`
      throw new CniError(cniErrorCode.tryAgainLater, `endpoint ${endpoint.id} is not removed yet${reason}`, {
        cause,
      })
    })
  }
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}
