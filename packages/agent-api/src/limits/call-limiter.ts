import { ApiLimitError } from '../errors.ts'
import type { CallLimit, LimitedCall } from './call-limit.ts'
import { createRate } from './rate.ts'
import { createRecentMean } from './recent-mean.ts'

/**
 * What became of a call. The words are Cilium's: `fail-limit-wait` and `fail-parallel-wait` were refused for the rate
 * or for those that were served, `request-cancelled` gave up while it waited.
 */
type ApiLimitOutcome = 'success' | 'fail' | 'fail-limit-wait' | 'fail-parallel-wait' | 'request-cancelled'

export type ApiLimitEvent = Readonly<{
  call: LimitedCall
  outcome: ApiLimitOutcome
  /** HTTP. */
  returnCode: number
  waitMs: number
}>

/** A call that is being served. */
export type Place = {
  /** The call is over, and was answered so (HTTP). Only the first time counts. */
  leave(returnCode: number): void
}

export type CallLimiterState = Readonly<{
  call: LimitedCall
  limit: CallLimit
  inFlight: number
  waiting: number
  /** Of the last few calls that were served. */
  meanWaitMs: number
  meanProcessingMs: number
}>

export type CallLimiter = {
  /**
   * Waits for a place, in order of arrival.
   * @throws ApiLimitError when that takes longer than it may, at once where that is known before.
   */
  enter(signal: AbortSignal): Promise<Place>
  state(): CallLimiterState
}

/** Over how many calls the means go; as Cilium. */
const meanOver = 10
const tooManyRequests = 429
/** Nobody waits for the answer; the number is that of nginx. */
export const clientClosedRequest = 499

type Waiter = { admit: () => void }

/** Holds one call to its limit. Callers that need not wait are served in the same turn of the event loop. */
export function createCallLimiter({
  call,
  limit,
  observe,
  nowMs = () => performance.now(),
}: {
  call: LimitedCall
  limit: CallLimit
  observe?: ((event: ApiLimitEvent) => void) | undefined
  nowMs?: () => number
}): CallLimiter {
  const rate = createRate(limit, nowMs)
  const parallel = limit.parallelRequests === 0 ? Number.POSITIVE_INFINITY : limit.parallelRequests
  const maxWaitMs = limit.maxWaitMs === 0 ? Number.POSITIVE_INFINITY : limit.maxWaitMs
  const meanWait = createRecentMean(meanOver)
  const meanProcessing = createRecentMean(meanOver)
  const waiting: Waiter[] = []
  let inFlight = 0
  let rateTimer: NodeJS.Timeout | undefined

  const admitNext = () => {
    clearTimeout(rateTimer)
    while (waiting.length > 0 && inFlight < parallel) {
      const delayMs = rate.delayMs()
      if (delayMs > 0) {
        rateTimer = setTimeout(admitNext, delayMs)
        return
      }
      rate.take()
      inFlight++
      waiting.shift()?.admit()
    }
  }

  const refuse = (outcome: 'fail-limit-wait' | 'fail-parallel-wait', waitMs: number) => {
    observe?.({ call, outcome, returnCode: tooManyRequests, waitMs })
    return new ApiLimitError(call, { inFlight, waiting: waiting.length })
  }

  /** Resolves when the call may begin. */
  const turn = (signal: AbortSignal, arrivedMs: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = {
      admit() {
        forget()
        resolve()
      },
    }
    const giveUp = (reason: unknown) => {
      forget()
      waiting.splice(waiting.indexOf(waiter), 1)
      if (waiting.length === 0) clearTimeout(rateTimer)
      reject(reason)
    }
    const onAbort = () => {
      const waitMs = nowMs() - arrivedMs
      observe?.({ call, outcome: 'request-cancelled', returnCode: clientClosedRequest, waitMs })
      giveUp(signal.reason)
    }
    const onLate = () =>
      giveUp(refuse(inFlight < parallel ? 'fail-limit-wait' : 'fail-parallel-wait', nowMs() - arrivedMs))
    const lateTimer = Number.isFinite(maxWaitMs) ? setTimeout(onLate, maxWaitMs) : undefined
    signal.addEventListener('abort', onAbort, { once: true })
    const forget = () => {
      clearTimeout(lateTimer)
      signal.removeEventListener('abort', onAbort)
    }
    waiting.push(waiter)
    admitNext()
    return promise
  }

  return {
    async enter(signal) {
      signal.throwIfAborted()
      if (rate.delayMs(waiting.length) > maxWaitMs) throw refuse('fail-limit-wait', 0)
      const arrivedMs = nowMs()
      await turn(signal, arrivedMs)
      const begunMs = nowMs()
      const waitMs = begunMs - arrivedMs
      let left = false
      return {
        leave(returnCode) {
          if (left) return
          left = true
          inFlight--
          meanWait.add(waitMs)
          meanProcessing.add(nowMs() - begunMs)
          observe?.({ call, outcome: returnCode < 400 ? 'success' : 'fail', returnCode, waitMs })
          admitNext()
        },
      }
    },
    state: () => ({
      ...{ call, limit, inFlight, waiting: waiting.length },
      meanWaitMs: meanWait.value,
      meanProcessingMs: meanProcessing.value,
    }),
  }
}
