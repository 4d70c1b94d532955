import { objectKey, type SlimEndpointSlice, type SlimService } from '@axoneme/slim-types'
import {
  type Change,
  type Changes,
  type FollowRun,
  follow,
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
  readonly #slicesOf = new Map<string, Map<string, SlimEndpointSlice>>()
  /** The service of each slice, as it was when it was filed. */
  readonly #serviceOfSlice = new Map<string, string>()
  readonly #frontendsOf = new Map<string, readonly FrontendRow[]>()
  /** Rows of each frontend key by service: two services can claim one address while one takes over from the other. */
  readonly #claims = new Map<string, Map<string, FrontendRow>>()
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
    const changedKeys = new Set<string>()
    for (const service of dirty) this.#recompute(service, changedKeys)
    for (const key of changedKeys) this.#publish(key)
  }

  /** Returns the services that the change touches. */
  #fileSlice({ kind, key, row }: Change<SlimEndpointSlice>): Set<string> {
    const touched = new Set<string>()
    const before = this.#serviceOfSlice.get(key)
    if (before !== undefined) {
      touched.add(before)
      const slices = this.#slicesOf.get(before)
      slices?.delete(key)
      if (slices?.size === 0) this.#slicesOf.delete(before)
      this.#serviceOfSlice.delete(key)
    }
    if (kind === 'delete' || row.serviceName === '') return touched
    const service = objectKey({ namespace: row.namespace, name: row.serviceName })
    touched.add(service)
    const slices = this.#slicesOf.get(service) ?? new Map<string, SlimEndpointSlice>()
    slices.set(key, row)
    this.#slicesOf.set(service, slices)
    this.#serviceOfSlice.set(key, service)
    return touched
  }

  #recompute(serviceKey: string, changedKeys: Set<string>): void {
    const service = this.#options.services.get(serviceKey)
    const slices = [...(this.#slicesOf.get(serviceKey)?.values() ?? [])]
    const rows =
      service === undefined ? [] : frontendsOf({ service, slices, nodeName: this.#options.nodeName })
    for (const row of this.#frontendsOf.get(serviceKey) ?? []) {
      changedKeys.add(row.key)
      const claims = this.#claims.get(row.key)
      claims?.delete(serviceKey)
      if (claims?.size === 0) this.#claims.delete(row.key)
    }
    const isKnown = this.#frontendsOf.has(serviceKey)
    if (rows.length > 0) this.#counts[isKnown ? 'updated' : 'added']++
    else if (isKnown) this.#counts.deleted++
    if (rows.length === 0) this.#frontendsOf.delete(serviceKey)
    else this.#frontendsOf.set(serviceKey, rows)
    for (const row of rows) {
      changedKeys.add(row.key)
      const claims = this.#claims.get(row.key) ?? new Map<string, FrontendRow>()
      claims.set(serviceKey, row)
      this.#claims.set(row.key, claims)
    }
  }

  /** Of several services that claim the key the one that sorts first has it: the same on every node. */
  #publish(key: string): void {
    const claims = this.#claims.get(key)
    const winner = claims === undefined ? undefined : [...claims.keys()].sort()[0]
    const row = winner === undefined ? undefined : claims?.get(winner)
    if (row === undefined) this.#options.output.delete(key)
    else this.#options.output.upsert(row)
  }
}
