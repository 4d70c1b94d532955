import type { EndpointRow } from '@axoneme/endpoint'
import type { IdentityId } from '@axoneme/identity'
import type { IpcacheRow } from '@axoneme/ipcache'
import { cidrContains, parseCidr, parseIp } from '@axoneme/net-types'
import { NotFoundError } from './errors.ts'

/** The endpoint with an id, or of the pod `namespace/name`. @throws NotFoundError */
export function resolveEndpoint(endpoints: Iterable<EndpointRow>, name: string): EndpointRow {
  for (const row of endpoints) {
    if (String(row.id) === name || `${row.namespace}/${row.podName}` === name) return row
  }
  throw new NotFoundError(`endpoint ${JSON.stringify(name)}`, {
    hint: 'name an endpoint by its id or by namespace/pod; `axo endpoint list` lists those of this node',
  })
}

/** The identity that `peer` names: a number, an address, or a pod of this node. @throws NotFoundError */
export function resolvePeer(
  peer: string,
  { endpoints, ipcache }: { endpoints: Iterable<EndpointRow>; ipcache: Iterable<IpcacheRow> },
): IdentityId {
  if (/^\d{1,10}$/.test(peer)) return Number(peer)
  if (parseIp(peer) === undefined) return resolveEndpoint(endpoints, peer).identity
  const identity = identityOfAddress(peer, ipcache)
  if (identity === undefined) throw new NotFoundError(`identity for ${peer} in the ipcache`)
  return identity
}

/** The longest prefix wins, as in the datapath. */
function identityOfAddress(address: string, ipcache: Iterable<IpcacheRow>): IdentityId | undefined {
  const host = parseCidr(address)
  let best: { length: number; identity: IdentityId } | undefined
  for (const row of ipcache) {
    const prefix = parseCidr(row.cidr)
    if (host === undefined || prefix === undefined || !cidrContains(prefix, host)) continue
    if (best === undefined || prefix.prefixLength > best.length) {
      best = { length: prefix.prefixLength, identity: row.identity }
    }
  }
  return best?.identity
}
