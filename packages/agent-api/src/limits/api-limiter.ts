import type { CallLimits, LimitedCall } from './call-limit.ts'
import {
  type ApiLimitEvent,
  type CallLimiter,
  type CallLimiterState,
  createCallLimiter,
  type Place,
} from './call-limiter.ts'

/** The limits of all calls that have one; each call has places of its own. */
export type ApiLimiter = {
  /** Waits for a place. @throws ApiLimitError when that takes longer than the call may wait. */
  enter(call: LimitedCall, signal: AbortSignal): Promise<Place>
  states(): readonly CallLimiterState[]
}

export function createApiLimiter(
  limits: CallLimits,
  { observe }: { observe?: (event: ApiLimitEvent) => void } = {},
): ApiLimiter {
  const limiterOf = (call: LimitedCall) => createCallLimiter({ call, limit: limits[call], observe })
  const limiters: Readonly<Record<LimitedCall, CallLimiter>> = {
    'endpoint-create': limiterOf('endpoint-create'),
    'endpoint-delete': limiterOf('endpoint-delete'),
    'endpoint-verify': limiterOf('endpoint-verify'),
  }
  return {
    enter: (call, signal) => limiters[call].enter(signal),
    states: () => Object.values(limiters).map((limiter) => limiter.state()),
  }
}
