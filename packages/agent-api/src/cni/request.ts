import type { IncomingHttpHeaders } from 'node:http'
import type { Attachment } from '@axoneme/endpoint'
import { z } from 'zod'
import { CniError, cniErrorCode } from './error.ts'
import { type CniVersion, isAtLeast, newestCniVersion, supportedCniVersions } from './version.ts'

/** A CNI call that is well-formed, in the words of the specification. */
export type CniRequest = Readonly<{
  command: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS'
  /** Empty for GC and STATUS, which are about no container. */
  containerId: string
  /** Empty when there is none: GC, STATUS, and DEL of a namespace that is gone. */
  netnsPath: string
  ifName: string
  /** CNI_ARGS: `K8S_POD_NAME` and the like. */
  args: Readonly<Record<string, string>>
  config: CniConfig
}>

export type CniConfig = Readonly<{
  cniVersion: CniVersion
  name: string
  /** The result of the plugin before us, or of the ADD that this is about. */
  prevResult?: PreviousResult | undefined
  /** GC: what still exists. */
  validAttachments: readonly Attachment[]
}>

const previousResultSchema = z.looseObject({
  interfaces: z
    .array(z.looseObject({ name: z.string() }))
    .max(256)
    .optional(),
  ips: z
    .array(z.looseObject({ address: z.string(), interface: z.int().min(0).optional() }))
    .max(256)
    .optional(),
  routes: z
    .array(z.looseObject({ dst: z.string() }))
    .max(4096)
    .optional(),
  dns: z.looseObject({}).optional(),
})

export type PreviousResult = z.infer<typeof previousResultSchema>

// The specification's alphabet for names and container ids.
const identifier = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'must be letters, digits, _ . -')

const configSchema = z.looseObject({
  cniVersion: z.enum(supportedCniVersions),
  name: identifier.max(256),
  prevResult: previousResultSchema.optional(),
  'cni.dev/valid-attachments': z
    .array(z.object({ containerID: z.string().max(1024), ifname: z.string().max(256) }))
    .max(100_000)
    .optional(),
})

const command = z.enum(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'])
const absolutePath = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/, 'must be an absolute path')
// biome-ignore lint/suspicious/noControlCharactersInRegex: an interface name has none of them.
const ifName = z.string().regex(/^[^\s/:\x00-\x20\x7f]{1,15}$/, 'must be an interface name')
const oneContainer = {
  containerId: identifier.max(1024),
  ifName: ifName.refine((name) => !/^\.{1,2}$/.test(name)),
}
const noContainer = { containerId: z.string().max(1024), ifName: z.string().max(256), netnsPath: z.string() }

const environmentSchema = z.discriminatedUnion('command', [
  z.object({ command: z.enum(['ADD', 'CHECK']), ...oneContainer, netnsPath: absolutePath }),
  z.object({ command: z.literal('DEL'), ...oneContainer, netnsPath: z.union([z.literal(''), absolutePath]) }),
  z.object({ command: z.enum(['GC', 'STATUS']), ...noContainer }),
])

/** The first version of the specification that has the command. */
const since = { ADD: '0.3.1', DEL: '0.3.1', CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' } as const

/** @throws CniError with the code that the specification has for what is wrong. */
export function parseCniRequest(headers: IncomingHttpHeaders, body: string): CniRequest {
  const config = parseConfig(body)
  const commandHeader = command.safeParse(headers['x-cni-command'])
  if (!commandHeader.success)
    throw invalid(cniErrorCode.invalidEnvironment, 'CNI_COMMAND', commandHeader.error)
  const environment = environmentSchema.safeParse({
    command: commandHeader.data,
    containerId: headers['x-cni-containerid'] ?? '',
    netnsPath: headers['x-cni-netns'] ?? '',
    ifName: headers['x-cni-ifname'] ?? '',
  })
  if (!environment.success) throw invalid(cniErrorCode.invalidEnvironment, 'environment', environment.error)
  if (!isAtLeast(config.cniVersion, since[environment.data.command])) {
    throw new CniError(
      cniErrorCode.incompatibleVersion,
      `${environment.data.command} needs cniVersion ${since[environment.data.command]}, the configuration has ${config.cniVersion}`,
    )
  }
  if (environment.data.command === 'CHECK' && config.prevResult === undefined) {
    throw new CniError(cniErrorCode.invalidConfig, 'CHECK needs prevResult, which the configuration lacks')
  }
  return { ...environment.data, args: parseArgs(headers['x-cni-args']), config }
}

/** The version to answer in, however broken the rest is. */
export function versionOf(body: string): CniVersion {
  try {
    const parsed = z.looseObject({ cniVersion: z.enum(supportedCniVersions) }).safeParse(JSON.parse(body))
    return parsed.success ? parsed.data.cniVersion : newestCniVersion
  } catch {
    // Not JSON: parseCniRequest tells.
    return newestCniVersion
  }
}

function parseConfig(body: string): CniConfig {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (cause) {
    throw new CniError(cniErrorCode.decode, 'decode the network configuration', { cause })
  }
  const parsed = configSchema.safeParse(json)
  if (!parsed.success) {
    const wrongVersion = parsed.error.issues.some((issue) => issue.path[0] === 'cniVersion')
    const code = wrongVersion ? cniErrorCode.incompatibleVersion : cniErrorCode.invalidConfig
    throw invalid(code, 'network configuration', parsed.error)
  }
  const { cniVersion, name, prevResult, 'cni.dev/valid-attachments': valid = [] } = parsed.data
  const validAttachments = valid.map(({ containerID, ifname }) => ({
    containerId: containerID,
    ifName: ifname,
  }))
  return { cniVersion, name, prevResult, validAttachments }
}

function parseArgs(header: string | string[] | undefined): Record<string, string> {
  const args: Record<string, string> = Object.create(null)
  for (const pair of String(header ?? '').split(';')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals < 1) {
      throw new CniError(cniErrorCode.invalidEnvironment, `CNI_ARGS: ${JSON.stringify(pair)} is no KEY=VALUE`)
    }
    args[pair.slice(0, equals)] = pair.slice(equals + 1)
  }
  return args
}

function invalid(
  code: (typeof cniErrorCode)[keyof typeof cniErrorCode],
  what: string,
  error: z.ZodError,
): CniError {
  const problems = error.issues
    .slice(0, 8)
    .map((issue) => [issue.path.join('.'), issue.message].filter((part) => part !== '').join(': '))
  return new CniError(code, `${what}: ${problems.join('; ')}`)
}
