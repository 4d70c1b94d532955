import { K8sApiError } from '@axoneme/k8s-client'
import { DecodeError } from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import { recoveryFrom, WatchShortError, WatchSilentError } from './recovery.ts'

const api = (status: number, reason = '') => new K8sApiError('watch', { status, reason })

describe('recoveryFrom', () => {
  it.each([
    { error: api(410, 'Gone'), first: 'relist', third: 'relist' },
    { error: api(500, 'Expired'), first: 'relist', third: 'relist' },
    { error: api(400, 'BadRequest'), first: 'relist', third: 'relist' },
    { error: api(0, 'NetworkError'), first: 'resume', third: 'resume' },
    { error: api(401), first: 'resume', third: 'resume' },
    { error: api(403), first: 'resume', third: 'resume' },
    { error: api(429), first: 'resume', third: 'resume' },
    { error: api(503), first: 'resume', third: 'resume' },
    { error: api(504, 'Timeout'), first: 'resume', third: 'relist' },
    { error: api(500, 'InternalError'), first: 'resume', third: 'relist' },
    { error: new WatchSilentError('pods', 1), first: 'resume', third: 'relist' },
    { error: new WatchShortError('pods'), first: 'resume', third: 'resume' },
    { error: new DecodeError('frame'), first: 'resume', third: 'relist' },
  ])('$error.name $error.status $error.reason: $first, after three $third', ({ error, first, third }) => {
    expect(recoveryFrom(error, 1)).toBe(first)
    expect(recoveryFrom(error, 3)).toBe(third)
  })
})
