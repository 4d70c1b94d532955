import type { EndpointRow } from '@axoneme/endpoint'
import { resourcePath } from '@axoneme/k8s-client'
import { type Labels, objectKey, type SlimPod } from '@axoneme/slim-types'
import { z } from 'zod'

// cilium.io/v2 CiliumEndpoint, as Cilium's agents write it.

const statusSchema = z.object({
  encryption: z.strictObject({}),
  'external-identifiers': z.object({
    'cni-attachment-id': z.string(),
    'container-id': z.string(),
    'k8s-namespace': z.string(),
    'k8s-pod-name': z.string(),
    'pod-name': z.string(),
  }),
  id: z.int(),
  identity: z.object({ id: z.int(), labels: z.array(z.string()) }),
  networking: z.object({ addressing: z.array(z.object({ ipv4: z.string() })), node: z.string() }),
  state: z.literal('ready'),
})

/** What an agent says of a pod of its node. The object has the pod's name. */
export const ciliumEndpointContentSchema = z.object({
  namespace: z.string().min(1),
  name: z.string().min(1),
  podUid: z.string().min(1),
  labels: z.record(z.string(), z.string()),
  status: statusSchema,
})

export type CiliumEndpointContent = Readonly<z.infer<typeof ciliumEndpointContentSchema>>

/** Undefined until the endpoint is complete: it has its address, its identity, and is ready. */
export function ciliumEndpointContent(
  endpoint: EndpointRow,
  { pod, nodeIp }: { pod: Pick<SlimPod, 'uid' | 'labels'>; nodeIp: string },
): CiliumEndpointContent | undefined {
  const { namespace, podName, ipv4, identity, state, id } = endpoint
  if (state !== 'ready' || identity === 0 || ipv4 === '') return undefined
  // Another pod of the same name: what is known of the one does not hold for the other.
  if (endpoint.podUid !== '' && endpoint.podUid !== pod.uid) return undefined
  return {
    namespace,
    name: podName,
    podUid: pod.uid,
    labels: pod.labels,
    status: {
      encryption: {},
      'external-identifiers': {
        'cni-attachment-id': `${endpoint.containerId}:${endpoint.ifName}`,
        'container-id': endpoint.containerId,
        'k8s-namespace': namespace,
        'k8s-pod-name': podName,
        'pod-name': `${namespace}/${podName}`,
      },
      id,
      identity: { id: identity, labels: labelTexts(endpoint.labels) },
      networking: { addressing: [{ ipv4 }], node: nodeIp },
      state: 'ready',
    },
  }
}

export function ciliumEndpointKey(content: Pick<CiliumEndpointContent, 'namespace' | 'name'>): string {
  return objectKey(content)
}

export function ciliumEndpointsPath(namespace: string): string {
  return resourcePath({ apiVersion: 'cilium.io/v2', resource: 'ciliumendpoints', namespace })
}

export function ciliumEndpointPath({ namespace, name }: { namespace: string; name: string }): string {
  return resourcePath({ apiVersion: 'cilium.io/v2', resource: 'ciliumendpoints', namespace, name })
}

/** The parts of the object that its content decides. With the pod the object goes. */
export function ciliumEndpointParts({ name, podUid, labels, status }: CiliumEndpointContent) {
  const owner = { apiVersion: 'v1', kind: 'Pod', name, uid: podUid }
  return { metadata: { labels, ownerReferences: [owner] }, status }
}

/** `k8s:app=cart`, in order. */
function labelTexts(labels: Labels): string[] {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
}
