import { parseArgs } from 'node:util'
import { CodedError } from '@axoneme/lifecycle'
import type { SandboxOptions } from '../state-file.ts'

export type Command =
  | Readonly<{ verb: 'help' }>
  | Readonly<{ verb: 'up'; name: string; options: SandboxOptions }>
  | Readonly<{ verb: 'down'; name: string }>
  | Readonly<{ verb: 'status'; name: string; json: boolean }>
  | Readonly<{ verb: 'kubectl'; name: string; args: readonly string[] }>
  | Readonly<{ verb: 'exec'; name: string; namespace: string; pod: string; command: readonly string[] }>

const defaultName = 'sandbox'

export const helpText = `A Kubernetes cluster on this machine: network namespaces for nodes, no container engine.

  sandbox [--name NAME] up [--nodes N] [--routing native|vxlan] [--apiserver KUBECONFIG]
  sandbox [--name NAME] down
  sandbox [--name NAME] status [-o json]
  sandbox [--name NAME] kubectl ARGUMENTS...
  sandbox [--name NAME] exec POD [-n NAMESPACE] -- COMMAND...

  --name       several sandboxes can be up at a time (default: ${defaultName})
  --nodes      how many nodes (default: 2)
  --routing    how packets get from node to node: native routes or VXLAN tunnels (default: native)
  --apiserver  use this cluster's apiserver, controllers and scheduler instead of the embedded ones

Examples:
  sandbox up --nodes 3 --routing vxlan
  sandbox kubectl apply -f app.yaml
  sandbox kubectl get pods -A -o wide
  sandbox exec web-0 -n shop -- curl -s http://10.96.0.20/
  sandbox down
`

/** @throws USAGE, naming the argument. */
export function parseCommand(argv: readonly string[]): Command {
  const { name, rest } = takeName(argv)
  const [verb = 'help', ...args] = rest
  switch (verb) {
    case 'help':
    case '-h':
    case '--help':
      return { verb: 'help' }
    case 'up':
      return parseUp(name, args)
    case 'down': {
      const { values } = parse(args, { name: { type: 'string' }, help: { type: 'boolean', short: 'h' } })
      return values.help === true ? { verb: 'help' } : { verb, name: values.name ?? name }
    }
    case 'status': {
      const { values } = parse(args, {
        name: { type: 'string' },
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      })
      if (values.output !== undefined && values.output !== 'json')
        throw usage(`'-o ${values.output}': only json`)
      return values.help === true
        ? { verb: 'help' }
        : { verb, name: values.name ?? name, json: values.output === 'json' }
    }
    case 'kubectl':
      return { verb, name, args }
    case 'exec':
      return parseExec(name, args)
    default:
      throw usage(`'${verb}' is no command`)
  }
}

/** A whole number of nodes, as both the sandbox and the demo take it. */
export function parseNodes(text: string | undefined): number {
  const nodes = Number(text ?? '2')
  if (!/^\d+$/.test(text ?? '2') || nodes < 1 || nodes > 100)
    throw usage(`--nodes '${text}': a number from 1 to 100`)
  return nodes
}

export function parseRouting(text: string | undefined): SandboxOptions['routing'] {
  if (text === undefined || text === 'native' || text === 'vxlan') return text ?? 'native'
  throw usage(`--routing '${text}': native or vxlan`)
}

function parseUp(name: string, args: readonly string[]): Command {
  const { values } = parse(args, {
    name: { type: 'string' },
    nodes: { type: 'string' },
    routing: { type: 'string' },
    apiserver: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  })
  if (values.help === true) return { verb: 'help' }
  return {
    verb: 'up',
    name: values.name ?? name,
    options: {
      nodes: parseNodes(values.nodes),
      routing: parseRouting(values.routing),
      ...(values.apiserver !== undefined && { apiserver: values.apiserver }),
    },
  }
}

function parseExec(name: string, args: readonly string[]): Command {
  const split = args.indexOf('--')
  const { values, positionals } = parse(split < 0 ? args : args.slice(0, split), {
    namespace: { type: 'string', short: 'n' },
    name: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  })
  if (values.help === true) return { verb: 'help' }
  const [pod, ...more] = positionals
  const command = split < 0 ? more : args.slice(split + 1)
  if (pod === undefined) throw usage('exec: name a pod')
  if (split >= 0 && more.length > 0) throw usage(`exec: '${more[0]}' after the pod's name`)
  if (command.length === 0) throw usage('exec: no command after --')
  return { verb: 'exec', name: values.name ?? name, namespace: values.namespace ?? 'default', pod, command }
}

/** `--name X` before the command, where kubectl's own options cannot be meant. */
function takeName(argv: readonly string[]): { name: string; rest: readonly string[] } {
  if (argv[0]?.startsWith('--name=') === true)
    return { name: argv[0].slice('--name='.length), rest: argv.slice(1) }
  if (argv[0] !== '--name') return { name: defaultName, rest: argv }
  if (argv[1] === undefined) throw usage('--name: no name')
  return { name: argv[1], rest: argv.slice(2) }
}

type OptionTypes = Record<string, { type: 'string' | 'boolean'; short?: string }>

function parse<T extends OptionTypes>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error))
  }
}

function usage(message: string): CodedError {
  return new CodedError('USAGE', message, { hint: '--help shows the commands' })
}
