import { abortable } from '@axoneme/lifecycle'
import type { ChangeStream, WritableTable } from '@axoneme/tables'

/** A table that counts what is written to it and keeps nothing: what five thousand agents in one process can afford. */
export function createHollowTable<Row>(name: string): WritableTable<Row> {
  const filled = Promise.withResolvers<void>()
  let initialized = false
  let revision = 0
  return {
    name,
    size: 0,
    get revision() {
      return revision
    },
    get initialized() {
      return initialized
    },
    whenInitialized: (signal) => (initialized ? Promise.resolve() : abortable(filled.promise, signal)),
    get: () => undefined,
    has: () => false,
    rows: () => [].values(),
    keys: () => [].values(),
    byIndex: () => [],
    changes: noChanges,
    byHash: undefined,
    upsert() {
      revision++
      return true
    },
    replace() {
      revision++
    },
    delete() {
      revision++
      return true
    },
    replaceAll(rows) {
      for (const _ of rows) revision++
    },
    markInitialized() {
      initialized = true
      filled.resolve()
    },
  }
}

function noChanges<Row>(): ChangeStream<Row> {
  return {
    take: () => [],
    wait: (signal) => abortable(new Promise<void>(() => {}), signal),
    async *batches() {},
    [Symbol.dispose]() {},
  }
}
