import { objectKey, type SlimEndpointSlice, type SlimService } from '@axoneme/slim-types'
import {
  type Change,
  type Changes,
  type FollowRun,
  follow,
  MultiMap,
  type Table,
  type WritableTable,
} from '@axoneme/tables'
import { frontendsOf } from './frontends.ts'
import type { FrontendRow } from './types.ts'

/** One run of the controller, for metrics. */
export type ServiceRun = FollowRun<'services' | 'slices'> &
  Readonly<{
    /** Services that got their first address, whose addresses or backends were computed again, and that lost their last. */
    added: number
    updated: number
    deleted: number
  }>

export type ServiceControllerOptions = Readonly<{
  services: Table<SlimService>
  slices: Table<SlimEndpointSlice>
  output: WritableTable<FrontendRow>
  /** This node, for `internalTrafficPolicy: Local`. */
  nodeName: string
  observe?: (run: ServiceRun) => void
}>

export type ServiceController = {
  /** Follows the inputs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * [services] x [endpoint-slices] -> [frontends]. Writes nothing before both inputs are complete. A change costs the
 * work of the services it belongs to.
 */
export function createServiceController(options: ServiceControllerOptions): ServiceController {
  return new Controller(options)
}

class Controller implements ServiceController {
  readonly #options: ServiceControllerOptions
  /** Keys of slices by service; the rows are in their table. */
  readonly #slicesOf = new MultiMap<string, string>()
  /** The service of each slice, as it was when it was filed. */
  readonly #serviceOfSlice = new Map<string, string>()
  /** Keys of frontends by service; the rows are in the output, or computed again. */
  readonly #frontendsOf = new MultiMap<string, string>()
  /** Services by frontend: two can claim one address while one takes over from the other. */
  readonly #claims = new MultiMap<string, string>()
  #counts = { added: 0, updated: 0, deleted: 0 }

  constructor(options: ServiceControllerOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { services, slices, output, observe } = this.#options
    await follow<{ services: SlimService; slices: SlimEndpointSlice }>({
      sources: { services, slices },
      apply: (changes) => {
        this.#apply(changes)
        output.markInitialized()
      },
      signal,
      observe: (run) => observe?.({ ...run, ...this.#counts }),
    })
  }

  #apply({ services, slices }: Changes<{ services: SlimService; slices: SlimEndpointSlice }>): void {
    this.#counts = { added: 0, updated: 0, deleted: 0 }
    const dirty = new Set(services.map((change) => change.key))
    for (const change of slices) for (const service of this.#fileSlice(change)) dirty.add(service)
    const computed = new Map<string, readonly FrontendRow[]>()
    const changedKeys = new Set<string>()
    for (const service of dirty) {
      const rows = this.#compute(service)
      computed.set(service, rows)
      for (const key of this.#claim(service, rows)) changedKeys.add(key)
    }
    for (const key of changedKeys) {
      const row = this.#winner(key, (service) => computed.get(service) ?? this.#compute(service))
      if (row === undefined) this.#options.output.delete(key)
      else this.#options.output.upsert(row)
    }
  }

  /** Returns the services that the change touches. */
  #fileSlice({ kind, key, row }: Change<SlimEndpointSlice>): Set<string> {
    const touched = new Set<string>()
    const before = this.#serviceOfSlice.get(key)
    if (before !== undefined) {
      touched.add(before)
      this.#slicesOf.delete(before, key)
      this.#serviceOfSlice.delete(key)
    }
    if (kind === 'delete' || row.serviceName === '') return touched
    const service = objectKey({ namespace: row.namespace, name: row.serviceName })
    touched.add(service)
    this.#slicesOf.add(service, key)
    this.#serviceOfSlice.set(key, service)
    return touched
  }

  #compute(serviceKey: string): readonly FrontendRow[] {
    const { services, slices, nodeName } = this.#options
    const service = services.get(serviceKey)
    if (service === undefined) return []
    const ofService = this.#slicesOf.get(serviceKey).map((key) => slices.get(key))
    return frontendsOf({
      service,
      key: serviceKey,
      slices: ofService.filter((slice) => slice !== undefined),
      nodeName,
    })
  }

  /** Notes which frontends the service has now; returns those and the ones it had. */
  #claim(serviceKey: string, rows: readonly FrontendRow[]): Set<string> {
    const before = this.#frontendsOf.get(serviceKey)
    if (rows.length > 0) this.#counts[before.length > 0 ? 'updated' : 'added']++
    else if (before.length > 0) this.#counts.deleted++
    const touched = new Set(before)
    for (const key of before) {
      this.#frontendsOf.delete(serviceKey, key)
      this.#claims.delete(key, serviceKey)
    }
    for (const { key } of rows) {
      touched.add(key)
      this.#frontendsOf.add(serviceKey, key)
      this.#claims.add(key, serviceKey)
    }
    return touched
  }

  /** Of several services that claim the key the one that sorts first has it: the same on every node. */
  #winner(key: string, rowsOf: (service: string) => readonly FrontendRow[]): FrontendRow | undefined {
    const winner = this.#claims.get(key).toSorted()[0]
    return winner === undefined ? undefined : rowsOf(winner).findLast((row) => row.key === key)
  }
}
