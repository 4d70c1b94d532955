/** Measures once: durations by name. Work that is not to be counted stays outside of what it measures. */
export type Sampler = () => Promise<Readonly<Record<string, number>>>

/** Called before each round, from 1 on; 0 is the round that warms up and does not count. */
export type RoundObserver = (round: number) => void

/** Medians by the names that the samplers gave. Throws RangeError for a name that none gave. */
export type Medians = Readonly<{ of(name: string): number }>

/**
 * The median of each duration over `rounds`. In every round each sampler runs once, in an order that changes from
 * round to round, so that what else the machine does falls on all of them alike.
 */
export async function measureInterleaved(
  samplers: readonly Sampler[],
  { rounds, onRound, signal }: { rounds: number; onRound: RoundObserver; signal: AbortSignal },
): Promise<Medians> {
  const samples = new Map<string, number[]>()
  for (let round = 0; round <= rounds; round++) {
    onRound(round)
    for (const sampler of rotate(samplers, round)) {
      signal.throwIfAborted()
      const durations = await sampler()
      if (round === 0) continue
      for (const [name, duration] of Object.entries(durations)) {
        samples.set(name, [...(samples.get(name) ?? []), duration])
      }
    }
  }
  return { of: (name) => median(samples.get(name) ?? []) }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/** Throws RangeError for no values at all. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  if (low === undefined || high === undefined) throw new RangeError('no values to take a median of')
  return (low + high) / 2
}

/** How long it took, in milliseconds, and what came out. */
export function timed<T>(run: () => T): { ms: number; value: T } {
  const startedMs = performance.now()
  const value = run()
  return { ms: performance.now() - startedMs, value }
}

/** For figures that people compare: four significant digits. */
export function roundFigure(value: number): number {
  return Number(value.toPrecision(4))
}
