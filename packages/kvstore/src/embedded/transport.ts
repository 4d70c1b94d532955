import { abortable } from '@axoneme/lifecycle'
import { KvstoreError } from '../errors.ts'
import type {
  KvTransport,
  RangeRequest,
  RangeResult,
  TransactRequest,
  TransactResult,
  WatchBatch,
  WatchRequest,
} from '../transport.ts'
import { assertReachable, type EmbeddedLink } from './link.ts'
import type { EmbeddedStore } from './store.ts'

/** The embedded store behind the same interface as etcd's calls: asynchronous, and sometimes unreachable. */
export function embeddedTransport(store: EmbeddedStore, link: EmbeddedLink): KvTransport {
  const call = async <T>(operation: string, key: string, run: () => T): Promise<T> => {
    // Callers must not get used to answers within the same turn.
    await new Promise(setImmediate)
    assertReachable(link, operation, key)
    return run()
  }
  return {
    backend: 'embedded',
    location: 'embedded store',
    range: (request: RangeRequest): Promise<RangeResult> =>
      call('read', request.key, () => store.range(request)),
    transact: (request: TransactRequest): Promise<TransactResult> =>
      call('write', request.writes[0]?.key ?? '', () => store.transact(request)),
    grantLease: (ttlS) => call('grant lease', '', () => store.grantLease(ttlS)),
    keepLeaseAlive: (leaseId) => call('renew lease', '', () => store.keepLeaseAlive(leaseId)),
    revokeLease: (leaseId) => call('revoke lease', '', () => store.revokeLease(leaseId)),
    watch: (request) => watchStore(store, link, request),
    close: () => {},
  }
}

async function* watchStore(
  store: EmbeddedStore,
  link: EmbeddedLink,
  { prefix, fromRevision, signal }: WatchRequest,
): AsyncGenerator<WatchBatch, void, undefined> {
  let nextRevision = fromRevision
  for (;;) {
    assertReachable(link, 'watch', prefix)
    const linkChanged = link.changed
    const upTo = store.revision
    const { batches, changed } = store.since(nextRevision, prefix)
    if (batches === undefined)
      throw new KvstoreError('KVSTORE_COMPACTED', { operation: 'watch', key: prefix })
    yield* batches
    // What a slow reader missed while it held a batch is older than `upTo` only if it was in the batches.
    nextRevision = upTo + 1
    if (store.revision > upTo) continue
    try {
      await abortable(Promise.race([changed, linkChanged]), signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
  }
}
