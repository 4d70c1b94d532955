import type { Agent } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Connection } from './connection.ts'
import { K8sConfigError } from './errors.ts'

/**
 * Connections as @kubernetes/client-node makes them: exec plugins, auth providers, proxies, impersonation. What a
 * plugin said is kept until it expires, the kubeconfig changes, or it is forgotten: running one takes long.
 */
export class LibraryAuth {
  #kept: { content: string; config: KubeConfig } | undefined

  forget(): void {
    this.#kept = undefined
  }

  /** `path` is where `content` is from: the files that it names are beside it. */
  async load(path: string, content: string): Promise<Connection> {
    const config = this.#kept?.content === content ? this.#kept.config : await readConfig(path)
    const options: RequestOptions = {}
    try {
      await config.applyToHTTPSOptions(options)
    } catch (error) {
      throw credentialsError(path, error)
    }
    this.#kept = { content, config }
    return connectionFrom(path, config, options)
  }
}

async function readConfig(path: string): Promise<KubeConfig> {
  const library = await import('@kubernetes/client-node')
  const config = new library.KubeConfig()
  try {
    config.loadFromFile(path)
  } catch (error) {
    throw credentialsError(path, error)
  }
  return config
}

function credentialsError(path: string, cause: unknown): K8sConfigError {
  return new K8sConfigError(`get the credentials of ${path}`, {
    cause,
    retryable: true,
    hint: 'does `kubectl --kubeconfig FILE version` work here?',
  })
}

function connectionFrom(path: string, config: KubeConfig, options: RequestOptions): Connection {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new K8sConfigError(`${path}: the current context has no cluster`)
  return connectionOf(new URL(cluster.server), options, cluster.proxyUrl !== undefined)
}

function connectionOf(server: URL, options: RequestOptions, hasProxy: boolean): Connection {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {}))
    headers[name.toLowerCase()] = String(value)
  if (typeof options.auth === 'string') {
    headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options
  return {
    server,
    tls: {
      ...(isPem(ca) ? { ca } : {}),
      ...(isPem(cert) ? { cert } : {}),
      ...(isPem(key) ? { key } : {}),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
    headers,
    ...(hasProxy && isAgent(options.agent) ? { agent: options.agent } : {}),
  }
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value)
}

function isAgent(value: unknown): value is Agent {
  return typeof value === 'object' && value !== null && 'destroy' in value
}
