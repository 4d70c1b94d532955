import { createEndpointTable } from '@axoneme/endpoint'
import { createIpcacheTable } from '@axoneme/ipcache'
import {
  createCiliumNodeTable,
  createEndpointSliceTable,
  createNamespaceTable,
  createNetworkPolicyTable,
  createNodeTable,
  createPodTable,
  createServiceTable,
} from '@axoneme/k8s-watchers'
import { createIdentityTable, createIpTable, createNodeRowTable } from '@axoneme/kvstore-sync'
import { createFrontendTable } from '@axoneme/loadbalancer'
import { createEndpointPolicyTable, createPolicyErrorTable, createPrefixIdentityTable } from '@axoneme/policy'

export type AgentTables = ReturnType<typeof createTables>

/** Everything that the agent knows. Who writes which table is in docs/ARCHITECTURE.md. */
export function createTables() {
  return {
    // From the apiserver.
    pods: createPodTable(),
    namespaces: createNamespaceTable(),
    services: createServiceTable(),
    endpointSlices: createEndpointSliceTable(),
    networkPolicies: createNetworkPolicyTable(),
    kubernetesNodes: createNodeTable(),
    ciliumNodes: createCiliumNodeTable(),
    // From the kvstore.
    identities: createIdentityTable(),
    ips: createIpTable(),
    nodes: createNodeRowTable(),
    // Derived.
    endpoints: createEndpointTable(),
    prefixIdentities: createPrefixIdentityTable(),
    policies: createEndpointPolicyTable(),
    policyErrors: createPolicyErrorTable(),
    ipcache: createIpcacheTable(),
    frontends: createFrontendTable(),
  }
}
