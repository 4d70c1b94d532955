import { CodedError } from '@axoneme/lifecycle'

/** Whether the Kubernetes label `key` (without its source) counts for identities. */
export type LabelFilter = (key: string) => boolean

type Rule = Readonly<{ ignores: boolean; expression: RegExp }>

/**
 * Cilium's default rules (pkg/labelsfilter: defaultLabelPrefixCfg), in the syntax of its option `labels`. Those about
 * labels that are not of Kubernetes are left out.
 */
const defaultRules: readonly string[] = [
  String.raw`k8s:io\.kubernetes\.pod\.namespace`,
  String.raw`k8s:io\.cilium\.k8s\.namespace\.labels`,
  String.raw`k8s:app\.kubernetes\.io`,
  String.raw`k8s:io\.cilium\.k8s\.policy\.cluster`,
  String.raw`!io\.kubernetes`,
  String.raw`!kubernetes\.io`,
  String.raw`!statefulset\.kubernetes\.io/pod-name`,
  String.raw`!apps\.kubernetes\.io/pod-index`,
  String.raw`!batch\.kubernetes\.io/job-completion-index`,
  String.raw`!batch\.kubernetes\.io/controller-uid`,
  String.raw`!.*beta\.kubernetes\.io`,
  // Copied from node to pod by Kubernetes since 1.33; Cilium 1.19 leaves them out.
  String.raw`!topology\.kubernetes\.io`,
  String.raw`!k8s\.io`,
  '!pod-template-generation',
  '!pod-template-hash',
  '!controller-revision-hash',
  '!annotation.*',
  '!etcd_node',
]

class LabelRuleError extends CodedError {
  constructor(rule: string, cause?: unknown) {
    super('IDENTITY_LABEL_RULE', `identity label rule ${JSON.stringify(rule)} is not understood`, {
      hint: 'a rule is [source:][!]expression, for instance k8s:app or !job-name; the expression matches the start of a key',
      ...(cause === undefined ? {} : { cause }),
    })
  }
}

/**
 * The filter of Cilium's default rules and these: `[source:][!]expression` each, several in one text separated by white
 * space. The expression is matched at the start of a key. A label is left out when a rule with `!` matches it, unless one
 * without matches over a longer part of the key; once a rule without `!` is given here, what no such rule matches is left
 * out too. Throws IDENTITY_LABEL_RULE.
 */
export function createLabelFilter(rules: readonly string[] = []): LabelFilter {
  const own = rules.flatMap((text) => text.split(/\s+/)).filter((text) => text !== '')
  const parsed = own.map(parseRule)
  const onlyIncluded = parsed.some((rule) => rule !== undefined && !rule.ignores)
  const all = [...defaultRules.map(parseRule), ...parsed].filter((rule) => rule !== undefined)
  return (key) => {
    let longestIncluded = 0
    let shortestIgnored = Number.POSITIVE_INFINITY
    for (const { ignores, expression } of all) {
      const length = expression.exec(key)?.[0].length
      if (length === undefined) continue
      if (ignores) shortestIgnored = Math.min(shortestIgnored, length)
      else longestIncluded = Math.max(longestIncluded, length)
    }
    if (shortestIgnored === Number.POSITIVE_INFINITY) return !onlyIncluded || longestIncluded > 0
    return longestIncluded > shortestIgnored
  }
}

/** By the default rules alone. */
export const isIdentityLabel: LabelFilter = createLabelFilter()

/** Undefined for a rule about labels of another source: those of pods are all `k8s`. */
function parseRule(text: string): Rule | undefined {
  const colon = text.indexOf(':')
  const source = colon < 0 ? '' : text.slice(0, colon)
  const rest = text.slice(colon + 1)
  const ignores = rest.startsWith('!')
  const expression = ignores ? rest.slice(1) : rest
  if (expression === '') throw new LabelRuleError(text)
  try {
    const rule = { ignores, expression: new RegExp(`^(?:${expression})`) }
    return source === '' || source === 'k8s' ? rule : undefined
  } catch (error) {
    throw new LabelRuleError(text, error)
  }
}
