import { table } from '@axoneme/sandbox'
import type { Distribution } from '../kvstore/protocol.ts'
import type { Phase } from '../run/reading.ts'
import type { ScaleReport } from '../run/scale.ts'
import type { Storm, StormReport } from '../run/storm.ts'

/** For people. */
export function formatReport(report: ScaleReport | StormReport): string {
  return report.kind === 'scale' ? formatScale(report) : formatStorm(report)
}

function formatScale({ shape, phases, agentsReadyS, hollowReadyS, idle, churn }: ScaleReport): string {
  const { bytesPerAgent, realAgents, kvstoreEvents, heartbeats } = idle
  const real = agentsReadyS.length
  return [
    `${count(shape.nodes)} nodes, ${count(shape.pods)} pods, ${count(shape.services)} services`,
    '',
    `real agents ready after ${agentsReadyS.map((seconds) => `${seconds.toFixed(1)} s`).join(', ')}; ${count(shape.nodes)} hollow agents after ${hollowReadyS} s`,
    '',
    'idle',
    `  heartbeats written: ${count(heartbeats.status)} of nodes, ${count(heartbeats.lease)} of leases`,
    `  reached ${real} real agents: ${realAgents.received} events of the apiserver, of which ${realAgents.needed} changed what they know`,
    `  reached a watcher of the kvstore: ${kvstoreEvents.nodes} of nodes, ${kvstoreEvents.ips} of addresses, ${kvstoreEvents.identities} of identities`,
    `  bytes a minute to an agent: ${count(bytesPerAgent.handoverApiserver)} from the apiserver and ${count(bytesPerAgent.handoverOther)} from etcd and of headers; without hand-over ${count(bytesPerAgent.direct)}`,
    `  bytes a minute to all agents: ${count(idle.bytesWithHandover)}; without hand-over ${count(idle.bytesWithoutHandover)}: ${idle.bytesWithoutHandoverOverWith} times as many`,
    '',
    `churn: ${count(churn.created)} pods with ${count(churn.identities)} identities created, ${count(churn.deleted)} deleted`,
    ...latencies([
      ['POST of a pod answered', churn.createMs],
      ['identity of a pod found or made', churn.identityMs],
      ['pod created until in every real kernel', churn.podToKernelMs],
      ['endpoint made until in every real kernel', churn.endpointToKernelMs],
      ['endpoint made until its identity is in a table', churn.endpointToIdentityTableMs],
      ['pod deleted until out of every real kernel', churn.deletionToKernelMs],
    ]),
    `  calls to etcd: ${Object.entries(churn.operations)
      .map(([name, calls]) => `${count(calls.count)} ${name} (p50 ${calls.p50} ms, p99 ${calls.p99} ms)`)
      .join(', ')}`,
    `  never seen ${churn.neverSeen}, never gone ${churn.neverGone}${churn.problems.map((problem) => `; ${problem}`).join('')}`,
    '',
    ...phases.flatMap(formatPhase),
  ].join('\n')
}

function formatStorm({ shape, requestsPerSecond, cutShare, storm, withoutBackoff }: StormReport): string {
  const runs = [storm, ...(withoutBackoff === undefined ? [] : [withoutBackoff])]
  const row = (label: string, figure: (run: Storm) => string | number) => [
    label,
    ...runs.map((run) => String(figure(run))),
  ]
  return [
    `${count(shape.nodes)} agents start at once; ${requestsPerSecond} requests a second are allowed, ${100 * cutShare} % of calls are cut`,
    '',
    ...table([
      ['', 'as it is', ...(withoutBackoff === undefined ? [] : ['without backoff and kept progress'])],
      row('ready', (run) => `${count(run.ready)} of ${count(run.agents)}`),
      row('after s', (run) => run.readyS),
      row('real agents ready after s', (run) => run.realAgentsReadyS.join(', ') || '-'),
      row('restarts', (run) => count(run.restarts)),
      row('steps done', (run) => count(run.stepsDone)),
      row('steps repeated that had succeeded', (run) => count(run.stepsRepeated)),
      row(
        'of real agents: done / repeated',
        ({ realAgentsSteps: { done, repeated } }) => `${done} / ${repeated}`,
      ),
      row('calls answered', (run) => count(run.answered)),
      row('calls refused (429)', (run) => count(run.refused)),
      row('calls cut', (run) => count(run.cut)),
      row('requests a second at the end', (run) => run.idleRate),
    ]),
    '',
    ...runs.flatMap(({ phase }) => formatPhase(phase)),
  ].join('\n')
}

function latencies(rows: readonly (readonly [string, Distribution])[]): string[] {
  return rows.map(([label, { p50, p99, max }]) => `  ${label}: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`)
}

/** What it cost: requests of each group by verb and code, bytes by resource, the kvstore, every process. */
function formatPhase({ name, seconds, traffic, etcd, processes, loopDelay }: Phase): string[] {
  const requests = new Map<string, number>()
  for (const [key, requestsOfKey] of Object.entries(traffic.answers)) {
    const [group = '', verb = '', , code = ''] = key.split(' ')
    const row = `${group} ${verb} ${code}`
    requests.set(row, (requests.get(row) ?? 0) + requestsOfKey)
  }
  const inOrder = (counts: Iterable<[string, number]>) =>
    [...counts].sort(([, a], [, b]) => b - a).slice(0, 12)
  return [
    `phase ${name}, ${seconds} s, ${count(traffic.watches)} watches at its end`,
    `  requests: ${
      inOrder(requests)
        .map(([key, value]) => `${key} ${count(value)}`)
        .join(', ') || 'none'
    }`,
    `  bytes: ${
      inOrder(Object.entries(traffic.bytes))
        .map(([key, value]) => `${key} ${count(value)}`)
        .join(', ') || 'none'
    }`,
    `  kvstore: ${count(etcd.puts)} puts, ${count(etcd.deletes)} deletes, ${count(etcd.ranges)} reads; etcd ${count(etcd.rssMb)} MB in memory, database ${count(etcd.databaseMb)} MB`,
    `  processes: ${Object.entries(processes)
      .map(
        ([process, { cpuPercent, rssMb, peakMb }]) =>
          `${process} ${cpuPercent} % ${count(rssMb)} MB (at most ${count(peakMb)})`,
      )
      .join(', ')}`,
    `  event loops stood still: ${Object.entries(loopDelay)
      .map(([process, { p99, max }]) => `${process} p99 ${p99} ms, max ${max} ms`)
      .join('; ')}`,
    '',
  ]
}

function count(value: number): string {
  return value.toLocaleString('en')
}
