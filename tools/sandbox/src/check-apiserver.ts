import { getJson, openK8sClient } from '@axoneme/k8s-client'
import { CodedError, describeError } from '@axoneme/lifecycle'
import { readKubeconfig } from './kubeconfig.ts'

/** @throws KUBECONFIG or APISERVER, in one sentence, when the server that a kubeconfig names cannot be used. */
export async function checkApiserver(path: string, { signal }: { signal: AbortSignal }): Promise<void> {
  const access = readKubeconfig(path)
  await using client = await openK8sClient({ kubeconfigPath: path, userAgent: 'axoneme-sandbox/0.1.0' })
  try {
    await getJson(client, '/api/v1/nodes', { query: { limit: 1 }, timeoutMs: 5_000, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new CodedError('APISERVER', `use the apiserver at ${access.server.href} that ${path} names`, {
      cause: new Error(describeError(error)),
      hint: `kubectl --kubeconfig ${path} get nodes must work`,
    })
  }
}
