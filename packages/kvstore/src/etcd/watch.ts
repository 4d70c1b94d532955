import { InterceptingCall, type Interceptor } from '@grpc/grpc-js'
import { GRPCOutOfRangeError, GRPCUnavailableError, type IEvent, type IWatchResponse } from 'etcd3'
import type { WatchBatch, WatchChange, WatchRequest } from '../transport.ts'
import type { EtcdConnection } from './connection.ts'
import { prefixRange, storedEntry } from './requests.ts'
import { readStream } from './stream.ts'

/**
 * One watch on one stream, until something happens to it. etcd3's own watcher is not used: after a reconnect, and
 * within a batch of old changes, it continues from the revision in the answer's header, which may be later than the
 * last change that it delivered, and so has gaps.
 */
export async function* watchOnce(
  { client, interceptors }: EtcdConnection,
  { prefix, fromRevision, historyId, signal }: WatchRequest,
  createTimeoutMs: number,
): AsyncGenerator<WatchBatch, void, undefined> {
  const stream = await client.watchClient.watch({ interceptors: [...interceptors, requireLeader] })
  const timedOut = new AbortController()
  const timer = setTimeout(() => timedOut.abort(), createTimeoutMs)
  const first = {
    create_request: { ...prefixRange(prefix), start_revision: fromRevision, fragment: true },
  }
  try {
    for await (const answer of readStream(stream, {
      first,
      signal: AbortSignal.any([signal, timedOut.signal]),
    })) {
      clearTimeout(timer)
      if (answer.created) checkHistory(answer, { fromRevision, historyId })
      if (answer.canceled) throw canceled(answer)
      if (answer.events.length > 0) yield batchOf(answer)
    }
    signal.throwIfAborted()
    throw new GRPCUnavailableError('the watch stream ended')
  } catch (error) {
    if (timedOut.signal.aborted && !signal.aborted) {
      throw new GRPCUnavailableError(`no watch within ${createTimeoutMs} ms`)
    }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** A member that has lost the others ends the watch then, instead of being silent. */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start(metadata, listener, next) {
      metadata.set('hasleader', 'true')
      next(metadata, listener)
    },
  })

/** A store that was set up anew or restored would keep silent until it reaches a revision of its former life. */
function checkHistory(
  { header }: IWatchResponse,
  { fromRevision, historyId }: { fromRevision: number; historyId: string },
): void {
  if (header.cluster_id === historyId && Number(header.revision) >= fromRevision - 1) return
  throw new GRPCOutOfRangeError(`revision ${fromRevision - 1} is not of the store's present history`)
}

function canceled(answer: IWatchResponse): Error {
  if (Number(answer.compact_revision) > 0) {
    return new GRPCOutOfRangeError(`compacted up to revision ${answer.compact_revision}`)
  }
  return new WatchRefusedError(answer.cancel_reason)
}

/** etcd ended the watch; its reason, in words only, may be that it does not know the login token any more. */
export class WatchRefusedError extends GRPCUnavailableError {
  constructor(reason: string) {
    super(`watch refused: ${reason}`)
  }
}

function batchOf(answer: IWatchResponse & { fragment?: boolean }): WatchBatch {
  const changes = answer.events.map(changeOf).filter((change) => change !== undefined)
  const last = answer.events.at(-1)
  // The revision in the header is that of the store, not that of the last change.
  const completeRevision =
    answer.fragment === true || last === undefined ? undefined : Number(last.kv.mod_revision)
  return { changes, completeRevision }
}

function changeOf({ type, kv }: IEvent): WatchChange | undefined {
  const entry = storedEntry(kv)
  if (entry === undefined) return undefined
  if (type === 'Put') return { kind: 'upsert', entry }
  return { kind: 'delete', key: entry.key, modRevision: entry.modRevision }
}
