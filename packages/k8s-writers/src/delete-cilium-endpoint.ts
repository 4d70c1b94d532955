import { deleteJson, type K8sClient, resourcePath } from '@axoneme/k8s-client'
import { isConflict } from './cilium-node.ts'

/** Deletes a CiliumEndpoint if it still is the object with this uid. False when it is gone or another one. */
export async function deleteCiliumEndpoint({
  client,
  namespace,
  name,
  uid,
  signal,
}: {
  client: K8sClient
  namespace: string
  name: string
  uid: string
  signal: AbortSignal
}): Promise<boolean> {
  const path = resourcePath({ apiVersion: 'cilium.io/v2', resource: 'ciliumendpoints', namespace, name })
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } }
  try {
    return await deleteJson(client, path, { body, signal })
  } catch (error) {
    if (isConflict(error)) return false
    throw error
  }
}
