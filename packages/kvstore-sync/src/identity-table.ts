import {
  formatLabels,
  type IdentityId,
  type IdentityRow,
  parseLabels,
  reservedIdentityRows,
} from '@axoneme/identity'
import type { Kvstore } from '@axoneme/kvstore'
import type { Logger } from '@axoneme/log'
import { createTable, type WritableTable } from '@axoneme/tables'
import { identityPaths } from './paths.ts'
import { keepOthersEntries, type Parsed, startTableWatcher } from './table-watcher.ts'

/** All identities, with index `labels` (the sorted string). Has the reserved ones from the start. */
export type IdentityTable = WritableTable<IdentityRow> & {
  readonly position: {
    /** The table knows every cluster identity that was created up to this revision of the store, at least. */
    revision: number
    /** That of the latest change it knows. As one transaction makes one identity, it knows all that were made until then. */
    latest: number
    /**
     * Until then (of performance.now) the store may lack numbers that are in use: it lost its history, and nodes are
     * putting back what they use.
     */
    incompleteUntilMs: number
  }
}

/** Identities of this and, with Cilium's cluster mesh, of other clusters: below the node-local ones. */
const allocated = { min: 256, max: (1 << 24) - 1 }

export function createIdentityTable(): IdentityTable {
  const table = createTable<IdentityRow>({
    name: 'identities',
    key: (row) => identityKey(row.id),
    indexes: { labels: (row) => [formatLabels(row.labels)] },
    equals: (a, b) => formatLabels(a.labels) === formatLabels(b.labels),
  })
  for (const row of reservedIdentityRows) table.upsert(row)
  return Object.assign(table, { position: { revision: 0, latest: 0, incompleteUntilMs: 0 } })
}

export function identityKey(id: IdentityId): string {
  return String(id)
}

/** Follows `cilium/state/identities/v1/id/`. */
export function startIdentityWatcher({
  table,
  ...rest
}: {
  store: Pick<Kvstore, 'watchPrefix'>
  table: IdentityTable
  log: Logger
  signal: AbortSignal
}): AsyncDisposable {
  return startTableWatcher({
    ...rest,
    prefix: identityPaths.idPrefix,
    keepLost: keepOthersEntries,
    table,
    // Reserved rows come from nowhere else than the table's beginning.
    rowKey: (name) => (parseIdentityId(name) === undefined ? undefined : name),
    parse: parseIdentity,
    afterEvent: (event) => {
      if (event.kind === 'history-lost') {
        table.position.revision = 0
        table.position.latest = 0
        table.position.incompleteUntilMs = performance.now() + keepOthersEntries.quietMs
      }
      // The last identity that was made may be gone: no entry has its revision.
      if (event.kind === 'synced') table.position.revision = table.position.latest = event.revision
      if (event.kind === 'upsert') {
        // Others of the same revision may still come.
        table.position.revision = event.entry.modRevision - 1
        table.position.latest = event.entry.modRevision
      }
      // Revisions go back when a store is set up anew; removals come before what is there now.
      if (event.kind === 'delete') {
        table.position.revision = Math.min(table.position.revision, event.modRevision - 1)
        table.position.latest = Math.min(table.position.latest, event.modRevision)
      }
    },
  })
}

/** One master key. Exported for those who read them without a table. */
export function parseIdentity(name: string, value: string): Parsed<IdentityRow> {
  const id = parseIdentityId(name)
  if (id === undefined) return { problem: `not an identity between ${allocated.min} and ${allocated.max}` }
  const labels = parseLabels(value)
  if (labels === undefined || value === '') return { problem: 'not a list of labels' }
  if (Object.keys(labels).some((label) => label.startsWith('reserved:'))) {
    return { problem: 'an allocated identity with a reserved label' }
  }
  return { row: { id, labels } }
}

export function parseIdentityId(text: string): IdentityId | undefined {
  if (!/^[1-9]\d{0,8}$/.test(text)) return undefined
  const id = Number(text)
  return id >= allocated.min && id <= allocated.max ? id : undefined
}
