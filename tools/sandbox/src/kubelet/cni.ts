import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'

const conflistSchema = z.looseObject({
  cniVersion: z.string(),
  name: z.string().min(1),
  plugins: z.array(z.looseObject({ type: z.string().min(1) })).min(1),
})
const resultSchema = z.looseObject({
  cniVersion: z.string(),
  ips: z.array(z.looseObject({ address: z.string().regex(/^[0-9a-fA-F.:]+\/\d+$/) })).min(1),
})
const errorSchema = z.looseObject({ code: z.number(), msg: z.string(), details: z.string().optional() })

export type CniResult = z.infer<typeof resultSchema>

/** One pod's network as the runtime names it (CNI 1.1, section 2). */
export type CniAttachment = Readonly<{
  containerId: string
  netns: string
  ifName: string
  podNamespace: string
  podName: string
  podUid: string
}>

export type CniRuntime = {
  /** Runs ADD of every plugin of the list in order and returns the last one's result. */
  add(attachment: CniAttachment, options: { signal: AbortSignal }): Promise<CniResult>
  /** Runs DEL in reverse order; `result` is what ADD returned, if it returned. */
  del(attachment: CniAttachment, result: CniResult | undefined): Promise<void>
}

const callTimeoutMs = 60_000
const maxOutputBytes = 1024 * 1024

/** A plugin said no, or could not be run. `cniCode` is the spec's error code, 0 when the plugin gave none. */
class CniError extends CodedError {
  readonly cniCode: number
  constructor(action: string, { cniCode, cause }: { cniCode: number; cause: unknown }) {
    super('CNI', action, { cause, retryable: true })
    this.cniCode = cniCode
  }
}

/** Calls the plugins of the network configuration list at `conflistPath` as the CNI specification 1.1 says. */
export function createCniRuntime({
  conflistPath,
  executableOf,
  env,
}: {
  conflistPath: string
  /** The executable of a plugin type. */
  executableOf: (type: string) => string
  /** Added to every call. */
  env: Readonly<Record<string, string>>
}): CniRuntime {
  const list = conflistSchema.parse(JSON.parse(readFileSync(conflistPath, 'utf8')))

  const call = (command: string, plugin: { type: string }, at: CniAttachment, extra: CallExtra) => {
    const executable = executableOf(plugin.type)
    return runPlugin({
      executable,
      action: `CNI ${command} for pod ${at.podNamespace}/${at.podName}`,
      config: {
        ...plugin,
        cniVersion: list.cniVersion,
        name: list.name,
        ...(extra.prevResult !== undefined && { prevResult: extra.prevResult }),
      },
      env: { ...env, ...environmentOf(command, at), CNI_PATH: dirname(executable) },
      signal: extra.signal,
    })
  }

  return {
    async add(attachment, { signal }) {
      let result: CniResult | undefined
      for (const plugin of list.plugins) {
        const output = await call('ADD', plugin, attachment, { prevResult: result, signal })
        result = parseOutput(resultSchema, output, `understand the result of CNI plugin ${plugin.type}`)
      }
      if (result === undefined) throw new Error('unreachable: the list has at least one plugin')
      return result
    },
    async del(attachment, result) {
      for (const plugin of list.plugins.toReversed()) {
        await call('DEL', plugin, attachment, { prevResult: result })
      }
    },
  }
}

/** The address of a pod: the first one of its result, without the prefix length. */
export function addressOf(result: CniResult): string {
  return result.ips[0]?.address.replace(/\/\d+$/, '') ?? ''
}

type CallExtra = { prevResult?: CniResult | undefined; signal?: AbortSignal | undefined }

function environmentOf(command: string, at: CniAttachment): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: at.containerId,
    CNI_NETNS: at.netns,
    CNI_IFNAME: at.ifName,
    CNI_ARGS: [
      'IgnoreUnknown=1',
      `K8S_POD_NAMESPACE=${at.podNamespace}`,
      `K8S_POD_NAME=${at.podName}`,
      `K8S_POD_INFRA_CONTAINER_ID=${at.containerId}`,
      `K8S_POD_UID=${at.podUid}`,
    ].join(';'),
  }
}

type PluginCall = {
  executable: string
  action: string
  config: object
  env: Record<string, string>
  signal: AbortSignal | undefined
}

async function runPlugin({ executable, action, config, env, signal }: PluginCall): Promise<string> {
  const limit = AbortSignal.any([
    AbortSignal.timeout(callTimeoutMs),
    ...(signal === undefined ? [] : [signal]),
  ])
  const child = spawn(executable, [], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: limit,
    killSignal: 'SIGKILL',
  })
  const collect = (stream: NodeJS.ReadableStream) => {
    let text = ''
    stream.on('data', (chunk: Buffer) => {
      if (text.length < maxOutputBytes) text += chunk.toString('utf8')
    })
    return () => text
  }
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  // A plugin may end without reading its input; its exit code tells what happened.
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(config))
  const exit = await new Promise<{ code: number | null; error?: Error }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }))
    child.once('close', (code) => resolve({ code }))
  })
  if (exit.code === 0) return stdout()
  signal?.throwIfAborted()
  const { code: cniCode, msg, details } = errorOf(stdout())
  const reason = [msg, details ?? '', stderr().trim().slice(-500)].filter((part) => part !== '').join(': ')
  const cause = exit.error ?? new Error(reason === '' ? `it ended with exit code ${exit.code}` : reason)
  throw new CniError(action, { cniCode, cause })
}

function errorOf(stdout: string): z.infer<typeof errorSchema> {
  try {
    return errorSchema.parse(JSON.parse(stdout))
  } catch {
    // Not the error object that the specification asks for: what it printed is all there is to tell.
    return { code: 0, msg: stdout.trim().slice(0, 500) }
  }
}

function parseOutput<T>(schema: z.ZodType<T>, text: string, action: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new CniError(action, { cniCode: 6, cause })
  }
}
