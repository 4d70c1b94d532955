import { objectKey, type SlimEndpointSlice, type SlimService } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createServiceController, type ServiceRun } from './controller.ts'
import { frontendsOf } from './frontends.ts'
import { createFrontendTable } from './table.ts'

function service(name: string, clusterIP: string): SlimService {
  return {
    name,
    namespace: 'default',
    uid: '',
    resourceVersion: '',
    labels: {},
    type: 'ClusterIP',
    clusterIPs: [clusterIP],
    externalIPs: [],
    loadBalancerIPs: [],
    ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 80, nodePort: 0 }],
    selector: {},
    sessionAffinity: 'None',
    sessionAffinityTimeoutSeconds: 0,
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
  }
}

function slice(name: string, serviceName: string, addresses: readonly string[]): SlimEndpointSlice {
  return {
    name,
    namespace: 'default',
    uid: '',
    resourceVersion: '',
    labels: {},
    serviceName,
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({
      address,
      ready: true,
      serving: true,
      terminating: false,
      nodeName: '',
    })),
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
  }
}

function setup() {
  const services = createTable<SlimService>({ name: 'services', key: objectKey })
  const slices = createTable<SlimEndpointSlice>({ name: 'slices', key: objectKey })
  const output = createFrontendTable()
  const stop = new AbortController()
  const runs: ServiceRun[] = []
  const observe = (run: ServiceRun) => runs.push(run)
  const controller = createServiceController({ services, slices, output, nodeName: 'n1', observe })
  const running = controller.run(stop.signal)
  return {
    services,
    slices,
    output,
    runs,
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

describe('createServiceController', () => {
  it('counts what comes, changes and goes', async () => {
    await using world = setup()
    world.services.upsert(service('web', '10.96.0.1'))
    world.services.markInitialized()
    world.slices.markInitialized()
    await world.settle()
    world.slices.upsert(slice('x', 'web', ['10.4.0.1']))
    world.slices.upsert(slice('y', 'nobody', ['10.4.0.2']))
    await world.settle()
    world.services.delete('default/web')
    await world.settle()
    expect(world.runs).toMatchObject([
      { changes: { services: 1, slices: 0 }, added: 1, updated: 0, deleted: 0 },
      { changes: { services: 0, slices: 2 }, added: 0, updated: 1, deleted: 0 },
      { changes: { services: 1, slices: 0 }, added: 0, updated: 0, deleted: 1 },
    ])
  })

  it('writes nothing before services and slices are complete', async () => {
    await using world = setup()
    world.services.upsert(service('a', '10.96.0.1'))
    world.services.markInitialized()
    await world.settle()
    expect(world.output.size).toBe(0)
    expect(world.output.initialized).toBe(false)
    world.slices.markInitialized()
    await world.settle()
    expect(world.output.initialized).toBe(true)
    expect([...world.output.keys()]).toEqual(['10.96.0.1:80/TCP'])
  })

  it('a change of nothing that counts is no change of rows', async () => {
    await using world = setup()
    world.services.upsert(service('a', '10.96.0.1'))
    world.slices.upsert(slice('a-1', 'a', ['10.4.0.1']))
    world.services.markInitialized()
    world.slices.markInitialized()
    await world.settle()
    const { revision } = world.output
    world.services.upsert({ ...service('a', '10.96.0.1'), resourceVersion: '2' })
    world.slices.upsert(slice('a-1', 'a', ['10.4.0.1']))
    await world.settle()
    expect(world.output.revision).toBe(revision)
  })

  it('equals a resolution from scratch after any changes', async () => {
    const names = ['a', 'b', 'c']
    const change = fc.oneof(
      fc.record({
        kind: fc.constant('service' as const),
        name: fc.constantFrom(...names),
        ip: fc.option(fc.constantFrom('10.96.0.1', '10.96.0.2', '10.96.0.3')),
      }),
      fc.record({
        kind: fc.constant('slice' as const),
        name: fc.constantFrom('x', 'y', 'z'),
        of: fc.constantFrom(...names, ''),
        addresses: fc.option(fc.uniqueArray(fc.constantFrom('10.4.0.1', '10.4.0.2', '10.4.0.3'))),
      }),
      fc.record({ kind: fc.constant('settle' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 25 }), async (changes) => {
        await using world = setup()
        world.services.markInitialized()
        world.slices.markInitialized()
        for (const at of changes) {
          if (at.kind === 'settle') await world.settle()
          else if (at.kind === 'service') {
            if (at.ip === null) world.services.delete(`default/${at.name}`)
            else world.services.upsert(service(at.name, at.ip))
          } else if (at.addresses === null) world.slices.delete(`default/${at.name}`)
          else world.slices.upsert(slice(at.name, at.of, at.addresses))
        }
        await world.settle()
        const want = new Map(
          [...world.services.rows()]
            // The service that sorts first has an address that several claim: it is put last.
            .sort((a, b) => (a.name < b.name ? 1 : -1))
            .flatMap((of) =>
              frontendsOf({
                service: of,
                slices: [...world.slices.rows()].filter(({ serviceName }) => serviceName === of.name),
                nodeName: 'n1',
              }),
            )
            .map((row) => [row.key, row]),
        )
        expect(new Map([...world.output.rows()].map((row) => [row.key, row]))).toEqual(want)
      }),
    )
  })
})
