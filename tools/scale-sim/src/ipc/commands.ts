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

/**
 * Answers the parent's requests, which come over the channel that the parent opened, side by side. The process ends
 * when the parent does.
 */
export function serveCommands(commands: Commands): void {
  process.on('message', (message) => {
    const { id, command, argument } = requestSchema.parse(message)
    const run = async () => {
      const handler = commands[command]
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
