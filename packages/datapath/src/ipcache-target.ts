import type { BpfMap } from '@axoneme/bpf'
import { addressFamily, ipcacheKey, ipcacheValue } from '@axoneme/bpf-programs'
import type { IpcacheRow } from '@axoneme/ipcache'
import { CodedError } from '@axoneme/lifecycle'
import { canonicalCidr, formatCidr, parseCidr } from '@axoneme/net-types'
import type { Target } from '@axoneme/reconciler'
import { ipv4Number } from './ipv4.ts'

/** Bits of the ipcache key before the address. */
const ipcacheFixedBits = 32

/** [ipcache] -> the ipcache map: prefix to identity and tunnel endpoint. */
export function ipcacheTarget(map: BpfMap): Target<IpcacheRow> {
  return {
    update: (row) => map.update(encodeIpcacheKey(row.cidr), encodeIpcacheValue(row)),
    delete: (cidr) => void map.delete(encodeIpcacheKey(cidr)),
    prune(rows) {
      const wanted = new Set(rows.map(({ cidr }) => canonicalCidr(cidr)))
      for (const [key] of map.entries()) if (!wanted.has(decodeIpcacheKey(key))) map.delete(key)
    },
  }
}

export function encodeIpcacheKey(cidr: string): Buffer {
  const prefix = parseCidr(cidr)
  if (prefix === undefined)
    throw new CodedError('IPCACHE_PREFIX', `encode ipcache prefix ${cidr}: not a prefix`)
  const address = new Uint8Array(16)
  address.set(prefix.address)
  return ipcacheKey.encode({
    prefixLength: ipcacheFixedBits + prefix.prefixLength,
    family: prefix.address.length === 4 ? addressFamily.ipv4 : addressFamily.ipv6,
    address,
  })
}

/** The canonical prefix. */
export function decodeIpcacheKey(key: Buffer): string {
  const { prefixLength, family, address } = ipcacheKey.decode(key)
  const length = family === addressFamily.ipv4 ? 4 : 16
  return formatCidr({ address: address.subarray(0, length), prefixLength: prefixLength - ipcacheFixedBits })
}

function encodeIpcacheValue(row: IpcacheRow): Buffer {
  const { identity, encryptKey } = row
  if (row.tunnelEndpoint === '') return ipcacheValue.encode({ identity, tunnelEndpoint: 0, encryptKey })
  const tunnel = ipv4Number(row.tunnelEndpoint)
  if (tunnel === undefined) {
    throw new CodedError(
      'IPCACHE_TUNNEL',
      `encode ipcache entry ${row.cidr}: tunnel endpoint ${row.tunnelEndpoint}`,
      {
        hint: 'tunnel endpoints are IPv4 addresses',
      },
    )
  }
  return ipcacheValue.encode({ identity, tunnelEndpoint: tunnel, encryptKey })
}
