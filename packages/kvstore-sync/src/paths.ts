/**
 * Cilium's key layout (pkg/kvstore, Documentation on the kvstore; it is declared a stable interface there). Prefixes
 * end with a slash.
 */
const state = 'cilium/state'

export const identityPaths = {
  /** Master keys: `<id>` -> labels. Without a lease; removed by the operator when unused. */
  idPrefix: `${state}/identities/v1/id/`,
  /** Slave keys: `<labels>/<node suffix>` -> id. Leased: the identity is in use on that node. */
  valuePrefix: `${state}/identities/v1/value/`,
  lockPrefix: `${state}/identities/v1/locks/`,
  /**
   * Not of Cilium's layout, and nothing to it: `<shard of the labels>` -> the identity that was made last for labels of
   * the shard. Whoever makes one learns by it what its table has to know, and that nobody else made one meanwhile.
   */
  createdPrefix: `${state}/identities/v1/created/`,
} as const

export function ipPrefix(cluster: string): string {
  return `${state}/ip/v1/${cluster}/`
}

export function nodePrefix(cluster: string): string {
  return `${state}/nodes/v1/${cluster}/`
}
