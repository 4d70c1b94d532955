import type { AgentClient } from '@axoneme/agent-api'
import { CodedError } from '@axoneme/lifecycle'
import type { View } from './view.ts'

type CommandContext = Readonly<{
  client: AgentClient
  /** What follows the command's name; as many as `parameters` allow. */
  args: readonly string[]
  /** More than people want at first sight. Only for commands that take it. */
  verbose: boolean
  /** The intervals of everything that is done again and again, instead. Only for commands that take it. */
  intervals: boolean
  /** Milliseconds since the epoch. */
  nowMs: number
  /** Aborts when the user has seen enough. */
  signal: AbortSignal
}>

/** Options without a value that only some commands take. */
export const switches = { verbose: '-v', intervals: '--intervals' } as const
type Switch = keyof typeof switches

export type Command = Readonly<{
  /** As typed: `endpoint list`. */
  name: string
  /** The beginning of the name that is enough when nothing follows: `bpf template`. */
  shortName?: string
  summary: string
  /** Names of what follows, in capitals; in brackets when it can be left out. */
  parameters?: readonly string[]
  /** Which of the switches it takes. */
  switches?: readonly Switch[]
  /** Complete command lines. */
  examples: readonly string[]
  run(context: CommandContext): Promise<View>
}>

/** The command line is wrong: the agent was not asked. */
export class UsageError extends CodedError {
  constructor(message: string, hint: string) {
    super('USAGE', message, { hint })
  }
}
