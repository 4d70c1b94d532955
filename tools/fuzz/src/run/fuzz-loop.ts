import { describeError } from '@axoneme/lifecycle'
import { InvariantError } from '../errors.ts'
import type { Counters } from '../guidance/counters.ts'
import { errorKey, outcomeKeys } from '../outcome.ts'
import { Random } from '../random.ts'
import type { Execute, Mutator, Outcome } from '../target.ts'
import { type Mailbox, maxInputBytes } from './mailbox.ts'
import { minimise } from './minimise.ts'
import { Population } from './population.ts'

/** What decides that an input is worth keeping: a branch, or a kind of outcome, or one of both, or nothing ever. */
export type Feedback = 'both' | 'branches' | 'outcomes' | 'none'

/** Something that must not be. `key` is equal for what is probably the same. */
export type Finding = Readonly<{ key: string; message: string; input: Buffer; execution: number }>

export type FuzzStats = Readonly<{
  executions: number
  outcomes: number
  population: number
  branches: number
  slowestMs: number
}>

export type FuzzLoopOptions = Readonly<{
  execute: Execute
  mutator: Mutator
  seeds: readonly Buffer[]
  seed: number
  /** Loops of one seed and different streams do different things. */
  stream: number
  feedback: Feedback
  counters: Counters
  mailbox: Mailbox
  onFinding: (finding: Finding) => void
  onOutcome: (key: string) => void
  nowMs: () => number
}>

const minimiseBudget = 3000
const maxFindings = 50
/** Before an input counts as slow. */
const maxRuns = 8

/** One search. The same options and calls give the same inputs in the same order. */
export class FuzzLoop {
  readonly #options: FuzzLoopOptions
  readonly #random: Random
  readonly #population: Population
  readonly #outcomes = new Set<string>()
  readonly #findings = new Set<string>()
  #executions = 0
  #slowestMs = 0

  constructor(options: FuzzLoopOptions) {
    this.#options = options
    this.#random = new Random(options.seed, options.stream)
    this.#population = new Population(options.seeds)
  }

  get executions(): number {
    return this.#executions
  }

  get stats(): FuzzStats {
    return {
      executions: this.#executions,
      outcomes: this.#outcomes.size,
      population: this.#population.size,
      branches: this.#options.counters.reached,
      slowestMs: this.#slowestMs,
    }
  }

  /** Runs the seeds as they are: from then on what they reach is known. */
  runSeeds(): void {
    for (const seed of this.#options.seeds) this.#run(seed)
  }

  /** Runs mutations of one input, at most `limit` of them. */
  runTurn(limit: number): void {
    const { input, other, times } = this.#population.choose(this.#random)
    const mutate = this.#options.mutator(input, other)
    for (let count = Math.min(times, limit); count > 0; count--) {
      const mutated = mutate(this.#random)
      const bounded = mutated.length > maxInputBytes ? mutated.subarray(0, maxInputBytes) : mutated
      if (this.#run(bounded)) this.#population.add(bounded)
    }
  }

  /** Whether the input reached something new. */
  #run(input: Buffer): boolean {
    const { counters, feedback, nowMs } = this.#options
    this.#executions++
    counters.reset()
    const startedMs = nowMs()
    let outcome: Outcome
    try {
      outcome = this.#execute(input)
    } catch (error) {
      this.#report(input, error)
      return false
    }
    const durationMs = nowMs() - startedMs
    const isNewBranch = feedback !== 'outcomes' && counters.takeNovelty()
    const isNewOutcome = this.#noteOutcome(outcome)
    this.#noteDuration(input, durationMs)
    return isNewBranch
      ? feedback !== 'none'
      : isNewOutcome && (feedback === 'both' || feedback === 'outcomes')
  }

  #execute(input: Buffer): Outcome {
    const { mailbox, execute } = this.#options
    mailbox.post(input)
    // Numbers of its own: an input does the same when it is run again alone.
    const outcome = execute(input, new Random(input.length))
    if (!mailbox.holds(input)) throw new InvariantError('the input was changed')
    return outcome
  }

  /** What else the machine does makes some runs slow, an input makes each of its runs slow. */
  #noteDuration(input: Buffer, firstMs: number): void {
    let fastestMs = firstMs
    for (let again = 0; again < maxRuns && fastestMs > this.#slowestMs; again++) {
      const startedMs = this.#options.nowMs()
      this.#execute(input)
      fastestMs = Math.min(fastestMs, this.#options.nowMs() - startedMs)
    }
    this.#slowestMs = Math.max(this.#slowestMs, fastestMs)
  }

  #noteOutcome(outcome: Outcome): boolean {
    const fresh = outcomeKeys(outcome).filter((key) => !this.#outcomes.has(key))
    for (const key of fresh) {
      this.#outcomes.add(key)
      this.#options.onOutcome(key)
    }
    return fresh.length > 0
  }

  #report(input: Buffer, error: unknown): void {
    const key = errorKey(error)
    if (this.#findings.has(key) || this.#findings.size >= maxFindings) return
    this.#findings.add(key)
    const fails = (candidate: Buffer) => {
      try {
        this.#execute(candidate)
        return false
      } catch (other) {
        return errorKey(other) === key
      }
    }
    const smallest = minimise(Buffer.from(input), { fails, budget: minimiseBudget })
    const message = error instanceof Error ? (error.stack ?? error.message) : describeError(error)
    this.#options.onFinding({ key, message, input: smallest, execution: this.#executions })
  }
}
