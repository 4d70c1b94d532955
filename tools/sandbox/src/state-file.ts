import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'

const sandboxOptionsSchema = z.strictObject({
  nodes: z.number().int().min(1),
  routing: z.enum(['native', 'vxlan']),
  /** Path of the kubeconfig of an existing apiserver; without it, the embedded one. */
  apiserver: z.string().optional(),
  /** The kubelets only register their nodes: whoever made the pods calls the CNI executable for them. */
  podless: z.boolean().optional(),
})
export type SandboxOptions = z.infer<typeof sandboxOptionsSchema>

const processIdSchema = z.object({ pid: z.number().int(), startTicks: z.number() })

const stateSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  options: sandboxOptionsSchema,
  daemon: processIdSchema.optional(),
  /** Children by name; one that is being restarted is missing until it runs. */
  children: z.record(z.string(), processIdSchema),
  netns: z.array(z.string()),
  mounts: z.array(z.string()),
})

/** What a sandbox made, written before it is made: whoever finds this file can take everything away. */
export type SandboxState = z.infer<typeof stateSchema>

/** Undefined when there is none. A file that cannot be understood is an error that says where it is. */
export function readState(path: string): SandboxState | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return stateSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new CodedError('SANDBOX_STATE', `read the sandbox's state ${path}`, {
      cause,
      hint: './dev sandbox down removes everything that carries its name',
    })
  }
}

/** Replaces the file as a whole. */
export function writeState(path: string, state: SandboxState): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const next = `${path}.new`
  writeFileSync(next, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(next, path)
}
