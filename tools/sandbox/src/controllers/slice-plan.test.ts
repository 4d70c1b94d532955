import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isEqual, type JsonObject, objectsAt, textAt } from '../apiserver/json.ts'
import type { KubeObject } from '../apiserver/object.ts'
import { type BackendGroup, groupBackends, planSlices } from './slice-plan.ts'

const meta = (name: string) => ({ name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '' })

function pod(
  name: string,
  {
    ip,
    ready = true,
    deleting = false,
    port = 8080,
  }: { ip: string; ready?: boolean; deleting?: boolean; port?: number },
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta(name), namespace: 'ns', ...(deleting ? { deletionTimestamp: 'now' } : {}) },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }] }],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  }
}

function service(spec: JsonObject): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: meta('svc'), spec }
}

const named = { ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' }] }
const zoneOf = (node: string) => (node === 'n1' ? 'z1' : undefined)

describe('groupBackends', () => {
  it('says of each pod whether it is ready, serves and ends', () => {
    const pods = [
      pod('ready', { ip: '10.0.0.1' }),
      pod('unready', { ip: '10.0.0.2', ready: false }),
      pod('ending', { ip: '10.0.0.3', deleting: true }),
    ]
    const [group] = groupBackends(service(named), { pods, family: 'IPv4', zoneOf })
    expect(group?.ports).toEqual([{ name: 'web', port: 8080, protocol: 'TCP' }])
    expect(group?.backends.map(({ endpoint }) => endpoint.conditions)).toEqual([
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: false, terminating: false },
      { ready: false, serving: true, terminating: true },
    ])
    expect(group?.backends[0]?.endpoint).toMatchObject({
      addresses: ['10.0.0.1'],
      nodeName: 'n1',
      zone: 'z1',
      targetRef: { name: 'ready' },
    })
  })

  it('calls everything ready when the service publishes what is not', () => {
    const pods = [pod('unready', { ip: '10.0.0.2', ready: false })]
    const [group] = groupBackends(service({ ...named, publishNotReadyAddresses: true }), {
      pods,
      family: 'IPv4',
      zoneOf,
    })
    expect(group?.backends[0]?.endpoint.conditions).toMatchObject({ ready: true })
  })

  it('keeps pods apart in which a name is another number', () => {
    const pods = [pod('a', { ip: '10.0.0.1' }), pod('b', { ip: '10.0.0.2', port: 9090 })]
    const groups = groupBackends(service(named), { pods, family: 'IPv4', zoneOf })
    expect(groups.map(({ ports }) => ports[0]?.port)).toEqual([8080, 9090])
  })

  it('leaves out pods without an address of the family, and those that have ended', () => {
    const ended = pod('ended', { ip: '10.0.0.1' })
    ended.status = { phase: 'Succeeded', podIP: '10.0.0.1' }
    expect(
      groupBackends(service(named), { pods: [ended, pod('v4', { ip: '10.0.0.9' })], family: 'IPv6', zoneOf }),
    ).toEqual([])
  })
})

describe('planSlices', () => {
  const group = fc.record({
    port: fc.integer({ min: 1, max: 3 }),
    pods: fc.uniqueArray(fc.nat(400), { maxLength: 250 }),
  })
  const state = fc.uniqueArray(group, { maxLength: 3, selector: ({ port }) => port })

  function groupsOf(value: { port: number; pods: number[] }[]): BackendGroup[] {
    const taken = new Set<number>()
    return value.flatMap(({ port, pods }) => {
      const own = pods.filter((id) => !taken.has(id))
      for (const id of own) taken.add(id)
      if (own.length === 0) return []
      const backends = own.map((id) => ({
        podUid: `u${id}`,
        endpoint: { addresses: [`10.0.${id >> 8}.${id & 255}`], targetRef: { uid: `u${id}` } },
      }))
      return [{ ports: [{ name: 'x', port, protocol: 'TCP' }], backends }]
    })
  }

  /** What the slices are after the plan was carried out. */
  function carriedOut(groups: readonly BackendGroup[], slices: readonly KubeObject[]): KubeObject[] {
    const plan = planSlices(groups, slices)
    const added = plan.added.map((content, i) => ({ slice: sliceOf(`new${i}`), content }))
    expect(plan.kept.length + plan.unneeded.length).toBe(slices.length)
    return [...plan.kept, ...added].map(({ slice, content }, i) => ({
      ...slice,
      metadata: meta(`s${i}`),
      ports: [...content.ports],
      endpoints: content.endpoints.map(({ endpoint }) => endpoint),
    }))
  }

  const sliceOf = (name: string): KubeObject => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta(name),
  })

  it('has every endpoint exactly once, with its ports, and nothing else, whatever was there', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const first = carriedOut(groupsOf(before), [])
        const groups = groupsOf(after)
        const slices = carriedOut(groups, first)
        const pairs = slices.flatMap((slice) =>
          objectsAt(slice, 'endpoints').map(
            (endpoint) => `${JSON.stringify(slice.ports)} ${textAt(endpoint, 'targetRef', 'uid')}`,
          ),
        )
        const wanted = groups.flatMap(({ ports, backends }) =>
          backends.map(({ podUid }) => `${JSON.stringify(ports)} ${podUid}`),
        )
        expect(pairs.sort()).toEqual(wanted.sort())
        expect(slices.length).toBeGreaterThan(0)
        for (const slice of slices) expect(objectsAt(slice, 'endpoints').length).toBeLessThanOrEqual(100)
        // A second look finds nothing to do.
        const again = planSlices(groups, slices)
        expect(again.added).toEqual([])
        expect(again.unneeded).toEqual([])
        for (const { slice, content } of again.kept)
          expect(
            isEqual(
              slice.endpoints,
              content.endpoints.map(({ endpoint }) => endpoint),
            ),
          ).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('leaves endpoints in their slice when others go', () => {
    const full = groupsOf([{ port: 1, pods: Array.from({ length: 150 }, (_, i) => i) }])
    const slices = carriedOut(full, [])
    const fewer = groupsOf([{ port: 1, pods: Array.from({ length: 149 }, (_, i) => i + 1) }])
    const [first, second] = planSlices(fewer, slices).kept
    expect(first?.content.endpoints).toHaveLength(99)
    expect(
      isEqual(
        second?.slice.endpoints,
        second?.content.endpoints.map(({ endpoint }) => endpoint),
      ),
    ).toBe(true)
  })
})
