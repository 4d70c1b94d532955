import { allInitialized } from './derive.ts'
import type { Change, ChangeStream, Table } from './table.ts'

/** What changed in each source since the last time, by the source's name. */
export type Changes<Rows> = { readonly [Name in keyof Rows]: readonly Change<Rows[Name]>[] }

/**
 * Hands over the changes of several tables together: all rows once every source is initialised (also when there are
 * none), then whatever changed. Changes that arrive while `apply` runs, and all that arrive in one turn of the event
 * loop, are folded into one call. Ends without an error when the signal aborts.
 */
export async function follow<Rows extends Readonly<Record<string, unknown>>>({
  sources,
  apply,
  signal,
}: {
  sources: { readonly [Name in keyof Rows]: Table<Rows[Name]> }
  apply: (changes: Changes<Rows>) => void | Promise<void>
  signal: AbortSignal
}): Promise<void> {
  const names = Object.keys(sources) as (keyof Rows & string)[]
  using stack = new DisposableStack()
  const streams = new Map<keyof Rows, ChangeStream<Rows[keyof Rows]>>()
  try {
    await allInitialized(
      names.map((name) => sources[name]),
      signal,
    )
    for (const name of names) streams.set(name, stack.use(sources[name].changes()))
    for (;;) {
      const taken = names.map((name) => [name, streams.get(name)?.take() ?? []])
      await apply(Object.fromEntries(taken) as Changes<Rows>)
      await anyPending([...streams.values()], signal)
      await new Promise(setImmediate)
      signal.throwIfAborted()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function anyPending(streams: readonly ChangeStream<unknown>[], signal: AbortSignal): Promise<void> {
  const round = new AbortController()
  const either = AbortSignal.any([signal, round.signal])
  try {
    await Promise.race(streams.map((stream) => stream.wait(either)))
  } finally {
    round.abort()
  }
}
