import { getJson } from '@axoneme/k8s-client'
import { z } from 'zod'
import type { ClusterView, DemoPod, DemoServicePort } from '../cluster-view.ts'
import { expectService } from '../expectation.ts'
import { selectorMatches } from '../oracle/selector.ts'
import { probe } from '../probe.ts'
import { runLimited } from '../run-limited.ts'
import { settle } from '../settle.ts'
import { chiSquareEven, chiSquareTail } from '../statistics.ts'
import { type Stage, silenceMs } from './context.ts'

const connectionsPerBackend = 30
const scaledReplicas = 3
const settleLimitMs = 60_000
/** An even spread looks worse than this once in a million runs. */
const leastLikelihood = 1e-6

/**
 * Opens many connections to a service with several backends and shows how they spread. Where no service has several,
 * a deployment behind one is scaled for the time being. Gives the cluster as it is afterwards.
 */
export async function showSpread(stage: Stage, cluster: ClusterView): Promise<ClusterView> {
  const { printer } = stage
  printer.heading('how connections spread over the backends of a service')
  const found = findClient(cluster, (backends) => backends > 1)
  if (found !== undefined) {
    await measureSpread(stage, found)
    return cluster
  }
  const single = findClient(cluster, (backends) => backends === 1)
  const deployment = single === undefined ? undefined : await deploymentBehind(stage, single.service)
  if (single === undefined || deployment === undefined) {
    printer.line('no service has several backends and a client that is allowed to reach all of them')
    return cluster
  }
  const { namespace } = single.service
  const scale = (replicas: number) =>
    kubectlAndSettle(stage, ['scale', 'deployment', deployment, '-n', namespace, `--replicas=${replicas}`])
  printer.line(
    `no service has several backends: deployment ${namespace}/${deployment} is scaled to ${scaledReplicas} for this`,
  )
  const scaled = findClient(await scale(scaledReplicas), (backends) => backends > 1)
  if (scaled === undefined)
    stage.checks.check(false, `${single.service.service} has ${scaledReplicas} backends`)
  else await measureSpread(stage, scaled)
  return scale(1)
}

async function kubectlAndSettle(stage: Stage, args: readonly string[]): Promise<ClusterView> {
  await stage.kubectl(args)
  return settle(stage, { timeoutMs: settleLimitMs })
}

/** The deployment that makes the only pod behind a service, if one does. */
async function deploymentBehind(
  { client, signal }: Stage,
  { namespace, backends }: DemoServicePort,
): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
  const { items } = deploymentsSchema.parse(await getJson(client, path, { signal }))
  const labels = backends[0]?.pod.labels ?? {}
  return items.find(({ spec: { selector } }) => selectorMatches(selector, labels))?.metadata.name
}

const deploymentsSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      spec: z.looseObject({
        selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).optional() }),
      }),
    }),
  ),
})

async function measureSpread(
  { printer, checks, signal }: Stage,
  { client, service }: { client: DemoPod; service: DemoServicePort },
): Promise<void> {
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

function findClient(
  cluster: ClusterView,
  isWanted: (backends: number) => boolean,
): { client: DemoPod; service: DemoServicePort } | undefined {
  const wanted = cluster.servicePorts
    .filter((service) => isWanted(service.backends.length))
    .sort((a, b) => b.backends.length - a.backends.length)
  for (const service of wanted) {
    const client = cluster.pods.find(
      (pod) =>
        !service.backends.some((at) => at.pod.key === pod.key) &&
        !expectService(cluster, { client: pod, service }).mayBeDenied,
    )
    if (client !== undefined) return { client, service }
  }
  return undefined
}
