import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection, ConnectionLoader } from './connection.ts'
import { K8sConfigError } from './errors.ts'

/** Where the kubelet mounts a pod's service account. */
const serviceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * The connection of a pod to its own cluster: the service's address from the environment, the service account's
 * token and authority from its volume. The kubelet renews the token in place.
 */
export function inClusterLoader(where: {
  env: Readonly<Record<string, string | undefined>>
  dir?: string
}): ConnectionLoader {
  return { load: () => load(where), forget: () => {} }
}

async function load({
  env,
  dir = serviceAccountDir,
}: Parameters<typeof inClusterLoader>[0]): Promise<Connection> {
  const host = env.KUBERNETES_SERVICE_HOST ?? ''
  const port = env.KUBERNETES_SERVICE_PORT ?? '443'
  if (host === '') {
    throw new K8sConfigError('find the apiserver: KUBERNETES_SERVICE_HOST is not set', {
      hint: 'name a kubeconfig, or run in a pod',
    })
  }
  const [token, ca] = await Promise.all([read(join(dir, 'token')), read(join(dir, 'ca.crt'))])
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    tls: { ca },
    headers: { authorization: `Bearer ${token.trim()}` },
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new K8sConfigError(`read ${path}`, {
      cause: error,
      retryable: true,
      hint: "is the service account's token mounted (automountServiceAccountToken)?",
    })
  }
}
