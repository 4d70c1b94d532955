import { type BpfMap, type MapType, mapFlags, openBpfKernel } from '@axoneme/bpf'
import { mapLayouts } from '@axoneme/bpf-programs'

const types: Readonly<Record<keyof typeof mapLayouts, MapType>> = {
  axo_ct4: 'lru_hash',
  axo_endpoints: 'hash',
  axo_frag4: 'lru_hash',
  axo_ipcache: 'lpm_trie',
  axo_lb4_backends: 'hash',
  axo_lb4_revnat: 'hash',
  axo_lb4_services: 'hash',
  axo_metrics: 'percpu_hash',
  axo_policy: 'lpm_trie',
}

/** A map of the kernel like the datapath's, that nothing else has. It goes when it is closed. */
export function testMap(name: keyof typeof mapLayouts, { maxEntries = 1024 } = {}): BpfMap {
  const { key, value } = mapLayouts[name]
  const type = types[name]
  return openBpfKernel().createMap({
    name,
    type,
    keySize: key.size,
    valueSize: value.size,
    maxEntries,
    flags: type === 'lpm_trie' ? mapFlags.noPrealloc : 0,
  })
}
