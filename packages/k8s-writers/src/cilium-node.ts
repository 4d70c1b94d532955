import { getJson, K8sApiError, type K8sClient, resourcePath } from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'

// cilium.io/v2 CiliumNode, the parts that are written here.

export const ciliumNodesPath = resourcePath({ apiVersion: 'cilium.io/v2', resource: 'ciliumnodes' })

export function ciliumNodePath(name: string): string {
  return resourcePath({ apiVersion: 'cilium.io/v2', resource: 'ciliumnodes', name })
}

/** A CiliumNode could not be brought to the wanted state. */
export class CiliumNodeError extends CodedError {
  constructor(message: string, options: { hint?: string; retryable: boolean; cause?: unknown }) {
    super('CILIUM_NODE', message, options)
  }
}

const ownerSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
})

const storedSchema = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    ownerReferences: z.array(ownerSchema).optional(),
  }),
  spec: z.looseObject({
    addresses: z.array(z.looseObject({ type: z.string().optional(), ip: z.string().optional() })).nullish(),
    ipam: z.looseObject({ podCIDRs: z.array(z.string()).nullish() }).optional(),
  }),
})

export type StoredCiliumNode = z.infer<typeof storedSchema>

/** Undefined when there is none. */
export async function readCiliumNode(
  client: K8sClient,
  name: string,
  signal: AbortSignal,
): Promise<StoredCiliumNode | undefined> {
  try {
    return storedSchema.parse(await getJson(client, ciliumNodePath(name), { signal }))
  } catch (error) {
    if (error instanceof K8sApiError && error.status === 404) return undefined
    if (error instanceof z.ZodError) {
      throw new CiliumNodeError(`read CiliumNode ${name}: ${z.prettifyError(error)}`, {
        cause: error,
        retryable: false,
        hint: `delete it: it is made anew`,
      })
    }
    throw error
  }
}

export function podCidrsOf(node: StoredCiliumNode): readonly string[] {
  return node.spec.ipam?.podCIDRs ?? []
}

export function isConflict(error: unknown): boolean {
  return error instanceof K8sApiError && error.status === 409
}
