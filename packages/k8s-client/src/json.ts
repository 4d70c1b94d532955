import { K8sApiError } from './errors.ts'
import type { K8sClient, K8sRequest, K8sResponse } from './types.ts'

type JsonOptions = Pick<K8sRequest, 'query' | 'timeoutMs' | 'signal'>

/** The object or list at `path`, parsed and otherwise unchecked. */
export async function getJson(client: K8sClient, path: string, options: JsonOptions = {}): Promise<unknown> {
  return parsed(path, await client.request({ ...options, method: 'GET', path }))
}

/** Creates `body` in the collection at `path`; gives the object as the server stored it. */
export async function createJson(
  client: K8sClient,
  path: string,
  options: JsonOptions & { body: unknown },
): Promise<unknown> {
  return parsed(path, await client.request({ ...options, method: 'POST', path }))
}

/** `merge` is RFC 7386, `json` RFC 6902, `strategic` Kubernetes' own (built-in kinds only). */
export type PatchType = 'merge' | 'strategic' | 'json'

const patchMediaTypes: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
}

/** Patches the object at `path`; gives the object as the server stored it. */
export async function patchJson(
  client: K8sClient,
  path: string,
  options: JsonOptions & { type: PatchType; body: unknown },
): Promise<unknown> {
  const { type, ...rest } = options
  return parsed(
    path,
    await client.request({ ...rest, method: 'PATCH', path, contentType: patchMediaTypes[type] }),
  )
}

/** Deletes the object at `path`. False when there was none. */
export async function deleteJson(
  client: K8sClient,
  path: string,
  options: JsonOptions & { body?: unknown } = {},
): Promise<boolean> {
  try {
    await client.request({ ...options, method: 'DELETE', path })
    return true
  } catch (error) {
    if (error instanceof K8sApiError && error.status === 404) return false
    throw error
  }
}

function parsed(path: string, { status, body }: K8sResponse): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (error) {
    throw new K8sApiError(`${path}: the answer is not JSON`, {
      status,
      reason: 'InvalidAnswer',
      cause: error,
    })
  }
}
