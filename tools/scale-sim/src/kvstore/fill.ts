import type { Kvstore } from '@axoneme/kvstore'
import { type ClusterShape, kvstoreEntries, type ModelEntry } from '../model/index.ts'

/** etcd takes 128 operations in one transaction by default (--max-txn-ops). */
const writesPerCommit = 100
const commitsAtOnce = 8

/** Writes what the agents of the model's nodes have in the store. Leased keys live as long as the store is open. */
export async function fillKvstore(
  store: Pick<Kvstore, 'commit'>,
  { shape, signal }: { shape: ClusterShape; signal: AbortSignal },
): Promise<number> {
  const batches = batchesOf(kvstoreEntries(shape))
  let written = 0
  // One iterator for all: each takes the next batch when its last one is written.
  const write = async () => {
    for (const entries of batches) {
      await store.commit(
        { conditions: [], writes: entries.map((entry) => ({ kind: 'put', ...entry })) },
        { signal },
      )
      written += entries.length
    }
  }
  await Promise.all(Array.from({ length: commitsAtOnce }, write))
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
