import type { EndpointRow } from '@axoneme/endpoint'
import type { IdentityRow } from '@axoneme/identity'
import { objectKey, type SlimNetworkPolicy } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import { describe, expect, it } from 'vitest'
import { createPolicyController, type PolicyRun } from './controller.ts'
import { createEndpointPolicyTable, createPolicyErrorTable, createPrefixIdentityTable } from './tables.ts'

const web = { 'k8s:io.kubernetes.pod.namespace': 'blue', 'k8s:app': 'web' }
const everything = { matchLabels: {}, matchExpressions: [] }

function endpoint(id: number, identity: number): EndpointRow {
  return {
    id,
    containerId: `c${id}`,
    ifName: 'eth0',
    netnsPath: '',
    namespace: 'blue',
    podName: `web-${id}`,
    podUid: '',
    ipv4: `10.4.0.${id}`,
    podMac: '',
    hostMac: '',
    hostIfName: '',
    labels: {},
    identity,
    state: identity === 0 ? 'waiting-for-identity' : 'ready',
  }
}

function policy(more: Partial<SlimNetworkPolicy> = {}): SlimNetworkPolicy {
  return {
    name: 'p',
    namespace: 'blue',
    uid: '',
    resourceVersion: '',
    labels: {},
    podSelector: everything,
    policyTypes: ['Ingress'],
    ingress: [],
    egress: [],
    ...more,
  }
}

function setup() {
  const endpoints = createTable<EndpointRow>({ name: 'endpoints', key: (row) => String(row.id) })
  const identities = createTable<IdentityRow>({ name: 'identities', key: (row) => String(row.id) })
  const policies = createTable<SlimNetworkPolicy>({ name: 'policies', key: objectKey })
  const prefixIdentities = createPrefixIdentityTable()
  const output = createEndpointPolicyTable()
  const errors = createPolicyErrorTable()
  const stop = new AbortController()
  const inputs = { endpoints, identities, policies, prefixIdentities }
  const runs: PolicyRun[] = []
  const observe = (run: PolicyRun) => runs.push(run)
  const running = createPolicyController({ ...inputs, output, errors, observe }).run(stop.signal)
  return {
    ...inputs,
    output,
    errors,
    runs,
    markInitialized: () => {
      for (const table of Object.values(inputs)) table.markInitialized()
    },
    /** Lets the controller take everything that was written so far. */
    settle: async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

describe('createPolicyController', () => {
  it('tells what came in and what came out', async () => {
    await using world = setup()
    world.identities.upsert({ id: 300, labels: web })
    world.endpoints.upsert(endpoint(1, 300))
    world.endpoints.upsert(endpoint(2, 300))
    world.markInitialized()
    await world.settle()
    const named = { peers: [], ports: [{ protocol: 'TCP', port: 'http' }] }
    world.policies.upsert(policy({ ingress: [named] }))
    await world.settle()
    world.policies.upsert(policy({ namespace: 'green' }))
    await world.settle()
    expect(world.runs).toMatchObject([
      { changes: { identities: 1, endpoints: 2, policies: 0 }, computed: 2, refused: 0 },
      { changes: { identities: 0, endpoints: 0, policies: 1 }, computed: 2, refused: 1 },
      { changes: { policies: 1 }, computed: 0, refused: 0 },
    ])
  })

  it('writes nothing before every input is complete, so that a restart opens nothing', async () => {
    await using world = setup()
    world.endpoints.upsert(endpoint(1, 300))
    world.identities.upsert({ id: 300, labels: web })
    for (const table of [world.endpoints, world.identities, world.prefixIdentities]) table.markInitialized()
    await world.settle()
    expect(world.output.size).toBe(0)
    expect(world.output.initialized).toBe(false)
    world.policies.upsert(policy())
    world.policies.markInitialized()
    await world.settle()
    expect(world.output.initialized).toBe(true)
    expect(world.output.get('1')).toMatchObject({ identity: 300, enforceIngress: true, enforceEgress: false })
  })

  it('follows policies and endpoints, and leaves rows alone that stay the same', async () => {
    await using world = setup()
    world.identities.upsert({ id: 300, labels: web })
    world.endpoints.upsert(endpoint(1, 300))
    world.endpoints.upsert(endpoint(2, 0))
    world.markInitialized()
    await world.settle()
    expect([...world.output.keys()]).toEqual(['1'])

    world.policies.upsert(policy({ namespace: 'green' }))
    world.identities.upsert({ id: 301, labels: { ...web, 'k8s:io.kubernetes.pod.namespace': 'green' } })
    const { revision } = world.output
    await world.settle()
    expect(world.output.revision).toBe(revision)

    world.policies.upsert(policy())
    world.endpoints.upsert(endpoint(2, 300))
    await world.settle()
    expect(world.output.get('1')?.enforceIngress).toBe(true)
    expect(world.output.get('2')?.entries).toBe(world.output.get('1')?.entries)

    world.policies.delete('blue/p')
    world.endpoints.delete('1')
    await world.settle()
    expect([...world.output.rows()].map((row) => [row.endpointId, row.enforceIngress])).toEqual([[2, false]])
  })

  it('keeps the row of an endpoint while its new identity is not known', async () => {
    await using world = setup()
    world.identities.upsert({ id: 300, labels: web })
    world.endpoints.upsert(endpoint(1, 300))
    world.markInitialized()
    await world.settle()
    world.endpoints.upsert(endpoint(1, 301))
    await world.settle()
    expect(world.output.get('1')?.identity).toBe(300)
    world.identities.upsert({ id: 301, labels: web })
    await world.settle()
    expect(world.output.get('1')?.identity).toBe(301)
  })

  it('names what is not applied, for as long as it is there', async () => {
    await using world = setup()
    world.markInitialized()
    const named = { peers: [], ports: [{ protocol: 'TCP', port: 'http' }] }
    world.policies.upsert(policy({ ingress: [named, named] }))
    await world.settle()
    expect([...world.errors.keys()]).toEqual([
      'blue/p#ingress[0].ports[0].port',
      'blue/p#ingress[1].ports[0].port',
    ])
    world.policies.upsert(policy({ ingress: [named] }))
    await world.settle()
    expect([...world.errors.rows()]).toEqual([
      {
        namespace: 'blue',
        name: 'p',
        field: 'ingress[0].ports[0].port',
        message: 'named port http is not supported yet, use its number',
      },
    ])
    world.policies.delete('blue/p')
    await world.settle()
    expect(world.errors.size).toBe(0)
  })
})
