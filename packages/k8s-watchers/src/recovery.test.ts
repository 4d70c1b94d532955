import { readFileSync } from 'node:fs'
import { K8sApiError } from '@axoneme/k8s-client'
import {
  createInterner,
  createWatchDecoder,
  DecodeError,
  framesOf,
  podDecoder,
  type SlimPod,
  type WatchEvent,
} from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import {
  listingAfter,
  mayBeTheVersion,
  recoveryFrom,
  TableDiffersError,
  WatchShortError,
  WatchSilentError,
} from './recovery.ts'
import { watchError } from './watch-once.ts'

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
    { error: new TableDiffersError('pods'), first: 'relist', third: 'relist' },
    { error: new DecodeError('frame'), first: 'resume', third: 'relist' },
  ])('$error.name $error.status $error.reason: $first, after three $third', ({ error, first, third }) => {
    expect(recoveryFrom(error, 1)).toBe(first)
    expect(recoveryFrom(error, 3)).toBe(third)
    expect(mayBeTheVersion(error)).toBe(first !== third)
  })
})

describe('listingAfter', () => {
  it.each([
    { error: api(401), next: 'stream' },
    { error: api(403), next: 'stream' },
    { error: api(410, 'Expired'), next: 'stream' },
    { error: api(429), next: 'stream' },
    { error: api(503), next: 'stream' },
    { error: api(0, 'NetworkError'), next: 'pages-once' },
    { error: api(504, 'Timeout'), next: 'pages-once' },
    { error: new DecodeError('frame'), next: 'pages-once' },
    { error: new WatchShortError('pods'), next: 'pages-once' },
    { error: api(400, 'BadRequest'), next: 'pages' },
    { error: api(422, 'Invalid'), next: 'pages' },
    { error: api(500, 'InternalError'), next: 'pages' },
    { error: new WatchSilentError('pods', 1), next: 'pages' },
  ])('$error.name $error.status $error.reason: $next', ({ error, next }) => {
    expect(listingAfter(error)).toBe(next)
  })

  it('what an apiserver over an old etcd says amid the stream (a capture)', () => {
    const capture = readFileSync(new URL('../../../../shared/data/wire/pods.watchlist.pb', import.meta.url))
    const decode = createWatchDecoder({ format: 'protobuf', decoder: podDecoder(createInterner()) })
    const events: WatchEvent<SlimPod>[] = []
    decode(framesOf(capture, 'protobuf'), (event) => events.push(event))
    const [event] = events
    if (event?.type !== 'ERROR') throw new Error(`unexpected ${event?.type}`)
    expect(listingAfter(watchError('pods', event.status))).toBe('pages')
  })
})
