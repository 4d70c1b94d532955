/** So many calls a second, and `burst` at once after a quiet time. */
export type RateLimit = Readonly<{ requestsPerSecond: number; burst: number }>

/** Counts what passes; starts full. */
export class TokenBucket {
  readonly #limit: RateLimit
  #tokens: number
  #filledAtMs: number

  constructor(limit: RateLimit, nowMs: number) {
    this.#limit = limit
    this.#tokens = limit.burst
    this.#filledAtMs = nowMs
  }

  /** 0 when the call may pass, which takes a token; otherwise how many milliseconds the next token is away. */
  take(nowMs: number): number {
    const { requestsPerSecond, burst } = this.#limit
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1000) * requestsPerSecond)
    this.#filledAtMs = nowMs
    if (this.#tokens < 1) return ((1 - this.#tokens) / requestsPerSecond) * 1000
    this.#tokens -= 1
    return 0
  }
}
