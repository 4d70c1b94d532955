import { runScale } from '@axoneme/scale-sim'
import { clusterShape, fullShape, modernHeartbeats } from '@axoneme/scale-sim/model'
import type { Benchmark } from '../benchmark.ts'
import { BenchError } from '../errors.ts'

/** It is one run, whatever their number; with fewer it is to prove that it runs, and the cluster is small. */
const fullRounds = 5
const minuteMs = 60_000

/** A simulated cluster: what an idle one sends to its agents, and how far behind they are while pods come and go. */
export const scaleBenchmark: Benchmark = {
  name: 'scale',
  summary:
    '5,000 nodes, 100,000 pods, 20,000 services: bytes to all agents with and without hand-over, churn',
  fullRounds,
  async run({ rounds, progress, signal }) {
    const quick = rounds < fullRounds
    const { shape, idle, churn, phases, hollowReadyS } = await runScale({
      shape: quick ? clusterShape({ nodes: 20, pods: 200, services: 50 }) : fullShape,
      heartbeats: modernHeartbeats,
      realAgents: quick ? 1 : 3,
      directAgents: quick ? 2 : 20,
      bookmarkIntervalMs: quick ? 1_000 : minuteMs,
      idleMs: quick ? 2_000 : minuteMs,
      churnMs: quick ? 1_000 : minuteMs,
      churnPerSecond: quick ? 20 : 100,
      churnLifeMs: quick ? 500 : 10_000,
      ...{ progress, signal },
    })
    if (churn.neverSeen + churn.neverGone + churn.problems.length > 0) {
      throw new BenchError(
        `churn: ${churn.neverSeen} pods never seen, ${churn.neverGone} never gone; ${churn.problems.join('; ')}`,
      )
    }
    const processes = phases.find(({ name }) => name === 'idle')?.processes ?? {}
    const cpuPercent = (name: string) => processes[name]?.cpuPercent ?? 0
    const mb = (bytes: number) => bytes / 2 ** 20
    return {
      ratios: { bytes_without_handover_over_with: idle.bytesWithoutHandoverOverWith },
      figures: {
        minute_to_all_agents_mb: mb(idle.bytesWithHandover),
        minute_to_all_agents_without_handover_mb: mb(idle.bytesWithoutHandover),
        idle_events_needed_count: idle.realAgents.needed,
        idle_kvstore_events_count:
          idle.kvstoreEvents.nodes + idle.kvstoreEvents.ips + idle.kvstoreEvents.identities,
        pod_to_kernel_ms_p50: churn.podToKernelMs.p50,
        pod_to_kernel_ms_p99: churn.podToKernelMs.p99,
        identity_to_table_ms_p99: churn.endpointToIdentityTableMs.p99,
        deletion_to_kernel_ms_p99: churn.deletionToKernelMs.p99,
        churn_pods_count: churn.created,
        hollow_agents_ready_s: hollowReadyS,
        idle_agent_cpu_percent: cpuPercent('agent-node1'),
        idle_operator_cpu_percent: cpuPercent('operator'),
        nodes_count: shape.nodes,
        pods_count: shape.pods,
        services_count: shape.services,
      },
    }
  },
}
