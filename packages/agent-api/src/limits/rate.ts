/** Which calls may begin now, by a rate that is reached in the long run. */
export type Rate = {
  /** How long until `ahead` + 1 more calls may have begun. */
  delayMs(ahead?: number): number
  /** Counts a call that begins now. */
  take(): void
}

/** A token bucket, kept as the time at which it is full again (GCRA). No rate (0) never delays. */
export function createRate(
  { ratePerSecond, rateBurst }: Readonly<{ ratePerSecond: number; rateBurst: number }>,
  nowMs: () => number,
): Rate {
  if (ratePerSecond === 0) return { delayMs: () => 0, take: () => {} }
  const intervalMs = 1000 / ratePerSecond
  const toleranceMs = (rateBurst - 1) * intervalMs
  let fullAtMs = Number.NEGATIVE_INFINITY
  return {
    delayMs(ahead = 0) {
      const now = nowMs()
      return Math.max(0, Math.max(now, fullAtMs) + ahead * intervalMs - toleranceMs - now)
    },
    take() {
      fullAtMs = Math.max(nowMs(), fullAtMs) + intervalMs
    },
  }
}
