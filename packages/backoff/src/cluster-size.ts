/**
 * The interval of something that touches a central service, grown with the cluster: base * ln(1 + nodes), so that
 * the total rate over all nodes grows far slower than their number. An empty cluster has the base interval.
 * The formula is Cilium's (pkg/backoff ClusterSizeDependantInterval).
 */
export function clusterSizeInterval(baseMs: number, nodeCount: number): number {
  return nodeCount <= 0 ? baseMs : baseMs * Math.log1p(nodeCount)
}
