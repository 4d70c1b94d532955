import type { K8sClient } from '@axoneme/k8s-client'

/** The lists of what every agent reads whole. */
const kinds: Readonly<Record<string, { kind: string; apiVersion: string }>> = {
  nodes: { kind: 'NodeList', apiVersion: 'v1' },
  pods: { kind: 'PodList', apiVersion: 'v1' },
  namespaces: { kind: 'NamespaceList', apiVersion: 'v1' },
  services: { kind: 'ServiceList', apiVersion: 'v1' },
  endpointslices: { kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1' },
  networkpolicies: { kind: 'NetworkPolicyList', apiVersion: 'networking.k8s.io/v1' },
}

/**
 * Lists of whole collections are answered here, as if the agent knew them of `resourceVersion` already: five thousand
 * agents that read 60 MB each would measure loopback for ten minutes. Everything else goes to the server.
 */
export function snapshotClient(client: K8sClient, resourceVersion: string): K8sClient {
  return {
    async request(request) {
      const { method, path, query } = request
      const list = kinds[path.split('/').at(-1) ?? '']
      if (method !== 'GET' || list === undefined || query?.fieldSelector !== undefined)
        return client.request(request)
      const body = JSON.stringify({ ...list, metadata: { resourceVersion }, items: [] })
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) }
    },
    stream: (request) => client.stream(request),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
