import {
  cidrIdentityLabels,
  type IdentityRow,
  LocalIdentitiesExhaustedError,
  type LocalIdentityAllocator,
} from '@axoneme/identity'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type PrefixIdentityRow, policyCidrs } from '@axoneme/policy'
import type { SlimNetworkPolicy } from '@axoneme/slim-types'
import { type FollowRun, follow, type Table, type WritableTable } from '@axoneme/tables'

export type PrefixIdentityControllerOptions = Readonly<{
  policies: Table<SlimNetworkPolicy>
  /** This controller's alone. What was restored into it and no policy names any more is dropped at the first pass. */
  allocator: Pick<LocalIdentityAllocator, 'acquire' | 'release' | 'dropUnused'>
  output: WritableTable<PrefixIdentityRow>
  /** Where the labels of the identities are told; only rows of prefixes are written and removed. */
  identities: Pick<WritableTable<IdentityRow>, 'upsert' | 'delete'>
  log: Logger
  observe?: ((run: FollowRun) => void) | undefined
}>

export type PrefixIdentityController = {
  /** Follows the policies until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * [policies] -> [prefix-identities]: each prefix that an ipBlock names has one local identity for as long as some
 * policy names it. A prefix for which none is left gets no row, which allows nothing, and is tried again later.
 */
export function createPrefixIdentityController({
  policies,
  allocator,
  output,
  identities,
  log,
  observe,
}: PrefixIdentityControllerOptions): PrefixIdentityController {
  const prefixesOf = new Map<string, readonly string[]>()
  const usersOf = new Map<string, Set<string>>()
  const failed = new Set<string>()
  const setPrefixes = (policy: string, prefixes: readonly string[]) => {
    for (const prefix of prefixesOf.get(policy) ?? []) usersOf.get(prefix)?.delete(policy)
    if (prefixes.length === 0) prefixesOf.delete(policy)
    else prefixesOf.set(policy, prefixes)
    for (const prefix of prefixes) {
      const users = usersOf.get(prefix) ?? new Set<string>()
      users.add(policy)
      usersOf.set(prefix, users)
    }
  }
  const settle = () => {
    for (const [prefix, users] of usersOf) {
      if (users.size > 0) continue
      usersOf.delete(prefix)
      failed.delete(prefix)
      const row = output.get(prefix)
      if (row === undefined) continue
      output.delete(prefix)
      identities.delete(String(row.identity))
      allocator.release(prefix)
    }
    for (const prefix of usersOf.keys()) if (!output.has(prefix)) acquire(prefix)
  }
  const acquire = (prefix: string) => {
    try {
      const identity = allocator.acquire(prefix)
      identities.upsert({ id: identity, labels: cidrIdentityLabels(prefix) })
      output.upsert({ prefix, identity })
      failed.delete(prefix)
    } catch (error) {
      if (!(error instanceof LocalIdentitiesExhaustedError)) throw error
      if (!failed.has(prefix)) {
        log.error('no identity for a prefix, its ipBlocks allow nothing', {
          prefix,
          error: describeError(error),
        })
      }
      failed.add(prefix)
    }
  }
  return {
    run: (signal) =>
      follow<{ policies: SlimNetworkPolicy }>({
        sources: { policies },
        apply: (changes) => {
          for (const change of changes.policies) {
            setPrefixes(change.key, change.kind === 'delete' ? [] : policyCidrs(change.row))
          }
          settle()
          if (!output.initialized) allocator.dropUnused()
          output.markInitialized()
        },
        signal,
        observe,
      }),
  }
}
