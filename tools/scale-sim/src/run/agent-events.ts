import { createAgentClient } from '@axoneme/agent-api'
import type { Machine } from '../cluster/machine.ts'
import { readReceivedBytes } from '../cluster/received.ts'

/** What reached the real agents so far, all of them together. */
export type AgentEvents = Readonly<{
  /** Bytes that their nodes' devices received, from the apiserver and etcd, headers included. */
  receivedBytes: number
  /** Events of watches of the apiserver; bookmarks do not count. */
  received: number
  /** Those of them that changed something the agent knows. */
  needed: number
  /** Of nodes alone. */
  neededNodes: number
}>

const sample = /^(?<name>[a-z0-9_]+)(?:\{(?<labels>[^}]*)\})? (?<value>\S+)$/

export async function readAgentEvents(machine: Machine, signal: AbortSignal): Promise<AgentEvents> {
  const each = await Promise.all(
    machine.nodes.map(async ({ agentSocket, netns }) => {
      const text = await createAgentClient({ socketPath: agentSocket, signal }).metrics()
      return { receivedBytes: readReceivedBytes(netns), ...eventsIn(text) }
    }),
  )
  const sum = (figure: keyof AgentEvents) => each.reduce((total, agent) => total + agent[figure], 0)
  return {
    receivedBytes: sum('receivedBytes'),
    received: sum('received'),
    needed: sum('needed'),
    neededNodes: sum('neededNodes'),
  }
}

export function eventsBetween(before: AgentEvents, after: AgentEvents): AgentEvents {
  return {
    receivedBytes: after.receivedBytes - before.receivedBytes,
    received: after.received - before.received,
    needed: after.needed - before.needed,
    neededNodes: after.neededNodes - before.neededNodes,
  }
}

/** Reads Prometheus' text format; samples of other metrics are passed over. */
export function eventsIn(metrics: string): Omit<AgentEvents, 'receivedBytes'> {
  const counts = { received: 0, needed: 0, neededNodes: 0 }
  for (const line of metrics.split('\n')) {
    const { name, labels = '', value = '0' } = sample.exec(line)?.groups ?? {}
    if (name !== 'cilium_kubernetes_events_received_total') continue
    counts.received += Number(value)
    if (!labels.includes('equal="false"')) continue
    counts.needed += Number(value)
    if (/scope="(nodes|ciliumnodes|Node|CiliumNode)"/i.test(labels)) counts.neededNodes += Number(value)
  }
  return counts
}
