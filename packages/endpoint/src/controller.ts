import { createHash, randomBytes } from 'node:crypto'
import { retry, sharedIntervals } from '@axoneme/backoff'
import { type IdentityId, type LabelFilter, podIdentityLabels } from '@axoneme/identity'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { randomMac } from '@axoneme/net-types'
import { objectKey, type SlimNamespace, type SlimPod } from '@axoneme/slim-types'
import type { Table, WritableTable } from '@axoneme/tables'
import {
  AttachmentExistsError,
  AttachmentGoneError,
  EndpointIdsExhaustedError,
  UnknownPodError,
} from './errors.ts'
import { type PreparedIdentities, prepareIdentities } from './prepared-identities.ts'
import { type Attachment, attachmentKey, type EndpointRow, endpointKey, maxEndpointId } from './types.ts'

/** Gives numbers to label sets, cluster-wide; each allocate is matched by one release. */
export type IdentitySource = {
  /** `remembered`: the number that the labels had here before, which is taken again if nobody has another one. */
  allocate(
    labels: Readonly<Record<string, string>>,
    options: { signal: AbortSignal; remembered?: IdentityId },
  ): Promise<IdentityId>
  release(id: IdentityId, options: { signal: AbortSignal }): Promise<void>
}

/** The node's addresses for pods. */
export type AddressSource = {
  allocate(owner: string): string
  allocateSpecific(address: string, owner: string): void
  release(address: string): void
}

export type AddRequest = Attachment &
  Readonly<{ netnsPath: string; namespace: string; podName: string; podUid: string }>

export type EndpointController = {
  /** Makes the endpoint's row, complete with address and identity. Undoes itself when it fails. */
  add(request: AddRequest, signal: AbortSignal): Promise<EndpointRow>
  /** Removes the row and gives back what it held. False when there was none. */
  remove(attachment: Attachment): boolean
  /** Takes over rows of an earlier run, as they were, with their addresses. */
  restore(rows: readonly EndpointRow[]): void
  /** The number means something else in the cluster now: its endpoints get another one for their labels. */
  identityLost(id: IdentityId, signal: AbortSignal): Promise<void>
  /** Follows label changes until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** For metrics: how long an ADD waited until the apiserver had told of its pod; 0 when it was known before. */
export type PodKnownEvent = Readonly<{ waitedMs: number }>

export type EndpointControllerOptions = Readonly<{
  endpoints: WritableTable<EndpointRow>
  pods: Table<SlimPod>
  namespaces: Table<SlimNamespace>
  addresses: AddressSource
  identities: IdentitySource
  clusterName: string
  /** Which labels make identities; Cilium's default without it. */
  isIdentityLabel?: LabelFilter
  log: Logger
  /** How long an ADD waits for the apiserver to tell of the pod. */
  podWaitMs?: number
  onPodKnown?: (event: PodKnownEvent) => void
}>

/** [pods] + [namespaces] + CNI requests -> [endpoints]. The only writer of [endpoints]. */
export function createEndpointController(options: EndpointControllerOptions): EndpointController {
  return new Controller(options)
}

class Controller implements EndpointController {
  readonly #options: EndpointControllerOptions
  #lastId = 0
  #prepared: PreparedIdentities | undefined
  /** Rows of an earlier run whose identities this run holds no reference to yet. */
  #restored: readonly EndpointRow[] = []

  constructor(options: EndpointControllerOptions) {
    this.#options = options
  }

  async add(request: AddRequest, signal: AbortSignal): Promise<EndpointRow> {
    const { endpoints, addresses, identities } = this.#options
    const existing = endpoints.byIndex('attachment', attachmentKey(request))[0]
    if (existing !== undefined) throw new AttachmentExistsError(attachmentKey(request), existing.id)
    const row = this.#newRow(request, addresses.allocate(attachmentKey(request)))
    endpoints.upsert(row)
    let identity: IdentityId | undefined
    try {
      const labels = await this.#waitForLabels(request, signal)
      identity = await identities.allocate(labels, { signal })
      signal.throwIfAborted()
      const current = endpoints.get(endpointKey(row.id))
      // A DEL came while the labels or the identity were waited for.
      if (current?.podMac !== row.podMac) throw new AttachmentGoneError(attachmentKey(request))
      endpoints.upsert({ ...row, labels, identity, state: 'ready' })
      identity = undefined
      this.#prepared?.drop(podKey(request))
      // The labels may have changed while the identity was waited for.
      await this.#followLabels(endpoints.get(endpointKey(row.id)) ?? row, signal)
      return endpoints.get(endpointKey(row.id)) ?? row
    } catch (error) {
      if (identity !== undefined) this.#release(identity)
      if (endpoints.get(endpointKey(row.id))?.podMac === row.podMac) this.remove(request)
      throw error
    }
  }

  remove(attachment: Attachment): boolean {
    const { endpoints, addresses } = this.#options
    const row = endpoints.byIndex('attachment', attachmentKey(attachment))[0]
    if (row === undefined) return false
    endpoints.delete(endpointKey(row.id))
    addresses.release(row.ipv4)
    if (row.identity !== 0) this.#release(row.identity)
    return true
  }

  restore(rows: readonly EndpointRow[]): void {
    this.#restored = rows
    for (const row of rows) {
      this.#options.addresses.allocateSpecific(row.ipv4, attachmentKey(row))
      this.#options.endpoints.upsert(row)
      this.#lastId = Math.max(this.#lastId, row.id)
    }
  }

  async identityLost(id: IdentityId, signal: AbortSignal): Promise<void> {
    const rows = this.#options.endpoints.byIndex('identity', String(id))
    await Promise.all(rows.map((row) => this.#reacquire(row, signal)))
  }

  async run(signal: AbortSignal): Promise<void> {
    const { pods, namespaces, endpoints } = this.#options
    await Promise.all(this.#restored.map((row) => this.#reacquire(row, signal)))
    const follow = async (changed: AsyncIterable<EndpointRow[]>) => {
      for await (const rows of changed) {
        await Promise.all(rows.map((row) => this.#followLabels(row, signal)))
      }
    }
    const rowsOfPods = async function* () {
      using changes = pods.changes()
      for await (const batch of changes.batches(signal)) {
        yield batch.flatMap((change) => endpoints.byIndex('pod', change.key))
      }
    }
    const rowsOfNamespaces = async function* () {
      using changes = namespaces.changes()
      for await (const batch of changes.batches(signal)) {
        yield batch.flatMap((change) => endpoints.byIndex('namespace', change.key))
      }
    }
    await Promise.all([follow(rowsOfPods()), follow(rowsOfNamespaces()), this.#followScheduledPods(signal)])
  }

  async #followScheduledPods(signal: AbortSignal): Promise<void> {
    const { pods, endpoints, identities } = this.#options
    const prepared = prepareIdentities({ identities, release: (id) => this.#release(id), signal })
    this.#prepared = prepared
    using changes = pods.changes()
    for await (const batch of changes.batches(signal)) {
      for (const { kind, key, row: pod } of batch) {
        const isAwaited =
          kind === 'upsert' && mayGetEndpoint(pod) && endpoints.byIndex('pod', key).length === 0
        const labels = isAwaited ? this.#labelsOf(pod) : undefined
        if (labels !== undefined) prepared.prepare(key, labels)
        else if (!isAwaited) prepared.drop(key)
      }
    }
  }

  #newRow(request: AddRequest, ipv4: string): EndpointRow {
    return {
      id: this.#nextId(),
      containerId: request.containerId,
      ifName: request.ifName,
      netnsPath: request.netnsPath,
      namespace: request.namespace,
      podName: request.podName,
      podUid: request.podUid,
      ipv4,
      podMac: randomMac(randomBytes(6)),
      hostMac: randomMac(randomBytes(6)),
      hostIfName: hostInterfaceName(request),
      labels: {},
      identity: 0,
      state: 'waiting-for-identity',
    }
  }

  /** Ids are not used again soon, so that events of a pod that is gone are not taken for those of a new one. */
  #nextId(): number {
    for (let tried = 0; tried < maxEndpointId; tried++) {
      this.#lastId = (this.#lastId % maxEndpointId) + 1
      if (!this.#options.endpoints.has(endpointKey(this.#lastId))) return this.#lastId
    }
    throw new EndpointIdsExhaustedError()
  }

  #labelsOf(pod: SlimPod): Readonly<Record<string, string>> | undefined {
    const namespace = this.#options.namespaces.get(pod.namespace)
    if (namespace === undefined) return undefined
    const source = {
      namespace: pod.namespace,
      labels: pod.labels,
      namespaceLabels: namespace.labels,
      cluster: this.#options.clusterName,
      serviceAccount: pod.serviceAccount,
    }
    return podIdentityLabels(source, this.#options.isIdentityLabel)
  }

  async #waitForLabels(request: AddRequest, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { pods, namespaces, podWaitMs = 10_000, onPodKnown } = this.#options
    const startedMs = performance.now()
    let hasWaited = false
    const deadline = AbortSignal.timeout(podWaitMs)
    const either = AbortSignal.any([signal, deadline])
    using podChanges = pods.changes()
    using namespaceChanges = namespaces.changes()
    for (;;) {
      const pod = pods.get(podKey(request))
      const isSame = pod !== undefined && (request.podUid === '' || pod.uid === request.podUid)
      const labels = isSame ? this.#labelsOf(pod) : undefined
      if (labels !== undefined) {
        onPodKnown?.({ waitedMs: hasWaited ? performance.now() - startedMs : 0 })
        return labels
      }
      hasWaited = true
      podChanges.take()
      namespaceChanges.take()
      try {
        await Promise.race([podChanges.wait(either), namespaceChanges.wait(either)])
      } catch (error) {
        if (deadline.aborted && !signal.aborted) throw new UnknownPodError(podKey(request), podWaitMs)
        throw error
      }
    }
  }

  /** Takes a reference for an endpoint whose own is gone: that of the earlier run, or one to a number that is lost. */
  async #reacquire(row: EndpointRow, signal: AbortSignal): Promise<void> {
    if (row.identity === 0) return
    const identity = await this.#allocate(row.labels, { signal, remembered: row.identity })
    if (identity === undefined) return
    const current = this.#options.endpoints.get(endpointKey(row.id))
    if (current === undefined) this.#release(identity)
    else if (current.identity !== identity) this.#options.endpoints.upsert({ ...current, identity })
  }

  async #followLabels(row: EndpointRow, signal: AbortSignal): Promise<void> {
    const { endpoints, pods, log } = this.#options
    if (row.state !== 'ready') return
    const pod = pods.get(podKey(row))
    const isSame = pod !== undefined && (row.podUid === '' || pod.uid === row.podUid)
    const labels = isSame ? this.#labelsOf(pod) : undefined
    if (labels === undefined || sameLabels(labels, row.labels)) return
    const identity = await this.#allocate(labels, { signal })
    if (identity === undefined) return
    const current = endpoints.get(endpointKey(row.id))
    if (current === undefined || current.podMac !== row.podMac || !sameLabels(current.labels, row.labels)) {
      this.#release(identity)
      // Somebody was faster, perhaps with older labels: decide again on what is there now.
      if (current?.podMac === row.podMac) await this.#followLabels(current, signal)
      return
    }
    endpoints.upsert({ ...current, labels, identity })
    this.#release(row.identity)
    log.info('identity changed', { endpoint: row.id, pod: podKey(row), from: row.identity, to: identity })
  }

  async #allocate(
    labels: Readonly<Record<string, string>>,
    options: { signal: AbortSignal; remembered?: IdentityId },
  ): Promise<IdentityId | undefined> {
    const { signal } = options
    const { identities, log } = this.#options
    try {
      return await retry(() => identities.allocate(labels, options), {
        ...sharedIntervals.endpointIdentity.retry,
        signal,
        onRetry: (error) => log.warn('identity not allocated, retrying', { error: describeError(error) }),
      })
    } catch (error) {
      if (!signal.aborted) log.error('identity not allocated', { labels, error: describeError(error) })
      return undefined
    }
  }

  #release(identity: IdentityId): void {
    const { identities, log } = this.#options
    // A reference that is not given back ends with the node's lease; nobody has to wait for it.
    identities.release(identity, { signal: AbortSignal.timeout(30_000) }).catch((error: unknown) => {
      log.warn('identity not released', { identity, error: describeError(error) })
    })
  }
}

function mayGetEndpoint(pod: SlimPod): boolean {
  return !pod.hostNetwork && !pod.deleting && pod.phase !== 'Succeeded' && pod.phase !== 'Failed'
}

function podKey({ namespace, podName }: { namespace: string; podName: string }): string {
  return objectKey({ namespace, name: podName })
}

function hostInterfaceName(attachment: Attachment): string {
  const digest = createHash('sha256').update(attachmentKey(attachment)).digest('hex')
  return `lxc${digest.slice(0, 12)}`
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
