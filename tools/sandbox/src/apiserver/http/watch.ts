import type { Logger } from '@axoneme/log'
import type { EventType } from '../codec/encoded-objects.ts'
import {
  ApiError,
  badRequest,
  expired,
  tooLargeResourceVersion,
  watchListForbidden,
  watchListUnsupported,
} from '../errors.ts'
import type { Faults } from '../faults.ts'
import type { KubeObject } from '../object.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'
import type { Interest } from '../store/field-index.ts'
import type { Change } from '../store/history.ts'
import { collectionOf, toServed, type VerbContext } from '../verbs/context.ts'
import { interestOf, parseRevision, type Selection, selectionMatcher } from '../verbs/list.ts'
import type { Encoder } from './encode.ts'
import { type Exchange, isTrue } from './exchange.ts'

/** A client that reads this much slower than things change is cut; it can resume from its last event. */
const maxPendingBytes = 64 * 1024 * 1024

export type WatchSettings = Readonly<{ bookmarkIntervalMs: number; maxDurationMs: number }>

export type WatchRequest = Readonly<{
  exchange: Exchange
  type: ResourceType
  selection: Selection
  encoder: Encoder
}>

type Start = Readonly<{
  initial: readonly KubeObject[]
  /** The changes since the revision that the client knows. */
  missed: readonly Change[]
  /** Whether a bookmark says that the initial objects are complete. */
  marksEnd: boolean
}>

/**
 * Answers a watch: what the client has missed, or the present objects, then every change until the client, the
 * timeout or a fault ends it. Throws only before the answer has begun.
 */
export function serveWatch(
  {
    context,
    faults,
    settings,
    log,
  }: { context: VerbContext; faults: Faults; settings: WatchSettings; log: Logger },
  { exchange, type, selection, encoder }: WatchRequest,
): void {
  const { query, response } = exchange
  const collection = collectionOf(context, type)
  const matches = selectionMatcher(type, selection)
  const interest = interestOf(type, selection)
  const start = watchStart(context, type, { query, faults, interest })
  const isBookmarking = faults.bookmarks && isTrue(query, 'allowWatchBookmarks')
  const durationMs = watchDurationMs(query, { settings, random: context.random })

  response.writeHead(200, { 'content-type': encoder.watchContentType, 'cache-control': 'no-cache, private' })
  response.flushHeaders?.()
  exchange.observe?.({ kind: 'answer', code: exchange.isCut === true ? 'cut' : 200, bytes: 0 })
  if (start instanceof ApiError) {
    response.end(encoder.errorEvent(start.toStatus()))
    return
  }
  let isMuted = false
  const send = (event: EventType, bytes: string | Buffer) => {
    if (isMuted) return
    response.write(bytes)
    exchange.observe?.({ kind: 'event', type: event, bytes: bytes.length })
    if (response.writableLength <= maxPendingBytes) return
    log.warn('watch cut: client reads too slowly', {
      resource: type.plural,
      pendingBytes: response.writableLength,
    })
    response.destroy()
  }
  const sendBookmark = (annotations?: Record<string, string>) =>
    send('BOOKMARK', encoder.event('BOOKMARK', bookmark(type, context.store.revision, annotations)))
  const sendChange = (change: Change, hidesRemovals = false) => {
    const event = selectedEvent(change, (object) => matches(toServed(type, object)))
    if (event === undefined) return
    if (hidesRemovals && event.type === 'DELETED') {
      faults.lostRemovals++
      return
    }
    send(event.type, encoder.event(event.type, toServed(type, event.object)))
  }
  for (const object of start.initial) {
    const served = toServed(type, object)
    if (matches(served)) send('ADDED', encoder.event('ADDED', served))
  }
  for (const change of start.missed) sendChange(change, faults.missedRemovals === 'lost')
  if (start.marksEnd) sendBookmark({ 'k8s.io/initial-events-end': 'true' })

  const subscription = collection.subscribe((change) => sendChange(change), interest)
  const cut = () => void response.destroy()
  const untrack = faults.trackWatch({ cut, mute: () => (isMuted = true) })
  const ownCut = exchange.isCut === true ? setTimeout(cut, 1000 * context.random()) : undefined
  const bookmarks = isBookmarking ? setInterval(sendBookmark, settings.bookmarkIntervalMs) : undefined
  const timeout = setTimeout(() => {
    if (isMuted) return
    if (isBookmarking) sendBookmark()
    response.end()
  }, durationMs)
  response.once('close', () => {
    subscription[Symbol.dispose]()
    untrack()
    clearTimeout(ownCut)
    clearInterval(bookmarks)
    clearTimeout(timeout)
  })
}

/** The event that a watch with a selector sees of a change: objects come and go as they match or not. */
function selectedEvent(
  change: Change,
  matches: (object: KubeObject) => boolean,
): { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject } | undefined {
  const was = change.previous !== undefined && matches(change.previous)
  if (change.type === 'DELETED') return was ? { type: 'DELETED', object: change.object } : undefined
  if (matches(change.object)) return { type: was ? 'MODIFIED' : 'ADDED', object: change.object }
  if (!was || change.previous === undefined) return undefined
  const { previous, revision } = change
  return {
    type: 'DELETED',
    object: { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } },
  }
}

function watchStart(
  context: VerbContext,
  type: ResourceType,
  { query, faults, interest }: { query: URLSearchParams; faults: Faults; interest: Interest | undefined },
): Start | ApiError {
  const collection = collectionOf(context, type)
  const text = query.get('resourceVersion') ?? ''
  const asked = parseRevision(text)
  const current = context.store.revision
  const wantsInitial = query.get('sendInitialEvents')
  if (wantsInitial !== null && query.get('resourceVersionMatch') !== 'NotOlderThan')
    throw badRequest('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  if (wantsInitial !== null && faults.watchList !== 'offered') {
    if (faults.watchList === 'refused') throw watchListForbidden()
    return watchListUnsupported()
  }
  if (asked > current) throw tooLargeResourceVersion(asked, current)
  if (wantsInitial === 'true' || (wantsInitial === null && asked === 0))
    return {
      initial: interest === undefined ? collection.sorted() : collection.matching(interest),
      missed: [],
      marksEnd: wantsInitial === 'true' && isTrue(query, 'allowWatchBookmarks'),
    }
  if (asked === 0) return { initial: [], missed: [], marksEnd: false }
  const missed = collection.since(asked)
  if (missed !== undefined) return { initial: [], missed, marksEnd: false }
  const error = expired(`too old resource version: ${asked} (${collection.compactedRevision})`)
  // A real apiserver sends the event; proxies and older ones answer with the status itself.
  if (faults.expiredWatch === 'status') throw error
  return error
}

function watchDurationMs(
  query: URLSearchParams,
  { settings, random }: { settings: WatchSettings; random: () => number },
): number {
  const asked = query.get('timeoutSeconds')
  if (asked !== null && !/^\d{1,9}$/.test(asked))
    throw badRequest(`invalid timeoutSeconds ${JSON.stringify(asked)}`)
  // Spread, so that watches opened together do not end together.
  const maxMs = settings.maxDurationMs * (1 + random())
  return asked === null || asked === '0' ? maxMs : Math.min(Number(asked) * 1000, 2 ** 31 - 1)
}

function bookmark(type: ResourceType, revision: number, annotations?: Record<string, string>): KubeObject {
  return {
    kind: type.kind,
    apiVersion: groupVersion(type),
    metadata: {
      name: '',
      uid: '',
      creationTimestamp: '',
      resourceVersion: String(revision),
      ...(annotations === undefined ? {} : { annotations }),
    },
  }
}
