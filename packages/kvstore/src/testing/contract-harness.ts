import { setTimeout as delay } from 'node:timers/promises'
import type { KvOperationEvent } from '../observe.ts'
import type { RateLimit } from '../rate-limiter.ts'
import type { KvEvent, Kvstore } from '../types.ts'

/** How the suite opens clients of one store and disturbs them. Each case gets an empty store. */
export type ContractHarness = Readonly<{
  /** A client of its own; the harness closes it after the case. */
  open(options?: {
    leaseTtlS?: number
    rateLimit?: RateLimit
    observe?: (event: KvOperationEvent) => void
  }): Promise<Kvstore>
  /** A client that `interrupt` does not disturb. */
  outsider: Kvstore
  /** Takes a lease away on the store's side. */
  expireLease(leaseId: string): Promise<void>
  /** Forgets the store's history up to now. */
  compact(): Promise<void>
  /** Runs `meanwhile` while the clients that were opened do not reach the store. */
  interrupt(meanwhile: () => Promise<void>): Promise<void>
}>

export type ContractCase = Readonly<{ name: string; run: (harness: ContractHarness) => Promise<void> }>

/** Waits until `condition` holds; the case's time limit is the runner's. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += 10) {
    if (waitedMs > 20_000) throw new Error(`still waiting until ${what}`)
    await delay(10)
  }
}

/** Follows a prefix into a map, as a reader does. */
export function follow(store: Kvstore, prefix: string) {
  const stop = new AbortController()
  const events: KvEvent[] = []
  const state = new Map<string, string>()
  const running = (async () => {
    for await (const event of store.watchPrefix(prefix, { signal: stop.signal })) {
      events.push(event)
      if (event.kind === 'upsert') state.set(event.entry.key, event.entry.value)
      if (event.kind === 'delete') state.delete(event.key)
    }
  })()
  return {
    events,
    state,
    /** Settles when the watch ends. */
    running,
    isSynced: () => events.some((event) => event.kind === 'synced'),
    /** One word per event: `+key`, `-key`, `synced`. */
    words: () => events.map(wordOf),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

function wordOf(event: KvEvent): string {
  if (event.kind === 'synced' || event.kind === 'history-lost') return event.kind
  return event.kind === 'upsert' ? `+${event.entry.key}=${event.entry.value}` : `-${event.key}`
}

export function stateOf(entries: readonly { key: string; value: string }[]): Map<string, string> {
  return new Map(entries.map(({ key, value }) => [key, value]))
}
