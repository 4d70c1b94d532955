import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describeError } from '@axoneme/lifecycle'
import { z } from 'zod'

/** What a process of the simulation can be told to do. Arguments and answers are plain data. */
type Commands = Readonly<Record<string, (argument: unknown) => Promise<unknown> | unknown>>

const requestSchema = z.object({ id: z.int(), command: z.string(), argument: z.unknown() })
export const answerSchema = z.object({
  id: z.int(),
  result: z.unknown(),
  problem: z.string().optional(),
})

/** How long the process let others wait, since it was asked last; milliseconds. */
export const loopDelaySchema = z.object({ p99: z.number(), max: z.number() })
export type LoopDelay = z.output<typeof loopDelaySchema>

/** In milliseconds: no delay is told from one of this. */
const loopResolution = 10

/**
 * Answers the parent's requests, which come over the channel that the parent opened, side by side. The process ends
 * when the parent does. Beside `commands` there is `loopDelay`.
 */
export function serveCommands(commands: Commands): void {
  const delays = monitorEventLoopDelay({ resolution: loopResolution })
  delays.enable()
  const loopDelay = (): LoopDelay => {
    const ms = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6) - loopResolution)
    const delay = { p99: ms(delays.percentile(99)), max: ms(delays.max) }
    delays.reset()
    return delay
  }
  const all: Commands = { ...commands, loopDelay }
  process.on('message', (message) => {
    const { id, command, argument } = requestSchema.parse(message)
    const run = async () => {
      const handler = all[command]
      if (handler === undefined) throw new TypeError(`no command ${command}`)
      return handler(argument)
    }
    run().then(
      (result) => process.send?.({ id, result: result ?? null }),
      (error: unknown) => process.send?.({ id, result: null, problem: describeError(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
