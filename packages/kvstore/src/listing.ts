import { hasCode } from './errors.ts'
import type { KvTransport, RangeResult, StoredEntry } from './transport.ts'

/** Large, because etcd 3.4 looks at all keys of the range for each page. */
const pageEntries = 5_000

export type Listing = Readonly<{ entries: readonly StoredEntry[]; revision: number; historyId: string }>

/**
 * Every entry under `prefix` as of one revision, read in pages. Pages shrink when one is too large for a message.
 * Rejects with KVSTORE_COMPACTED when the revision is compacted while reading.
 */
export async function listAtOneRevision(
  transport: KvTransport,
  {
    prefix,
    createdAfter,
    signal,
  }: { prefix: string; createdAfter?: number | undefined; signal: AbortSignal },
): Promise<Listing> {
  const entries: StoredEntry[] = []
  let first: RangeResult | undefined
  let limit = pageEntries
  for (;;) {
    signal.throwIfAborted()
    const last = entries.at(-1)
    let page: RangeResult
    try {
      page = await transport.range({
        key: prefix,
        prefix: true,
        limit,
        ...(first === undefined ? {} : { revision: first.revision }),
        ...(last === undefined ? {} : { after: last.key }),
        ...(createdAfter === undefined ? {} : { minCreateRevision: createdAfter + 1 }),
      })
    } catch (error) {
      if (!hasCode(error, 'KVSTORE_EXHAUSTED') || limit === 1) throw error
      limit = Math.ceil(limit / 8)
      continue
    }
    first ??= page
    for (const entry of page.entries) entries.push(entry)
    if (!page.more || page.entries.length === 0) {
      return { entries, revision: first.revision, historyId: first.historyId }
    }
  }
}
