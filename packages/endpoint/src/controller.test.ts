import { CodedError } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import type { SlimNamespace, SlimPod } from '@axoneme/slim-types'
import { objectKey } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import { describe, expect, it, vi } from 'vitest'
import { type AddRequest, createEndpointController } from './controller.ts'
import { createEndpointTable } from './table.ts'

const log = createLogger({ sink: () => {} })

function podNamed(name: string, labels: Record<string, string> = {}): SlimPod {
  return {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: '1',
    labels,
    nodeName: 'n1',
    serviceAccount: '',
    hostNetwork: false,
    phase: 'Pending',
    hostIP: '',
    podIPs: [],
    ports: [],
    deleting: false,
  }
}

/** Identities by label set, with the references that are held. */
function identitySource() {
  const ids = new Map<string, number>()
  const references = new Map<number, number>()
  let failures = 0
  let nextId = 256
  return {
    references,
    /** As when the store has lost its data and others were faster to fill it. */
    forget: () => {
      ids.clear()
      references.clear()
    },
    failNext: (count: number) => {
      failures = count
    },
    /** What callers said that labels had before. */
    remembered: new Set<number>(),
    async allocate(labels: Readonly<Record<string, string>>, { remembered = 0 }: { remembered?: number }) {
      this.remembered.add(remembered)
      await new Promise(setImmediate)
      if (failures-- > 0) throw new CodedError('TEST', 'allocate', { retryable: true })
      const key = JSON.stringify(labels)
      const id = ids.get(key) ?? nextId++
      ids.set(key, id)
      references.set(id, (references.get(id) ?? 0) + 1)
      return id
    },
    async release(id: number) {
      references.set(id, (references.get(id) ?? 0) - 1)
    },
    held: () => [...references.values()].reduce((sum, count) => sum + count, 0),
  }
}

function world() {
  const pods = createTable<SlimPod>({ name: 'pods', key: objectKey })
  const namespaces = createTable<SlimNamespace>({ name: 'namespaces', key: objectKey })
  const endpoints = createEndpointTable()
  const identities = identitySource()
  const addresses = new Set<string>()
  const waits: number[] = []
  const controller = createEndpointController({
    endpoints,
    pods,
    namespaces,
    identities,
    addresses: {
      allocate: () => {
        const address = `10.0.0.${addresses.size + 10}`
        addresses.add(address)
        return address
      },
      allocateSpecific: (address) => void addresses.add(address),
      release: (address) => void addresses.delete(address),
    },
    clusterName: 'default',
    log,
    podWaitMs: 50,
    onPodKnown: ({ waitedMs }) => waits.push(waitedMs),
  })
  namespaces.upsert({ name: 'shop', namespace: '', uid: 'n', resourceVersion: '1', labels: {} })
  pods.markInitialized()
  namespaces.markInitialized()
  const request = (podName: string): AddRequest => ({
    containerId: `container-${podName}`,
    ifName: 'eth0',
    netnsPath: '/run/netns/x',
    namespace: 'shop',
    podName,
    podUid: `uid-${podName}`,
  })
  return { pods, namespaces, endpoints, identities, addresses, controller, request, waits }
}

const never = new AbortController().signal

describe('endpoint controller', () => {
  it('makes a complete endpoint, also when the pod becomes known after the ADD', async () => {
    const { pods, controller, request, identities, waits } = world()
    const adding = controller.add(request('web'), never)
    pods.upsert(podNamed('web', { app: 'web' }))
    const row = await adding
    expect(row).toMatchObject({ state: 'ready', identity: 256, ipv4: '10.0.0.10', podName: 'web' })
    expect(row.labels).toMatchObject({ 'k8s:app': 'web', 'k8s:io.kubernetes.pod.namespace': 'shop' })
    expect(row.hostIfName).toMatch(/^lxc[0-9a-f]{12}$/)
    expect(identities.held()).toBe(1)
    pods.upsert(podNamed('known'))
    await controller.add(request('known'), never)
    expect(waits.map((waitedMs) => waitedMs > 0)).toEqual([true, false])
  })

  it('undoes itself for a pod that nobody knows', async () => {
    const { controller, request, endpoints, addresses } = world()
    await expect(controller.add(request('ghost'), never)).rejects.toMatchObject({
      code: 'ENDPOINT_UNKNOWN_POD',
    })
    expect([endpoints.size, addresses.size]).toEqual([0, 0])
  })

  it('does not take a new pod for the old one of the same name', async () => {
    const { pods, controller, request } = world()
    pods.upsert({ ...podNamed('web'), uid: 'another' })
    await expect(controller.add(request('web'), never)).rejects.toMatchObject({
      code: 'ENDPOINT_UNKNOWN_POD',
    })
  })

  it('undoes itself when no identity can be had', async () => {
    const { pods, controller, request, endpoints, addresses, identities } = world()
    pods.upsert(podNamed('web'))
    identities.failNext(1)
    await expect(controller.add(request('web'), never)).rejects.toThrow('allocate')
    expect([endpoints.size, addresses.size, identities.held()]).toEqual([0, 0, 0])
  })

  it('lets a DEL win over the ADD that it overtook', async () => {
    const { pods, controller, request, endpoints, addresses, identities } = world()
    pods.upsert(podNamed('web'))
    const adding = controller.add(request('web'), never)
    expect(controller.remove(request('web'))).toBe(true)
    await expect(adding).rejects.toMatchObject({ code: 'ENDPOINT_GONE' })
    await vi.waitFor(() => expect(identities.held()).toBe(0))
    expect([endpoints.size, addresses.size]).toEqual([0, 0])
  })

  it('refuses a second ADD and forgets on DEL, which is idempotent', async () => {
    const { pods, controller, request, identities, addresses } = world()
    pods.upsert(podNamed('web'))
    await controller.add(request('web'), never)
    await expect(controller.add(request('web'), never)).rejects.toMatchObject({ code: 'ENDPOINT_EXISTS' })
    expect([controller.remove(request('web')), controller.remove(request('web'))]).toEqual([true, false])
    await vi.waitFor(() => expect(identities.held()).toBe(0))
    expect(addresses.size).toBe(0)
  })

  it('follows label changes of pods and of namespaces, through failures, and holds one identity', async () => {
    const { pods, namespaces, controller, request, endpoints, identities } = world()
    const stop = new AbortController()
    pods.upsert(podNamed('web', { app: 'web' }))
    const { id } = await controller.add(request('web'), never)
    const labels = () => endpoints.get(String(id))?.labels
    const running = controller.run(stop.signal)
    identities.failNext(2)
    pods.upsert(podNamed('web', { app: 'other' }))
    await vi.waitFor(() => expect(labels()).toMatchObject({ 'k8s:app': 'other' }), { timeout: 5000 })
    namespaces.upsert({ name: 'shop', namespace: '', uid: 'n', resourceVersion: '2', labels: { tier: 'x' } })
    await vi.waitFor(() => expect(labels()).toMatchObject({ 'k8s:io.cilium.k8s.namespace.labels.tier': 'x' }))
    await vi.waitFor(() => expect(identities.held()).toBe(1))
    stop.abort()
    await running
  })

  it('prepares the identity of a scheduled pod, and holds one reference for it whatever becomes of it', async () => {
    const { pods, controller, request, identities } = world()
    const stop = new AbortController()
    const running = controller.run(stop.signal)
    pods.upsert(podNamed('web', { app: 'web' }))
    await vi.waitFor(() => expect(identities.held()).toBe(1))
    await controller.add(request('web'), never)
    await vi.waitFor(() => expect(identities.held()).toBe(1))
    pods.upsert({ ...podNamed('web', { app: 'web' }), phase: 'Running' })
    pods.upsert({ ...podNamed('system', { app: 'system' }), hostNetwork: true })
    pods.upsert(podNamed('never-added', { app: 'api' }))
    await vi.waitFor(() => expect(identities.held()).toBe(2))
    pods.delete('shop/never-added')
    controller.remove(request('web'))
    pods.delete('shop/web')
    await vi.waitFor(() => expect(identities.held()).toBe(0))
    stop.abort()
    await running
  })

  it('gives endpoints another identity when theirs is lost', async () => {
    const { pods, controller, request, endpoints, identities } = world()
    pods.upsert(podNamed('web', { app: 'web' }))
    const row = await controller.add(request('web'), never)
    identities.forget()
    await controller.identityLost(row.identity, never)
    const changed = endpoints.get(String(row.id))
    expect(changed?.identity).not.toBe(row.identity)
    expect(changed?.labels).toEqual(row.labels)
    expect(identities.held()).toBe(1)
  })

  it('restores endpoints with their addresses and does not hand out their ids', async () => {
    const first = world()
    first.pods.upsert(podNamed('web'))
    const row = await first.controller.add(first.request('web'), never)
    const second = world()
    second.controller.restore([row])
    second.pods.upsert(podNamed('api'))
    const other = await second.controller.add(second.request('api'), never)
    expect(second.endpoints.get(String(row.id))).toEqual(row)
    expect(other.id).not.toBe(row.id)
    expect(second.addresses.has(row.ipv4)).toBe(true)
    const stop = new AbortController()
    second.pods.upsert(podNamed('web'))
    const running = second.controller.run(stop.signal)
    await vi.waitFor(() => expect(second.identities.held()).toBe(2))
    // For a store that has lost its data meanwhile.
    expect(second.identities.remembered).toContain(row.identity)
    stop.abort()
    await running
  })
})
