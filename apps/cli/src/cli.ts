import { parseArgs } from 'node:util'
import { createAgentClient } from '@axoneme/agent-api'
import { describeError } from '@axoneme/lifecycle'
import { nearestName } from '@axoneme/options'
import { type Command, UsageError } from './command.ts'
import { commands } from './commands/index.ts'
import { defaultSocketPath, formatHelp, usageOf } from './help.ts'
import { type OutputFormat, printView } from './print.ts'

export type CliIo = Readonly<{
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch. */
  nowMs: number
  signal: AbortSignal
  stdout(text: string): void
  stderr(text: string): void
}>

/**
 * Runs one command line. The exit status: 0 done, 1 the agent could not or would not, or the answer is a bad one, 2 the
 * line is wrong.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return (await run(argv, io)) ? 0 : 1
  } catch (error) {
    if (io.signal.aborted) return 130
    io.stderr(`axo: ${describeError(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

/** Whether all is well. */
async function run(argv: readonly string[], io: CliIo): Promise<boolean> {
  const { values, positionals } = parse(argv)
  if (values.help || positionals.length === 0) {
    io.stdout(formatHelp(commandsUnder(positionals)))
    return true
  }
  const format = formatOf(values.output)
  const command = findCommand(positionals)
  const args = positionals.slice(command.name.split(' ').length)
  checkCount(command, args)
  const { verbose, intervals } = values
  for (const [name, isGiven] of Object.entries({ verbose, intervals })) {
    if (!isGiven || command.switches?.some((taken) => taken === name) === true) continue
    throw new UsageError(`axo ${command.name} takes no --${name}`, `usage: axo ${usageOf(command)}`)
  }
  const socketPath = values.socket ?? io.env.AXO_AGENT_SOCKET ?? defaultSocketPath
  const client = createAgentClient({ socketPath, signal: io.signal })
  const view = await command.run({
    ...{ client, args, verbose, intervals },
    ...{ nowMs: io.nowMs, signal: io.signal },
  })
  await printView(view, format, io.stdout)
  return view.isBad !== true
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o', default: 'text' },
        socket: { type: 'string' },
        verbose: { type: 'boolean', short: 'v', default: false },
        intervals: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('. ')
    throw new UsageError(message, 'see axo --help')
  }
}

function formatOf(text: string): OutputFormat {
  if (text === 'text' || text === 'json') return text
  throw new UsageError(`--output ${JSON.stringify(text)} is neither text nor json`, 'like this: -o json')
}

/** The commands whose names begin with the words, or all. */
function commandsUnder(words: readonly string[]): readonly Command[] {
  const found = commands.filter(({ name }) => {
    const own = name.split(' ')
    return words.slice(0, own.length).every((word, i) => own[i] === word)
  })
  return found.length === 0 ? commands : found
}

function findCommand(words: readonly string[]): Command {
  const exact =
    commands.find(({ name }) => words.slice(0, name.split(' ').length).join(' ') === name) ??
    commands.find(({ shortName }) => words.join(' ') === shortName)
  if (exact !== undefined) return exact
  const group = commands
    .filter(({ name }) => name.startsWith(`${words[0]} `))
    .map(({ name }) => `axo ${name}`)
  if (words.length === 1 && group.length > 0) {
    throw new UsageError(`axo ${words[0]} is several commands`, `one of ${group.join(', ')}`)
  }
  const names = commands.map(({ name }) => name)
  const typed = [3, 2, 1].map((count) => words.slice(0, count).join(' '))
  const [meant] = typed.flatMap((text) => nearestName(text, names) ?? [])
  throw new UsageError(
    `no command ${JSON.stringify(words.slice(0, meant?.split(' ').length ?? 2).join(' '))}`,
    meant === undefined ? 'axo --help lists the commands' : `did you mean axo ${meant}?`,
  )
}

function checkCount(command: Command, args: readonly string[]): void {
  const { parameters = [] } = command
  const missing = parameters[args.length]
  if (missing !== undefined && !missing.startsWith('[')) {
    throw new UsageError(`${missing} is missing`, `usage: axo ${usageOf(command)}`)
  }
  if (args.length > parameters.length) {
    const extra = args.slice(parameters.length).join(' ')
    throw new UsageError(`${JSON.stringify(extra)} is too much`, `usage: axo ${usageOf(command)}`)
  }
}
