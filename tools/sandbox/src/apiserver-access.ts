import { writeFileSync } from 'node:fs'
import { type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { startEmbeddedApiserver } from './embedded-apiserver.ts'
import { fabric, type Instance } from './instance.ts'
import {
  type ApiserverAccess,
  formatKubeconfig,
  plainAccess,
  readKubeconfig,
  serverHost,
  serverPort,
  throughFabric,
} from './kubeconfig.ts'
import { startRelay } from './relay.ts'
import type { SandboxOptions } from './state-file.ts'

/** The cluster's apiserver as the rest of the sandbox sees it, embedded or not. */
export type SandboxApiserver = AsyncDisposable & {
  readonly client: K8sClient
  /** For people. */
  readonly description: string
}

/**
 * Makes the apiserver reachable: here by the instance's kubeconfig, in the fabric by its own. Without
 * `options.apiserver` the embedded one is started.
 */
export async function openApiserver(
  instance: Instance,
  { options, log }: { options: SandboxOptions; log: Logger },
): Promise<SandboxApiserver> {
  const scope = new Scope('apiserver')
  try {
    const description =
      options.apiserver === undefined
        ? await openEmbedded(instance, { scope, log })
        : await openExternal(instance, { path: options.apiserver, scope, log })
    const client = scope.use(
      await openK8sClient({ kubeconfigPath: instance.kubeconfig, userAgent: 'axoneme-sandbox/0.1.0' }),
    )
    return { client, description, [Symbol.asyncDispose]: () => scope.close() }
  } catch (error) {
    await scope.close()
    throw error
  }
}

async function openEmbedded(
  instance: Instance,
  { scope, log }: { scope: Scope; log: Logger },
): Promise<string> {
  const { url } = scope.use(await startEmbeddedApiserver(instance, { log }))
  writeKubeconfig(instance.kubeconfig, plainAccess(url))
  writeKubeconfig(instance.fabricKubeconfig, plainAccess(`http://${fabric.gateway}:${fabric.apiServerPort}`))
  return `embedded, ${url}`
}

async function openExternal(
  instance: Instance,
  { path, scope, log }: { path: string; scope: Scope; log: Logger },
): Promise<string> {
  const access = readKubeconfig(path)
  const to = { host: serverHost(access.server), port: serverPort(access.server) }
  const from = { netns: instance.fabricNetns, address: fabric.gateway, port: fabric.apiServerPort }
  scope.use(await startRelay(from, to, { log }))
  writeKubeconfig(instance.kubeconfig, access)
  writeKubeconfig(instance.fabricKubeconfig, throughFabric(access))
  return `${access.server.href} (${path})`
}

/** Holds credentials: for root only. */
function writeKubeconfig(path: string, access: ApiserverAccess): void {
  writeFileSync(path, formatKubeconfig(access, 'sandbox'), { mode: 0o600 })
}
