/** How big the simulated cluster is. Every object of it follows from these numbers. */
export type ClusterShape = Readonly<{
  nodes: number
  pods: number
  /** Each with one EndpointSlice of `backendsPerService` endpoints. */
  services: number
  namespaces: number
  /** Distinct sets of identity-relevant labels among the pods: as many identities. */
  apps: number
  clusterName: string
}>

/** Also the replicas of a ReplicaSet: a service selects the pods of one. */
export const backendsPerService = 5

/** The ratios of large clusters: a hundred pods to an app, a thousand to a namespace, at most 1,000 and 100 of them. */
export function clusterShape({
  nodes,
  pods,
  services,
  clusterName = 'default',
}: {
  nodes: number
  pods: number
  services: number
  clusterName?: string
}): ClusterShape {
  const apps = clamp(Math.ceil(pods / 100), 1000)
  const namespaces = clamp(Math.ceil(pods / 1000), 100)
  return { nodes, pods, services, namespaces, apps, clusterName }
}

/** What Axoneme is built for. */
export const fullShape = clusterShape({ nodes: 5000, pods: 100_000, services: 20_000 })

function clamp(count: number, max: number): number {
  return Math.min(max, Math.max(1, count))
}
