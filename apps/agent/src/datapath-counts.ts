import { directionText, packetReason, reasonText } from '@axoneme/bpf-programs'
import { readMetrics } from '@axoneme/monitor'
import type { Visible } from './views.ts'

/** Packets and bytes that the datapath counted under one reason and direction since its map was made. */
export type DatapathCount = Readonly<{
  reason: string
  direction: string
  packets: number
  bytes: number
  isDrop: boolean
}>

/** The kernel's counters; empty before the maps are open. */
export function datapathCounts({ objects }: Visible): DatapathCount[] {
  const map = objects?.maps.axo_metrics
  if (map === undefined) return []
  return readMetrics(map).map(({ reason, direction, packets, bytes }) => ({
    reason: reasonText(reason),
    direction: directionText(direction),
    packets: Number(packets),
    bytes: Number(bytes),
    isDrop: reason !== packetReason.reasonForwarded && reason !== packetReason.reasonEventLost,
  }))
}
