import {
  type ApiError,
  badRequest,
  expired,
  tooLargeResourceVersion,
  watchListForbidden,
  watchListUnsupported,
} from '../errors.ts'
import type { Faults } from '../faults.ts'
import type { KubeObject } from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import type { Interest } from '../store/field-index.ts'
import type { Change } from '../store/history.ts'
import { collectionOf, type VerbContext } from '../verbs/context.ts'
import { parseRevision } from '../verbs/list.ts'
import { isTrue } from './exchange.ts'

/** What a watch begins with. */
export type WatchStart = Readonly<{
  initial: readonly KubeObject[]
  /** That these are of. */
  revision: number
  /** The changes since the revision that the client knows. */
  missed: readonly Change[]
  /** Whether a bookmark says that the initial objects are complete. */
  marksEnd: boolean
}>

/** What the query asks for; an error that is given and not thrown is sent as an event. */
export function watchStart(
  context: VerbContext,
  type: ResourceType,
  { query, faults, interest }: { query: URLSearchParams; faults: Faults; interest: Interest | undefined },
): WatchStart | ApiError {
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
      revision: current,
      missed: [],
      marksEnd: wantsInitial === 'true' && isTrue(query, 'allowWatchBookmarks'),
    }
  if (asked === 0) return { initial: [], revision: current, missed: [], marksEnd: false }
  const missed = collection.since(asked, interest)
  if (missed !== undefined) return { initial: [], revision: current, missed, marksEnd: false }
  const error = expired(`too old resource version: ${asked} (${collection.compactedRevision})`)
  // A real apiserver sends the event; proxies and older ones answer with the status itself.
  if (faults.expiredWatch === 'status') throw error
  return error
}
