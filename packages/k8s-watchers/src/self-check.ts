import { jitteredPeriod, type Period, type Spread, sharedIntervals, spreadDelayMs } from '@axoneme/backoff'
import { type Clock, systemClock } from '@axoneme/lifecycle'
import type { Comparison } from './comparison.ts'

/** When a table is compared with its source; what is left out is as `sharedIntervals` declares it. */
export type SelfCheckOptions = Readonly<{
  /** Between comparisons of one kind by one process. */
  period?: Period
  /** How long after a watch was cut: then it is most likely that something was missed. */
  afterCut?: Spread
  /** How many share the apiserver; asked before each. Without it nothing grows. */
  nodeCount?: () => number
  /** How long events may be under way before what they would tell counts as missed. */
  settleMs?: number
}>

/** Cuts come in rows: it is no use to compare amid one. */
const restAfterCutMs = 3_000
/** As often it is tried again whether something was missed in a cut, when the server does not say. */
const retriesAfterCut = 3
/** The period grows to this many times its length while comparisons find what a list does not confirm. */
const maxDoubtFactor = 64

export type SelfCheck = AsyncDisposable & {
  /** A watch was cut and something may have been missed. */
  cut(): void
  /** What the list showed that a difference led to: whether anything was wrong. */
  confirmed(wasWrong: boolean): void
}

/**
 * Runs `compare` again and again, jittered, until it is disposed. `compare` rejects only when it was aborted; what it
 * finds is the caller's to act on.
 */
export function startSelfCheck({
  options,
  compare,
  random = Math.random,
  clock = systemClock,
}: {
  options: SelfCheckOptions
  compare: (signal: AbortSignal) => Promise<Comparison['outcome']>
  random?: () => number
  clock?: Clock
}): SelfCheck {
  const { period = sharedIntervals.apiserverCheck.period } = options
  const { afterCut = sharedIntervals.apiserverCheckAfterCut.spread } = options
  const stop = new AbortController()
  const nodeCount = () => options.nodeCount?.() ?? 0
  let timer: NodeJS.Timeout | undefined
  let dueMs = Number.POSITIVE_INFINITY
  let running: Promise<void> | undefined
  let doubtFactor = 1
  let retriesLeft = 0

  const runAfter = (delayMs: number) => {
    if (stop.signal.aborted) return
    clearTimeout(timer)
    dueMs = clock.now() + delayMs
    timer = setTimeout(() => {
      if (running !== undefined) {
        runAfter(restAfterCutMs)
        return
      }
      running = run().finally(() => {
        running = undefined
      })
    }, delayMs)
  }
  const runNextTime = () => runAfter(doubtFactor * jitteredPeriod(period, { nodeCount: nodeCount(), random }))
  const run = async () => {
    // Before the comparison: a cut meanwhile asks for one more.
    runNextTime()
    try {
      const outcome = await compare(stop.signal)
      if (outcome === 'equal') doubtFactor = 1
      if (outcome !== 'unknown') retriesLeft = 0
      else if (retriesLeft-- > 0) runSoon()
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  }
  const runSoon = () => {
    const delayMs = restAfterCutMs + spreadDelayMs(afterCut, { nodeCount: nodeCount(), random })
    if (clock.now() + delayMs < dueMs) runAfter(delayMs)
  }
  runNextTime()
  return {
    cut() {
      retriesLeft = retriesAfterCut
      runSoon()
    },
    confirmed(wasWrong) {
      doubtFactor = wasWrong ? 1 : Math.min(maxDoubtFactor, doubtFactor * 2)
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('the self-check is stopped', 'AbortError'))
      clearTimeout(timer)
      await running
    },
  }
}
