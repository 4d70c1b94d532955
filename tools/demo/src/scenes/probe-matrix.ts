import type { ClusterView, DemoPod } from '../cluster-view.ts'
import {
  describeExpectation,
  describeOutcome,
  type Expectation,
  expectPod,
  expectService,
  isAsExpected,
  noBackends,
} from '../expectation.ts'
import { type Cell, formatMatrix } from '../matrix.ts'
import { type Outcome, probe } from '../probe.ts'
import { runLimited } from '../run-limited.ts'
import { type Stage, silenceMs } from './context.ts'

type Target = Readonly<{
  label: string
  address: string
  port: number
  expect: (client: DemoPod) => Expectation
}>

const concurrentProbes = 400

export type ProbeResults = Readonly<{
  clients: readonly DemoPod[]
  targets: readonly Target[]
  /** By client, then by target. */
  cells: readonly (readonly Cell[])[]
  /** How many probes met a policy's silence. */
  deniedByPolicy: number
}>

/** Probes every pod to every service port and every pod port; each comparison with the policies is a check. */
export async function probeAll(stage: Stage, cluster: ClusterView): Promise<ProbeResults> {
  const { printer, checks, signal } = stage
  const short = shortener(cluster)
  const targets = [...serviceTargets(cluster, short), ...podTargets(cluster, short)]
  const pairs = cluster.pods.flatMap((client) => targets.map((target) => ({ client, target })))
  checks.check(pairs.length > 0, 'there is something to probe')
  let done = 0
  let deniedByPolicy = 0
  const flat = await runLimited(pairs, concurrentProbes, async ({ client, target }): Promise<Cell> => {
    const at = { netns: client.netns, address: target.address, port: target.port }
    const outcome = await probe(at, { timeoutMs: silenceMs, signal })
    if (++done % 50 === 0 || done === pairs.length) printer.progress(`probing: ${done} of ${pairs.length}`)
    const expectation = target.expect(client)
    if (outcome.kind === 'timeout' && expectation.why !== noBackends) deniedByPolicy++
    return judge({ client, target, expectation }, outcome, stage)
  })
  const cells = cluster.pods.map((_, row) => flat.slice(row * targets.length, (row + 1) * targets.length))
  return { clients: cluster.pods, targets, cells, deniedByPolicy }
}

/** Prints what `probeAll` found, and what is left out. */
export function printMatrix(
  { printer }: Stage,
  cluster: ClusterView,
  { clients, targets, cells }: ProbeResults,
): void {
  const short = shortener(cluster)
  const count = (cell: Cell) => cells.flat().filter((at) => at === cell).length
  printer.heading(
    `who reaches what: ${cells.flat().length} probes, ${cluster.oracle.policies.length} policies`,
  )
  const paints = { allowed: printer.good, denied: printer.dim, wrong: printer.bad, none: printer.dim }
  const matrix = {
    clients: clients.map((pod) => short(pod.key)),
    targets: targets.map((target) => target.label),
    cells,
  }
  const paint = (cell: Cell, text: string) => paints[cell](text)
  for (const line of formatMatrix(matrix, { width: printer.width, paint })) printer.line(line)
  for (const note of cluster.notes) printer.line(note)
  const parts = [
    `${printer.good('+')} ${count('allowed')} allowed and answered`,
    `${printer.dim('.')} ${count('denied')} denied and silent`,
    `${printer.bad('!')} ${count('wrong')} not what the policies say`,
  ]
  printer.line(parts.join('   '))
}

function judge(
  { client, target, expectation }: { client: DemoPod; target: Target; expectation: Expectation },
  outcome: Outcome,
  { checks }: Stage,
): Cell {
  const right = isAsExpected(expectation, outcome)
  checks.check(
    right,
    `${client.key} -> ${target.label}: ${describeExpectation(expectation)} was expected, ${describeOutcome(outcome)} was seen (${expectation.why})`,
  )
  if (!right) return 'wrong'
  return outcome.kind === 'open' ? 'allowed' : 'denied'
}

function serviceTargets(cluster: ClusterView, short: (key: string) => string): Target[] {
  return cluster.servicePorts.map((service) => ({
    label: `svc ${short(service.service)}:${service.port}`,
    address: service.clusterIp,
    port: service.port,
    expect: (client) => expectService(cluster, { client, service }),
  }))
}

function podTargets(cluster: ClusterView, short: (key: string) => string): Target[] {
  return cluster.pods.flatMap((server) =>
    server.tcpPorts.map((port) => ({
      label: `${short(server.key)}:${port}`,
      address: server.ip,
      port,
      expect: (client: DemoPod) => expectPod(cluster, { client, server, port }),
    })),
  )
}

/** Leaves out what does not tell names apart: the namespace when there is one only. */
function shortener(cluster: ClusterView): (key: string) => string {
  const namespaces = new Set(cluster.pods.map((pod) => pod.namespace))
  return namespaces.size > 1 ? (key) => key : (key) => key.slice(key.indexOf('/') + 1)
}
