import { describeIntervals } from '@axoneme/backoff'
import { expect, it } from 'vitest'
import { type IntervalOptions, intervalsInEffect, operatorIntervals } from './intervals.ts'

const defaults: IntervalOptions = {
  leaderElectionRetryPeriod: operatorIntervals.leaderElection.period.baseMs,
  identityGcInterval: operatorIntervals.identityGc.period.baseMs,
  ciliumEndpointGcInterval: operatorIntervals.endpointGc.period.baseMs,
}
const rows = (changes: Partial<IntervalOptions> = {}) =>
  describeIntervals(intervalsInEffect({ ...defaults, ...changes }), { nodeCount: 0 })

it('without options the declared intervals are in effect', () => {
  expect(rows()).toEqual(describeIntervals(operatorIntervals, { nodeCount: 0 }))
})

it.each([
  ['leaderElectionRetryPeriod', 'leader-election'],
  ['identityGcInterval', 'identity-gc'],
  ['ciliumEndpointGcInterval', 'endpoint-gc'],
] as const)('%s is the base of %s', (option, name) => {
  const changed = rows({ [option]: 4_321 }).filter((row, i) => row.baseMs !== rows()[i]?.baseMs)
  expect(changed).toMatchObject([{ name, baseMs: 4_321, currentMs: 4_321 }])
})

it('what is switched off is not there', () => {
  const gone = rows().filter(
    ({ name }) => !rows({ ciliumEndpointGcInterval: 0 }).some((row) => row.name === name),
  )
  expect(gone.map(({ name }) => name)).toEqual(['endpoint-gc', 'endpoint-removal'])
})
