import type { Random } from './random.ts'

/**
 * What became of one input: refused with an error that the target promises, or accepted. `features` are what the result
 * is made of, few enough in all that one that is new is worth keeping the input for.
 */
export type Outcome = Readonly<{ refusal: Error } | { features: readonly string[] }>

/**
 * Runs one input, which it must not change. Returns for what is as promised, whatever the input is; everything that it
 * throws is a finding. Exported as `execute` by the module of a target, which runs in the workers.
 */
export type Execute = (input: Buffer, random: Random) => Outcome

/**
 * Gets ready to change an input, with parts of another one: each call gives a changed copy, the same for the same random
 * numbers and of any length. Exported as `mutator`.
 */
export type Mutator = (input: Buffer, other: Buffer) => (random: Random) => Buffer

export type Seed = Readonly<{ name: string; bytes: Buffer }>

/** Something to fuzz, as the main thread knows it. */
export type Target = Readonly<{
  name: string
  summary: string
  /** The module that exports `execute`. */
  module: URL
  /** The module that exports `mutator`. */
  mutations: URL
  /** URLs of the modules whose branches guide the search. */
  guidedBy: RegExp
  seeds(options: { signal: AbortSignal }): Promise<readonly Seed[]>
}>
