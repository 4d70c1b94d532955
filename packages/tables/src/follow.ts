import { allInitialized } from './derive.ts'
import type { Change, ChangeStream, Table } from './table.ts'

/** What changed in each source since the last time, by the source's name. */
export type Changes<Rows> = { readonly [Name in keyof Rows]: readonly Change<Rows[Name]>[] }

/** One call of `apply`, for metrics. */
export type FollowRun<Names extends string = string> = Readonly<{
  outcome: 'success' | 'fail'
  durationMs: number
  /** Rows that were handed over, by the source's name. */
  changes: Readonly<Record<Names, number>>
}>

/**
 * Hands over the changes of several tables together: all rows once every source is initialised (also when there are
 * none), then whatever changed. Changes that arrive while `apply` runs, and all that arrive in one turn of the event
 * loop, are folded into one call. Ends without an error when the signal aborts.
 */
export async function follow<Rows extends Readonly<Record<string, unknown>>>({
  sources,
  apply,
  signal,
  observe,
}: {
  sources: { readonly [Name in keyof Rows]: Table<Rows[Name]> }
  apply: (changes: Changes<Rows>) => void | Promise<void>
  signal: AbortSignal
  /** Hears of each call of `apply` when it is over; not of one that failed because the signal aborted. */
  observe?: ((run: FollowRun<keyof Rows & string>) => void) | undefined
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
    // A call of its own: what was handed over must not be held while nothing happens.
    const applyOnce = async (): Promise<void> => {
      const taken = names.map((name) => [name, streams.get(name)?.take() ?? []])
      const changes = Object.fromEntries(taken) as Changes<Rows>
      const startedMs = performance.now()
      const report = (outcome: FollowRun['outcome']) =>
        observe?.({ outcome, durationMs: performance.now() - startedMs, changes: countsOf(changes) })
      try {
        await apply(changes)
      } catch (error) {
        if (!signal.aborted) report('fail')
        throw error
      }
      report('success')
    }
    for (;;) {
      await applyOnce()
      await anyPending([...streams.values()], signal)
      await new Promise(setImmediate)
      signal.throwIfAborted()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function countsOf<Rows>(changes: Changes<Rows>): Record<keyof Rows & string, number> {
  const counts = Object.entries<readonly unknown[]>(changes).map(([name, rows]) => [name, rows.length])
  return Object.fromEntries(counts) as Record<keyof Rows & string, number>
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
