import type { Logger } from '@axoneme/log'
import { KvClient } from '../client.ts'
import type { Observe, ObserveWatch } from '../observe.ts'
import type { RateLimit } from '../rate-limiter.ts'
import type { Kvstore } from '../types.ts'
import { createEmbeddedLink, type EmbeddedLink } from './link.ts'
import { EmbeddedStore, type EmbeddedStoreOptions } from './store.ts'
import { embeddedTransport } from './transport.ts'

export { createEmbeddedLink, type EmbeddedLink } from './link.ts'
export type { EmbeddedStore } from './store.ts'

/** Shared by the clients of one process; has what a test needs to disturb them. */
export function createEmbeddedStore(options: EmbeddedStoreOptions = {}): EmbeddedStore {
  return new EmbeddedStore(options)
}

export type EmbeddedKvstoreOptions = Readonly<{
  /** The data; a new, empty store by default. */
  store?: EmbeddedStore
  /** A link that a test can cut; one that is never cut by default. */
  link?: EmbeddedLink
  leaseTtlS?: number
  log: Logger
  observe?: Observe
  observeWatch?: ObserveWatch
  rateLimit?: RateLimit
  random?: () => number
  signal: AbortSignal
}>

/** A client of an embedded store. */
export async function createEmbeddedKvstore(options: EmbeddedKvstoreOptions): Promise<Kvstore> {
  const {
    store = createEmbeddedStore(),
    link = createEmbeddedLink(),
    leaseTtlS = 900,
    signal,
    ...rest
  } = options
  const client = new KvClient({ ...rest, transport: embeddedTransport(store, link), leaseTtlS })
  try {
    await client.start(signal)
    return client
  } catch (error) {
    await client[Symbol.asyncDispose]()
    throw error
  }
}
