import { addressFamily, ipcacheKey, ipcacheValue } from '@axoneme/bpf-programs'
import { localIdentityRange } from '@axoneme/identity'
import { formatCidr } from '@axoneme/net-types'
import { ipcacheFixedBits } from './ipcache-target.ts'
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
    const { prefixLength, family, address } = ipcacheKey.decode(key)
    const bytes = family === addressFamily.ipv4 ? address.subarray(0, 4) : address
    found.push({
      prefix: formatCidr({ address: bytes, prefixLength: prefixLength - ipcacheFixedBits }),
      identity,
    })
  }
  return found
}
