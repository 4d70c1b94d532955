/** Measures once: durations by name. Work that is not to be counted stays outside of what it measures. */
export type Sampler = () => Promise<Readonly<Record<string, number>>>

/** Called before each round, from 1 on; 0 is the round that warms up and does not count. */
export type RoundObserver = (round: number) => void

/** Medians by the names that the samplers gave. Throws RangeError for a name that none gave. */
export type Medians = Readonly<{ of(name: string): number }>

/**
 * The median of each duration over `rounds`. In every round each sampler runs once (or as often
 * as it is in the list), in an order that is drawn anew, so
 * that what else the machine does, and what a sampler leaves behind for the next, falls on all of them alike.
 */
export async function measureInterleaved(
  samplers: readonly Sampler[],
  {
    rounds,
    onRound,
    signal,
    random = Math.random,
  }: { rounds: number; onRound: RoundObserver; signal: AbortSignal; random?: () => number },
): Promise<Medians> {
  const samples = new Map<string, number[]>()
  for (let round = 0; round <= rounds; round++) {
    onRound(round)
    for (const sampler of shuffle(samplers, random)) {
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

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const drawn: T[] = []
  for (const item of items) drawn.splice(Math.floor(random() * (drawn.length + 1)), 0, item)
  return drawn
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
