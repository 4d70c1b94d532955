import type { L4Protocol } from '@axoneme/net-types'

export type BackendState = 'active' | 'terminating'

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
  /** Sorted by address and port, without duplicates. */
  backends: readonly Backend[]
}>
