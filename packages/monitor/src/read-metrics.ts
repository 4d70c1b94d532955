import type { BpfMap } from '@axoneme/bpf'
import { metricsKey, metricsValue } from '@axoneme/bpf-programs'

/** One counter of the datapath since the map was made. `reason` and `direction` as in the events. */
export type DatapathMetric = Readonly<{ reason: number; direction: number; packets: bigint; bytes: bigint }>

/** The datapath's counters, each summed over all CPUs, by reason and direction. Throws SyscallError. */
export function readMetrics(map: BpfMap): DatapathMetric[] {
  const metrics: DatapathMetric[] = []
  for (const [key, value] of map.entries()) {
    let packets = 0n
    let bytes = 0n
    for (const onCpu of map.splitPerCpu(value)) {
      const part = metricsValue.decode(onCpu)
      packets += part.packets
      bytes += part.bytes
    }
    metrics.push({ ...metricsKey.decode(key), packets, bytes })
  }
  return metrics.sort((a, b) => a.reason - b.reason || a.direction - b.direction)
}
