import { CodedError } from '@axoneme/lifecycle'
import { type IdentityId, localIdentityRange } from './types.ts'

/** Identities of prefixes on this node. No I/O; the same calls give the same identities. */
export type LocalIdentityAllocator = {
  /** The identity of `cidr` (canonical), made if there is none. Each call is one reference. */
  acquire(cidr: string): IdentityId
  /** Gives one reference back. True when it was the last: the identity is gone then. */
  release(cidr: string): boolean
  get(cidr: string): IdentityId | undefined
  /**
   * Takes over identities of an earlier run, without references, so that the datapath's entries stay valid. False,
   * and nothing taken over, when the prefix or the number is taken or the number is out of range.
   */
  restore(cidr: string, id: IdentityId): boolean
  /** Drops what was restored and never acquired; gives those prefixes. */
  dropUnused(): string[]
  readonly size: number
}

export class LocalIdentitiesExhaustedError extends CodedError {
  constructor(cidr: string, size: number) {
    super('LOCAL_IDENTITIES_EXHAUSTED', `identity for ${cidr}: all ${size} local identities are in use`, {
      retryable: true,
      hint: 'policies on this node name too many distinct prefixes; use fewer, wider CIDR rules',
    })
  }
}

/** A number that was released is not used again before all others were: late packets must not meet a new meaning. */
export function createLocalIdentityAllocator({
  min = localIdentityRange.min,
  max = localIdentityRange.max,
}: {
  min?: number
  max?: number
} = {}): LocalIdentityAllocator {
  const byCidr = new Map<string, { id: IdentityId; references: number }>()
  const used = new Set<IdentityId>()
  const size = max - min + 1
  let next = min

  function freeId(cidr: string): IdentityId {
    if (used.size >= size) throw new LocalIdentitiesExhaustedError(cidr, size)
    while (used.has(next)) next = next === max ? min : next + 1
    const id = next
    next = next === max ? min : next + 1
    return id
  }

  function drop(cidr: string, id: IdentityId): void {
    byCidr.delete(cidr)
    used.delete(id)
  }

  return {
    acquire(cidr) {
      let entry = byCidr.get(cidr)
      if (entry === undefined) {
        entry = { id: freeId(cidr), references: 0 }
        byCidr.set(cidr, entry)
        used.add(entry.id)
      }
      entry.references++
      return entry.id
    },
    release(cidr) {
      const entry = byCidr.get(cidr)
      if (entry === undefined || entry.references === 0) return false
      entry.references--
      if (entry.references > 0) return false
      drop(cidr, entry.id)
      return true
    },
    get: (cidr) => byCidr.get(cidr)?.id,
    restore(cidr, id) {
      if (byCidr.has(cidr) || used.has(id) || !Number.isInteger(id) || id < min || id > max) return false
      byCidr.set(cidr, { id, references: 0 })
      used.add(id)
      // New identities continue after the restored ones.
      if (id >= next) next = id === max ? min : id + 1
      return true
    },
    dropUnused() {
      const unused = [...byCidr].filter(([, entry]) => entry.references === 0)
      for (const [cidr, entry] of unused) drop(cidr, entry.id)
      return unused.map(([cidr]) => cidr)
    },
    get size() {
      return byCidr.size
    },
  }
}
