import { countersKey } from './instrument.ts'

const maxCounters = 16_384

/** AFL's classes of how often: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more. A bit each. */
const classes = Uint8Array.from({ length: 256 }, (_, times) => {
  if (times <= 2) return times
  const from = [3, 4, 8, 16, 32, 128].findLastIndex((start) => times >= start)
  return 4 << from
})

/** How often each branch of the instrumented code ran, and which numbers of times are known. */
export class Counters {
  /** Stays at 255 when there is more to count. */
  readonly #times = new Uint8ClampedArray(maxCounters)
  readonly #known = new Uint8Array(maxCounters)
  #used = 0

  /** Makes these the counters of all code that is instrumented in this thread. */
  install(): void {
    Object.defineProperty(globalThis, countersKey, { value: this.#times })
  }

  /** The first of `count` counters that nobody has. Throws RangeError when there are too few. */
  reserve(count: number): number {
    const first = this.#used
    this.#used += count
    if (this.#used > maxCounters) throw new RangeError(`more than ${maxCounters} branches`)
    return first
  }

  get used(): number {
    return this.#used
  }

  reset(): void {
    this.#times.fill(0, 0, this.#used)
  }

  /** Whether a branch ran that never ran since `reset`, or in another class of times; from now on that is known. */
  takeNovelty(): boolean {
    let isNew = false
    for (let index = 0; index < this.#used; index++) {
      const bit = classes[this.#times[index]!]!
      if ((this.#known[index]! & bit) === bit) continue
      this.#known[index]! |= bit
      isNew = true
    }
    return isNew
  }

  /** Branches that ran at least once. */
  get reached(): number {
    return this.#known.subarray(0, this.#used).filter((bits) => bits !== 0).length
  }
}
