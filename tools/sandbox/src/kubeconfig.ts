import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { fabric } from './instance.ts'

const clusterSchema = z.looseObject({
  server: z.string(),
  'certificate-authority': z.string().optional(),
  'tls-server-name': z.string().optional(),
})
const userSchema = z.looseObject({
  'client-certificate': z.string().optional(),
  'client-key': z.string().optional(),
  tokenFile: z.string().optional(),
})
const documentSchema = z.looseObject({
  'current-context': z.string().min(1),
  contexts: z.array(
    z.object({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })),
  users: z.array(z.object({ name: z.string(), user: userSchema })),
})

/** The current context of a kubeconfig: everything needed to reach one apiserver, files read in. */
export type ApiserverAccess = Readonly<{
  server: URL
  cluster: Readonly<Record<string, unknown>>
  user: Readonly<Record<string, unknown>>
}>

/**
 * Reads the current context of the kubeconfig at `path`. Certificates that it names by file are read in, so that
 * the result can be written anywhere.
 *
 * @throws KUBECONFIG, saying what is wrong with which field of which file.
 */
export function readKubeconfig(path: string): ApiserverAccess {
  try {
    const document = documentSchema.parse(parse(readFileSync(path, 'utf8')))
    const contextName = document['current-context']
    const context = named(document.contexts, contextName, 'context').context
    const { cluster } = named(document.clusters, context.cluster, 'cluster')
    const { user } = named(document.users, context.user, 'user')
    const server = URL.parse(cluster.server)
    if (server === null || !['http:', 'https:'].includes(server.protocol)) {
      throw new Error(`server '${cluster.server}' is no http(s) address`)
    }
    const at = dirname(resolve(path))
    return {
      server,
      cluster: inlined(cluster, at, { 'certificate-authority': 'certificate-authority-data' }),
      user: inlined(user, at, {
        'client-certificate': 'client-certificate-data',
        'client-key': 'client-key-data',
        tokenFile: 'token',
      }),
    }
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError ? new Error(z.prettifyError(cause).replaceAll('\n', ' ')) : cause
    throw new CodedError('KUBECONFIG', `read kubeconfig ${path}`, {
      cause: reason,
      hint: 'kubectl --kubeconfig FILE config view --minify shows what a good one looks like',
    })
  }
}

/**
 * The same access through the fabric's relay: another address, the certificate still checked against the name it
 * was made for.
 */
export function throughFabric(access: ApiserverAccess): ApiserverAccess {
  const server = new URL(access.server)
  server.hostname = fabric.gateway
  server.port = String(fabric.apiServerPort)
  const originalHost = access.server.hostname.replace(/^\[|\]$/g, '')
  const secure = server.protocol === 'https:'
  return {
    ...access,
    server,
    cluster: {
      ...(secure && { 'tls-server-name': originalHost }),
      ...access.cluster,
      server: server.href.replace(/\/$/, ''),
    },
  }
}

/** The port of the apiserver, its default applied. */
export function serverPort(server: URL): number {
  if (server.port !== '') return Number(server.port)
  return server.protocol === 'https:' ? 443 : 80
}

/** The host to connect to, without the brackets of an IPv6 address. */
export function serverHost(server: URL): string {
  const host = server.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 && host === 'localhost' ? '127.0.0.1' : host
}

export function plainAccess(server: string): ApiserverAccess {
  return { server: new URL(server), cluster: { server }, user: {} }
}

/** The text of a kubeconfig with this access as its only context. */
export function formatKubeconfig(access: ApiserverAccess, name: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: access.cluster }],
    users: [{ name, user: access.user }],
  })
}

function named<T extends { name: string }>(entries: readonly T[], name: string, kind: string): T {
  const entry = entries.find((candidate) => candidate.name === name)
  if (entry === undefined) throw new Error(`it has no ${kind} named '${name}'`)
  return entry
}

/** Replaces fields that name files by the fields that hold their content (base64, a token as it is). */
function inlined(
  fields: Readonly<Record<string, unknown>>,
  at: string,
  replacements: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const result = { ...fields }
  for (const [fileField, dataField] of Object.entries(replacements)) {
    const file = result[fileField]
    delete result[fileField]
    if (typeof file !== 'string' || result[dataField] !== undefined) continue
    const content = readFileSync(resolve(at, file))
    result[dataField] = dataField === 'token' ? content.toString('utf8').trim() : content.toString('base64')
  }
  return result
}
