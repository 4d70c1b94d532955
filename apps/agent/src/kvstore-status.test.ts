import type { KvEndpoint } from '@axoneme/kvstore'
import { describe, expect, it } from 'vitest'
import { endpointStatuses, kvstoreComponent } from './kvstore-status.ts'

const unasked = { endpoint: 'http://a:1', state: 'unknown', role: '', version: '', detail: '' } as const
const leader: KvEndpoint = {
  ...{ endpoint: 'http://b:1', state: 'ok', role: 'leader', version: '3.5.1', detail: '' },
  ...{ sinceMs: 1_000, askedMs: 61_000 },
}

describe('the endpoints of the store', () => {
  it('are those of the options until somebody asks them', () => {
    expect(endpointStatuses(['http://a:1'], undefined)).toEqual([unasked])
  })

  it('have their times where they were asked', () => {
    expect(endpointStatuses([], [unasked, leader])).toEqual([
      unasked,
      {
        ...{ endpoint: 'http://b:1', state: 'ok', role: 'leader', version: '3.5.1', detail: '' },
        ...{ since: '1970-01-01T00:00:01.000Z', asked: '1970-01-01T00:01:01.000Z' },
      },
    ])
  })
})

describe('the store as a whole', () => {
  const status = { backend: 'etcd', connected: true, detail: 'etcd http://b:1', leaseId: '7' } as const
  const down: KvEndpoint = { ...unasked, state: 'down' }

  it.each([
    ['not there yet', undefined, [down], 'down', 'not connected yet'],
    ['away', { ...status, connected: false, detail: 'refused' }, [down], 'down', 'refused'],
    ['well', status, [leader, unasked], 'ok', 'etcd http://b:1'],
    [
      'well with one member less',
      status,
      [leader, down],
      'degraded',
      'etcd http://b:1: 1 of 2 endpoints not well',
    ],
    ['of no endpoints that were asked', status, undefined, 'ok', 'etcd http://b:1'],
  ] as const)('%s', (_, given, endpoints, state, message) => {
    expect(kvstoreComponent(given, endpoints)).toEqual({ name: 'kvstore', state, message })
  })
})
