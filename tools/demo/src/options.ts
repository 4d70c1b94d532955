import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CodedError } from '@axoneme/lifecycle'
import { parseNodes, parseRouting, type SandboxOptions } from '@axoneme/sandbox'

export type DemoOptions = Readonly<{
  sandbox: SandboxOptions
  files: readonly string[]
  keep: boolean
  help: boolean
}>

export const helpText = `Brings a cluster up, applies manifests, probes every pod and service for real, and compares with the policies.

  demo [--nodes N] [--routing native|vxlan] [-f FILE]... [--keep]

  --nodes    how many nodes (default: 2)
  --routing  how packets get from node to node (default: native)
  -f         a manifest to apply, repeatable (default: a small shop of our own)
  --keep     leave the cluster up and say how to look around

Examples:
  demo --routing vxlan --nodes 3
  demo -f app.yaml -f policies.yaml --keep
`

/** @throws USAGE or MANIFEST, naming the argument. */
export function parseDemoOptions(argv: readonly string[]): DemoOptions {
  const { values } = parse(argv)
  const files = values.file ?? [fileURLToPath(new URL('../manifests/shop.yaml', import.meta.url))]
  for (const file of files) {
    try {
      accessSync(file, constants.R_OK)
    } catch (cause) {
      throw new CodedError('MANIFEST', `read manifest ${file}`, { cause })
    }
  }
  return {
    sandbox: { nodes: parseNodes(values.nodes), routing: parseRouting(values.routing) },
    files,
    keep: values.keep === true,
    help: values.help === true,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      options: {
        nodes: { type: 'string' },
        routing: { type: 'string' },
        file: { type: 'string', short: 'f', multiple: true },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new CodedError('USAGE', error instanceof Error ? error.message : String(error), {
      hint: '--help shows the options',
    })
  }
}
