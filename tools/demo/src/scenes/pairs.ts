import type { ClusterView, DemoPod } from '../cluster-view.ts'
import { evaluate } from '../oracle/evaluate.ts'

export type Pair = Readonly<{ client: DemoPod; server: DemoPod; port: number }>

/** Two pods between which TCP is allowed, or denied; on different nodes if there are such. */
export function findPair(cluster: ClusterView, want: 'allowed' | 'denied'): Pair | undefined {
  const pairs = cluster.pods.flatMap((client) =>
    cluster.pods
      .filter((server) => server.key !== client.key)
      .flatMap((server) => server.tcpPorts.map((port) => ({ client, server, port }))),
  )
  const found = pairs.filter((pair) => isAllowed(cluster, pair) === (want === 'allowed'))
  return found.find(({ client, server }) => client.node !== server.node) ?? found[0]
}

export function isAllowed(cluster: ClusterView, { client, server, port }: Pair): boolean {
  return evaluate(cluster.oracle, { client, server, protocol: 'TCP', port }).allowed
}

export function describePair({ client, server, port }: Pair): string {
  return `${client.key} (${client.node}) -> ${server.key}:${port} (${server.node})`
}

export function targetOf({ client, server, port }: Pair) {
  return { netns: client.netns, address: server.ip, port }
}
