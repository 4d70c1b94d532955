import type { Random } from '../random.ts'

/** Around this many bytes are mutated between two choices: large inputs are slow, and get fewer turns for it. */
const bytesPerTurn = 96 * 1024
const maxPerTurn = 96
const minPerTurn = 2
const maxInputs = 16_384
const maxBytes = 128 * 1024 * 1024
const recentInputs = 64
/** Larger ones give parts of themselves to others less often. */
const smallInputBytes = 8 * 1024

/** The inputs that others are made of: the seeds, and each that reached something new. */
export class Population {
  readonly #inputs: Buffer[]
  readonly #seeds: number
  #bytes = 0

  constructor(seeds: readonly Buffer[]) {
    this.#inputs = [...seeds]
    this.#seeds = seeds.length
  }

  get size(): number {
    return this.#inputs.length
  }

  /** Beyond its bounds nothing is taken in. */
  add(input: Buffer): void {
    if (this.#inputs.length >= maxInputs || this.#bytes + input.length > maxBytes) return
    this.#inputs.push(Buffer.from(input))
    this.#bytes += input.length
  }

  /** What to mutate how often, and what to take parts from. */
  choose(random: Random): { input: Buffer; other: Buffer; times: number } {
    const input = this.#pick(random)
    const times = Math.max(minPerTurn, Math.min(maxPerTurn, Math.floor(bytesPerTurn / (input.length + 1))))
    return { input, other: this.#pickOther(random), times }
  }

  /** Seeds keep half, so that no lineage takes over; what is newest has the best chances to lead further. */
  #pick(random: Random): Buffer {
    const way = random.below(4)
    if (way < 2) return this.#inputs[random.below(this.#seeds)]!
    const from = way === 2 ? Math.max(0, this.#inputs.length - recentInputs) : 0
    return this.#inputs[from + random.below(this.#inputs.length - from)]!
  }

  #pickOther(random: Random): Buffer {
    const other = random.pick(this.#inputs)
    return other.length <= smallInputBytes || random.oneIn(16) ? other : random.pick(this.#inputs)
  }
}
