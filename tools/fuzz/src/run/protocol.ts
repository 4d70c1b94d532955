import type { Feedback, Finding, FuzzStats } from './fuzz-loop.ts'

/** What a worker is told when it starts. */
export type WorkerOrder = Readonly<{
  /** URL of the module that exports `execute`. */
  module: string
  /** URL of the module that exports `mutator`. */
  mutations: string
  /** Source of the pattern for the modules to instrument. */
  guidedBy: string
  seeds: readonly Uint8Array[]
  seed: number
  stream: number
  executions: number
  /** After it no turn begins. */
  durationMs: number
  feedback: Feedback
  /** Path of the file. */
  mailbox: string
}>

/** What a worker says. `outcomes` are those that are new since it said so last. */
export type WorkerMessage =
  | Readonly<{ kind: 'ready'; branchesInAll: number }>
  | Readonly<{ kind: 'progress' | 'done'; stats: FuzzStats; outcomes: readonly string[] }>
  | Readonly<{ kind: 'finding'; finding: Finding }>
