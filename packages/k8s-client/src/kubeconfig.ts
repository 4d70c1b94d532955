import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { Connection, ConnectionLoader } from './connection.ts'
import { K8sConfigError } from './errors.ts'
import { LibraryAuth } from './library-auth.ts'

// The format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/

/** YAML makes null of a field that is named and left empty. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined)

const clusterSchema = z.looseObject({
  server: z.url({ protocol: /^https?$/ }),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
})

const userSchema = z.looseObject({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
  as: text,
})

const kubeconfigSchema = z.looseObject({
  'current-context': z.string().min(1),
  clusters: z.array(z.looseObject({ name: z.string(), cluster: z.unknown() })),
  contexts: z.array(
    z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: text }) }),
  ),
  users: z.array(z.looseObject({ name: z.string(), user: z.unknown() })).nullish(),
})

type Cluster = z.infer<typeof clusterSchema>
type User = z.infer<typeof userSchema>

/**
 * The connection that the current context of a kubeconfig describes. Certificates, tokens and passwords are read
 * here; what needs more (exec plugins, auth providers, proxies, impersonation) is left to the client library, whose
 * import takes half a second and 30 MB.
 */
export function kubeconfigLoader(path: string): ConnectionLoader {
  const library = new LibraryAuth()
  return {
    async load() {
      const content = await readText(path)
      const { cluster, user } = await currentContext(path, content)
      return needsClientLibrary(cluster, user)
        ? library.load(path, content)
        : connectionOf(path, cluster, user)
    },
    forget: () => library.forget(),
  }
}

async function connectionOf(path: string, cluster: Cluster, user: User): Promise<Connection> {
  const file = readerBeside(path)
  const ca = decoded(cluster['certificate-authority-data']) ?? (await file(cluster['certificate-authority']))
  const cert = decoded(user['client-certificate-data']) ?? (await file(user['client-certificate']))
  const key = decoded(user['client-key-data']) ?? (await file(user['client-key']))
  const servername = cluster['tls-server-name']
  return {
    server: new URL(cluster.server),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    },
    headers: authorization(user, await file(user.tokenFile)),
  }
}

function needsClientLibrary(cluster: Cluster, user: User): boolean {
  const isSet = (value: unknown) => value !== undefined && value !== null && value !== ''
  return [cluster['proxy-url'], user.exec, user['auth-provider'], user.as].some(isSet)
}

function authorization(user: User, tokenFromFile: Buffer | undefined): Record<string, string> {
  // kubectl's order: a token file wins over a token, both win over a password.
  const token = tokenFromFile?.toString('utf8').trim() || user.token
  if (token !== undefined && token !== '') return { authorization: `Bearer ${token}` }
  if (user.username === undefined) return {}
  const credentials = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')
  return { authorization: `Basic ${credentials}` }
}

async function currentContext(path: string, content: string): Promise<{ cluster: Cluster; user: User }> {
  const config = parse(kubeconfigSchema, await parseYaml(path, content), { path, what: 'a kubeconfig' })
  const contextName = config['current-context']
  const context = config.contexts.find(({ name }) => name === contextName)?.context
  if (context === undefined) throw new K8sConfigError(`${path}: no context ${JSON.stringify(contextName)}`)
  const cluster = config.clusters.find(({ name }) => name === context.cluster)
  if (cluster === undefined)
    throw new K8sConfigError(`${path}: no cluster ${JSON.stringify(context.cluster)}`)
  const user = config.users?.find(({ name }) => name === context.user)
  if (user === undefined && (context.user ?? '') !== '') {
    throw new K8sConfigError(`${path}: no user ${JSON.stringify(context.user)}`)
  }
  return {
    cluster: parse(clusterSchema, cluster.cluster, { path, what: `cluster ${cluster.name}` }),
    user: parse(userSchema, user?.user ?? {}, { path, what: `user ${user?.name ?? ''}` }),
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new K8sConfigError(`read the kubeconfig ${path}`, { cause: error, retryable: true })
  }
}

async function parseYaml(path: string, content: string): Promise<unknown> {
  const yaml = await import('yaml')
  try {
    // Aliases have no place here, and expanding them is a known way to exhaust memory.
    return yaml.parse(content, { maxAliasCount: 0 })
  } catch (error) {
    // A file that is being written looks like this for a moment.
    throw new K8sConfigError(`parse the kubeconfig ${path}`, { cause: error, retryable: true })
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, { path, what }: { path: string; what: string }): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new K8sConfigError(`${path}: ${what} is not valid: ${z.prettifyError(result.error)}`)
}

function decoded(base64: string | undefined): Buffer | undefined {
  return base64 === undefined || base64 === '' ? undefined : Buffer.from(base64, 'base64')
}

/** Reads files that a kubeconfig names relative to itself. */
function readerBeside(path: string): (name: string | undefined) => Promise<Buffer | undefined> {
  return async (name) => {
    if (name === undefined || name === '') return undefined
    const file = resolve(dirname(path), name)
    try {
      return await readFile(file)
    } catch (error) {
      throw new K8sConfigError(`read ${file}, which ${path} names`, { cause: error, retryable: true })
    }
  }
}
