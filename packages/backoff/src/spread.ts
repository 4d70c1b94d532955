/**
 * A delay before something that many do at once: drawn from all of its range, which grows with the number of those who
 * share the service, so that they arrive at a bounded rate however many they are.
 */
export type Spread = Readonly<{ perNodeMs: number; maxMs: number }>

/** The longest delay that `spreadDelayMs` draws. */
export function spreadWidthMs({ perNodeMs, maxMs }: Spread, nodeCount: number): number {
  return Math.min(maxMs, perNodeMs * Math.max(0, nodeCount))
}

export function spreadDelayMs(
  spread: Spread,
  { nodeCount, random = Math.random }: { nodeCount: number; random?: () => number },
): number {
  return random() * spreadWidthMs(spread, nodeCount)
}
