import { openBpfKernel } from '@axoneme/bpf'
import { ipcacheKey, ipcacheValue } from '@axoneme/bpf-programs'

/** What an agent has told the kernel of pods' addresses: the map that the datapath looks them up in. */
export type KernelIpcache = Disposable & {
  /** The identity of an address; undefined while there is no entry for just it. */
  identityOf(address: string): number | undefined
}

export function openKernelIpcache(path: string): KernelIpcache {
  const map = openBpfKernel().openPinnedMap(path)
  return {
    identityOf(address) {
      const value = map.lookup(encodeAddress(address))
      if (value === undefined) return undefined
      // A lookup finds the longest prefix: the node's pod range stands for addresses that are not known.
      const { identity } = ipcacheValue.decode(value)
      return identity < 256 ? undefined : identity
    },
    [Symbol.dispose]: () => map.close(),
  }
}

function encodeAddress(address: string): Buffer {
  const bytes = new Uint8Array(16)
  bytes.set(address.split('.').map(Number))
  return ipcacheKey.encode({ prefixLength: 32 + 32, family: 1, address: bytes })
}
