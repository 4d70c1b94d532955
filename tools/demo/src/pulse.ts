import { sleep } from '@axoneme/lifecycle'

/** Something that is tried again and again: when each try began and when, if ever, it was answered. */
export type Pulse = Readonly<{ atMs: number; answeredMs: number | undefined }>

const intervalMs = 25
/** A try that is this old and has no answer is counted as silent. */
const settledMs = 300

/**
 * Tries again and again until `settled` says so of the tries that had their time, oldest first, or `limitMs` is over.
 * Times are those of performance.now().
 */
export async function pulseUntil(
  attempt: () => Promise<boolean>,
  {
    settled,
    limitMs,
    signal,
  }: { settled: (pulses: readonly Pulse[]) => boolean; limitMs: number; signal: AbortSignal },
): Promise<readonly Pulse[]> {
  const pulses: { atMs: number; answeredMs: number | undefined }[] = []
  const startMs = performance.now()
  const old = () =>
    pulses.filter(({ atMs, answeredMs }) => answeredMs !== undefined || performance.now() - atMs >= settledMs)
  while (performance.now() - startMs < limitMs && !settled(old())) {
    const pulse: { atMs: number; answeredMs: number | undefined } = {
      atMs: performance.now(),
      answeredMs: undefined,
    }
    pulses.push(pulse)
    void attempt().then((answered) => {
      if (answered) pulse.answeredMs = performance.now()
    })
    await sleep(intervalMs, { signal })
  }
  return old()
}

/** When the first try began that was answered. */
export function firstAnswerMs(pulses: readonly Pulse[]): number | undefined {
  return pulses.find(({ answeredMs }) => answeredMs !== undefined)?.atMs
}

/** When the last try began that was answered. */
export function lastAnswerMs(pulses: readonly Pulse[]): number | undefined {
  return pulses.findLast(({ answeredMs }) => answeredMs !== undefined)?.atMs
}

/** Whether the last `count` tries were all silent. */
export function isSilent(pulses: readonly Pulse[], count = 12): boolean {
  return pulses.length >= count && pulses.slice(-count).every(({ answeredMs }) => answeredMs === undefined)
}
