import { type KvWrite, openEtcdKvstore } from '@axoneme/kvstore'
import type { Logger } from '@axoneme/log'
import { type ClusterShape, kvstoreEntries } from '@axoneme/scale-sim/model'

/** etcd takes 128 operations in one transaction by default (--max-txn-ops). */
const writesPerCommit = 100
/** Each has a lease of its own, which it keeps alive. */
const clientCount = 16

/** Writes what the agents of the other nodes would have written, under leases that are kept alive while this process lives. */
export async function fillKvstore(
  shape: ClusterShape,
  { endpoint, log, signal }: { endpoint: string; log: Logger; signal: AbortSignal },
): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: clientCount }, () => openEtcdKvstore({ endpoints: [endpoint], log, signal })),
  )
  // One iterator for all: each client takes the next commit when its last one is done.
  const commits = batchesOf(writesOf(shape), writesPerCommit)
  await Promise.all(
    clients.map(async (client) => {
      for (const writes of commits) await client.commit({ conditions: [], writes }, { signal })
    }),
  )
}

function* writesOf(shape: ClusterShape): Generator<KvWrite> {
  for (const entry of kvstoreEntries(shape)) yield { kind: 'put', ...entry }
}

function* batchesOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
