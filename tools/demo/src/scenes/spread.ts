import type { ClusterView, DemoPod, DemoServicePort } from '../cluster-view.ts'
import { expectService } from '../expectation.ts'
import { probe } from '../probe.ts'
import { runLimited } from '../run-limited.ts'
import { chiSquareEven, chiSquareTail } from '../statistics.ts'
import { type Stage, silenceMs } from './context.ts'

const connectionsPerBackend = 30
/** An even spread looks worse than this once in a million runs. */
const leastLikelihood = 1e-6

/** Opens many connections to a service with several backends and shows how they spread. */
export async function showSpread(stage: Stage, cluster: ClusterView): Promise<void> {
  const { printer, checks, signal } = stage
  printer.heading('how connections spread over the backends of a service')
  const found = findClient(cluster)
  if (found === undefined) {
    printer.line('no service has several backends and a client that is allowed to reach all of them')
    return
  }
  const { client, service } = found
  const attempts = Array.from({ length: connectionsPerBackend * service.backends.length }, (_, i) => i)
  const outcomes = await runLimited(attempts, 30, () =>
    probe(
      { netns: client.netns, address: service.clusterIp, port: service.port },
      { timeoutMs: silenceMs, signal },
    ),
  )
  const answers = outcomes.map((outcome) => (outcome.kind === 'open' ? outcome.answeredBy : ''))
  const counts = service.backends.map(({ pod }) => answers.filter((answer) => answer === pod.key).length)
  const likelihood = chiSquareTail(chiSquareEven(counts), counts.length - 1)
  printer.line(`${client.key} -> ${service.service}:${service.port}, ${attempts.length} connections`)
  for (const [i, { pod }] of service.backends.entries()) {
    const count = counts[i] ?? 0
    printer.line(`  ${pod.key.padEnd(40)} ${String(count).padStart(4)}  ${'#'.repeat(Math.round(count / 2))}`)
  }
  printer.line(
    `  chi-square ${chiSquareEven(counts).toFixed(2)}, ${counts.length - 1} degrees of freedom: an even spread looks like this or worse with p = ${likelihood.toPrecision(2)}`,
  )
  const lost = answers.filter((answer) => answer === '').length
  checks.check(
    lost === 0,
    `${service.service}: every connection is answered; ${lost} of ${attempts.length} were not`,
  )
  checks.check(
    likelihood > leastLikelihood,
    `${service.service}: connections spread evenly; they did ${counts.join(' : ')}`,
  )
}

function findClient(cluster: ClusterView): { client: DemoPod; service: DemoServicePort } | undefined {
  const several = cluster.servicePorts
    .filter((service) => service.backends.length > 1)
    .sort((a, b) => b.backends.length - a.backends.length)
  for (const service of several) {
    const client = cluster.pods.find(
      (pod) =>
        !service.backends.some((at) => at.pod.key === pod.key) &&
        !expectService(cluster, { client: pod, service }).mayBeDenied,
    )
    if (client !== undefined) return { client, service }
  }
  return undefined
}
