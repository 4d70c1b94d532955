import { type IdentityId, type IdentityRow, reservedIdentity } from './types.ts'

type ReservedName = keyof typeof reservedIdentity

const labelNames: Record<ReservedName, readonly string[]> = {
  unknown: ['reserved:unknown'],
  host: ['reserved:host'],
  world: ['reserved:world'],
  unmanaged: ['reserved:unmanaged'],
  health: ['reserved:health'],
  init: ['reserved:init'],
  remoteNode: ['reserved:remote-node'],
  // A host with an apiserver is also a remote node.
  kubeApiserver: ['reserved:kube-apiserver', 'reserved:remote-node'],
  ingress: ['reserved:ingress'],
}

/** The identities that exist without being allocated, with Cilium's labels. */
export const reservedIdentityRows: readonly IdentityRow[] = Object.entries(labelNames).map(
  ([name, labels]) => ({
    id: reservedIdentity[name as ReservedName],
    labels: Object.fromEntries(labels.map((label) => [label, ''])),
  }),
)

export function isReservedIdentity(id: IdentityId): boolean {
  return id >= 0 && id < 256
}
