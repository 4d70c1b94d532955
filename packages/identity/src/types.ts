/** A security identity: the number that stands for a set of security-relevant labels in the datapath. */
export type IdentityId = number & { readonly __brand?: 'IdentityId' }

/** Cilium's reserved identities. */
export const reservedIdentity = {
  unknown: 0,
  host: 1,
  world: 2,
  unmanaged: 3,
  health: 4,
  init: 5,
  remoteNode: 6,
  kubeApiserver: 7,
  ingress: 8,
} as const satisfies Record<string, IdentityId>

/** Cluster-wide identities, allocated through the kvstore. */
export const clusterIdentityRange = { min: 256, max: 65535 } as const
/** Identities of prefixes, allocated by each node for itself (Cilium's scope flag 1 << 24). */
export const localIdentityRange = { min: 1 << 24, max: (1 << 24) + 65535 } as const

/**
 * One identity and its labels. Label keys carry their source, as in Cilium: `k8s:app`, `reserved:host`,
 * `cidr:10.0.0.0/8`.
 */
export type IdentityRow = Readonly<{ id: IdentityId; labels: Readonly<Record<string, string>> }>
