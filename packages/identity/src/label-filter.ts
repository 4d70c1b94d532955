/**
 * Which labels make an identity, by Cilium's default rules (pkg/labelsfilter: defaultLabelPrefixCfg). Each rule is
 * matched at the start of a key; a label is left out when a rule ignores it, unless a rule that includes it matches
 * over a longer part of the key.
 */
const included: readonly RegExp[] = [
  /^io\.kubernetes\.pod\.namespace/,
  /^io\.cilium\.k8s\.namespace\.labels/,
  /^app\.kubernetes\.io/,
  /^io\.cilium\.k8s\.policy\.cluster/,
]

const ignored: readonly RegExp[] = [
  /^io\.kubernetes/,
  /^kubernetes\.io/,
  /^statefulset\.kubernetes\.io\/pod-name/,
  /^apps\.kubernetes\.io\/pod-index/,
  /^batch\.kubernetes\.io\/job-completion-index/,
  /^batch\.kubernetes\.io\/controller-uid/,
  /^.*beta\.kubernetes\.io/,
  // Copied from node to pod by Kubernetes since 1.33; Cilium 1.19 leaves them out.
  /^topology\.kubernetes\.io/,
  /^k8s\.io/,
  /^pod-template-generation/,
  /^pod-template-hash/,
  /^controller-revision-hash/,
  /^annotation.*/,
  /^etcd_node/,
]

/** Whether the Kubernetes label `key` (without its source) counts for identities. */
export function isIdentityLabel(key: string): boolean {
  let shortestIgnored = Number.POSITIVE_INFINITY
  for (const rule of ignored)
    shortestIgnored = Math.min(shortestIgnored, matchLength(rule, key) ?? shortestIgnored)
  if (shortestIgnored === Number.POSITIVE_INFINITY) return true
  return included.some((rule) => (matchLength(rule, key) ?? 0) > shortestIgnored)
}

function matchLength(rule: RegExp, key: string): number | undefined {
  return rule.exec(key)?.[0].length
}
