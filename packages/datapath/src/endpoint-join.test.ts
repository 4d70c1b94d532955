import { createEndpointTable } from '@axoneme/endpoint'
import { createEndpointPolicyTable } from '@axoneme/policy'
import { describe, expect, it } from 'vitest'
import { createEndpointDatapathTable, joinEndpointsAndPolicies } from './endpoint-join.ts'
import { endpointRow, policyRow } from './testing/rows.ts'

function start() {
  const endpoints = createEndpointTable()
  const policies = createEndpointPolicyTable()
  const output = createEndpointDatapathTable()
  const stop = new AbortController()
  const running = joinEndpointsAndPolicies({ endpoints, policies, output, signal: stop.signal })
  return {
    endpoints,
    policies,
    output,
    async shown() {
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
      return Array.from(output.rows(), ({ endpoint, policy }) => [
        endpoint.id,
        endpoint.identity,
        policy.identity,
      ])
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

const endpoint = (id: number, identity: number) =>
  endpointRow({ id, identity, ipv4: `10.0.0.${id}`, netnsPath: '' })
const policy = (id: number, identity: number) => policyRow({ id, identity }, {})

describe('[endpoints] x [endpoint-policies]', () => {
  it('has nothing before both are complete', async () => {
    await using world = start()
    world.endpoints.upsert(endpoint(1, 300))
    world.policies.upsert(policy(1, 300))
    world.endpoints.markInitialized()
    expect(await world.shown()).toEqual([])
    expect(world.output.initialized).toBe(false)
    world.policies.markInitialized()
    expect(await world.shown()).toEqual([[1, 300, 300]])
    expect(world.output.initialized).toBe(true)
  })

  it('has pairs of one identity only, and keeps the old pair until the new one is whole', async () => {
    await using world = start()
    world.endpoints.markInitialized()
    world.policies.markInitialized()
    world.endpoints.upsert(endpoint(1, 300))
    expect(await world.shown()).toEqual([])
    world.policies.upsert(policy(1, 300))
    expect(await world.shown()).toEqual([[1, 300, 300]])
    world.endpoints.upsert(endpoint(1, 301))
    expect(await world.shown()).toEqual([[1, 300, 300]])
    world.policies.upsert(policy(1, 301))
    expect(await world.shown()).toEqual([[1, 301, 301]])
    world.policies.upsert(policy(1, 302))
    expect(await world.shown()).toEqual([[1, 301, 301]])
    world.endpoints.upsert(endpoint(1, 302))
    expect(await world.shown()).toEqual([[1, 302, 302]])
  })

  it('has no endpoint that is not ready, and none that is gone', async () => {
    await using world = start()
    world.endpoints.markInitialized()
    world.policies.markInitialized()
    world.endpoints.upsert({ ...endpoint(1, 0), state: 'waiting-for-identity' })
    world.policies.upsert(policy(1, 0))
    world.endpoints.upsert(endpoint(2, 300))
    world.policies.upsert(policy(2, 300))
    expect(await world.shown()).toEqual([[2, 300, 300]])
    world.policies.delete('2')
    expect(await world.shown()).toEqual([[2, 300, 300]])
    world.endpoints.delete('2')
    expect(await world.shown()).toEqual([])
  })
})
