import {
  createEmbeddedKvstore,
  type EmbeddedKvstoreOptions,
  type EmbeddedStore,
  type Kvstore,
  openEtcdKvstore,
} from '@axoneme/kvstore'
import { createLogger, type LogEvent } from '@axoneme/log'
import { createIdentityAllocator, type IdentityAllocatorOptions } from '../identity-allocator.ts'
import { createIdentityTable, startIdentityWatcher } from '../identity-table.ts'

/** For this package's tests: clients and allocators of simulated nodes, closed together. */
export class TestCluster implements AsyncDisposable {
  readonly events: LogEvent[] = []
  readonly log = createLogger({ sink: (event) => this.events.push(event), level: 'debug' })
  readonly signal = new AbortController().signal
  readonly #opened: AsyncDisposable[] = []

  keep<T extends AsyncDisposable>(resource: T): T {
    this.#opened.push(resource)
    return resource
  }

  async openEmbedded(
    store: EmbeddedStore,
    options: Pick<EmbeddedKvstoreOptions, 'observe'> = {},
  ): Promise<Kvstore> {
    return this.keep(await createEmbeddedKvstore({ store, log: this.log, signal: this.signal, ...options }))
  }

  async openEtcd(endpoints: readonly string[]): Promise<Kvstore> {
    return this.keep(await openEtcdKvstore({ endpoints, log: this.log, signal: this.signal }))
  }

  startAllocator(store: Kvstore, nodeSuffix: string, options: Partial<IdentityAllocatorOptions> = {}) {
    const { log, signal } = this
    const table = createIdentityTable()
    this.keep(startIdentityWatcher({ store, table, log, signal }))
    return { table, ...this.keepAllocator({ store, table, nodeSuffix, log, signal, ...options }) }
  }

  problems(): string[] {
    return this.events
      .filter(({ level }) => level === 'error')
      .map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#opened.splice(0).reverse()) await resource[Symbol.asyncDispose]()
  }

  keepAllocator(options: IdentityAllocatorOptions) {
    return { allocator: this.keep(createIdentityAllocator(options)) }
  }
}

/** Waits until `condition` holds; the time limit is the test's. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
