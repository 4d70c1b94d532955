import { setImmediate } from 'node:timers/promises'
import type { Logger } from '@axoneme/log'
import type { EventType } from '../codec/encoded-objects.ts'
import { ApiError, badRequest } from '../errors.ts'
import type { Faults } from '../faults.ts'
import type { KubeObject } from '../object.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'
import type { Change } from '../store/history.ts'
import { collectionOf, toServed, type VerbContext } from '../verbs/context.ts'
import { interestOf, type Selection, selectionMatcher } from '../verbs/list.ts'
import type { Encoder } from './encode.ts'
import { type Exchange, isTrue } from './exchange.ts'
import { watchStart } from './watch-start.ts'

/** A client that reads this much slower than things change is cut; it can resume from its last event. */
const maxPendingBytes = 64 * 1024 * 1024
/** Initial objects are sent as fast as the client reads: this much ahead. */
const maxInitialBytesAhead = 1024 * 1024

/** Others get their turn while many initial objects are written. */
const maxTurnMs = 10

export type WatchSettings = Readonly<{ bookmarkIntervalMs: number; maxDurationMs: number }>

export type WatchRequest = Readonly<{
  exchange: Exchange
  type: ResourceType
  selection: Selection
  encoder: Encoder
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
    const event = encoder.errorEvent(start.toStatus())
    exchange.observe?.({ kind: 'event', type: 'ERROR', bytes: event.length })
    response.end(event)
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
  const sendBookmark = (revision: number, annotations?: Record<string, string>) =>
    send('BOOKMARK', encoder.event('BOOKMARK', bookmark(type, revision, annotations)))
  const sendChange = (change: Change, hidesRemovals = false) => {
    const event = selectedEvent(change, (object) => matches(toServed(type, object)))
    if (event === undefined) return
    if (hidesRemovals && event.type === 'DELETED') {
      faults.lostRemovals++
      return
    }
    send(event.type, encoder.event(event.type, toServed(type, event.object)))
  }
  let isClosed = false
  /** What changes while the initial objects are under way; a bookmark would be ahead of it. */
  let waiting: Change[] | undefined = []
  let goOn = () => {}
  const sendInitial = async () => {
    let turnBeganMs = performance.now()
    for (const object of start.initial) {
      const served = toServed(type, object)
      if (matches(served)) send('ADDED', encoder.event('ADDED', served))
      if (performance.now() - turnBeganMs > maxTurnMs) {
        await setImmediate()
        turnBeganMs = performance.now()
      }
      if (response.writableLength > maxInitialBytesAhead && !isClosed) {
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
      }
      if (isClosed) return
    }
    for (const change of start.missed) sendChange(change, faults.missedRemovals === 'lost')
    if (start.marksEnd) sendBookmark(start.revision, { 'k8s.io/initial-events-end': 'true' })
    for (const change of waiting ?? []) sendChange(change)
    waiting = undefined
  }

  const subscription = collection.subscribe((change) => {
    if (waiting === undefined) sendChange(change)
    else waiting.push(change)
  }, interest)
  const cut = () => void response.destroy()
  const untrack = faults.trackWatch({ cut, mute: () => (isMuted = true) })
  const ownCut = exchange.isCut === true ? setTimeout(cut, 1000 * context.random()) : undefined
  const bookmarkNow = () => {
    if (isBookmarking && waiting === undefined) sendBookmark(context.store.revision)
  }
  const bookmarks = isBookmarking ? setInterval(bookmarkNow, settings.bookmarkIntervalMs) : undefined
  const timeout = setTimeout(() => {
    if (isMuted) return
    bookmarkNow()
    response.end()
  }, durationMs)
  response.on('drain', () => goOn())
  response.once('close', () => {
    isClosed = true
    goOn()
    subscription[Symbol.dispose]()
    untrack()
    clearTimeout(ownCut)
    clearInterval(bookmarks)
    clearTimeout(timeout)
  })
  sendInitial().catch((error: unknown) => {
    log.error('watch failed', { resource: type.plural, error })
    response.destroy()
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
