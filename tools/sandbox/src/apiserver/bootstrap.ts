import type { JsonObject } from './json.ts'
import type { VerbContext } from './verbs/context.ts'
import { createObject } from './verbs/create.ts'

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

/**
 * What every cluster has from the start: its namespaces and the `kubernetes` service, with endpoints when it is known
 * where pods reach the apiserver.
 */
export function createInitialObjects(
  context: VerbContext,
  {
    serviceAddress,
    advertise,
  }: { serviceAddress: string; advertise?: { address: string; port: number } | undefined },
): void {
  const create = (group: string, plural: string, namespace: string, body: JsonObject) =>
    createObject(context, context.registry.mustFind(group, 'v1', plural), { namespace, body })
  for (const name of namespaces) create('', 'namespaces', '', { metadata: { name } })
  const labels = { component: 'apiserver', provider: 'kubernetes' }
  const targetPort = advertise?.port ?? 6443
  create('', 'services', 'default', {
    metadata: { name: 'kubernetes', labels },
    spec: {
      clusterIP: serviceAddress,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort }],
    },
  })
  if (advertise === undefined) return
  const { address, port } = advertise
  create('discovery.k8s.io', 'endpointslices', 'default', {
    metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  })
  create('', 'endpoints', 'default', {
    metadata: { name: 'kubernetes', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  })
}
