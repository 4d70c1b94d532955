import { isDeepStrictEqual } from 'node:util'
import { createJson, K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import type { Labels } from '@axoneme/slim-types'
import {
  CiliumNodeError,
  ciliumNodePath,
  ciliumNodesPath,
  readCiliumNode,
  type StoredCiliumNode,
} from './cilium-node.ts'

/** What an agent says of its node. */
export type CiliumNodeContent = Readonly<{
  name: string
  labels: Labels
  addresses: readonly Readonly<{ type: string; ip: string }>[]
  /** The Node: with it the CiliumNode goes. */
  owner: Readonly<{ apiVersion: string; kind: string; name: string; uid: string }>
}>

/**
 * Makes the CiliumNode of a node say what `node` says. Created whole when it is missing; otherwise patched, and only
 * when something differs. What others write into it (spec.ipam above all) is not touched.
 */
export async function ensureCiliumNode({
  client,
  node,
  signal,
}: {
  client: K8sClient
  node: CiliumNodeContent
  signal: AbortSignal
}): Promise<'created' | 'patched' | 'unchanged'> {
  const stored = await readCiliumNode(client, node.name, signal)
  if (stored === undefined) {
    await create(client, node, signal)
    return 'created'
  }
  const patch = patchFor(stored, node)
  if (patch === undefined) return 'unchanged'
  await patchJson(client, ciliumNodePath(node.name), { type: 'merge', body: patch, signal })
  return 'patched'
}

async function create(client: K8sClient, node: CiliumNodeContent, signal: AbortSignal): Promise<void> {
  const { name, labels, owner, addresses } = node
  const body = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNode',
    metadata: { name, labels, ownerReferences: [owner] },
    spec: { addresses, encryption: {}, health: {}, ipam: {} },
  }
  try {
    await createJson(client, ciliumNodesPath, { body, signal })
  } catch (error) {
    if (!(error instanceof K8sApiError)) throw error
    if (error.status === 404) {
      throw new CiliumNodeError(`create CiliumNode ${name}: the cluster does not know CiliumNodes`, {
        cause: error,
        retryable: true,
        hint: 'the operator registers the custom resources: is it running?',
      })
    }
    if (error.status === 409) {
      throw new CiliumNodeError(`create CiliumNode ${name}: somebody else just did`, {
        cause: error,
        retryable: true,
      })
    }
    throw error
  }
}

/** The merge patch that makes `stored` say what `node` says; undefined when it does. */
function patchFor(stored: StoredCiliumNode, node: CiliumNodeContent): object | undefined {
  const labels = labelChanges(stored.metadata.labels ?? {}, node.labels)
  const owners = stored.metadata.ownerReferences ?? []
  const isOwned = owners.length === 1 && isDeepStrictEqual({ ...owners[0], ...node.owner }, owners[0])
  const hasAddresses = isDeepStrictEqual(stored.spec.addresses ?? [], [...node.addresses])
  if (labels === undefined && isOwned && hasAddresses) return undefined
  const metadata = {
    ...(labels === undefined ? {} : { labels }),
    ...(isOwned ? {} : { ownerReferences: [node.owner] }),
  }
  return {
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(hasAddresses ? {} : { spec: { addresses: node.addresses } }),
  }
}

/** null removes a key (RFC 7386). */
function labelChanges(have: Labels, want: Labels): Record<string, string | null> | undefined {
  const changes: Record<string, string | null> = {}
  for (const [key, value] of Object.entries(want)) if (have[key] !== value) changes[key] = value
  for (const key of Object.keys(have)) if (!Object.hasOwn(want, key)) changes[key] = null
  return Object.keys(changes).length === 0 ? undefined : changes
}
