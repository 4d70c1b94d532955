import type { L4Protocol } from '@axoneme/net-types'

/**
 * `active`: takes connections. `terminating`: takes new ones only while no backend is active. `draining`: keeps the
 * connections that it has and takes no new ones (not ready, or ending and no longer serving).
 */
export type BackendState = 'active' | 'terminating' | 'draining'

export type Backend = Readonly<{
  address: string
  port: number
  protocol: L4Protocol
  state: BackendState
  nodeName: string
}>

/** One address and port of a service with the backends that serve it. */
export type FrontendRow = Readonly<{
  /** `10.96.0.1:80/TCP`; IPv6 addresses in brackets. */
  key: string
  address: string
  port: number
  protocol: L4Protocol
  kind: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalIP'
  /** `namespace/name` of the service. */
  service: string
  portName: string
  /** Seconds a client stays with its backend; 0: no affinity. */
  affinityTimeoutSeconds: number
  /**
   * Every endpoint of the port in whatever state, sorted by address and port, without duplicates. Those that take new
   * connections: see `serving`.
   */
  backends: readonly Backend[]
}>

/** The backends that take new connections: the active ones; while there is none, the terminating ones (KEP-1669). */
export function serving(backends: readonly Backend[]): Backend[] {
  const active = backends.filter((backend) => backend.state === 'active')
  return active.length > 0 ? active : backends.filter((backend) => backend.state === 'terminating')
}

const statesBestFirst: readonly BackendState[] = ['active', 'terminating', 'draining']

/** Negative when `a` is the better state. */
export function compareStates(a: BackendState, b: BackendState): number {
  return statesBestFirst.indexOf(a) - statesBestFirst.indexOf(b)
}
