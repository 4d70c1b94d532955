import type { KeepLost, KvEntry, KvEvent, Kvstore } from '@axoneme/kvstore'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { WritableTable } from '@axoneme/tables'

/** A row, or why there is none. */
export type Parsed<Row> = Readonly<{ row: Row } | { problem: string }>

export type TableWatcherOptions<Row> = Readonly<{
  store: Pick<Kvstore, 'watchPrefix'>
  prefix: string
  table: WritableTable<Row>
  /** `name` is the key without the prefix. */
  parse: (name: string, value: string, modRevision: number) => Parsed<Row>
  /** The table's key of the row that comes from `name`; undefined for a name that no row may come from. */
  rowKey: (name: string) => string | undefined
  log: Logger
  signal: AbortSignal
  /** Rows stay for a while when a store lost them with its history; without it they go at once. */
  keepLost?: KeepLost | undefined
  /** Sees every event once the table has it. */
  afterEvent?: ((event: KvEvent) => void) | undefined
}>

/**
 * For tables of what other nodes own: they put it back within seconds, and the datapath goes on with what is known until
 * then. Nobody can tell what is really gone before the others had the time.
 */
export const keepOthersEntries: KeepLost = { quietMs: 10_000, maxMs: 60_000 }

/** Events between which other work gets its turn. */
const eventsPerTurn = 500

/**
 * Makes a table equal to what is under a prefix, and marks it initialised once it is for the first time. An entry that
 * cannot be used is logged once and treated as if it were not there.
 */
export function startTableWatcher<Row>(options: TableWatcherOptions<Row>): AsyncDisposable {
  const { store, prefix, table, keepLost, log, afterEvent } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const bad = new Set<string>()

  function apply(event: KvEvent): void {
    if (event.kind === 'synced') {
      log.info('synced', { prefix, rows: table.size })
      table.markInitialized()
    } else if (event.kind === 'upsert') upsert(event.entry)
    else if (event.kind === 'delete') remove(event.key)
  }

  function upsert({ key, value, modRevision }: KvEntry): void {
    const name = key.slice(prefix.length)
    const parsed = options.parse(name, value, modRevision)
    if ('row' in parsed) {
      bad.delete(key)
      table.upsert(parsed.row)
      return
    }
    if (!bad.has(key)) log.warn('entry ignored', { key, problem: parsed.problem })
    bad.add(key)
    deleteRow(name)
  }

  function remove(key: string): void {
    if (!bad.delete(key)) deleteRow(key.slice(prefix.length))
  }

  function deleteRow(name: string): void {
    const rowKey = options.rowKey(name)
    if (rowKey !== undefined) table.delete(rowKey)
  }

  async function run(): Promise<void> {
    let applied = 0
    for await (const event of store.watchPrefix(prefix, { signal, keepLost })) {
      apply(event)
      afterEvent?.(event)
      if (++applied % eventsPerTurn === 0) await new Promise(setImmediate)
    }
  }

  const running = run().catch((error: unknown) => {
    if (!signal.aborted) log.error('watch ended', { prefix, error: describeError(error) })
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException(`watcher of ${prefix} stopped`, 'AbortError'))
      await running
    },
  }
}
