import { createJson, deleteJson, getJson, K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'
import {
  type CiliumEndpointContent,
  ciliumEndpointParts,
  ciliumEndpointPath,
  ciliumEndpointsPath,
} from './cilium-endpoint.ts'
import { includesAll, mergePatch } from './merge-patch.ts'

/** A CiliumEndpoint as this agent wrote it last. */
export type WrittenEndpoint = Readonly<{ uid: string; content: CiliumEndpointContent }>

type Call = Readonly<{ client: K8sClient; signal: AbortSignal }>

const storedSchema = z.looseObject({ metadata: z.looseObject({ uid: z.string().min(1) }) })

/**
 * Creates the object whole. One of that name that is there already is deleted, without a look at it before: it is of a
 * pod that was, or of an earlier life of this node. The new object has another uid, so nobody who knew the old one
 * takes it for that.
 */
export async function createCiliumEndpoint(
  content: CiliumEndpointContent,
  { client, signal }: Call,
): Promise<WrittenEndpoint> {
  const { namespace, name } = content
  const { metadata, status } = ciliumEndpointParts(content)
  const body = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEndpoint',
    metadata: { name, namespace, ...metadata },
    status,
  }
  const create = async () => {
    const stored = await createJson(client, ciliumEndpointsPath(namespace), { body, signal })
    return { uid: uidOf(content, stored), content }
  }
  try {
    return await create()
  } catch (error) {
    if (!(error instanceof K8sApiError && error.status === 409)) throw error
    await deleteJson(client, ciliumEndpointPath(content), { signal })
    return await create()
  }
}

/** Patches what differs from what was written last. Undefined when that object is gone or another one. */
export async function patchCiliumEndpoint(
  written: WrittenEndpoint,
  content: CiliumEndpointContent,
  { client, signal }: Call,
): Promise<WrittenEndpoint | undefined> {
  const patch = mergePatch(ciliumEndpointParts(written.content), ciliumEndpointParts(content)) ?? {}
  const { uid } = written
  // The uid makes the apiserver refuse when it is another object by now.
  const body = { ...patch, metadata: { ...(patch.metadata as object | undefined), uid } }
  try {
    await patchJson(client, ciliumEndpointPath(content), { type: 'merge', body, signal })
    return { uid, content }
  } catch (error) {
    if (error instanceof K8sApiError && [404, 409, 422].includes(error.status)) return undefined
    throw error
  }
}

/**
 * Whether the apiserver has the object as it was written. Asked of its cache, so that it costs no read of the storage.
 */
export async function hasCiliumEndpoint(
  { uid, content }: WrittenEndpoint,
  { client, signal }: Call,
): Promise<boolean> {
  try {
    const query = { resourceVersion: '0' }
    const stored = await getJson(client, ciliumEndpointPath(content), { query, signal })
    return uidOf(content, stored) === uid && includesAll(stored, ciliumEndpointParts(content))
  } catch (error) {
    if (error instanceof K8sApiError && error.status === 404) return false
    throw error
  }
}

function uidOf({ namespace, name }: CiliumEndpointContent, stored: unknown): string {
  const parsed = storedSchema.safeParse(stored)
  if (parsed.success) return parsed.data.metadata.uid
  throw new CodedError(
    'CILIUM_ENDPOINT',
    `read what the apiserver has as CiliumEndpoint ${namespace}/${name}`,
    {
      cause: parsed.error,
      retryable: true,
    },
  )
}
