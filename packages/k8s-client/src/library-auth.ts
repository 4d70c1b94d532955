import type { Agent } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { Connection } from './connection.ts'
import { K8sConfigError } from './errors.ts'

/** The connection as @kubernetes/client-node makes it: exec plugins, auth providers, proxies, impersonation. */
export async function loadWithClientLibrary(path: string): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const options: RequestOptions = {}
  try {
    config.loadFromFile(path)
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    throw new K8sConfigError(`get the credentials of ${path}`, {
      cause: error,
      retryable: true,
      hint: 'does `kubectl --kubeconfig FILE version` work here?',
    })
  }
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
