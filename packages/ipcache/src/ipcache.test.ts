import type { EndpointRow } from '@axoneme/endpoint'
import { cidrContains, parseCidr } from '@axoneme/net-types'
import { createPrefixIdentityTable, type PrefixIdentityRow } from '@axoneme/policy'
import { createTable } from '@axoneme/tables'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RoutingMode } from './claims.ts'
import { createIpcacheController } from './ipcache.ts'
import { createIpcacheTable } from './table.ts'
import type { IpcacheRow, IpIdentityRow, NodeRow } from './types.ts'

const localNode = { name: 'n1', internalIp: '192.0.2.1', routerIp: '10.4.1.1' }

const node = (number: number, more: Partial<NodeRow> = {}): NodeRow => ({
  name: `n${number}`,
  cluster: 'default',
  internalIp: `192.0.2.${number}`,
  routerIp: `10.4.${number}.1`,
  podCidrs: [`10.4.${number}.0/24`],
  encryptKey: 0,
  labels: {},
  ...more,
})
const pod = (ip: string, identity: number, hostIp = '192.0.2.2'): IpIdentityRow => ({
  ip,
  hostIp,
  identity,
  encryptKey: 0,
  namespace: 'default',
  podName: 'p',
})
const endpoint = (id: number, ipv4: string, identity: number) => ({ id, ipv4, identity }) as EndpointRow

function setup(routingMode: RoutingMode) {
  const inputs = {
    ips: createTable<IpIdentityRow>({ name: 'ips', key: (row) => row.ip }),
    nodes: createTable<NodeRow>({ name: 'nodes', key: (row) => row.name }),
    endpoints: createTable<EndpointRow>({ name: 'endpoints', key: (row) => String(row.id) }),
    prefixIdentities: createPrefixIdentityTable(),
  }
  const output = createIpcacheTable()
  const stop = new AbortController()
  const running = createIpcacheController({ ...inputs, localNode, routingMode, output }).run(stop.signal)
  return {
    ...inputs,
    output,
    markInitialized: () => {
      for (const table of Object.values(inputs)) table.markInitialized()
    },
    /** Lets the controller take everything that was written so far. */
    settle: async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    },
    shown: () =>
      Object.fromEntries(
        [...output.rows()].map((row) => [
          row.cidr,
          row.tunnelEndpoint === '' ? String(row.identity) : `${row.identity} via ${row.tunnelEndpoint}`,
        ]),
      ),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

const local = { '192.0.2.1/32': '1', '10.4.1.1/32': '1' }

describe('createIpcacheController', () => {
  it.each([
    { mode: 'native' as const, via: '', podCidr: {} },
    { mode: 'tunnel' as const, via: ' via 192.0.2.2', podCidr: { '10.4.2.0/24': '2 via 192.0.2.2' } },
  ])('knows pods, nodes and prefixes with $mode routing', async ({ mode, via, podCidr }) => {
    await using world = setup(mode)
    world.nodes.upsert(node(1))
    world.nodes.upsert(node(2))
    world.ips.upsert(pod('10.4.2.7', 300))
    world.ips.upsert(pod('10.4.1.8', 301, '192.0.2.1'))
    world.endpoints.upsert(endpoint(1, '10.4.1.9', 302))
    world.endpoints.upsert(endpoint(2, '10.4.1.10', 0))
    world.prefixIdentities.upsert({ prefix: '203.0.113.0/24', identity: 1 << 24 })
    world.markInitialized()
    await world.settle()
    expect(world.shown()).toEqual({
      ...local,
      ...podCidr,
      '192.0.2.2/32': '6',
      '10.4.2.1/32': `6${via}`,
      '10.4.2.7/32': `300${via}`,
      '10.4.1.8/32': '301',
      '10.4.1.9/32': '302',
      '203.0.113.0/24': String(1 << 24),
    })
  })

  it('knows its own addresses at once and everything else when all inputs are complete', async () => {
    await using world = setup('native')
    world.ips.upsert(pod('10.4.2.7', 300))
    world.ips.markInitialized()
    await world.settle()
    expect(world.shown()).toEqual(local)
    expect(world.output.initialized).toBe(false)
    world.markInitialized()
    await world.settle()
    expect(world.output.initialized).toBe(true)
    expect(world.shown()).toMatchObject({ '10.4.2.7/32': '300' })
  })

  it('believes the strongest source and falls back when it goes', async () => {
    await using world = setup('tunnel')
    world.markInitialized()
    const address = '10.4.2.7'
    const shown = async () => {
      await world.settle()
      return world.shown()[`${address}/32`]
    }
    world.prefixIdentities.upsert({ prefix: `${address}/32`, identity: 1 << 24 })
    expect(await shown()).toBe(String(1 << 24))
    world.ips.upsert(pod(address, 300))
    expect(await shown()).toBe('300 via 192.0.2.2')
    world.nodes.upsert(node(3, { routerIp: address }))
    expect(await shown()).toBe('6 via 192.0.2.3')
    world.endpoints.upsert(endpoint(1, address, 302))
    expect(await shown()).toBe('302')
    world.endpoints.delete('1')
    expect(await shown()).toBe('6 via 192.0.2.3')
    world.nodes.delete('n3')
    expect(await shown()).toBe('300 via 192.0.2.2')
    world.ips.delete(address)
    expect(await shown()).toBe(String(1 << 24))
    world.prefixIdentities.delete(`${address}/32`)
    expect(await shown()).toBeUndefined()
  })

  it('never lets anybody take the addresses of this node', async () => {
    await using world = setup('tunnel')
    world.ips.upsert(pod('192.0.2.1', 300))
    world.nodes.upsert(node(9, { internalIp: '192.0.2.1', podCidrs: ['192.0.2.1/32', '0.0.0.0/0'] }))
    world.endpoints.upsert(endpoint(1, '10.4.1.1', 300))
    world.prefixIdentities.upsert({ prefix: '192.0.2.1/32', identity: 1 << 24 })
    world.markInitialized()
    await world.settle()
    expect(world.shown()).toEqual({ ...local, '10.4.9.1/32': '6 via 192.0.2.1' })
  })

  it('tunnels to unknown pods also where a policy names a part of their pod CIDR', async () => {
    await using world = setup('tunnel')
    world.prefixIdentities.upsert({ prefix: '10.4.2.128/25', identity: 7_000_000 })
    world.prefixIdentities.upsert({ prefix: '10.4.2.0/24', identity: 7_000_001 })
    world.prefixIdentities.upsert({ prefix: '10.4.0.0/16', identity: 7_000_002 })
    world.markInitialized()
    await world.settle()
    world.nodes.upsert(node(2))
    await world.settle()
    const shown = world.shown()
    expect(shown['10.4.2.128/25']).toBe('7000000 via 192.0.2.2')
    expect(shown['10.4.2.0/24']).toBe('7000001 via 192.0.2.2')
    expect(shown['10.4.0.0/16']).toBe('7000002')
    world.nodes.delete('n2')
    await world.settle()
    expect(world.shown()['10.4.2.128/25']).toBe('7000000')
  })

  it('skips what is no address', async () => {
    await using world = setup('tunnel')
    world.ips.upsert(pod('nonsense', 300))
    world.nodes.upsert(node(2, { internalIp: '', routerIp: 'x', podCidrs: ['y', '::/0'] }))
    world.markInitialized()
    await world.settle()
    expect(world.shown()).toEqual(local)
  })

  it('touches one row for one address', async () => {
    await using world = setup('native')
    for (let i = 2; i < 100; i++) world.ips.upsert(pod(`10.4.2.${i}`, 300))
    world.markInitialized()
    await world.settle()
    const { revision } = world.output
    world.ips.upsert(pod('10.4.2.50', 301))
    await world.settle()
    expect(world.output.revision).toBe(revision + 1)
  })

  it('equals a computation from scratch after any changes', async () => {
    const last = fc.integer({ min: 0, max: 5 })
    const address = last.map((value) => `10.4.2.${value}`)
    const number = fc.integer({ min: 1, max: 4 })
    const prefix = fc
      .record({ value: last, length: fc.constantFrom(24, 30, 31, 32) })
      .map(({ value, length }) => parseCidr(`10.4.2.${value}/${length}`)!)
      .map((cidr) => `${cidr.address.join('.')}/${cidr.prefixLength}`)
    const gone = fc.boolean()
    const change = fc.oneof(
      fc.record({ kind: fc.constant('ip' as const), address, number, gone }),
      fc.record({ kind: fc.constant('node' as const), number, address, prefix, gone }),
      fc.record({
        kind: fc.constant('endpoint' as const),
        number,
        address,
        identity: fc.constantFrom(0, 300, 301),
        gone,
      }),
      fc.record({ kind: fc.constant('prefix' as const), prefix, gone }),
      fc.record({ kind: fc.constant('settle' as const) }),
    )
    const mode = fc.constantFrom('native' as const, 'tunnel' as const)
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), mode, async (changes, routingMode) => {
        await using world = setup(routingMode)
        world.markInitialized()
        for (const at of changes) {
          if (at.kind === 'settle') await world.settle()
          else if (at.kind === 'ip') {
            if (at.gone) world.ips.delete(at.address)
            else world.ips.upsert(pod(at.address, 400 + at.number, `192.0.2.${at.number}`))
          } else if (at.kind === 'node') {
            if (at.gone) world.nodes.delete(`n${at.number}`)
            else world.nodes.upsert(node(at.number, { routerIp: at.address, podCidrs: [at.prefix] }))
          } else if (at.kind === 'endpoint') {
            if (at.gone) world.endpoints.delete(String(at.number))
            else world.endpoints.upsert(endpoint(at.number, at.address, at.identity))
          } else if (at.gone) world.prefixIdentities.delete(at.prefix)
          else world.prefixIdentities.upsert({ prefix: at.prefix, identity: 1 << 24 })
        }
        await world.settle()
        expect(new Map([...world.output.rows()].map((row) => [row.cidr, row]))).toEqual(
          fromScratch(world, routingMode),
        )
      }),
    )
  })
})

/** The weakest source first; each stronger one overwrites. Of equals, the one that sorts first is written last. */
function fromScratch(
  world: Pick<ReturnType<typeof setup>, 'ips' | 'nodes' | 'endpoints' | 'prefixIdentities'>,
  mode: RoutingMode,
): Map<string, IpcacheRow> {
  const rows = new Map<string, IpcacheRow>()
  const put = (cidr: string, identity: number, tunnelEndpoint = '') =>
    rows.set(cidr, { cidr, identity, tunnelEndpoint, encryptKey: 0 })
  const nodes = [...world.nodes.rows()]
    .filter((of) => of.name !== localNode.name)
    .sort((a, b) => (a.name < b.name ? 1 : -1))
  if (mode === 'tunnel') for (const of of nodes) for (const cidr of of.podCidrs) put(cidr, 2, of.internalIp)
  const podCidrs = [...rows.values()]
  for (const { prefix, identity } of world.prefixIdentities.rows() as Iterable<PrefixIdentityRow>) {
    const around = podCidrs.filter((row) => cidrContains(parseCidr(row.cidr)!, parseCidr(prefix)!))
    around.sort((a, b) => parseCidr(b.cidr)!.prefixLength - parseCidr(a.cidr)!.prefixLength)
    put(prefix, identity, around[0]?.tunnelEndpoint)
  }
  for (const { ip, identity, hostIp } of world.ips.rows()) {
    put(`${ip}/32`, identity, mode === 'tunnel' && hostIp !== localNode.internalIp ? hostIp : '')
  }
  for (const of of nodes) {
    put(`${of.routerIp}/32`, 6, mode === 'tunnel' ? of.internalIp : '')
    put(`${of.internalIp}/32`, 6)
  }
  const endpoints = [...world.endpoints.rows()].sort((a, b) => b.id - a.id)
  for (const { ipv4, identity } of endpoints) if (identity !== 0) put(`${ipv4}/32`, identity)
  for (const address of [localNode.internalIp, localNode.routerIp]) put(`${address}/32`, 1)
  return rows
}
