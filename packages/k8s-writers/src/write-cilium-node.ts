import { isDeepStrictEqual } from 'node:util'
import { createJson, K8sApiError, type K8sClient, patchJson } from '@axoneme/k8s-client'
import type { Labels, SlimCiliumNode } from '@axoneme/slim-types'
import { CiliumNodeError, ciliumNodePath, ciliumNodesPath } from './cilium-node.ts'

/** What an agent says of its node. */
export type CiliumNodeContent = Readonly<{
  name: string
  labels: Labels
  addresses: readonly Readonly<{ type: string; ip: string }>[]
  /** Undefined: somebody else gives them. */
  podCidrs?: readonly string[] | undefined
  /** The Node: with it the CiliumNode goes. */
  owner: Readonly<{ apiVersion: string; kind: string; name: string; uid: string }>
}>

/** A CiliumNode as a watch told of it; undefined when there is none. */
export type KnownCiliumNode = Pick<SlimCiliumNode, 'labels' | 'addresses' | 'podCIDRs'> | undefined

/** Whether the CiliumNode says what `node` says. */
export function saysCiliumNode(known: KnownCiliumNode, node: CiliumNodeContent): boolean {
  return known !== undefined && patchFor(known, node) === undefined
}

/**
 * Makes the CiliumNode of a node say what `node` says, by what a watch told of it: created whole when there is none,
 * otherwise patched where it differs, without a look at it before. What others write into it is not touched. When the
 * watch was behind, the apiserver refuses (CILIUM_NODE, retryable), and the watch tells what is there.
 */
export async function writeCiliumNode({
  client,
  node,
  known,
  signal,
}: {
  client: K8sClient
  node: CiliumNodeContent
  known: KnownCiliumNode
  signal: AbortSignal
}): Promise<'created' | 'patched' | 'unchanged'> {
  try {
    if (known === undefined) {
      await createJson(client, ciliumNodesPath, { body: objectOf(node), signal })
      return 'created'
    }
    const patch = patchFor(known, node)
    if (patch === undefined) return 'unchanged'
    await patchJson(client, ciliumNodePath(node.name), { type: 'merge', body: patch, signal })
    return 'patched'
  } catch (error) {
    throw explained(node.name, error)
  }
}

function objectOf({ name, labels, owner, addresses, podCidrs }: CiliumNodeContent): object {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNode',
    metadata: { name, labels, ownerReferences: [owner] },
    spec: {
      addresses,
      encryption: {},
      health: {},
      ipam: podCidrs === undefined ? {} : { podCIDRs: podCidrs },
    },
  }
}

function explained(name: string, cause: unknown): unknown {
  if (!(cause instanceof K8sApiError)) return cause
  if (cause.status === 409) {
    return new CiliumNodeError(`create CiliumNode ${name}: somebody else just did`, {
      cause,
      retryable: true,
    })
  }
  if (cause.status !== 404) return cause
  return new CiliumNodeError(
    `write CiliumNode ${name}: it is gone, or the cluster does not know CiliumNodes`,
    {
      cause,
      retryable: true,
      hint: 'the operator registers the custom resources: is it running?',
    },
  )
}

/** The merge patch that makes `known` say what `node` says; undefined when it does. */
function patchFor(known: NonNullable<KnownCiliumNode>, node: CiliumNodeContent): object | undefined {
  const labels = labelChanges(known.labels, node.labels)
  const addresses = known.addresses.map(({ type, address }) => ({ type, ip: address }))
  const spec = {
    ...(isDeepStrictEqual(addresses, [...node.addresses]) ? {} : { addresses: node.addresses }),
    ...(node.podCidrs === undefined || isDeepStrictEqual([...known.podCIDRs], [...node.podCidrs])
      ? {}
      : { ipam: { podCIDRs: node.podCidrs } }),
  }
  const isSpecRight = Object.keys(spec).length === 0
  if (labels === undefined && isSpecRight) return undefined
  // The owner goes along: a Node that was made anew has another uid.
  const metadata = { ...(labels === undefined ? {} : { labels }), ownerReferences: [node.owner] }
  return { metadata, ...(isSpecRight ? {} : { spec }) }
}

/** null removes a key (RFC 7386). */
function labelChanges(have: Labels, want: Labels): Record<string, string | null> | undefined {
  const changes: Record<string, string | null> = {}
  for (const [key, value] of Object.entries(want)) if (have[key] !== value) changes[key] = value
  for (const key of Object.keys(have)) if (!Object.hasOwn(want, key)) changes[key] = null
  return Object.keys(changes).length === 0 ? undefined : changes
}
