import type { Distribution } from './protocol.ts'

export function distributionOf(valuesMs: readonly number[]): Distribution {
  const sorted = [...valuesMs].sort((a, b) => a - b)
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

function round(valueMs: number): number {
  return Math.round(valueMs * 10) / 10
}
