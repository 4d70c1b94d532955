import type { EndpointPolicyRow } from '@axoneme/policy'
import type { ReconcileState } from '@axoneme/reconciler'
import { expect, it } from 'vitest'
import { createPolicyDelay } from './policy-delay.ts'

const policyOf = (endpointId: number): EndpointPolicyRow => ({
  ...{ endpointId, identity: 256, enforceIngress: true, enforceEgress: true, entries: [] },
})

function setup(endpoints: readonly number[]) {
  const policies = new Map(endpoints.map((id) => [String(id), policyOf(id)]))
  const realised = new Map<string, { state: ReconcileState; policy: EndpointPolicyRow }>()
  const delays: number[] = []
  let now = 0
  const statusOf = (key: string) => {
    const found = realised.get(key)
    return found && { key, state: found.state, failures: 0, row: { policy: found.policy } }
  }
  const delay = createPolicyDelay({
    policies,
    realised: () => ({ get: statusOf }),
    onImplemented: (delayMs) => delays.push(delayMs),
    nowMs: () => now,
  })
  const changes = { endpoints: 0, identities: 0, policies: 0, prefixIdentities: 0 }
  return {
    delays,
    at(ms: number) {
      now = ms
      return delay
    },
    /** The policy of an endpoint came out new. */
    computePolicy: (id: number) => policies.set(String(id), policyOf(id)),
    realise(id: number, state: ReconcileState = 'done') {
      realised.set(String(id), { state, policy: policies.get(String(id)) ?? policyOf(id) })
    },
    takesIn: (count: number) => ({ changes: { ...changes, policies: count } }),
  }
}

it('measures from the change until every endpoint enforces what came of it', () => {
  const { at, computePolicy, realise, takesIn, delays } = setup([1, 2])
  realise(1)
  realise(2)
  at(100).changed()
  at(110).changed()
  at(120).check()
  expect(delays).toEqual([])
  computePolicy(1)
  computePolicy(2)
  at(130).computed(takesIn(2))
  realise(1)
  at(140).check()
  realise(2, 'error')
  at(150).check()
  expect(delays).toEqual([])
  realise(2)
  at(160).check()
  at(170).check()
  expect(delays).toEqual([60, 50])
})

it('counts a policy that concerns nobody here as soon as it is computed, and no run without one', () => {
  const { at, realise, takesIn, delays } = setup([1])
  realise(1)
  at(10).changed()
  at(15).computed(takesIn(0))
  expect(delays).toEqual([])
  at(20).computed(takesIn(1))
  expect(delays).toEqual([10])
})

it('waits for the datapath to begin', () => {
  const delays: number[] = []
  const delay = createPolicyDelay({
    policies: new Map([['1', policyOf(1)]]),
    realised: () => undefined,
    onImplemented: (delayMs) => delays.push(delayMs),
  })
  delay.changed()
  delay.computed(setup([]).takesIn(1))
  expect(delays).toEqual([])
})
