import { describe, expect, it } from 'vitest'
import { type EndpointAnswer, type KvEndpoint, nextEndpoints, unasked } from './endpoint-state.ts'

const status = { clusterId: '7', memberId: '1', leaderId: '2', isLearner: false, version: '3.5.1' }
const answer = (changes: Partial<Extract<EndpointAnswer, { kind: 'status' }>> = {}): EndpointAnswer => ({
  ...{ kind: 'status', ...status, errors: [] },
  ...changes,
})
const fresh = (...endpoints: string[]): KvEndpoint[] =>
  endpoints.map((endpoint) => ({ endpoint, ...unasked }))

it.each([
  ['a follower', answer(), { state: 'ok', role: 'follower', version: '3.5.1', detail: '' }],
  ['the leader', answer({ memberId: '2' }), { state: 'ok', role: 'leader' }],
  ['a learner', answer({ isLearner: true }), { state: 'ok', role: 'learner' }],
  ['one without a leader', answer({ leaderId: '0' }), { state: 'degraded', detail: 'knows no leader' }],
  [
    'one with alarms',
    answer({ errors: ['alarm:NOSPACE', 'alarm:CORRUPT'] }),
    { state: 'degraded', role: 'follower', detail: 'alarm:NOSPACE; alarm:CORRUPT' },
  ],
  ['one that tells nobody', { kind: 'refused' }, { state: 'ok', role: '', version: '', detail: '' }],
  ['none', { kind: 'failed', error: 'refused' }, { state: 'down', role: '', version: '', detail: 'refused' }],
] as const)('%s', (_, given, expected) => {
  const [row] = nextEndpoints(fresh('a'), [given], 1000)
  expect(row).toMatchObject({ endpoint: 'a', sinceMs: 1000, askedMs: 1000, ...expected })
})

it('finds one of another cluster, whatever else answers', () => {
  const answers: EndpointAnswer[] = [
    { kind: 'failed', error: 'x' },
    answer(),
    answer({ clusterId: '8' }),
    { kind: 'refused' },
  ]
  const rows = nextEndpoints(fresh('a', 'b', 'c', 'd'), answers, 1)
  expect(rows.map(({ state }) => state)).toEqual(['down', 'ok', 'degraded', 'ok'])
  expect(rows[2]?.detail).toBe('is of another cluster than the first that answers')
})

describe('since', () => {
  const down: EndpointAnswer = { kind: 'failed', error: 'refused' }

  it('stays while state and role are the same, and moves with either', () => {
    let rows = fresh('a')
    const sinceAfter = (given: EndpointAnswer, nowMs: number) => {
      rows = nextEndpoints(rows, [given], nowMs)
      return rows[0]?.sinceMs
    }
    expect(sinceAfter(down, 1)).toBe(1)
    expect(sinceAfter({ ...down, error: 'timed out' }, 2)).toBe(1)
    expect(sinceAfter(answer(), 3)).toBe(3)
    expect(sinceAfter(answer({ version: '3.5.2' }), 4)).toBe(3)
    expect(sinceAfter(answer({ memberId: '2' }), 5)).toBe(5)
    expect(rows[0]?.askedMs).toBe(5)
  })
})

it('bounds what an endpoint says', () => {
  const errors = Array.from({ length: 1000 }, () => 'x'.repeat(10_000))
  const [row] = nextEndpoints(fresh('a'), [answer({ errors, version: 'v'.repeat(10_000) })], 1)
  expect(row?.detail.length).toBeLessThan(1000)
  expect(row?.detail).toMatch(/; and 996 more$/)
  expect(row?.version.length).toBeLessThan(300)
})
