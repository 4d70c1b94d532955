import type { ChangeStream, Table } from './table.ts'

/** Resolves when every table has its first whole state. */
export async function allInitialized(tables: readonly Table<unknown>[], signal: AbortSignal): Promise<void> {
  for (const table of tables) await table.whenInitialized(signal)
}

/**
 * Runs `recompute` once all `sources` are initialised, and again whenever one of them changed. Changes that arrive
 * while it runs, and all that arrive in one turn of the event loop, are folded into one run.
 */
export async function derive({
  sources,
  recompute,
  signal,
}: {
  sources: readonly Table<unknown>[]
  recompute: () => void | Promise<void>
  signal: AbortSignal
}): Promise<void> {
  try {
    await allInitialized(sources, signal)
    using streams = openAll(sources)
    for (;;) {
      for (const stream of streams.list) stream.take()
      await recompute()
      await streams.any(signal)
      await new Promise(setImmediate)
      signal.throwIfAborted()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function openAll(sources: readonly Table<unknown>[]) {
  const list: ChangeStream<unknown>[] = sources.map((source) => source.changes())
  return {
    list,
    async any(signal: AbortSignal): Promise<void> {
      const round = new AbortController()
      try {
        await Promise.race(list.map((stream) => stream.wait(AbortSignal.any([signal, round.signal]))))
      } finally {
        round.abort()
      }
    },
    [Symbol.dispose]() {
      for (const stream of list) stream[Symbol.dispose]()
    },
  }
}
