import type { MetricFamilies } from '@axoneme/app-host'
import type { PolicyRun } from '@axoneme/policy'
import { kernelBuckets, slowBuckets } from './buckets.ts'

export type PolicyMetrics = Readonly<{
  run: (run: PolicyRun) => void
  /** A change of the policies is enforced on every endpoint of this node. */
  implemented: (event: { source: string; delayMs: number }) => void
}>

/** The words of Cilium's triggers: why policies were computed. */
const reasons = {
  policies: 'policy rules changed',
  identities: 'one or more identities created or deleted',
  endpoints: 'endpoints changed',
  prefixIdentities: 'prefixes of policies changed',
} as const satisfies Readonly<Record<keyof PolicyRun['changes'], string>>

export function createPolicyMetrics({ counter, gauge, histogram }: MetricFamilies): PolicyMetrics {
  const regenerations = counter({
    name: 'policy_regeneration_total',
    help: 'policies of endpoints that came out new or different',
  })
  const times = histogram({
    name: 'policy_regeneration_time_stats_seconds',
    help: 'computing the policies of the endpoints: taking the changes in, and in all',
    labels: ['scope', 'status'],
    buckets: kernelBuckets,
  })
  const importErrors = counter({
    name: 'policy_import_errors',
    help: 'parts of policies that were found not to be applicable, at each change of such a policy',
  })
  const triggers = counter({
    name: 'triggers_policy_update_total',
    help: 'runs of the policy computation by what changed',
    labels: ['reason'],
  })
  const folds = gauge({
    name: 'triggers_policy_update_folds',
    help: 'changes that the last run of the policy computation took together',
  })
  const durations = histogram({
    name: 'triggers_policy_update_call_duration_seconds',
    help: 'runs of the policy computation',
    labels: ['type'],
    buckets: kernelBuckets,
  })
  const delay = histogram({
    name: 'policy_implementation_delay',
    help: 'seconds from a change of the policies until the datapath of every endpoint of this node enforces it',
    labels: ['source'],
    buckets: slowBuckets,
  })
  return {
    run({ outcome, durationMs, calculationMs, changes, computed, refused }) {
      const status = outcome === 'success' ? 'success' : 'failure'
      regenerations.inc(computed)
      importErrors.inc(refused)
      times.observe({ scope: 'policyCalculation', status }, calculationMs / 1000)
      times.observe({ scope: 'total', status }, durationMs / 1000)
      durations.observe({ type: 'duration' }, durationMs / 1000)
      let folded = 0
      for (const [source, reason] of Object.entries(reasons) as [keyof typeof reasons, string][]) {
        if (changes[source] > 0) triggers.inc({ reason })
        folded += changes[source]
      }
      folds.set(folded)
    },
    implemented: ({ source, delayMs }) => delay.observe({ source }, delayMs / 1000),
  }
}
