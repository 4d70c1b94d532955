import { type Command, switches } from './command.ts'

export const defaultSocketPath = '/run/axoneme/agent.sock'

const options = `Options:
  -o, --output text|json   how to print (default text)
  -v, --verbose            more, where the usage shows it
      --intervals          what is done again and again, and how often, where the usage shows it
      --socket PATH        the agent's socket (default $AXO_AGENT_SOCKET, else ${defaultSocketPath})
  -h, --help               this text, or that of the command before it
`

/** Help for one command, or an overview of several. */
export function formatHelp(commands: readonly Command[]): string {
  const [only] = commands
  if (commands.length === 1 && only !== undefined) {
    return `${only.summary}.\n\nUsage: axo ${usageOf(only)} [OPTIONS]\n\n${options}\n${examples([only])}`
  }
  const width = Math.max(...commands.map((command) => usageOf(command).length))
  const lines = commands.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}\n`)
  return `Asks the Axoneme agent of this node.\n\nUsage: axo COMMAND [OPTIONS]\n\nCommands:\n${lines.join('')}\n${options}\n${examples(commands)}`
}

export function usageOf({ name, parameters = [], switches: taken = [] }: Command): string {
  return [name, ...parameters, ...taken.map((name) => `[${switches[name]}]`)].join(' ')
}

/** All of one command's; of several, those that their usage does not tell already. */
function examples(commands: readonly Command[]): string {
  const shown = commands.length === 1 ? commands : commands.filter((command) => command.examples.length > 1)
  return `Examples:\n${shown.flatMap((command) => command.examples.map((line) => `  ${line}\n`)).join('')}`
}
