import type { Kvstore } from '@axoneme/kvstore'
import { type ClusterShape, kvstoreEntries, type ModelEntry } from '../model/index.ts'

/** etcd takes 128 operations in one transaction by default (--max-txn-ops). */
const writesPerCommit = 100

/**
 * Writes what the agents of the model's nodes have in the store, side by side by all of `clients`, of which one may be
 * there several times. Leased keys live as long as their client is open. Gives the number of entries.
 */
export async function fillKvstore(
  clients: readonly Pick<Kvstore, 'commit'>[],
  { shape, signal }: { shape: ClusterShape; signal: AbortSignal },
): Promise<number> {
  const batches = batchesOf(kvstoreEntries(shape))
  let written = 0
  // One iterator for all: each takes the next batch when its last one is written.
  const write = async (client: Pick<Kvstore, 'commit'>) => {
    for (const entries of batches) {
      await client.commit(
        { conditions: [], writes: entries.map((entry) => ({ kind: 'put', ...entry })) },
        { signal },
      )
      written += entries.length
    }
  }
  await Promise.all(clients.map(write))
  return written
}

function* batchesOf(entries: Iterable<ModelEntry>): Generator<ModelEntry[]> {
  let batch: ModelEntry[] = []
  for (const entry of entries) {
    batch.push(entry)
    if (batch.length < writesPerCommit) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
