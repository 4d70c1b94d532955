import type { ClusterView, DemoPod, DemoServicePort } from './cluster-view.ts'
import { evaluate } from './oracle/evaluate.ts'
import type { Outcome } from './probe.ts'

/** Who may answer, and whether silence is possible. For a service that depends on the backend that is chosen. */
export type Expectation = Readonly<{
  /** Pods that may answer (`namespace/name`). */
  mayAnswer: readonly string[]
  /** Whether the policies deny at least one of the ways that the connection can take, or there is no way. */
  mayBeDenied: boolean
  /** For people. */
  why: string
}>

/** The reason of an expectation where nothing is behind a service. */
export const noBackends = 'no backends'

export function expectPod(
  cluster: ClusterView,
  { client, server, port }: { client: DemoPod; server: DemoPod; port: number },
): Expectation {
  const { allowed, why } = evaluate(cluster.oracle, { client, server, protocol: 'TCP', port })
  return { mayAnswer: allowed ? [server.key] : [], mayBeDenied: !allowed, why }
}

/** A service is as allowed as the backend that was chosen, at the backend's own port. */
export function expectService(
  cluster: ClusterView,
  { client, service }: { client: DemoPod; service: DemoServicePort },
): Expectation {
  const ways = service.backends.map(({ pod, port }) => expectPod(cluster, { client, server: pod, port }))
  return {
    mayAnswer: ways.flatMap((way) => way.mayAnswer),
    mayBeDenied: ways.length === 0 || ways.some((way) => way.mayBeDenied),
    why: ways.length === 0 ? noBackends : [...new Set(ways.map((way) => way.why))].join(' | '),
  }
}

/** Whether what was seen is what the policies say. A refusal is right only where nothing is behind the address. */
export function isAsExpected(expectation: Expectation, outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'open':
      return expectation.mayAnswer.includes(outcome.answeredBy)
    case 'timeout':
      return expectation.mayBeDenied
    case 'refused':
      return expectation.why === noBackends
  }
}

export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'open') return `open (${outcome.answeredBy} answered)`
  return outcome.kind === 'refused' ? `refused (${outcome.reason})` : 'timeout'
}

export function describeExpectation({ mayAnswer, mayBeDenied }: Expectation): string {
  if (mayAnswer.length === 0) return 'denied'
  return mayBeDenied ? `open to ${mayAnswer.join(', ')} or denied` : `open to ${mayAnswer.join(', ')}`
}
