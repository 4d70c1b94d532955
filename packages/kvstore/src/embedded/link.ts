import { KvstoreError } from '../errors.ts'

/** The connection of clients to an embedded store, which a test can cut. */
export type EmbeddedLink = {
  readonly reachable: boolean
  /** While cut, every call fails and every watch ends. */
  setReachable(reachable: boolean): void
  /** Settles at the next change. */
  readonly changed: Promise<void>
}

export function createEmbeddedLink(): EmbeddedLink {
  let reachable = true
  let changed = Promise.withResolvers<void>()
  return {
    get reachable() {
      return reachable
    },
    get changed() {
      return changed.promise
    },
    setReachable(next) {
      reachable = next
      changed.resolve()
      changed = Promise.withResolvers()
    },
  }
}

export function assertReachable(link: EmbeddedLink, operation: string, key: string): void {
  if (link.reachable) return
  throw new KvstoreError('KVSTORE_UNAVAILABLE', {
    operation,
    key,
    hint: 'the embedded store was made unreachable',
  })
}
