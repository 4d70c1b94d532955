import { directionText, metricsKey, metricsValue, packetReason, reasonText } from '@axoneme/bpf-programs'
import type { Visible } from './views.ts'

/** Packets and bytes that the datapath counted under one reason and direction since the map was made. */
export type DatapathCount = Readonly<{
  reason: string
  direction: string
  packets: number
  bytes: number
  isDrop: boolean
}>

/** Reads the kernel's counters; empty before the maps are open. */
export function datapathCounts({ objects }: Visible): DatapathCount[] {
  const map = objects?.maps.axo_metrics
  if (map === undefined) return []
  return Array.from(map.entries(), ([key, value]) => {
    const { reason, direction } = metricsKey.decode(key)
    const perCpu = map.splitPerCpu(value).map((bytes) => metricsValue.decode(bytes))
    return {
      reason: reasonText(reason),
      direction: directionText(direction),
      packets: Number(perCpu.reduce((sum, cpu) => sum + cpu.packets, 0n)),
      bytes: Number(perCpu.reduce((sum, cpu) => sum + cpu.bytes, 0n)),
      isDrop: reason !== packetReason.reasonForwarded && reason !== packetReason.reasonEventLost,
    }
  })
}
