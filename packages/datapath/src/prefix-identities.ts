import { ipcacheValue } from '@axoneme/bpf-programs'
import { localIdentityRange } from '@axoneme/identity'
import { decodeIpcacheKey } from './ipcache-target.ts'
import type { DatapathObjects } from './objects.ts'

/**
 * The node-local identities of prefixes that the ipcache map holds from an earlier run. Taking the same numbers again
 * keeps policy maps, ipcache and open connections in agreement across a restart.
 */
export function readPrefixIdentities({
  maps,
}: Pick<DatapathObjects, 'maps'>): { prefix: string; identity: number }[] {
  const found: { prefix: string; identity: number }[] = []
  for (const [key, value] of maps.axo_ipcache?.entries() ?? []) {
    const { identity } = ipcacheValue.decode(value)
    if (identity < localIdentityRange.min || identity > localIdentityRange.max) continue
    found.push({ prefix: decodeIpcacheKey(key), identity })
  }
  return found
}
