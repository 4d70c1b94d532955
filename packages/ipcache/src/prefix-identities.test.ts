import { createLocalIdentityAllocator, type IdentityRow } from '@axoneme/identity'
import { createLogger, type LogEvent } from '@axoneme/log'
import { createPrefixIdentityTable } from '@axoneme/policy'
import { objectKey, type SlimNetworkPolicy } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import { describe, expect, it } from 'vitest'
import { createPrefixIdentityController } from './prefix-identities.ts'

const policy = (name: string, cidr: string, except: readonly string[] = []): SlimNetworkPolicy => ({
  name,
  namespace: 'default',
  uid: '',
  resourceVersion: '',
  labels: {},
  podSelector: { matchLabels: {}, matchExpressions: [] },
  policyTypes: ['Egress'],
  ingress: [],
  egress: [{ peers: [{ ipBlock: { cidr, except } }], ports: [] }],
})

function setup({ size = 100 } = {}) {
  const policies = createTable<SlimNetworkPolicy>({ name: 'policies', key: objectKey })
  const identities = createTable<IdentityRow>({ name: 'identities', key: (row) => String(row.id) })
  const output = createPrefixIdentityTable()
  const events: LogEvent[] = []
  const log = createLogger({ sink: (event) => events.push(event) })
  const allocator = createLocalIdentityAllocator({ min: 1000, max: 999 + size })
  const stop = new AbortController()
  const running = createPrefixIdentityController({ policies, allocator, output, identities, log }).run(
    stop.signal,
  )
  return {
    policies,
    allocator,
    identities,
    output,
    events,
    /** Lets the controller take everything that was written so far. */
    settle: async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    },
    shown: () => Object.fromEntries([...output.rows()].map((row) => [row.prefix, row.identity])),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

describe('createPrefixIdentityController', () => {
  it('gives each prefix one identity for as long as a policy names it', async () => {
    await using world = setup()
    world.policies.upsert(policy('a', '10.0.0.0/8', ['10.1.0.0/16']))
    world.policies.upsert(policy('b', '10.0.0.9/8'))
    await world.settle()
    expect(world.output.initialized).toBe(false)
    world.policies.markInitialized()
    await world.settle()
    expect(world.shown()).toEqual({ '10.0.0.0/8': 1000, '10.1.0.0/16': 1001 })
    expect(world.identities.get('1001')?.labels).toEqual({ 'cidr:10.1.0.0/16': '', 'reserved:world': '' })

    world.policies.delete('default/a')
    await world.settle()
    expect(world.shown()).toEqual({ '10.0.0.0/8': 1000 })
    expect([...world.identities.keys()]).toEqual(['1000'])

    world.policies.upsert(policy('b', '192.0.2.0/24'))
    await world.settle()
    expect(world.shown()).toEqual({ '192.0.2.0/24': 1002 })
  })

  it('keeps the numbers of an earlier run and drops those that nobody names', async () => {
    await using world = setup()
    world.allocator.restore('10.0.0.0/8', 1050)
    world.allocator.restore('192.0.2.0/24', 1051)
    world.policies.upsert(policy('a', '10.0.0.0/8', ['10.1.0.0/16']))
    world.policies.markInitialized()
    await world.settle()
    expect(world.shown()).toEqual({ '10.0.0.0/8': 1050, '10.1.0.0/16': 1052 })
    expect(world.allocator.get('192.0.2.0/24')).toBeUndefined()
  })

  it('names ::/0 for 0.0.0.0/0, which is world', async () => {
    await using world = setup()
    world.policies.upsert(policy('a', '0.0.0.0/0'))
    world.policies.markInitialized()
    await world.settle()
    expect(Object.keys(world.shown())).toEqual(['::/0'])
  })

  it('says once that there is no identity left, and gives it when there is one again', async () => {
    await using world = setup({ size: 1 })
    world.policies.markInitialized()
    world.policies.upsert(policy('a', '10.0.0.0/8'))
    await world.settle()
    world.policies.upsert(policy('b', '192.0.2.0/24'))
    await world.settle()
    world.policies.upsert(policy('c', '192.0.2.0/24'))
    await world.settle()
    expect(world.shown()).toEqual({ '10.0.0.0/8': 1000 })
    expect(world.events.map((event) => event.fields.prefix)).toEqual(['192.0.2.0/24'])
    world.policies.delete('default/a')
    await world.settle()
    expect(world.shown()).toEqual({ '192.0.2.0/24': 1000 })
  })
})
