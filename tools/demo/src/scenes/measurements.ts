import { createAgentClient } from '@axoneme/agent-api'
import type { DaemonStatus } from '@axoneme/sandbox'
import { percentile } from '../statistics.ts'
import type { Stage } from './context.ts'

/** Packets by `reason direction`, over all nodes. */
export type PacketCounts = ReadonlyMap<string, number>

/** How long pods waited for their network. */
export async function showEndpointTimes({ printer, status, checks }: Stage): Promise<void> {
  const { cniAdds } = await status()
  const times = cniAdds.map((add) => add.durationMs)
  const ms = (value: number) => `${value.toFixed(0)} ms`
  printer.heading('how long endpoints took')
  printer.line(
    `${times.length} CNI ADD, up to 16 at a time as the pods come, from the start of the executable to its end: median ${ms(percentile(times, 0.5))}, p99 ${ms(percentile(times, 0.99))}, max ${ms(Math.max(...times))}`,
  )
  checks.check(times.length > 0, 'pods got their network through CNI ADD')
}

/** What the agents' datapaths counted up to now. */
export async function readCounts({ signal }: Stage, { nodes }: DaemonStatus): Promise<PacketCounts> {
  const perNode = await Promise.all(
    nodes.map((node) => createAgentClient({ socketPath: node.agentSocket, signal }).datapathMetrics()),
  )
  const counts = new Map<string, number>()
  for (const { reason, direction, packets } of perNode.flat()) {
    const key = `${reason} (${direction})`
    counts.set(key, (counts.get(key) ?? 0) + packets)
  }
  return counts
}

/** What was counted between two readings; every probe that was denied must show as drops. */
export function showDrops(
  { printer, checks }: Stage,
  { before, after, denied }: { before: PacketCounts; after: PacketCounts; denied: number },
): void {
  printer.heading('what the datapath counted for these probes')
  const rows = [...after]
    .map(([key, packets]) => ({ key, packets: packets - (before.get(key) ?? 0) }))
    .filter(({ packets }) => packets > 0)
    .sort((a, b) => b.packets - a.packets)
  for (const { key, packets } of rows) printer.line(`  ${String(packets).padStart(8)} packets  ${key}`)
  const dropped = rows
    .filter(({ key }) => /^policy/i.test(key))
    .reduce((sum, { packets }) => sum + packets, 0)
  checks.check(
    dropped >= denied,
    `each of ${denied} denied probes is counted as a policy drop; ${dropped} packets are`,
  )
}
